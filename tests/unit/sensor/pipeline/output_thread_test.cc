// The order in which alerts leave: by clock, time and uid, whatever the workers' timing; nothing lost.
#include "sensor/pipeline/output_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  int drains = 0;
  int drains_needed = 1;

 private:
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
  EXPECT_TRUE(output.finish(milliseconds(0)));
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
  EXPECT_TRUE(output.finish(milliseconds(0)));
  EXPECT_EQ(sink.drains, 3);
}

TEST(OutputThread, SaysWhatDidNotBecomeSafeInTime) {
  AlertChannel channel(8);
  KeepingSink sink;
  sink.drains_needed = 1'000'000'000;
  OutputThread output({}, {&channel}, {&sink});
  output.start();
  channel.done.store(true);
  EXPECT_FALSE(output.finish(milliseconds(20)));
}

}  // namespace
}  // namespace weir
