#include "sensor/flow/flow_rules.h"

#include <utility>

namespace weir {
namespace {

constexpr uint8_t isn_bit(size_t direction) { return static_cast<uint8_t>(1u << direction); }

constexpr uint8_t bits_of(Opener opener) {
  return static_cast<uint8_t>(static_cast<unsigned>(opener) << kOpenerShift);
}

// Where nothing else tells: ports from which systems connect (Linux from 32768, IANA from 49152), and below
// those where services listen.
bool answers_a_client(const FlowKey& key) { return key.src_port < 10'000 && key.dst_port >= 32'768; }

// A SYN that belongs to the connection, and came behind its other packets.
void learn_opener(FlowRecord& flow, const PacketView& packet, Direction direction) {
  if (opener_of(flow) != Opener::kUnknown) return;
  const bool answer = (packet.tcp_flags & kTcpAck) != 0;
  const bool by_initiator = (direction == Direction::kFromInitiator) != answer;
  flow.tcp_known |= bits_of(by_initiator ? Opener::kInitiator : Opener::kResponder);
}

}  // namespace

Direction begin_flow(FlowRecord& flow, const PacketView& packet) {
  flow.key = packet.key;
  flow.first_packet = packet.time;
  if (packet.key.protocol != kProtoTcp) {
    flow.timeout_class = TimeoutClass::kUdp;
    return Direction::kFromInitiator;
  }
  flow.timeout_class = TimeoutClass::kTcpOpening;
  const bool syn = (packet.tcp_flags & kTcpSyn) != 0;
  const bool ack = (packet.tcp_flags & kTcpAck) != 0;
  const bool answers = syn ? ack : answers_a_client(packet.key);
  const Direction from = answers ? Direction::kFromResponder : Direction::kFromInitiator;
  if (from == Direction::kFromResponder) {
    std::swap(flow.key.src, flow.key.dst);
    std::swap(flow.key.src_port, flow.key.dst_port);
  }
  // Without a SYN the first sequence numbers are guesses; they are right when the SYN comes a packet late.
  const size_t own = index_of(from);
  flow.isn[own] = syn ? packet.tcp_seq : packet.tcp_seq - 1;
  flow.tcp_known = static_cast<uint8_t>(isn_bit(own) | (1u << (kSeenShift + own)));
  if (syn) flow.tcp_known |= bits_of(Opener::kInitiator);
  if (ack) {
    flow.isn[1 - own] = packet.tcp_ack - 1;
    flow.tcp_known |= isn_bit(1 - own);
  }
  return from;
}

bool packet_starts_anew(FlowRecord& flow, const PacketView& packet, Direction direction) {
  const size_t own = index_of(direction);
  const bool pending = (flow.tcp_known & kPendingSyn) != 0;
  const bool pending_is_own =
      ((flow.tcp_known & kPendingFromResponder) != 0) == (direction == Direction::kFromResponder);

  if ((packet.tcp_flags & kTcpSyn) == 0) {
    // Data right behind an unproven SYN, where the other side is not captured and cannot answer.
    const auto both = static_cast<uint8_t>(3u << kSeenShift);
    return pending && pending_is_own && (flow.tcp_known & both) != both &&
           (packet.tcp_flags & kTcpRst) == 0 && packet.tcp_seq == flow.pending_isn + 1;
  }
  const bool known = (flow.tcp_known & isn_bit(own)) != 0;
  if (known && flow.isn[own] == packet.tcp_seq) {  // sent again, or late
    learn_opener(flow, packet, direction);
    return false;
  }
  if (flow.timeout_class == TimeoutClass::kTcpClosing) return true;
  if (!known) {  // the other side's SYN: handshake, split handshake or simultaneous open
    flow.isn[own] = packet.tcp_seq;
    flow.tcp_known |= isn_bit(own);
    learn_opener(flow, packet, direction);
    return false;
  }
  if ((packet.tcp_flags & kTcpAck) != 0) {
    // The answer to the other side's SYN, with another number than the SYN that this side sent before: that
    // one was dead, and the other side has opened the connection. (In a simultaneous open the number is the
    // same.)
    const bool answers = (flow.tcp_known & isn_bit(1 - own)) != 0 && packet.tcp_ack == flow.isn[1 - own] + 1;
    const bool opened =
        opener_of(flow) == (direction == Direction::kFromInitiator ? Opener::kInitiator : Opener::kResponder);
    if (flow.timeout_class == TimeoutClass::kTcpOpening && answers && opened) {
      flow.isn[own] = packet.tcp_seq;
      flow.tcp_known = static_cast<uint8_t>(flow.tcp_known & ~bits_of(static_cast<Opener>(3)));
      learn_opener(flow, packet, direction);
      return false;
    }
    return pending && !pending_is_own && packet.tcp_ack == flow.pending_isn + 1;
  }
  // Where the other side has answered already, a second SYN has to prove itself there too.
  if (flow.timeout_class == TimeoutClass::kTcpOpening && (flow.tcp_known & isn_bit(1 - own)) == 0)
    return true;
  flow.stranger = 0;
  flow.pending_isn = packet.tcp_seq;
  flow.tcp_known |= kPendingSyn;
  flow.tcp_known =
      static_cast<uint8_t>(direction == Direction::kFromResponder ? flow.tcp_known | kPendingFromResponder
                                                                  : flow.tcp_known & ~kPendingFromResponder);
  return false;
}

void note_stranger(FlowRecord& flow, const PacketView& packet, Direction direction) {
  if ((flow.tcp_known & kPendingSyn) != 0) return;
  flow.pending_isn = packet.tcp_seq + packet.payload_wire;
  flow.stranger =
      direction == Direction::kFromResponder ? kStranger | kStrangerFromResponder : uint8_t{kStranger};
}

bool bears_stranger_out(const FlowRecord& flow, const PacketView& packet, Direction direction) {
  if ((flow.stranger & kStranger) == 0) return false;
  const bool its_own =
      ((flow.stranger & kStrangerFromResponder) != 0) == (direction == Direction::kFromResponder);
  const auto both = static_cast<uint8_t>(3u << kSeenShift);
  if (its_own && (flow.tcp_known & both) == both) return false;
  const uint32_t number = its_own ? packet.tcp_seq : packet.tcp_ack;
  return is_near(flow.pending_isn, number);
}

}  // namespace weir
