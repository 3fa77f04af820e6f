// Inside TcpConnection: what one call is about. Not for other stages.
#pragma once

#include "sensor/reassembly/overlap_policy.h"
#include "sensor/reassembly/tcp_connection.h"

namespace weir {

struct TcpConnection::Call {
  Direction direction;  // whose bytes
  StreamSink& sink;
  TcpContext& context;
  Nanoseconds time;  // as the packets tell it
  Nanoseconds now;   // by the worker's clock
  // The segment whose payload is placed.
  const PacketView* packet = nullptr;
  bool doubtful = false;
  SegmentExtent extent{};  // without what was passed on before it came
};

// The places of one segment where it differs from the version that stays, or of what it takes the place of.
// Told as one reading from the first to the last, with what lies between them: a byte here and there says
// nothing, and a sender must not have an item for each.
struct TcpConnection::OtherReading {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t own = 0;  // bytes that differ; the others are told elsewhere too

  void add(uint64_t from, uint64_t to) {
    if (own == 0) begin = from;
    end = to;
    own += to - from;
  }
};

namespace tcp {

// The largest window there is (RFC 7323 2.3): further ahead a segment cannot belong to the connection.
inline constexpr int64_t kMaxAhead = int64_t{1} << 30;
// Nothing is sent again from so far behind; such a segment is another connection's or a lie.
inline constexpr int64_t kMaxBehind = int64_t{1} << 26;

// Below this a time to live may well end before the receiver; routes are shorter than 32 hops …
inline constexpr uint8_t kLowTtl = 32;
// … and do not change by more than so many within a connection.
inline constexpr uint8_t kTtlSlack = 4;

// Merged by the receiving host before it was captured there: larger than any frame.
inline constexpr uint32_t kLargestFramePayload = 1460;

// A segment that meets more held pieces than this joins them; a doubtful one leaves no more pieces between
// them.
inline constexpr size_t kPiecesToJoin = 8;

// Distance of sequence numbers modulo 2^32.
constexpr int64_t distance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

}  // namespace tcp
}  // namespace weir
