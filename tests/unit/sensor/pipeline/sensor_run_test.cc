// A whole run: the same capture gives the same records in the same order with one worker and with several,
// whether each walks the file or one receiver hands over; threads run where they are put.
#include "sensor/pipeline/sensor_run.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <new>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "sensor/base/cpus.h"
#include "sensor/capture/replay_source.h"
#include "sensor/pipeline/hand_over.h"
#include "sensor/policy/policy_set.h"
#include "tests/harness/packet_builder.h"
#include "tests/harness/sensor_setup.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

class KeepingSink final : public Sink {
 public:
  void write(const Record& record) override {
    // The clock when it was written is the one thing that may differ.
    static const std::regex logged("\"logged_time\":[0-9]+");
    lines.push_back(std::regex_replace(record.json, logged, ""));
  }
  bool drain(milliseconds) override { return true; }
  SinkStats stats() const override { return {}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }
  std::vector<std::string> lines;
};

const SharedSetup& setup() {
  static const SharedSetup shared = harness::sensor_setup_with_builtin(everything_policy());
  return shared;
}

std::unique_ptr<PacketSource> file(const std::string& name, double speed = 0) {
  const std::vector<std::string> paths = {std::string(WEIR_SOURCE_DIR) + "/pcaps/" + name};
  std::string error;
  ReplayOptions options;
  options.speed = speed;
  auto source = make_replay_source(paths, options, &error);
  EXPECT_TRUE(source) << error;
  return source;
}

struct Ran {
  RunResult result;
  std::vector<std::string> lines;
};
Ran run(const std::string& name, uint32_t workers, bool hand_over, SteerBy steer = SteerBy::kAddress,
        RunOptions options = {}) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  if (hand_over) {
    HandOverOptions handing;
    handing.workers = workers;
    handing.steer = steer;
    handing.queue_packets = 256;
    handing.wait = handing.ticks = true;
    sources = split_source(file(name), handing);
  } else {
    for (uint32_t i = 0; i < workers; ++i) sources.push_back(file(name));
  }
  options.worker.steered = hand_over;
  options.worker.steer = steer;
  KeepingSink sink;
  Ran ran{run_sensor(options, setup(), std::move(sources), {&sink}), {}};
  ran.lines = std::move(sink.lines);
  return ran;
}

class Capture : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(SensorRun, Capture,
                         ::testing::Values("http1/many_hosts/input.pcap", "http1/lossy_link/input.pcap",
                                           "http1/server_first/input.pcap", "raw/udp_syslog/input.pcap"));

TEST_P(Capture, AnyNumberOfWorkersWritesTheSame) {
  const Ran one = run(GetParam(), 1, false);
  ASSERT_FALSE(one.lines.empty());
  for (const uint32_t workers : {2u, 3u}) {
    for (const bool hand_over : {false, true}) {
      for (const SteerBy steer : {SteerBy::kAddress, SteerBy::kFlow}) {
        const Ran many = run(GetParam(), workers, hand_over, steer);
        EXPECT_EQ(many.lines, one.lines) << workers << " workers" << (hand_over ? ", handed over" : "");
        EXPECT_EQ(many.result.totals.packets, one.result.totals.packets);
        EXPECT_EQ(many.result.totals.flows, one.result.totals.flows);
        EXPECT_EQ(many.result.source_stats.packets, one.result.source_stats.packets);
        EXPECT_EQ(many.result.source_stats.weir_drops, 0u);
      }
    }
  }
}

// A replay that is held back, and so has nothing for a while, must not take the time of day for the time of
// the capture: its flows would all end.
TEST(SensorRun, APauseOfTheInputChangesNothing) {
  const Ran fast = run("http1/upload_put/input.pcap", 1, false);
  std::vector<std::unique_ptr<PacketSource>> slow;
  // Slowed down, so that between its packets the source answers kIdle.
  slow.push_back(file("http1/upload_put/input.pcap", 0.4));
  KeepingSink sink;
  const RunResult result = run_sensor({}, setup(), std::move(slow), {&sink});
  EXPECT_EQ(sink.lines, fast.lines);
  EXPECT_EQ(result.totals.flows, fast.result.totals.flows);
}

