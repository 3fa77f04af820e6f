// What the flow table keeps of one conversation, and the words for its life and its end.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "parsers/api/types.h"
#include "sensor/base/flow_key.h"
#include "sensor/base/packet.h"

namespace weir {

inline constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();
inline constexpr Nanoseconds kSecond = 1'000'000'000;

// How long a flow may be silent. A new flow begins in kTcpOpening or kUdp; the pipeline moves a TCP flow
// on with FlowTable::set_timeout_class.
enum class TimeoutClass : uint8_t { kTcpOpening, kTcpEstablished, kTcpClosing, kUdp, kCount };

// Silence after which a flow is over, by class, in nanoseconds of the worker's clock; each > 0.
struct FlowTimeouts {
  Nanoseconds tcp_opening = 30 * kSecond;
  Nanoseconds tcp_established = 3600 * kSecond;
  Nanoseconds tcp_closing = 10 * kSecond;
  Nanoseconds udp = 120 * kSecond;
};

// Why a flow left the table.
enum class FlowEnd : uint8_t {
  kClosed,    // the pipeline took it out: remove()
  kIdle,      // silent for longer than its time-out
  kEvicted,   // the longest idle flow of its kind when there was no room
  kReplaced,  // another connection uses the same addresses and ports
  kShutdown,  // flush()
  kCount,
};
inline constexpr size_t kFlowEnds = static_cast<size_t>(FlowEnd::kCount);

// The part of a flow that does not depend on the pipeline's state. Read by everybody; written by the
// table only. The first 64 bytes are all that a packet of a known flow touches.
struct FlowRecord {
  FlowKey key;                  // initiator → responder
  uint32_t id = 0;              // place in the table; not an identity outside it
  Nanoseconds last_packet = 0;  // when it was last heard, by the worker's clock (flow_clock.h)
  uint32_t idle_mark = 0;       // idle_mark_of(last_packet) when it last moved in the idle list
  TimeoutClass timeout_class = TimeoutClass::kUdp;
  uint8_t tcp_known = 0;  // bit 0, 1: isn of that direction; others: flow_rules.h
  uint8_t idle_list = 0;  // which of the table's idle lists it is in
  uint8_t stranger = 0;   // a packet may belong to another connection: flow_rules.h

  Nanoseconds first_packet = 0;   // capture time of the packet that made it
  Nanoseconds alarm = kNever;     // set_alarm(), by the worker's clock
  std::array<uint32_t, 2> isn{};  // initial sequence numbers, by direction
  uint32_t pending_isn = 0;       // of a SYN that an established connection may not have believed; of a
                                  // stranger: the number behind its packet
  uint32_t hash = 0;              // what the index keeps of the key's hash
};
static_assert(sizeof(FlowKey) == 44 && sizeof(FlowRecord) == 96);

template <class State>
struct Flow : FlowRecord {
  State state;
};

}  // namespace weir
