// Packets on their way from one receiver to many workers: each reaches its owner, in order, with its bytes;
// kept packets come back to the source; what a full ring costs is counted; nobody hangs at the end.
#include "sensor/pipeline/hand_over.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;
using harness::raw_packet;

// Hands out frames of `pairs` address pairs in bursts of changing size. The memory of a burst is spoilt with
// the next call, unless the source keeps packets: then each lives until it is released, and no more than
// keep_limit() may.
class ScriptedSource final : public PacketSource {
 public:
  ScriptedSource(size_t packets, size_t pairs, bool keeps) : left_(packets), keeps_(keeps) {
    for (size_t pair = 0; pair < pairs; ++pair) {
      const std::string host = "10.0." + std::to_string(pair / 200) + "." + std::to_string(1 + pair % 200);
      frames_.push_back(
          PacketBuilder().ethernet().ipv4(host, "192.0.2.9").udp(1000, 2000).payload("xxxxxxxx").frame());
    }
  }
  ~ScriptedSource() override { EXPECT_EQ(kept_.size(), 0u) << "packets that nobody released"; }

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    for (Frame& frame : burst_) std::fill(frame.begin(), frame.end(), uint8_t{0xee});
    burst_.clear();
    // Idle now and then, as a live source is.
    if (++calls_ % 37 == 0) return SourceStatus::kIdle;
    if (left_ == 0 || stopped_) return SourceStatus::kEnd;
    const size_t n = std::min({left_, out.size(), size_t{1} + calls_ * 7 % 64});
    burst_.reserve(n);
    for (size_t i = 0; i < n; ++i, ++number_, --left_) {
      burst_.push_back(frames_[number_ * 31 % frames_.size()]);
      // The last eight bytes tell which packet it is.
      std::memcpy(burst_.back().data() + burst_.back().size() - 8, &number_, 8);
      out[i] = raw_packet(burst_.back(), static_cast<Nanoseconds>(1000 + number_));
    }
    *count = n;
    packets_.fetch_add(n);
    return SourceStatus::kOk;
  }
  void keep_burst(std::span<void*> handles) override {
    for (size_t i = 0; i < handles.size(); ++i) {
      handles[i] = nullptr;
      // One in ten cannot be kept, like a packet that came in pieces.
      if (!keeps_ || (number_ + i) % 10 == 0) continue;
      kept_.push_back(std::move(burst_[i]));  // a moved vector keeps its memory where it is
      handles[i] = kept_.back().data();
      most_kept_ = std::max(most_kept_, kept_.size());
    }
  }
  void release(std::span<void* const> handles) override {
    for (void* handle : handles) {
      const auto it =
          std::find_if(kept_.begin(), kept_.end(), [&](const Frame& f) { return f.data() == handle; });
      ASSERT_NE(it, kept_.end()) << "released twice, or never kept";
      std::fill(it->begin(), it->end(), uint8_t{0xdd});
      kept_.erase(it);
    }
  }
  size_t keep_limit() const override { return keeps_ ? 2048 : 0; }
  SourceStats stats() const override {
    SourceStats s;
    s.packets = packets_.load();
    return s;
  }
  std::string error() const override { return "as scripted"; }
  void stop() override { stopped_ = true; }

  static size_t number_of(const RawPacket& packet) {
    size_t number = 0;
    std::memcpy(&number, packet.bytes.data() + packet.bytes.size() - 8, 8);
    return number;
  }

 private:
  std::vector<Frame> frames_;
  std::vector<Frame> burst_;
  std::vector<Frame> kept_;
  size_t most_kept_ = 0;
  size_t left_;
  size_t number_ = 0;
  size_t calls_ = 0;
  bool keeps_;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> packets_{0};
};

struct Heard {
  std::vector<size_t> numbers;     // own packets in the order that they came
  std::vector<uint32_t> owners;    // what steer_hash says of each
  std::vector<Nanoseconds> times;  // of all, ticks too
  SourceStatus end = SourceStatus::kOk;
};