TEST(SensorRun, WorkersRunWhereTheyArePut) {
  const std::vector<int> cpus = allowed_cpus();
  RunOptions options;
  options.worker_cpus = {cpus.front(), cpus.back()};
  options.output.cpus = {cpus.front()};
  const Ran ran = run("http1/many_hosts/input.pcap", 2, false, SteerBy::kAddress, options);
  EXPECT_FALSE(ran.lines.empty());
  EXPECT_EQ(ran.result.placement_error, "");
  EXPECT_EQ(allowed_cpus(), cpus) << "the caller stays where it was";

  options.worker_cpus = {cpus.front(), 4095};
  try {
    run("http1/many_hosts/input.pcap", 2, true, SteerBy::kAddress, options);
    FAIL() << "a worker on a CPU that is not there";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("CPU 4095"), std::string::npos) << e.what();
  }
}

// A sink that nobody reads until the gate opens.
class ShutSink final : public Sink {
 public:
  explicit ShutSink(std::atomic<bool>& open) : open_(open) {}
  void write(const Record& record) override {
    open_.wait(false);
    records.push_back(nlohmann::json::parse(record.json));
  }
  bool drain(milliseconds) override { return true; }
  SinkStats stats() const override { return {}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }
  std::vector<nlohmann::json> records;

 private:
  std::atomic<bool>& open_;
};

// A device, as live capture has them: nobody waits for anybody. Opens the gate when its packets are over.
class GateDevice final : public PacketSource {
 public:
  GateDevice(std::unique_ptr<PacketSource> inner, std::atomic<bool>& gate)
      : inner_(std::move(inner)), gate_(gate) {}
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    const SourceStatus status = inner_->next_burst(out, count);
    if (status == SourceStatus::kEnd) {
      gate_.store(true);
      gate_.notify_all();
    }
    return status;
  }
  SourceStats stats() const override { return inner_->stats(); }
  std::string error() const override { return inner_->error(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<PacketSource> inner_;
  std::atomic<bool>& gate_;
};

// Live with a sink that stands still: what the ring does not hold is in storms, to the unit and by policy.
TEST(SensorRun, WhatASlowSinkDoesNotTakeIsFoldedAndCounted) {
  const Ran replayed = run("http1/many_hosts/input.pcap", 1, false);
  std::map<std::string, uint64_t> made;
  for (const std::string& line : replayed.lines) {
    // What was cut out of it (logged_time) leaves an empty place between two commas.
    const auto j = nlohmann::json::parse(std::regex_replace(line, std::regex(",,"), ","));
    ++made[j["data_security"]["policy"]["uid"].get<std::string>()];
  }

  std::atomic<bool> gate{false};
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::make_unique<GateDevice>(file("http1/many_hosts/input.pcap"), gate));
  ShutSink sink(gate);
  RunOptions options;
  options.worker.steered = true;
  options.worker.wait_for_room = false;
  options.output.ordered = false;
  options.ring_capacity = 2;
  const RunResult result = run_sensor(options, setup(), std::move(sources), {&sink});

  std::map<std::string, uint64_t> told;
  uint64_t storms = 0;
  uint64_t folded = 0;
  for (const nlohmann::json& record : sink.records) {
    uint64_t& n = told[record["data_security"]["policy"]["uid"].get<std::string>()];
    n += record["count"].get<uint64_t>();
    if (!record["unmapped"].contains("storm")) continue;
    ++storms;
    folded += record["count"].get<uint64_t>();
  }
  EXPECT_EQ(told, made);
  EXPECT_GT(storms, 0u);
  EXPECT_EQ(result.outlet.storms, storms);
  EXPECT_EQ(result.outlet.folded, folded);
  EXPECT_EQ(result.outlet.lost, 0u);
  EXPECT_EQ(result.alerts_written, sink.records.size());
  EXPECT_EQ(result.totals.alert_count() + result.totals.alert_updates,
            result.alerts_written - storms + folded);
  EXPECT_EQ(result.totals.alert_count(), replayed.result.totals.alert_count());
}

