// An alert that finds no room waits, or is folded into a storm; every one is accounted for.
#include "sensor/pipeline/alert_outlet.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weir {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr size_t kRing = 4;

Alert alert(const std::string& policy, int n, AlertActivity activity = AlertActivity::kCreate) {
  Alert a;
  a.policy_id = policy;
  a.uid = policy + std::to_string(n);
  a.activity = activity;
  return a;
}

struct Popped {
  uint64_t single = 0;
  uint64_t storms = 0;
  uint64_t folded = 0;
  std::vector<std::string> storm_policies;

  void take(const Alert& a) {
    if (!a.storm) {
      ++single;
      return;
    }
    ++storms;
    folded += a.storm->alerts();
    storm_policies.push_back(a.policy_id);
  }
};

bool pop(AlertChannel& channel, Popped* popped) {
  QueuedAlert queued;
  if (!channel.ring.try_pop(&queued)) return false;
  popped->take(queued.alert);
  return true;
}

// The output thread's side: takes everything until the worker is done.
std::thread reader(AlertChannel& channel, Popped* popped) {
  return std::thread([&channel, popped] {
    while (true) {
      const bool done = channel.done.load(std::memory_order_acquire);
      if (pop(channel, popped)) continue;
      if (done) return;
      std::this_thread::yield();
    }
  });
}

TEST(AlertOutlet, FoldsWhatDoesNotFitAndTellsItWhenThereIsRoom) {
  AlertChannel channel(kRing);
  AlertOutlet outlet(&channel, false);
  Nanoseconds now = 5 * kSecond;
  for (int n = 0; n < 10; ++n) outlet.put(alert(n % 2 == 0 ? "a" : "b", n), now);
  EXPECT_EQ(outlet.counters().storms, 0u);

  // Room, but the storms still gather: single alerts have it.
  Popped popped;
  ASSERT_TRUE(pop(channel, &popped));
  outlet.advance(now + kStormGathers - 1);
  outlet.put(alert("a", 10), now + kStormGathers - 1);
  outlet.put(alert("a", 11, AlertActivity::kUpdate), now + kStormGathers - 1);
  EXPECT_EQ(outlet.counters().storms, 0u);

  // Due, and no room: nothing is lost by it.
  now += kStormGathers;
  outlet.advance(now);
  EXPECT_EQ(outlet.counters().storms, 0u);
  // Room for one of them, which goes before the next alert; that is folded in turn.
  ASSERT_TRUE(pop(channel, &popped));
  outlet.put(alert("a", 12), now);
  EXPECT_EQ(outlet.counters().storms, 1u);
  EXPECT_EQ(outlet.counters().folded, 4u) << "a: numbers 4, 6, 8 and the Update";

  while (pop(channel, &popped)) {
  }
  outlet.advance(now);
  while (pop(channel, &popped)) {
  }
  EXPECT_EQ(popped.storm_policies, (std::vector<std::string>{"a", "b", "a"}));
  EXPECT_EQ(popped.single, 5u);
  EXPECT_EQ(popped.folded, 8u);
  EXPECT_EQ(outlet.counters().folded, 8u);
  EXPECT_EQ(outlet.counters().storms, 3u);
  EXPECT_EQ(outlet.counters().lost, 0u);

  // All told: the next storm gathers anew.
  for (int n = 20; n < 25; ++n) outlet.put(alert("a", n), now);
  ASSERT_TRUE(pop(channel, &popped));
  outlet.advance(now);
  EXPECT_EQ(outlet.counters().storms, 3u);
  outlet.advance(now + kStormGathers);
  EXPECT_EQ(outlet.counters().storms, 4u);
}

TEST(AlertOutlet, AtTheEndItWaitsForRoom) {
  AlertChannel channel(kRing);
  AlertOutlet outlet(&channel, false);
  for (int n = 0; n < 1000; ++n) outlet.put(alert("p" + std::to_string(n % 7), n), kSecond);
  Popped popped;
  std::thread output = reader(channel, &popped);
  outlet.wait_from_now();
  for (int n = 0; n < 50; ++n) outlet.put(alert("late", n), kSecond);
  outlet.finish(kSecond);
  output.join();
  EXPECT_EQ(popped.single, kRing + 50);
  EXPECT_EQ(popped.storms, 7u);
  EXPECT_EQ(popped.folded, 1000 - kRing);
  EXPECT_EQ(outlet.counters().folded, popped.folded);
  EXPECT_EQ(outlet.counters().lost, 0u);
}

TEST(AlertOutlet, AReplayWaitsAndFoldsNothing) {
  AlertChannel channel(kRing);
  AlertOutlet outlet(&channel, true);
  Popped popped;
  std::thread output = reader(channel, &popped);
  for (int n = 0; n < 500; ++n) outlet.put(alert("p", n), kSecond);
  outlet.finish(kSecond);
  output.join();
  EXPECT_EQ(popped.single, 500u);
  EXPECT_EQ(outlet.counters().folded + outlet.counters().lost, 0u);
}

TEST(AlertOutlet, ToldToEndAtOnceItCountsWhatIsLost) {
  for (const bool waits : {false, true}) {
    AlertChannel channel(kRing);
    channel.abandoned.store(true);
    AlertOutlet outlet(&channel, waits);
    for (int n = 0; n < 9; ++n) outlet.put(alert("p", n), kSecond);
    outlet.finish(kSecond);
    EXPECT_TRUE(channel.done.load());
    EXPECT_EQ(outlet.counters().lost, 9 - kRing);
    EXPECT_EQ(outlet.counters().folded, 0u);
    EXPECT_EQ(outlet.counters().storms, 0u);
  }
}

TEST(AlertOutlet, WithoutAChannelAlertsGoNowhere) {
  AlertOutlet outlet(nullptr, false);
  outlet.put(alert("p", 1), kSecond);
  outlet.advance(kSecond);
  outlet.finish(kSecond);
  EXPECT_EQ(outlet.counters().lost, 0u);
}

}  // namespace
}  // namespace weir