Heard drain(PacketSource& source, std::chrono::microseconds pause = {}) {
  Heard heard;
  std::array<RawPacket, 64> out;
  for (;;) {
    size_t count = 0;
    const SourceStatus status = source.next_burst(out, &count);
    if (status != SourceStatus::kOk && status != SourceStatus::kIdle) {
      heard.end = status;
      return heard;
    }
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    for (size_t i = 0; i < count; ++i) {
      heard.times.push_back(out[i].time);
      if (out[i].is_tick()) continue;
      heard.numbers.push_back(ScriptedSource::number_of(out[i]));
      heard.owners.push_back(steer_hash(out[i]));
    }
  }
}

std::vector<Heard> run(std::vector<std::unique_ptr<PacketSource>>& sources,
                       std::chrono::microseconds slow = {}) {
  std::vector<Heard> heard(sources.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < sources.size(); ++i) {
    threads.emplace_back(
        [&, i] { heard[i] = drain(*sources[i], i == 0 ? slow : std::chrono::microseconds(0)); });
  }
  for (std::thread& t : threads) t.join();
  return heard;
}

void expect_all_at_their_owners(const std::vector<Heard>& heard, size_t packets) {
  std::set<size_t> seen;
  for (size_t w = 0; w < heard.size(); ++w) {
    EXPECT_EQ(heard[w].end, SourceStatus::kEnd);
    EXPECT_TRUE(std::is_sorted(heard[w].numbers.begin(), heard[w].numbers.end()));
    for (const uint32_t owner : heard[w].owners) EXPECT_EQ(owner % heard.size(), w);
    seen.insert(heard[w].numbers.begin(), heard[w].numbers.end());
  }
  EXPECT_EQ(seen.size(), packets);
}

class Kept : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(HandOver, Kept, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "kept" : "copied"; });

TEST_P(Kept, EveryPacketReachesItsOwnerAndEveryClockMovesAlike) {
  constexpr size_t kPackets = 30'000;
  HandOverOptions options;
  options.workers = 3;
  options.wait = options.ticks = true;
  options.queue_packets = 1024;
  auto sources = split_source(std::make_unique<ScriptedSource>(kPackets, 500, GetParam()), options);
  const std::vector<Heard> heard = run(sources, std::chrono::microseconds(20));
  expect_all_at_their_owners(heard, kPackets);
  for (const Heard& one : heard) {
    // Every packet of the capture, own or not, once and in order.
    ASSERT_EQ(one.times.size(), kPackets);
    for (size_t i = 0; i < kPackets; ++i) ASSERT_EQ(one.times[i], static_cast<Nanoseconds>(1000 + i));
  }
  EXPECT_EQ(sources[0]->stats().packets, kPackets);
  EXPECT_EQ(sources[0]->stats().weir_drops, 0u);
  EXPECT_EQ(sources[1]->stats().packets, 0u) << "only the first speaks for the device";
  EXPECT_EQ(sources[0]->error(), "as scripted");
}

TEST_P(Kept, ASlowWorkerLosesCountedPacketsAndTheOthersNone) {
  constexpr size_t kPackets = 60'000;
  HandOverOptions options;
  options.workers = 2;
  options.queue_packets = 256;  // one block
  auto sources = split_source(std::make_unique<ScriptedSource>(kPackets, 500, GetParam()), options);
  const std::vector<Heard> heard = run(sources, std::chrono::milliseconds(5));
  size_t got = 0;
  for (size_t w = 0; w < heard.size(); ++w) {
    EXPECT_TRUE(std::is_sorted(heard[w].numbers.begin(), heard[w].numbers.end()));
    for (const uint32_t owner : heard[w].owners) EXPECT_EQ(owner % 2, w);
    got += heard[w].numbers.size();
  }
  const SourceStats stats = sources[0]->stats();
  EXPECT_GT(stats.weir_drops, 0u);
  EXPECT_EQ(got + stats.weir_drops, kPackets);
  // Ethernet 14, IPv4 20, UDP 8, payload 8.
  EXPECT_EQ(stats.weir_drop_bytes, stats.weir_drops * 50);
}

