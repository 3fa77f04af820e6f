// One connection under test: segments in by hand, what the sink heard and the ledger out.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

#include "sensor/reassembly/tcp_connection.h"
#include "tests/harness/segmenter.h"
#include "tests/harness/stream_recorder.h"

namespace weir {

inline constexpr Direction kI = Direction::kFromInitiator;
inline constexpr Direction kR = Direction::kFromResponder;
inline constexpr Nanoseconds kMs = 1'000'000;
inline constexpr Nanoseconds kNothingWaits = std::numeric_limits<Nanoseconds>::max();

class TcpFixture : public ::testing::Test {
 protected:
  explicit TcpFixture(const TcpOptions& options = {}) : shared(budget, options) {}
  static TcpOptions options_for(TargetPolicy policy) {
    TcpOptions options;
    options.targets = TargetPolicies({}, policy);
    return options;
  }

  // Sequence numbers of the first bytes after open().
  static constexpr uint32_t kFirstI = 1001;
  static constexpr uint32_t kFirstR = 5001;

  void open() {
    send(kI, 1000, "", kTcpSyn, 0);
    send(kR, 5000, "", kTcpSyn | kTcpAck, kFirstI);
    send(kI, kFirstI, "", kTcpAck, kFirstR);
  }
  // Each segment is a millisecond after the one before.
  void send(Direction from, uint32_t seq, std::string_view bytes, uint8_t flags = kTcpAck, uint32_t ack = 0) {
    now += kMs;
    harness::Segment segment;
    segment.time = now;
    segment.from = from;
    segment.seq = seq;
    segment.ack = ack != 0 ? ack : acks[index_of(from)];
    acks[index_of(from)] = segment.ack;
    segment.flags = flags;
    segment.bytes = bytes;
    PacketView view = harness::view_of(segment);
    view.ttl = ttl;
    view.checksum = checksum;
    view.tcp_urgent = urgent;
    if (cut < bytes.size()) view.payload = view.payload.first(cut);
    context.now = now;  // the worker's clock: the latest time
    connection.on_segment(view, from, sink, context);
  }
  void data(uint32_t offset, std::string_view bytes) { send(kI, kFirstI + offset, bytes); }
  void acknowledge(uint32_t offset) { send(kR, kFirstR, "", kTcpAck, kFirstI + offset); }
  void finish() {
    context.now = now;
    connection.finish(now, sink, context);
  }

  void TearDown() override {
    EXPECT_EQ(ledger.seen, sink.delivered() + ledger.duplicate + ledger.unread_total());
    for (const std::string& error : sink.errors()) ADD_FAILURE() << error;
    if (finished_) {
      EXPECT_EQ(budget.used(), 0u);
    }
    connection = TcpConnection();
    EXPECT_EQ(budget.used(), 0u) << "memory is given back with the connection";
  }
  void finish_and_check_memory() {
    finish();
    finished_ = true;
  }

  const harness::StreamRecorder::Side& initiator() const { return sink[kI]; }
  const harness::StreamRecorder::Side& responder() const { return sink[kR]; }

  MemoryBudget budget{size_t{64} << 20};
  TcpShared shared;
  Inspection ledger;
  TcpContext context{shared, ledger};
  harness::StreamRecorder sink;
  TcpConnection connection;
  Nanoseconds now = 1'700'000'000'000'000'000;
  std::array<uint32_t, 2> acks = {0, 0};
  // Of the segments that follow.
  uint8_t ttl = 64;
  Checksum checksum = Checksum::kUnchecked;
  uint16_t urgent = 0;
  size_t cut = std::numeric_limits<size_t>::max();  // the capture's limit on a payload

 private:
  bool finished_ = false;
};

}  // namespace weir
