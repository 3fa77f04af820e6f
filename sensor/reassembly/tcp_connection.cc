#include "sensor/reassembly/tcp_connection.h"

#include <algorithm>
#include <limits>

#include "sensor/reassembly/held_data.h"
#include "sensor/reassembly/passed_stretches.h"
#include "sensor/reassembly/tcp_call.h"

namespace weir {
namespace {

constexpr Nanoseconds kNothingWaits = std::numeric_limits<Nanoseconds>::max();

}  // namespace

TcpConnection::TcpConnection() = default;
TcpConnection::~TcpConnection() = default;
TcpConnection::TcpConnection(TcpConnection&&) noexcept = default;
TcpConnection& TcpConnection::operator=(TcpConnection&&) noexcept = default;

void TcpConnection::on_segment(const PacketView& packet, Direction from, StreamSink& sink,
                               TcpContext& context) {
  Half& own = half_[index_of(from)];
  const Half& peer = half_[index_of(opposite(from))];
  // Here and not only by timer, so that a timer that runs late changes nothing.
  if (own.held != nullptr || peer.held != nullptr) expire(packet.time, sink, context);
  ++packets_;
  own.flags |= kSeen;
  own.window = packet.tcp_window;

  const Call call{from, sink, context, packet.time};
  const Call reverse{opposite(from), sink, context, packet.time};
  uint32_t seq = packet.tcp_seq;
  if ((packet.tcp_flags & kTcpSyn) != 0) {
    on_syn(packet, from);
    ++seq;  // SYN takes a number of its own
  } else if ((packet.tcp_flags & kTcpRst) == 0) {
    opened_ = true;
  }
  if ((packet.tcp_flags & kTcpAck) != 0) on_ack(packet.tcp_ack, reverse);
  if (packet.payload_wire != 0) on_payload(seq, packet, call);
  if ((packet.tcp_flags & kTcpFin) != 0) on_fin(seq + packet.payload_wire, call);
  if ((packet.tcp_flags & kTcpRst) != 0) on_reset(packet, call);
  settle(call);
  settle(reverse);
}

void TcpConnection::start(Half& half, uint32_t seq) {
  half.next_seq = seq;
  half.flags |= kStarted;
  int64_t acked = 0;
  if ((half.flags & kAckKnown) != 0) {
    acked = tcp::distance(seq, static_cast<uint32_t>(half.acked));
    if (acked > tcp::kMaxAhead) acked = 0;
  }
  half.acked = acked > 0 ? static_cast<uint64_t>(acked) : 0;
}

void TcpConnection::on_syn(const PacketView& packet, Direction from) {
  Half& own = half_[index_of(from)];
  Half& peer = half_[index_of(opposite(from))];
  own.flags |= kSyn;
  if ((own.flags & kStarted) == 0) start(own, packet.tcp_seq + 1);
  if ((packet.tcp_flags & kTcpAck) != 0 && (peer.flags & kStarted) == 0) start(peer, packet.tcp_ack);
}

// `call.direction` sent the bytes that are acknowledged.
void TcpConnection::on_ack(uint32_t ack, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  if ((half.flags & kStarted) == 0) {  // kept as it is until there is something to measure it from
    const bool newer =
        (half.flags & kAckKnown) == 0 || tcp::distance(static_cast<uint32_t>(half.acked), ack) > 0;
    if (newer) half.acked = ack;
    half.flags |= kAckKnown;
    return;
  }
  const int64_t ahead = tcp::distance(half.next_seq, ack);
  const int64_t offset = static_cast<int64_t>(half.next) + ahead;
  if (ahead > tcp::kMaxAhead || offset < 0) return;
  half.flags |= kAckKnown;
  auto acked = static_cast<uint64_t>(offset);
  if ((half.flags & kFin) != 0) {  // FIN takes a number, which is no byte
    acked = std::min(acked, half.next + (half.fin_seq - half.next_seq));
  }
  half.acked = std::max(half.acked, acked);
}

void TcpConnection::on_payload(uint32_t seq, const PacketView& packet, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  Inspection& ledger = call.context.ledger;
  ReassemblyCounters& counters = call.context.shared.counters();
  const auto captured = static_cast<uint32_t>(packet.payload.size());
  ++counters.segments;
  ledger.seen += packet.payload_wire;
  if (captured < packet.payload_wire) ledger.add_unread(Unread::kSnaplen, packet.payload_wire - captured);
  if ((packet.tcp_flags & kTcpUrg) != 0) ++counters.urgent;
  if ((half.flags & kStarted) == 0) start(half, seq);
  if (seq == half.next_seq && half.held == nullptr && captured == packet.payload_wire &&
      (half.flags & (kFin | kEnded)) == 0) {
    pass(packet.payload, packet.time, call);
    return;
  }
  place(static_cast<int64_t>(half.next) + tcp::distance(half.next_seq, seq), packet.payload,
        packet.payload_wire, call);
}

void TcpConnection::on_fin(uint32_t fin_seq, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  if ((half.flags & kStarted) == 0) start(half, fin_seq);
  const int64_t ahead = tcp::distance(half.next_seq, fin_seq);
  const bool known = (half.flags & (kFin | kEnded)) != 0;
  bool credible = ahead >= 0 && ahead <= tcp::kMaxAhead;
  const uint64_t at = half.next + static_cast<uint64_t>(ahead);
  if (known) {
    credible = half.fin_seq == fin_seq;
  } else if (credible) {
    // The sender has sent, or the receiver taken, bytes beyond it: no end. FIN itself takes one number.
    credible = half.acked <= at + 1 && (half.held == nullptr || half.held->end() <= at);
  }
  if (!credible) {
    ++call.context.shared.counters().fins_ignored;
    return;
  }
  if (known) return;
  half.flags |= kFin;
  half.fin_seq = fin_seq;
  // What the receiver acknowledged before FIN was seen may have been FIN itself.
  half.acked = std::min(half.acked, at);
  if (half.held != nullptr) half.held->limit_tail(half.acked);
}

// In window: between what the receiver has acknowledged and the far end of the window that it offered, with
// the largest scale there is (RFC 7323), since the option is not kept. Generous, because a RST only
// shortens the flow's life: bytes that still come are read all the same.
void TcpConnection::on_reset(const PacketView& packet, const Call& call) {
  const Half& own = half_[index_of(call.direction)];
  const Half& peer = half_[index_of(opposite(call.direction))];
  bool in_window = true;
  if ((own.flags & kStarted) != 0) {
    const uint64_t low = std::min(own.acked, own.next);
    uint64_t high = std::max(own.acked, own.next);
    if (own.held != nullptr) high = std::max(high, own.held->end());
    high += (peer.flags & kSeen) == 0 ? uint64_t{0xffff} << 14 : uint64_t{peer.window} << 14;
    const int64_t at = static_cast<int64_t>(own.next) + tcp::distance(own.next_seq, packet.tcp_seq);
    in_window = at >= static_cast<int64_t>(low) && at <= static_cast<int64_t>(high);
  } else if ((packet.tcp_flags & kTcpAck) != 0 && (peer.flags & kStarted) != 0) {
    in_window = packet.tcp_ack == peer.next_seq;  // a refusal: its own number says nothing
  }
  if (in_window) {
    reset_ = true;
  } else {
    ++call.context.shared.counters().resets_ignored;
  }
}

// After each packet: allowances by packets, the end, memory that is not needed any more.
void TcpConnection::settle(const Call& call) {
  Half& half = half_[index_of(call.direction)];
  if ((half.flags & kStarted) == 0) return;
  const TcpOptions& options = call.context.shared.options();
  if (half.held != nullptr) half.held->advance(half.next);
  if (half.acked > half.next) {
    HeldData* held = held_data(half, call);
    if (held != nullptr) held->acknowledge(half.acked, half.next, {call.time, packets_});
  } else if (half.passed != nullptr && (half.flags & kAckKnown) != 0) {
    if (half.acked == half.next) half.passed.reset();
  }
  if (half.held != nullptr) {
    for (;;) {
      const HeldData::Stamp stamp =
          half.held->has_pieces() ? half.held->pieces().begin()->second.acked : half.held->tail();
      if (!stamp.set() || packets_ - stamp.packet < options.hold_packets) break;
      if (!half.held->has_pieces() && tail_is_fin(half)) break;
      give_up_front(call);
    }
    if (half.held->empty()) half.held.reset();
  }
  if ((half.flags & (kFin | kEnded)) == kFin && half.fin_seq == half.next_seq) end(call);
}

void TcpConnection::end(const Call& call) {
  half_[index_of(call.direction)].flags |= kEnded;
  call.sink.on_end(call.direction, call.time);
}

// One number acknowledged beyond all that came is FIN's, as long as nothing shows that it is a byte.
bool TcpConnection::tail_is_fin(const Half& half) {
  return (half.flags & kFin) == 0 && half.acked == half.next + 1;
}

Nanoseconds TcpConnection::maturity(const Half& half, const TcpShared& shared) const {
  if (half.held == nullptr) return kNothingWaits;
  const bool pieces = half.held->has_pieces();
  const HeldData::Stamp stamp = pieces ? half.held->pieces().begin()->second.acked : half.held->tail();
  if (!stamp.set() || (!pieces && tail_is_fin(half))) return kNothingWaits;
  const Nanoseconds allowance = shared.options().hold_time;
  return stamp.time > kNothingWaits - allowance ? kNothingWaits : stamp.time + allowance;
}

Nanoseconds TcpConnection::deadline(const TcpShared& shared) const {
  if (half_[0].held == nullptr && half_[1].held == nullptr) return kNothingWaits;
  return std::min(maturity(half_[0], shared), maturity(half_[1], shared));
}

void TcpConnection::expire(Nanoseconds now, StreamSink& sink, TcpContext& context) {
  for (;;) {
    const Nanoseconds first = maturity(half_[0], context.shared);
    const Nanoseconds second = maturity(half_[1], context.shared);
    const Nanoseconds due = std::min(first, second);
    if (due >= now) return;
    // Everything happens at the moment that was due, whoever noticed it and when.
    const Call call{first <= second ? Direction::kFromInitiator : Direction::kFromResponder, sink, context,
                    due};
    give_up_front(call);
    settle(call);
  }
}

void TcpConnection::finish(Nanoseconds time, StreamSink& sink, TcpContext& context) {
  expire(time, sink, context);
  for (const Direction direction : {Direction::kFromInitiator, Direction::kFromResponder}) {
    Half& half = half_[index_of(direction)];
    const Half& peer = half_[index_of(opposite(direction))];
    const Call call{direction, sink, context, time};
    if ((half.flags & kStarted) != 0) {
      while (half.held != nullptr && half.held->has_pieces()) give_up_front(call);
      uint64_t until = half.next;
      if (half.acked > half.next && !tail_is_fin(half)) until = half.acked;
      // Where the receiver is not captured, FIN alone says how far the stream went.
      if ((half.flags & kFin) != 0 && (peer.flags & kSeen) == 0)
        until = half.next + (half.fin_seq - half.next_seq);
      const bool stamped = half.held != nullptr && half.held->tail().set();
      if (until > half.next) lose(until, true, stamped ? half.held->tail().time : time, call);
    }
    if ((half.flags & kEnded) == 0) end(call);
    half.held.reset();
    half.passed.reset();
  }
}

TcpPhase TcpConnection::phase() const {
  if (reset_ || (half_[0].flags & half_[1].flags & kEnded) != 0) return TcpPhase::kClosing;
  return opened_ ? TcpPhase::kEstablished : TcpPhase::kOpening;
}

}  // namespace weir
