// Inside TcpConnection: what one call is about. Not for other stages.
#pragma once

#include "sensor/reassembly/tcp_connection.h"

namespace weir {

struct TcpConnection::Call {
  Direction direction;  // whose bytes
  StreamSink& sink;
  TcpContext& context;
  Nanoseconds time;
};

namespace tcp {

// The largest window there is (RFC 7323 2.3): further ahead a segment cannot belong to the connection.
inline constexpr int64_t kMaxAhead = int64_t{1} << 30;
// Nothing is sent again from so far behind; such a segment is another connection's or a lie.
inline constexpr int64_t kMaxBehind = int64_t{1} << 26;

// Distance of sequence numbers modulo 2^32.
constexpr int64_t distance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

}  // namespace tcp
}  // namespace weir
