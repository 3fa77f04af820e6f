// What the clock of a worker believes, packet by packet. Whole captures:
// sensor/pipeline/worker_clock_test.cc.
#include "sensor/flow/flow_clock.h"

#include <gtest/gtest.h>

#include "tests/harness/segmenter.h"

namespace weir {
namespace {

constexpr Nanoseconds kStart = 1'700'000'000 * kSecond;
constexpr Nanoseconds kMs = 1'000'000;
constexpr Nanoseconds kHour = 3600 * kSecond;
constexpr Nanoseconds kLatest = Nanoseconds{1} << 62;  // the last time that a source hands out

// Flow n as a new one, or as a connection that goes on.
constexpr uint32_t fresh(uint32_t n) { return n * 2; }
constexpr uint32_t going_on(uint32_t n) { return n * 2 | FlowClock::kGoesOn; }

class Clock : public ::testing::Test {
 protected:
  bool see(Nanoseconds time, uint32_t flow = fresh(1)) {
    const Nanoseconds before = clock.now();
    const bool silence = clock.see(time, [&] { return flow; });
    EXPECT_GE(clock.now(), before) << "it never goes back";
    return silence;
  }
  static constexpr Nanoseconds kTolerance = 5 * kSecond;  // half of what a closing connection may be silent
  FlowClock clock{FlowTimeouts{}};
};

TEST_F(Clock, GoesWithThePackets) {
  see(kStart);
  EXPECT_EQ(clock.now(), kStart);
  see(kStart + 3 * kSecond);
  see(kStart + 2 * kSecond);
  EXPECT_EQ(clock.now(), kStart + 3 * kSecond);
  see(kStart + 3 * kSecond + kTolerance);
  EXPECT_EQ(clock.now(), kStart + 3 * kSecond + kTolerance);
  EXPECT_EQ(clock.told(), clock.now());
  EXPECT_EQ(clock.counters().strays, 0u);
}

TEST_F(Clock, BelievesOnePacketNoMoreThanItsTolerance) {
  see(kStart);
  for (const Nanoseconds stray : {kStart + 2 * kHour, kLatest, kStart - kHour, Nanoseconds{0}}) {
    EXPECT_FALSE(see(stray));
    see(kStart + kMs);
    EXPECT_LE(clock.now(), kStart + kTolerance + 2 * kMs);
    EXPECT_EQ(clock.told(), kStart + kMs);
  }
  EXPECT_EQ(clock.counters().strays, 4u);
}

TEST_F(Clock, ASilenceIsBelievedWhenFlowsAgreeForASecond) {
  see(kStart);
  const Nanoseconds later = kStart + 3 * kHour;
  EXPECT_FALSE(see(later, fresh(1)));
  const Nanoseconds began = clock.now();
  EXPECT_FALSE(see(later + 10 * kMs, fresh(2)));
  EXPECT_FALSE(see(later + 20 * kMs, fresh(3)));
  EXPECT_FALSE(see(later + 30 * kMs, fresh(4))) << "four, but not for a second";
  EXPECT_FALSE(see(later + kSecond, fresh(5))) << "what the latest says alone does not count";
  ASSERT_TRUE(see(later + kSecond + kMs, fresh(5)));
  EXPECT_EQ(clock.silence().since, kStart) << "who was heard in it was heard later";
  EXPECT_GT(began, kStart);
  // What the clock tells and what it does not make the three hours and a second.
  EXPECT_NEAR(static_cast<double>(clock.silence().more + clock.now() - kStart),
              static_cast<double>(3 * kHour + kSecond), static_cast<double>(10 * kMs));
  EXPECT_LE(clock.now(), kStart + kTolerance + 2 * kSecond) << "itself it does not jump";
  EXPECT_EQ(clock.told(), later + kSecond + kMs);
  EXPECT_EQ(clock.counters().ahead, 1u);
  const Nanoseconds now = clock.now();
  see(later + 2 * kSecond);
  EXPECT_NEAR(static_cast<double>(clock.now() - now), 1e9, 1e7) << "and goes on from where it was";
}

TEST_F(Clock, OneFlowNeedsManyPackets) {
  see(kStart);
  int packets = 0;
  while (!see(kStart + kHour + packets * 100 * kMs)) ASSERT_LT(++packets, 100);
  EXPECT_EQ(packets + 1, 64);
}

TEST_F(Clock, ConnectionsThatGoOnSayThatTheirClockWasSet) {
  see(kStart);
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(see(kStart + 8 * kHour + i * 20 * kMs, i % 2 == 0 ? going_on(1) : fresh(2)));
  }
  EXPECT_EQ(clock.counters().ahead, 1u);
  EXPECT_EQ(clock.told(), kStart + 8 * kHour + 199 * 20 * kMs);
}

TEST_F(Clock, ASetClockBackIsFollowedFromWhereItStood) {
  see(kStart);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_FALSE(see(kStart - kHour + i * 20 * kMs, fresh(i)));
  EXPECT_EQ(clock.counters().back, 1u);
  EXPECT_EQ(clock.counters().strays, 0u);
  EXPECT_NEAR(static_cast<double>(clock.now() - kStart), 2e9, 1e8);
}

// A and B, hours apart, take turns of any length: after the first turn of each nothing is in doubt any more.
TEST_F(Clock, KnowsALineOfTimeAgain) {
  for (int turn = 0; turn < 40; ++turn) {
    for (int i = 0; i < 500; ++i) {
      const Nanoseconds at = kStart + (turn * 500 + i) * 10 * kMs;
      see(turn % 2 == 0 ? at : at + 2 * kHour, going_on(static_cast<uint32_t>(i % 7)));
    }
  }
  EXPECT_EQ(clock.counters().ahead, 1u);
  EXPECT_EQ(clock.counters().back, 0u);
  EXPECT_NEAR(static_cast<double>(clock.now() - kStart), 200e9, static_cast<double>(2 * kTolerance));
}

// Whatever comes: never back, never further in all than the packets' number allows.
TEST_F(Clock, AnyTimes) {
  harness::Segmenter dice(5);
  see(kStart);
  Nanoseconds sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Nanoseconds before = clock.now();
    const auto n = static_cast<uint32_t>(dice.below(50));
    if (see(static_cast<Nanoseconds>(dice.below(uint64_t{1} << (20 + dice.below(43)))), n)) {
      EXPECT_GT(clock.silence().more, 0);
      EXPECT_LE(clock.silence().since, clock.now());
    }
    sum += clock.now() - before;
    ASSERT_LE(clock.now() - before, 2 * kTolerance + 2);
  }
  EXPECT_EQ(sum, clock.now() - kStart);
}