// One client asks twice over one connection; both answers name persons. `pause` lies between the exchanges.
std::unique_ptr<PacketSource> two_exchanges(const std::string& path, Nanoseconds pause) {
  constexpr uint32_t kClient = 1000;
  constexpr uint32_t kServer = 5000;
  const auto answer = [](std::string_view mobile) {
    const std::string body = "{\"mobile\":\"" + std::string(mobile) + "\"}\n";
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const std::string ask = "GET /user HTTP/1.1\r\nHost: shop.example\r\n\r\n";
  std::vector<harness::TimedFrame> frames;
  Nanoseconds time = Nanoseconds{1'767'225'600} * 1'000'000'000;
  const auto send = [&](bool out, uint32_t seq, uint32_t ack, uint8_t flags, std::string_view text) {
    harness::PacketBuilder packet;
    packet.ethernet().vlan(7);
    if (out) {
      packet.ipv4("10.0.0.5", "203.0.113.9").tcp(40'000, 80);
    } else {
      packet.ipv4("203.0.113.9", "10.0.0.5").tcp(80, 40'000);
    }
    frames.push_back({time += 1'000'000, packet.seq(seq).ack(ack).flags(flags).payload(text).frame()});
  };
  uint32_t said = kClient + 1;
  uint32_t told = kServer + 1;
  send(true, kClient, 0, kTcpSyn, {});
  send(false, kServer, said, kTcpSyn | kTcpAck, {});
  send(true, said, told, kTcpAck, {});
  for (const std::string_view mobile : {"13812345678", "13912345679"}) {
    const std::string back = answer(mobile);
    send(true, said, told, kTcpAck, ask);
    said += static_cast<uint32_t>(ask.size());
    send(false, told, said, kTcpAck, back);
    told += static_cast<uint32_t>(back.size());
    send(true, said, told, kTcpAck, {});
    time += pause;
  }
  send(true, said, told, kTcpFin | kTcpAck, {});
  send(false, told, said + 1, kTcpFin | kTcpAck, {});
  harness::write_file(path, harness::pcap_image(frames));
  std::string error;
  auto source = make_replay_source(std::vector<std::string>{path}, ReplayOptions{}, &error);
  EXPECT_TRUE(source) << error;
  return source;
}

Ran run_exchanges(Nanoseconds pause, size_t session_memory) {
  const std::string path = ::testing::TempDir() + "two_exchanges.pcap";
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(two_exchanges(path, pause));
  RunOptions options;
  options.worker.session_memory = session_memory;
  KeepingSink sink;
  Ran ran{run_sensor(options, setup(), std::move(sources), {&sink}), {}};
  // Times, and uids that are made of them, differ with the pause.
  static const std::regex times("\"(time|[a-z_]*_time|[a-z_]*_at|duration|first_byte|last_byte)\":[0-9]+");
  for (const std::string& line : sink.lines) ran.lines.push_back(std::regex_replace(line, times, ""));
  std::remove(path.c_str());
  return ran;
}

TEST(SensorRun, AFlowThatRestedGoesOnAsIfItHadNot) {
  constexpr size_t kEnough = size_t{1} << 20;
  const Ran stayed = run_exchanges(0, kEnough);
  const Ran rested = run_exchanges(Nanoseconds{20} * 1'000'000'000, kEnough);
  ASSERT_GE(stayed.lines.size(), 2u);
  EXPECT_EQ(rested.lines, stayed.lines);
  EXPECT_EQ(rested.result.totals.items, stayed.result.totals.items);
  const Inspection account = rested.result.totals.inspection();
  EXPECT_EQ(account.read(), account.seen);
}

TEST(SensorRun, BytesThatFindNoRoomAreUnreadForWantOfMemory) {
  const Ran ran = run_exchanges(0, 100);
  EXPECT_TRUE(ran.lines.empty());
  const Inspection account = ran.result.totals.inspection();
  EXPECT_GT(account.seen, 0u);
  EXPECT_EQ(account.unread[static_cast<size_t>(Unread::kMemory)], account.seen);
  EXPECT_EQ(ran.result.totals.flows_refused, 1u);
}

// A device that has some packets and then never any more.
class SilentDevice final : public PacketSource {
 public:
  SourceStatus next_burst(std::span<RawPacket>, size_t* count) override {
    *count = 0;
    if (stop_.load()) return SourceStatus::kEnd;
    std::this_thread::sleep_for(milliseconds(5));
    return SourceStatus::kIdle;
  }
  SourceStats stats() const override { return {}; }
  std::string error() const override { return {}; }
  void stop() override { stop_.store(true); }

 private:
  std::atomic<bool> stop_{false};
};

TEST(SensorRun, EndsWhenNothingComesAnyMore) {
  RunOptions options;
  options.worker.steered = true;
  options.end_when_idle = milliseconds(150);
  for (const bool hand_over : {false, true}) {
    std::vector<std::unique_ptr<PacketSource>> sources;
    sources.push_back(std::make_unique<SilentDevice>());
    if (hand_over) {
      HandOverOptions handing;
      handing.workers = 2;
      sources = split_source(std::move(sources.front()), handing);
    }
    const RunResult result = run_sensor(options, setup(), std::move(sources), {});
    EXPECT_FALSE(result.interrupted);
    EXPECT_GE(result.elapsed, milliseconds(100));
  }
}

// Gives what `inner` gives, and throws where that is over.
class BreakingSource final : public PacketSource {
 public:
  explicit BreakingSource(std::unique_ptr<PacketSource> inner) : inner_(std::move(inner)) {}
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    const SourceStatus status = inner_->next_burst(out, count);
    if (status == SourceStatus::kEnd) throw std::bad_alloc();
    return status;
  }
  SourceStats stats() const override { return inner_->stats(); }
  std::string error() const override { return inner_->error(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<PacketSource> inner_;
};

// One worker of several breaks after all of its packets, before its flows have ended: what it and the others
// have sent is delivered, all of the others' is read, and the run says what happened.
TEST(SensorRun, AWorkerThatThrowsEndsTheRunInOrder) {
  const Ran whole = run("http1/many_hosts/input.pcap", 2, false);
  for (const bool hand_over : {false, true}) {
    std::vector<std::unique_ptr<PacketSource>> sources;
    if (hand_over) {
      HandOverOptions handing;
      handing.workers = 2;
      handing.queue_packets = 256;
      handing.wait = handing.ticks = true;
      sources = split_source(file("http1/many_hosts/input.pcap"), handing);
      // The other one goes on, and would wait for ever for blocks that this one does not give back.
      sources[0] = std::make_unique<BreakingSource>(std::move(sources[0]));
    } else {
      sources.push_back(std::make_unique<BreakingSource>(file("http1/many_hosts/input.pcap")));
      sources.push_back(file("http1/many_hosts/input.pcap"));
    }
    RunOptions options;
    options.worker.steered = hand_over;
    KeepingSink sink;
    const RunResult result = run_sensor(options, setup(), std::move(sources), {&sink});
    EXPECT_NE(result.failure.find("no more memory"), std::string::npos) << result.failure;
    EXPECT_TRUE(result.delivered);
    EXPECT_EQ(result.alerts_written, sink.lines.size());
    EXPECT_FALSE(sink.lines.empty());
    EXPECT_LE(sink.lines.size(), whole.lines.size());
  }
}

TEST(SensorRun, ADeviceThatThrowsIsAnError) {
  HandOverOptions handing;
  handing.workers = 2;
  std::vector<std::unique_ptr<PacketSource>> sources =
      split_source(std::make_unique<BreakingSource>(file("http1/many_hosts/input.pcap")), handing);
  RunOptions options;
  options.worker.steered = true;
  KeepingSink sink;
  const RunResult result = run_sensor(options, setup(), std::move(sources), {&sink});
  EXPECT_EQ(result.failure, "");
  EXPECT_TRUE(result.source_errors.front().starts_with("the receiver ended: the system gives no more memory"))
      << result.source_errors.front();
  EXPECT_FALSE(sink.lines.empty());
}

class ThrowingSink final : public Sink {
 public:
  void write(const Record&) override { throw std::bad_alloc(); }
  bool drain(milliseconds) override { return true; }
  SinkStats stats() const override { return {}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }
};

// Nobody waits for an output that has broken, in no mode, with the smallest ring.
TEST(SensorRun, AnOutputThatThrowsEndsTheRunInOrder) {
  for (const bool waits : {false, true}) {
    std::vector<std::unique_ptr<PacketSource>> sources;
    for (int i = 0; i < 2; ++i) sources.push_back(file("http1/many_hosts/input.pcap"));
    ThrowingSink sink;
    RunOptions options;
    options.worker.wait_for_room = waits;
    options.ring_capacity = 1;
    const RunResult result = run_sensor(options, setup(), std::move(sources), {&sink});
    EXPECT_NE(result.failure.find("no more memory"), std::string::npos) << result.failure;
    EXPECT_FALSE(result.delivered);
  }
}

// Sends the process a signal with its first packet.
class SignallingSource final : public PacketSource {
 public:
  SignallingSource(std::unique_ptr<PacketSource> inner, int signal, std::atomic<bool>& heard)
      : inner_(std::move(inner)), signal_(signal), heard_(heard) {}
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    if (signal_ != 0) {
      kill(getpid(), signal_);
      signal_ = 0;
      heard_.wait(false);
    }
    return inner_->next_burst(out, count);
  }
  SourceStats stats() const override { return inner_->stats(); }
  std::string error() const override { return inner_->error(); }
  void stop() override {
    inner_->stop();
    heard_.store(true);
    heard_.notify_all();
  }

 private:
  std::unique_ptr<PacketSource> inner_;
  int signal_;
  std::atomic<bool>& heard_;
};

class ReopeningSink final : public Sink {
 public:
  explicit ReopeningSink(std::atomic<bool>& heard) : heard_(heard) {}
  void write(const Record&) override { ++records; }
  bool drain(milliseconds) override { return true; }
  void reopen() override {
    ++reopened;
    heard_.store(true);
    heard_.notify_all();
  }
  SinkStats stats() const override { return {}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }
  size_t records = 0;
  std::atomic<int> reopened{0};

 private:
  std::atomic<bool>& heard_;
};

TEST(SensorRun, AHangUpReopensAndGoesOn) {
  const Ran whole = run("http1/many_hosts/input.pcap", 1, false);
  for (const int signal : {SIGHUP, SIGTERM}) {
    std::atomic<bool> heard{false};
    std::vector<std::unique_ptr<PacketSource>> sources;
    sources.push_back(std::make_unique<SignallingSource>(file("http1/many_hosts/input.pcap"), signal, heard));
    ReopeningSink sink(heard);
    const RunResult result = run_sensor({}, setup(), std::move(sources), {&sink});
    EXPECT_EQ(result.interrupted, signal == SIGTERM);
    EXPECT_EQ(sink.reopened.load(), signal == SIGHUP ? 1 : 0);
    EXPECT_EQ(sink.records, signal == SIGHUP ? whole.lines.size() : 0u);
  }
}

}  // namespace
}  // namespace weir
