// Inside TcpConnection: what one call is about. Not for other stages.
#pragma once

#include "sensor/reassembly/overlap_policy.h"
#include "sensor/reassembly/tcp_connection.h"

namespace weir {

struct TcpConnection::Call {
  Direction direction;  // whose bytes
  StreamSink& sink;
  TcpContext& context;
  Nanoseconds time;
  // The segment whose payload is placed.
  const PacketView* packet = nullptr;
  bool doubtful = false;
  SegmentExtent extent{};  // without what was passed on before it came
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

// Distance of sequence numbers modulo 2^32.
constexpr int64_t distance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

}  // namespace tcp
}  // namespace weir
