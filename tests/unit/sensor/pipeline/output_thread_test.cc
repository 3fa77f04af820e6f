// The order in which alerts leave: by clock, time and uid, whatever the workers' timing; nothing lost.
#include "sensor/pipeline/output_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

namespace weir {
namespace {

using std::chrono::milliseconds;

class KeepingSink : public Sink {
 public:
  void write(const Record& record) override {
    const std::lock_guard lock(mutex_);
    ids.push_back(record.id);
    sequences.push_back(nlohmann::json::parse(record.json)["metadata"]["sequence"].get<uint64_t>());
  }
  bool drain(milliseconds) override { return ++drains >= drains_needed; }
  SinkStats stats() const override { return {0, 0, drains >= drains_needed ? 0u : 1u, 0}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }

  std::vector<std::string> ids;
  std::vector<uint64_t> sequences;
  void interrupt() override { interrupted_.store(true); }
  bool interrupted() const override { return interrupted_.load(); }
  std::atomic<int> drains{0};
  int drains_needed = 1;

 private:
  std::atomic<bool> interrupted_{false};
  std::mutex mutex_;
};

struct Planned {
  Nanoseconds clock;
  Nanoseconds time;
  std::string uid;
  size_t worker;
};

// Alerts of 400 clocks, several on one clock, dealt to workers by the seed.
std::vector<Planned> plan(size_t workers, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::mt19937_64 fixed(7);
  std::vector<Planned> all;
  for (Nanoseconds clock = 1; clock <= 400; ++clock) {
    const size_t n = fixed() % 4;
    for (size_t i = 0; i < n; ++i) {
      all.push_back({clock, clock - static_cast<Nanoseconds>(fixed() % 50), std::to_string(fixed()),
                     random() % workers});
    }
  }
  return all;
}

std::vector<std::string> run(size_t workers, uint64_t seed) {
  const std::vector<Planned> all = plan(workers, seed);
  std::vector<std::unique_ptr<AlertChannel>> channels;
  std::vector<AlertChannel*> list;
  for (size_t i = 0; i < workers; ++i) {
    channels.push_back(std::make_unique<AlertChannel>(8));  // small: the workers must wait for room
    list.push_back(channels.back().get());
  }
  KeepingSink sink;
  OutputThread output({}, list, {&sink});
  output.start();
  std::vector<std::thread> threads;
  for (size_t w = 0; w < workers; ++w) {
    threads.emplace_back([&, w] {
      std::mt19937_64 pauses(seed + w);
      for (const Planned& planned : all) {
        if (planned.worker == w) {
          QueuedAlert queued;
          queued.clock = planned.clock;
          queued.alert.time = planned.time;
          queued.alert.uid = planned.uid;
          while (!channels[w]->ring.try_push(std::move(queued))) {
            channels[w]->watermark.store(planned.clock);
            std::this_thread::yield();
          }
        }
        if (pauses() % 64 == 0) std::this_thread::yield();
        channels[w]->watermark.store(planned.clock);
      }
      channels[w]->done.store(true);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(output.finish());
  EXPECT_EQ(output.written(), all.size());
  for (size_t i = 0; i < sink.sequences.size(); ++i) EXPECT_EQ(sink.sequences[i], i + 1);
  return sink.ids;
}

TEST(OutputThread, OrderDoesNotDependOnTheNumberOfWorkers) {
  std::vector<Planned> all = plan(1, 0);
  std::ranges::sort(all, [](const Planned& a, const Planned& b) {
    return std::tie(a.clock, a.time, a.uid) < std::tie(b.clock, b.time, b.uid);
  });
  std::vector<std::string> expected;
  for (const Planned& p : all) expected.push_back(p.uid);
  for (const size_t workers : {1u, 2u, 5u}) {
    for (uint64_t seed = 1; seed <= 5; ++seed)
      EXPECT_EQ(run(workers, seed), expected) << workers << ' ' << seed;
  }
}

TEST(OutputThread, WaitsForItsSinks) {
  AlertChannel channel(8);
  KeepingSink sink;
  sink.drains_needed = 3;
  OutputThread output({}, {&channel}, {&sink});
  output.start();
  channel.done.store(true);
  EXPECT_TRUE(output.finish());
  EXPECT_EQ(sink.drains, 3);
}

TEST(OutputThread, SaysWhatDidNotBecomeSafe) {
  AlertChannel channel(8);
  KeepingSink sink;
  sink.drains_needed = 1'000'000'000;
  OutputThread output({}, {&channel}, {&sink});
  output.start();
  channel.done.store(true);
  std::thread interrupter([&] {
    while (sink.drains < 3) std::this_thread::yield();
    output.interrupt();
  });
  EXPECT_FALSE(output.finish());
  interrupter.join();
}

// All alerts of a capture whose clock stands still: no more than the limit (and what the ring holds) is held,
// all come out, and each leaves with what is after it still behind it: within a window of the limit they are
// sorted.
TEST(OutputThread, AClockThatStandsStillHoldsNoMoreThanTheLimit) {
  constexpr size_t kAlerts = 5000;
  constexpr size_t kLimit = 100;
  constexpr size_t kRing = 8;
  for (const size_t workers : {1u, 2u}) {
    std::vector<std::unique_ptr<AlertChannel>> channels;
    std::vector<AlertChannel*> list;
    for (size_t i = 0; i < workers; ++i) {
      channels.push_back(std::make_unique<AlertChannel>(kRing));
      list.push_back(channels.back().get());
    }
    KeepingSink sink;
    OutputThreadOptions options;
    options.held_limit = kLimit;
    OutputThread output(options, list, {&sink});
    output.start();
    std::atomic<size_t> pushed{0};
    std::vector<std::thread> threads;
    for (size_t w = 0; w < workers; ++w) {
      threads.emplace_back([&, w] {
        channels[w]->watermark.store(7);
        std::mt19937_64 random(w);
        for (size_t n = w; n < kAlerts; n += workers) {
          QueuedAlert queued;
          queued.clock = 7;
          queued.alert.uid = std::to_string(random());
          while (!channels[w]->ring.try_push(std::move(queued))) std::this_thread::yield();
          // Taken but not written: held. The ring's own, and one in the hand of the output thread, come to
          // it.
          EXPECT_LE(pushed.fetch_add(1) + 1, output.written() + kLimit + workers * (kRing + 256) + 1);
        }
        channels[w]->done.store(true);
      });
    }
    for (std::thread& t : threads) t.join();
    EXPECT_TRUE(output.finish());
    EXPECT_EQ(sink.ids.size(), kAlerts);
    // Sorted as far as a heap of the limit can: the first is the least of the first hundred that came, and
    // the last ones are in order.
    const std::vector<std::string> tail(sink.ids.end() - static_cast<std::ptrdiff_t>(kLimit), sink.ids.end());
    EXPECT_TRUE(std::ranges::is_sorted(tail));
  }
}

// A worker far behind, while the others have filled all room: it goes on, and the order is whole.
TEST(OutputThread, AWorkerFarBehindIsWaitedForInOrder) {
  AlertChannel fast(8);
  AlertChannel slow(8);
  KeepingSink sink;
  OutputThreadOptions options;
  options.held_limit = 50;
  OutputThread output(options, {&fast, &slow}, {&sink});
  output.start();
  const auto push = [](AlertChannel& channel, Nanoseconds clock) {
    QueuedAlert queued;
    queued.clock = queued.alert.time = clock;
    queued.alert.uid = std::to_string(clock);
    while (!channel.ring.try_push(std::move(queued))) {
      channel.watermark.store(clock);
      std::this_thread::yield();
    }
    channel.watermark.store(clock);
  };
  std::thread ahead([&] {
    for (Nanoseconds clock = 1; clock < 1000; clock += 2) push(fast, clock);
    fast.done.store(true);
  });
  for (Nanoseconds clock = 0; clock < 1000; clock += 2) push(slow, clock);
  slow.done.store(true);
  ahead.join();
  EXPECT_TRUE(output.finish());
  ASSERT_EQ(sink.ids.size(), 1000u);
  for (size_t n = 0; n < sink.ids.size(); ++n) EXPECT_EQ(sink.ids[n], std::to_string(n));
}

TEST(OutputThread, LinesForPeopleAreMadeForOneSinkAndWhatIsNotShownIsCounted) {
  AlertChannel channel(8);
  KeepingSink json;
  class TextSink final : public Sink {
   public:
    void write(const Record& record) override {
      lines.push_back(record.json);
      delivered += record.alerts;
    }
    bool drain(milliseconds) override { return true; }
    SinkStats stats() const override { return {delivered, delivered, 0, 0}; }
    std::string problem() const override { return {}; }
    std::string name() const override { return "text"; }
    std::vector<std::string> lines;
    uint64_t delivered = 0;
  } text;
  OutputThreadOptions options;
  options.for_people = &text;
  options.line = [](const Alert& alert) -> std::optional<std::string> {
    if (alert.uid == "2") return std::nullopt;
    return "line " + alert.uid;
  };
  options.last_line = [] { return "the end"; };
  OutputThread output(options, {&channel}, {&json, &text});
  output.start();
  for (int n = 1; n <= 3; ++n) {
    QueuedAlert queued;
    queued.clock = n;
    queued.alert.uid = std::to_string(n);
    EXPECT_TRUE(channel.ring.try_push(std::move(queued)));
  }
  channel.done.store(true);
  EXPECT_TRUE(output.finish());
  EXPECT_EQ(json.ids, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(text.lines, (std::vector<std::string>{"line 1", "line 3", "the end"}));
  EXPECT_EQ(output.tallies()[1].delivered, 2u);
  EXPECT_EQ(output.tallies()[1].held_back, 1u);
}

}  // namespace
}  // namespace weir