TEST_F(Clock, ALiveSourceTellsSilenceFromAStep) {
  Nanoseconds wall = kStart;
  Nanoseconds runs = kHour;
  const auto packet = [&](Nanoseconds after, Nanoseconds set = 0) {
    runs += after;
    wall += after + set;
    clock.running(wall, runs, false);
    return see(wall);
  };
  packet(0);
  packet(kSecond);
  EXPECT_FALSE(packet(3 * kHour));
  EXPECT_EQ(clock.now(), kStart + kSecond + 3 * kHour) << "a silence, at its first packet";
  EXPECT_EQ(clock.counters().ahead, 0u);
  packet(kSecond, 8 * kHour);
  EXPECT_LE(clock.now(), kStart + 2 * kSecond + 3 * kHour);
  EXPECT_EQ(clock.counters().ahead, 1u);
  EXPECT_EQ(clock.counters().longest_ahead, 8 * kHour);
  packet(kSecond, -16 * kHour);
  EXPECT_EQ(clock.counters().longest_back, 16 * kHour);
  packet(2 * kHour, -kHour);
  EXPECT_EQ(clock.counters().back, 2u) << "set in a silence";
  const Nanoseconds now = clock.now();
  packet(kSecond);
  EXPECT_EQ(clock.now(), now + kSecond);
  // No packets: the clock runs on, whatever the one on the wall does.
  runs += 10 * kSecond;
  wall -= kHour;
  clock.running(wall, runs, true);
  EXPECT_EQ(clock.now(), now + 11 * kSecond);
  EXPECT_EQ(clock.counters().strays, 0u);
}

}  // namespace
}  // namespace weir
