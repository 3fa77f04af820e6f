// The rules by which packets belong to flows: who opened one, how long it lives, when the same addresses
// and ports mean another connection. Functions of one flow's own packets; used by FlowTable.
#pragma once

#include <cstddef>
#include <cstring>

#include "sensor/flow/flow.h"

namespace weir {

inline constexpr uint8_t kPendingSyn = 4;            // FlowRecord::tcp_known: pending_isn is set …
inline constexpr uint8_t kPendingFromResponder = 8;  // … and was sent by the responder
inline constexpr uint8_t kSeenShift = 4;             // bits 4, 5: a packet of that direction was seen
inline constexpr uint8_t kOpenerShift = 6;           // bits 6, 7: Opener

// True when the two keys name one conversation; then `*direction` says by whom `packet` was sent.
inline bool same_conversation(const FlowKey& flow, const FlowKey& packet, Direction* direction) {
  static_assert(offsetof(FlowKey, src_port) == 32 && offsetof(FlowKey, protocol) == 36);
  if (flow.protocol != packet.protocol || flow.tenant != packet.tenant) return false;
  // Addresses and ports lie together: 36 bytes.
  if (std::memcmp(&flow, &packet, 36) == 0) {
    *direction = Direction::kFromInitiator;
    return true;
  }
  *direction = Direction::kFromResponder;
  return flow.src_port == packet.dst_port && flow.dst_port == packet.src_port && flow.src == packet.dst &&
         flow.dst == packet.src;
}

// Of sequence numbers of one direction of a connection: no window, and no stretch that a capture missed while
// both sides sent, is so large. Numbers of another connection are near by chance once in 128.
inline constexpr uint32_t kReach = uint32_t{1} << 24;
inline bool is_near(uint32_t one, uint32_t other) { return one - other + kReach <= 2 * kReach; }

inline Nanoseconds timeout_of(TimeoutClass timeout_class, const FlowTimeouts& timeouts) {
  switch (timeout_class) {
    case TimeoutClass::kTcpOpening:
      return timeouts.tcp_opening;
    case TimeoutClass::kTcpEstablished:
      return timeouts.tcp_established;
    case TimeoutClass::kTcpClosing:
      return timeouts.tcp_closing;
    default:
      return timeouts.udp;
  }
}

// The last moment, by the worker's clock, at which a packet still belongs to the flow.
inline Nanoseconds idle_end(const FlowRecord& flow, const FlowTimeouts& timeouts) {
  const Nanoseconds timeout = timeout_of(flow.timeout_class, timeouts);
  return flow.last_packet > kNever - timeout ? kNever : flow.last_packet + timeout;
}

// What gives way first when the table is full: connections that may never have opened (a SYN costs its
// sender nothing) and UDP, whose datagrams are read one by one; 0. Else 1.
inline uint8_t idle_list_of(TimeoutClass timeout_class) {
  return timeout_class == TimeoutClass::kTcpOpening || timeout_class == TimeoutClass::kUdp ? 0 : 1;
}
// … as long as they have more than one of so many places: a table full of idle connections takes new ones.
inline constexpr uint32_t kFirstToGoShare = 16;

// Time for the idle list: steps of 2^20 ns, modulo 2^32 (52 days).
inline uint32_t idle_mark_of(Nanoseconds time) { return static_cast<uint32_t>(time >> 20); }
// A flow moves in the idle list when so many steps have gone by since it last moved: 8.6 s.
inline constexpr uint32_t kIdleSteps = 1u << 13;

// Fills in a new flow from its first packet: key turned initiator → responder, its time, sequence numbers.
// The initiator is who sent SYN, whom SYN+ACK answers; of a TCP flow whose beginning was not seen, who speaks
// to a port that servers have from one that clients are given; else who sent this packet. Returns the
// packet's direction.
Direction begin_flow(FlowRecord& flow, const PacketView& packet);

// Who opened a TCP connection, where its handshake has shown it: at its beginning, or by a SYN that came
// late. Then the key, which does not change any more, may have it the other way round.
enum class Opener : uint8_t { kUnknown, kInitiator, kResponder };
inline Opener opener_of(const FlowRecord& flow) {
  return static_cast<Opener>(flow.tcp_known >> kOpenerShift);
}

// True when `packet`, which has the flow's addresses and ports, belongs to another connection. Notes in
// the flow what later packets need to tell.
bool packet_starts_anew(FlowRecord& flow, const PacketView& packet, Direction direction);

inline bool starts_anew(FlowRecord& flow, const PacketView& packet, Direction direction) {
  // No receiver takes a SYN with a wrong checksum.
  if (packet.key.protocol != kProtoTcp || packet.checksum == Checksum::kWrong) return false;
  flow.tcp_known |= static_cast<uint8_t>(1u << (kSeenShift + index_of(direction)));
  if ((packet.tcp_flags & kTcpSyn) == 0 && (flow.tcp_known & kPendingSyn) == 0) return false;
  return packet_starts_anew(flow, packet, direction);
}

// A packet without SYN, whose numbers are far from all that the connection can be at, after a silence: the
// ports are another connection's by now, or the packet is forged. Its flow stays, and the packet is none of
// it, until another bears it out: the other side's, in the same far numbers; where that side was never
// captured, its sender's next one.
inline constexpr uint8_t kStranger = 1;  // FlowRecord::stranger: pending_isn is set …
inline constexpr uint8_t kStrangerFromResponder = 2;
// Silence, by the worker's clock, after which ports may be used again without a SYN in the capture: a host
// waits 60 s, or a second where it is told to, and a jump that is in doubt moves the clock by 5 s at most.
inline constexpr Nanoseconds kPortsRest = 4 * kSecond;
void note_stranger(FlowRecord& flow, const PacketView& packet, Direction direction);
// `packet` has far numbers, too.
bool bears_stranger_out(const FlowRecord& flow, const PacketView& packet, Direction direction);

}  // namespace weir