TEST(HandOver, ManyWorkersAndFewPackets) {
  HandOverOptions options;
  options.workers = 16;
  options.wait = true;
  auto sources = split_source(std::make_unique<ScriptedSource>(40, 40, false), options);
  expect_all_at_their_owners(run(sources), 40);
}

TEST(HandOver, AnEmptyInputEnds) {
  HandOverOptions options;
  options.workers = 2;
  auto sources = split_source(std::make_unique<ScriptedSource>(0, 1, false), options);
  expect_all_at_their_owners(run(sources), 0);
}

TEST(HandOver, StopEndsAllWorkers) {
  HandOverOptions options;
  options.workers = 2;
  options.wait = true;
  auto sources = split_source(std::make_unique<ScriptedSource>(SIZE_MAX, 50, true), options);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    sources[1]->stop();
  });
  const std::vector<Heard> heard = run(sources);
  stopper.join();
  size_t got = 0;
  for (const Heard& one : heard) {
    EXPECT_EQ(one.end, SourceStatus::kEnd);
    got += one.numbers.size();
  }
  EXPECT_EQ(got, sources[0]->stats().packets) << "what was read before the stop is handed over";
}

TEST(HandOver, WorkersMayGoAwayInTheMiddle) {
  for (const bool wait : {false, true}) {
    HandOverOptions options;
    options.workers = 2;
    options.wait = wait;
    options.queue_packets = 256;
    auto sources = split_source(std::make_unique<ScriptedSource>(100'000, 50, true), options);
    std::array<RawPacket, 64> out;
    size_t count = 0;
    while (count == 0) ASSERT_NE(sources[0]->next_burst(out, &count), SourceStatus::kError);
    sources.clear();  // must end the receiver and give every packet back (the source's destructor checks)
  }
}

TEST(HandOver, ReceiverOnACpuThatIsNotThereIsAnError) {
  HandOverOptions options;
  options.workers = 2;
  options.cpus = {4095};
  auto sources = split_source(std::make_unique<ScriptedSource>(10, 1, false), options);
  const std::vector<Heard> heard = run(sources);
  for (const Heard& one : heard) EXPECT_EQ(one.end, SourceStatus::kError);
  EXPECT_NE(sources[0]->error().find("cannot run on CPU 4095"), std::string::npos) << sources[0]->error();
}

// A source that throws: the receiver ends, what it had passed on is read, and every worker hears of it.
class ThrowingSource final : public PacketSource {
 public:
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    if (++calls_ > 50) throw std::bad_alloc();
    out[0] = raw_packet(frame_, static_cast<Nanoseconds>(calls_));
    *count = 1;
    return SourceStatus::kOk;
  }
  SourceStats stats() const override { return {}; }
  std::string error() const override { return {}; }

 private:
  Frame frame_ =
      PacketBuilder().ethernet().ipv4("10.0.0.1", "192.0.2.9").udp(1000, 2000).payload("x").frame();
  size_t calls_ = 0;
};

TEST(HandOver, AReceiverThatThrowsEndsTheInputWithAnError) {
  HandOverOptions options;
  options.workers = 3;
  options.ticks = options.wait = true;
  const auto sources = split_source(std::make_unique<ThrowingSource>(), options);
  for (size_t w = 0; w < sources.size(); ++w) {
    std::array<RawPacket, 16> out;
    SourceStatus status = SourceStatus::kOk;
    for (int calls = 0; status == SourceStatus::kOk || status == SourceStatus::kIdle; ++calls) {
      size_t count = 0;
      status = sources[w]->next_burst(out, &count);
      ASSERT_LT(calls, 10'000);
    }
    EXPECT_EQ(status, SourceStatus::kError) << w;
  }
  EXPECT_TRUE(sources[0]->error().starts_with("the receiver ended: the system gives no more memory"))
      << sources[0]->error();
}

}  // namespace
}  // namespace weir
