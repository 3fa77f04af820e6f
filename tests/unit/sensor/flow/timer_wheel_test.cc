// The wheel against a sorted set of (deadline, id): the same timers in the same order, whatever time does.
#include "sensor/flow/timer_wheel.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "tests/harness/segmenter.h"

namespace weir {
namespace {

class Wheel {
 public:
  explicit Wheel(uint32_t n) : links(n), wheel(links.data()), armed(n, false), at(n, 0) {
    for (uint32_t id = 0; id < n; ++id) wheel.add(id);
  }
  void arm(uint32_t id, Nanoseconds deadline) {
    disarm_model(id);
    wheel.arm(id, deadline);
    model.insert({deadline, id});
    armed[id] = true;
    at[id] = deadline;
  }
  void disarm(uint32_t id) {
    disarm_model(id);
    wheel.disarm(id);
  }
  // All that is due, compared with the model; the number of timers.
  size_t advance(Nanoseconds now) {
    size_t n = 0;
    if (!model.empty() && model.begin()->first < now) {
      EXPECT_FALSE(wheel.quiet_until(now));
    }
    uint32_t id = 0;
    while (wheel.pop_due(now, &id)) {
      ++n;
      if (model.empty()) {
        ADD_FAILURE() << "a timer too many";
        return n;
      }
      EXPECT_EQ(model.begin()->second, id);
      EXPECT_LT(at[id], now);
      model.erase(model.begin());
      armed[id] = false;
    }
    EXPECT_TRUE(model.empty() || model.begin()->first >= now) << "a timer too few";
    return n;
  }

  std::vector<FlowLinks> links;
  TimerWheel wheel;
  std::set<std::pair<Nanoseconds, uint32_t>> model;
  std::vector<bool> armed;
  std::vector<Nanoseconds> at;

 private:
  void disarm_model(uint32_t id) {
    if (armed[id]) model.erase({at[id], id});
    armed[id] = false;
  }
};

TEST(TimerWheel, DueMeansStrictlyBefore) {
  Wheel w(1);
  w.arm(0, 1000);
  EXPECT_EQ(w.advance(1000), 0u);
  EXPECT_EQ(w.advance(1001), 1u);
  EXPECT_EQ(w.advance(5000), 0u);
}

TEST(TimerWheel, AnyTimersInOrder) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    harness::Segmenter dice(seed);
    Wheel w(200);
    Nanoseconds now = seed % 2 == 0 ? Nanoseconds{1'700'000'000'000'000'000} : Nanoseconds{-5'000'000'000};
    for (int step = 0; step < 20'000; ++step) {
      const auto id = static_cast<uint32_t>(dice.below(200));
      // From nanoseconds to years ahead, and now and then behind.
      const auto span = static_cast<Nanoseconds>(uint64_t{1} << dice.below(57));
      const auto offset = static_cast<Nanoseconds>(dice.below(static_cast<uint64_t>(span)));
      switch (dice.below(5)) {
        case 0:
          w.disarm(id);
          break;
        case 1:
          // Mostly small steps, so that there is something left to be due.
          now += dice.chance(0.001) ? offset / 1024
                                    : static_cast<Nanoseconds>(dice.below(uint64_t{1} << dice.below(34)));
          if (dice.chance(0.05)) now -= static_cast<Nanoseconds>(dice.below(10'000'000'000));
          w.advance(now);
          break;
        case 2:
          w.arm(id, now - offset / (1 << 20));
          break;
        default:
          w.arm(id, now + offset);
      }
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << " step " << step;
    }
  }
}

TEST(TimerWheel, TheEndsOfTime) {
  constexpr Nanoseconds kLast = std::numeric_limits<Nanoseconds>::max();
  constexpr Nanoseconds kFirst = std::numeric_limits<Nanoseconds>::min();
  Wheel w(4);
  w.arm(0, kLast);
  w.arm(1, kFirst);
  w.arm(2, 0);
  w.arm(3, kLast - 1);
  EXPECT_EQ(w.advance(kFirst + 1), 1u);
  EXPECT_EQ(w.advance(1), 1u);
  EXPECT_EQ(w.advance(kLast), 1u);
  w.disarm(0);
  EXPECT_TRUE(w.model.empty());
}

TEST(TimerWheel, TimeThatJumpedAheadAndCameBack) {
  Wheel w(3);
  w.arm(0, 1'000'000'000'000);
  w.advance(Nanoseconds{4'000'000'000'000'000'000});  // a broken clock
  w.arm(1, 2'000'000'000'000);
  w.arm(2, 1'500'000'000'000);
  EXPECT_EQ(w.advance(1'500'000'000'000), 0u);
  EXPECT_EQ(w.advance(1'500'000'000'001), 1u);
  EXPECT_EQ(w.advance(2'000'000'000'001), 1u);
}

}  // namespace
}  // namespace weir
