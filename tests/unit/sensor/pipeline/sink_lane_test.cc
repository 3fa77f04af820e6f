// Each sink has its own queue and thread: one that stands still holds up no other, and every alert is
// accounted for at every sink, to the unit.
#include "sensor/pipeline/sink_lane.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "sensor/pipeline/output_thread.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

// Takes records while its gate is open; told to end at once it keeps what waits as not delivered.
class GateSink final : public Sink {
 public:
  explicit GateSink(bool open) : open_(open) {}
  void write(const Record& record) override {
    {
      const std::lock_guard lock(mutex_);
      stats_.written += record.alerts;
      stats_.pending += record.alerts;
    }
    entered_.fetch_add(1);
    entered_.notify_all();
    while (!open_.load() && !interrupted_.load()) std::this_thread::sleep_for(milliseconds(1));
    if (!open_.load()) return;
    const std::lock_guard lock(mutex_);
    stats_.pending -= record.alerts;
    stats_.deliver(record.alerts, record.storm);
    lines.push_back(record.json);
  }
  void flush() override { flushes.fetch_add(1); }
  bool drain(milliseconds) override { return stats().pending == 0; }
  void interrupt() override { interrupted_.store(true); }
  bool interrupted() const override { return interrupted_.load(); }
  SinkStats stats() const override {
    const std::lock_guard lock(mutex_);
    return stats_;
  }
  std::string problem() const override { return {}; }
  std::string name() const override { return "gate"; }
  void open() { open_.store(true); }
  void wait_entered(int n) const {
    for (int now = entered_.load(); now < n; now = entered_.load()) entered_.wait(now);
  }

  std::vector<std::string> lines;
  std::atomic<int> flushes{0};

 private:
  std::atomic<bool> open_;
  std::atomic<bool> interrupted_{false};
  std::atomic<int> entered_{0};
  mutable std::mutex mutex_;
  SinkStats stats_;
};

Alert alert(int n) {
  Alert a;
  a.policy_id = n % 3 == 0 ? "a" : "b";
  a.uid = std::to_string(n);
  return a;
}

std::shared_ptr<const Record> record(const Alert& a, uint64_t sequence) {
  return std::make_shared<Record>(make_record(a, {}, sequence, 0));
}

void put(SinkLane& lane, int from, int to) {
  for (int n = from; n < to; ++n) {
    const Alert a = alert(n);
    lane.put(a, record(a, static_cast<uint64_t>(n) + 1), static_cast<uint64_t>(n) + 1);
  }
}

TEST(SinkLane, LiveWhatASinkCannotTakeIsInItsStorms) {
  GateSink sink(false);
  SinkLaneOptions options;
  options.waits = false;
  options.max_records = 10;
  SinkLane lane(&sink, options);
  lane.start();
  put(lane, 0, 1);
  sink.wait_entered(1);  // it is stuck with the first
  put(lane, 1, 1000);    // returns: nobody waits
  EXPECT_EQ(lane.folded_so_far(), 1000u - 11);
  sink.open();
  lane.close(nullptr);
  EXPECT_TRUE(lane.join());
  const SinkTally tally = lane.tally();
  EXPECT_EQ(tally.delivered, 11u);
  EXPECT_EQ(tally.storms, 2u);
  EXPECT_EQ(tally.folded, 989u);
  EXPECT_EQ(tally.sum(), 1000u);
  // The records themselves say the same; no number comes twice.
  uint64_t told = 0;
  std::vector<uint64_t> numbers;
  for (const std::string& line : sink.lines) {
    const auto j = nlohmann::json::parse(line);
    told += j["count"].get<uint64_t>();
    numbers.push_back(j["metadata"]["sequence"].get<uint64_t>());
  }
  EXPECT_EQ(told, 1000u);
  std::ranges::sort(numbers);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
  EXPECT_EQ(numbers.back(), 1000u);
}

TEST(SinkLane, AReplayWaitsAndFoldsNothing) {
  GateSink sink(false);
  SinkLaneOptions options;
  options.max_records = 10;
  SinkLane lane(&sink, options);
  lane.start();
  std::atomic<bool> all_put{false};
  std::thread output([&] {
    put(lane, 0, 200);
    all_put.store(true);
  });
  sink.wait_entered(1);
  EXPECT_FALSE(all_put.load());
  sink.open();
  output.join();
  lane.close(nullptr);
  EXPECT_TRUE(lane.join());
  EXPECT_EQ(lane.tally().delivered, 200u);
  EXPECT_EQ(sink.lines.size(), 200u);
}

TEST(SinkLane, InterruptedItLetsTheOutputThreadGoAndCountsWhatWaits) {
  for (const bool waits : {false, true}) {
    GateSink sink(false);
    SinkLaneOptions options;
    options.waits = waits;
    options.max_records = 10;
    SinkLane lane(&sink, options);
    lane.start();
    std::thread output([&] {
      put(lane, 0, 300);
      lane.close(nullptr);
    });
    sink.wait_entered(1);
    lane.interrupt();
    output.join();
    EXPECT_FALSE(lane.join());
    const SinkTally tally = lane.tally();
    EXPECT_EQ(tally.delivered, 0u);
    EXPECT_EQ(tally.not_delivered, 300u);
    EXPECT_EQ(tally.sum(), 300u);
  }
}

TEST(SinkLane, FlushesWhenNothingWaitsAndLooksAfterAnIdleSink) {
  GateSink sink(true);
  SinkLane lane(&sink, {});
  lane.start();
  put(lane, 0, 1);
  sink.wait_entered(1);
  const int before = sink.flushes.load();
  while (sink.flushes.load() < before + 3) std::this_thread::yield();
  lane.close(nullptr);
  EXPECT_TRUE(lane.join());
}

// Live, of two sinks one stands still: the other gets every alert.
TEST(OutputThread, AStuckSinkTakesNothingFromTheOthers) {
  constexpr int kAlerts = 30'000;  // more than a lane holds
  GateSink stuck(false);
  GateSink healthy(true);
  AlertChannel channel(64);
  OutputThreadOptions options;
  options.ordered = false;
  OutputThread output(options, {&channel}, {&stuck, &healthy});
  output.start();
  for (int n = 0; n < kAlerts; ++n) {
    QueuedAlert queued{n, alert(n)};
    while (!channel.ring.try_push(std::move(queued))) std::this_thread::yield();
  }
  channel.done.store(true);
  while (healthy.stats().delivered < static_cast<uint64_t>(kAlerts)) {
    if (output.folded_so_far()[1] != 0) break;  // a machine so busy that it could not follow
    std::this_thread::yield();
  }
  output.interrupt();
  EXPECT_FALSE(output.finish());
  const std::vector<SinkTally> tallies = output.tallies();
  EXPECT_EQ(tallies[0].not_delivered, static_cast<uint64_t>(kAlerts));
  EXPECT_EQ(tallies[1].delivered + tallies[1].folded, static_cast<uint64_t>(kAlerts));
  EXPECT_GT(output.folded_so_far()[0], 0u);
}

}  // namespace
}  // namespace weir
