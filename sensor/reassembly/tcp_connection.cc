#include "sensor/reassembly/tcp_connection.h"

#include <algorithm>
#include <limits>

#include "sensor/reassembly/held_data.h"
#include "sensor/reassembly/passed_bytes.h"
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
  const Nanoseconds now = context.clock(packet.time);
  if (own.held != nullptr || peer.held != nullptr) expire(now, sink, context);
  ++packets_;
  if (packet.checksum == Checksum::kWrong && context.shared.options().drop_wrong_checksums) [[unlikely]] {
    context.ledger.seen += packet.payload_wire;
    context.ledger.add_unread(Unread::kChecksum, packet.payload_wire);
    ++context.shared.counters().bad_checksum;
    return;
  }
  const bool doubtful = is_doubtful(own, packet);
  Call call{from, sink, context, packet.time, now, &packet, doubtful};
  const Call reverse{opposite(from), sink, context, packet.time, now};
  uint32_t seq = packet.tcp_seq;
  if (doubtful) [[unlikely]] {
    ++context.shared.counters().doubtful;
    if ((packet.tcp_flags & kTcpSyn) != 0) ++seq;
    if (packet.payload_wire != 0) on_payload(seq, packet, call);
    settle(call);
    return;
  }

  own.flags |= kSeen;
  own.window = packet.tcp_window;
  if ((own.flags & kReset) != 0) [[unlikely]]
    on_life(packet, from);
  if ((packet.tcp_flags & kTcpSyn) != 0) {
    on_syn(packet, reverse);
    ++seq;  // SYN takes a number of its own
    // Taken only with a Fast Open cookie (RFC 7413): the answer tells.
    call.doubtful = packet.payload_wire != 0;
  } else if (packet.payload_wire != 0 || (handshake_seen() && (packet.tcp_flags & kTcpRst) == 0)) {
    opened_ = true;
  }
  if ((packet.tcp_flags & kTcpAck) != 0) on_ack(packet.tcp_ack, reverse);
  if (packet.payload_wire != 0) on_payload(seq, packet, call);
  if ((packet.tcp_flags & kTcpFin) != 0) on_fin(seq + packet.payload_wire, call);
  if ((packet.tcp_flags & kTcpRst) != 0) on_reset(packet, call);
  settle(call);
  settle(reverse);
}

bool TcpConnection::is_elsewhere(const PacketView& packet, Direction from, uint32_t reach) const {
  const auto is_far = [reach](const Half& half, uint32_t number) {
    const auto apart = [reach, number](uint32_t at) { return number - at + reach > 2 * reach; };
    if ((half.flags & kStarted) == 0) {
      return (half.flags & kAckKnown) != 0 && apart(static_cast<uint32_t>(half.acked));
    }
    // What is acknowledged may lie beyond a hole, or in a direction that is no longer captured.
    const uint64_t beyond = half.acked > half.next ? half.acked - half.next : 0;
    return apart(half.next_seq) && apart(half.next_seq + static_cast<uint32_t>(beyond));
  };
  return is_far(half_[index_of(from)], packet.tcp_seq) &&
         is_far(half_[index_of(opposite(from))], packet.tcp_ack);
}

// Learns on the way what the direction's packets are like.
bool TcpConnection::is_doubtful(Half& half, const PacketView& packet) {
  // Without ACK a segment is dropped (RFC 9293 3.10.7.4), but for SYN and RST.
  constexpr uint8_t kNeedsNoAck = kTcpSyn | kTcpRst | kTcpAck;
  bool doubtful = (packet.tcp_flags & kNeedsNoAck) == 0 && (half.flags & kStarted) != 0;
  if (packet.ttl < tcp::kLowTtl && packet.ttl + tcp::kTtlSlack < half.ttl) [[unlikely]]
    doubtful = true;
  switch (packet.checksum) {
    case Checksum::kUnchecked:
      break;
    case Checksum::kGood:
      if (!doubtful) half.flags |= kSound;
      break;
    case Checksum::kPartial:
      // A direction whose card fills the sums in has none that is right; what the receiving host merged
      // before it was captured there (GRO) has a partial one among right ones.
      if ((half.flags & kSound) != 0 && packet.payload_wire <= tcp::kLargestFramePayload) doubtful = true;
      break;
    case Checksum::kWrong:
      if ((half.flags & kSound) != 0) doubtful = true;
      break;
  }
  if (!doubtful && packet.ttl > half.ttl) half.ttl = packet.ttl;
  return doubtful;
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

// `reverse.direction` is the direction of who receives the SYN.
void TcpConnection::on_syn(const PacketView& packet, const Call& reverse) {
  Half& own = half_[index_of(opposite(reverse.direction))];
  Half& peer = half_[index_of(reverse.direction)];
  own.flags |= kSyn;
  if ((own.flags & kStarted) == 0) start(own, packet.tcp_seq + 1);
  if ((packet.tcp_flags & kTcpAck) == 0) {
    own.flags |= kAsked;
    return;
  }
  // It answers with another number than its own SYN, which nobody has acknowledged: that one was dead.
  const bool begins = own.next == 0 && (own.flags & (kAsked | kAckKnown | kEnded)) == kAsked;
  if (begins && own.next_seq != packet.tcp_seq + 1 && (peer.flags & kSyn) != 0 &&
      packet.tcp_ack == peer.next_seq && peer.next == 0) {
    const Call call{opposite(reverse.direction), reverse.sink, reverse.context, reverse.time, reverse.now};
    restart(own, packet.tcp_seq + 1, call);
    own.flags &= static_cast<uint16_t>(~kAsked);
  }
  if ((peer.flags & kStarted) == 0) {
    start(peer, packet.tcp_ack);
  } else if (peer.next == 0 && (peer.flags & kEnded) == 0) {
    // The answer names the SYN that was taken; another one was a decoy.
    const int64_t ahead = tcp::distance(peer.next_seq, packet.tcp_ack);
    const int64_t end = peer.held == nullptr ? 0 : static_cast<int64_t>(peer.held->end());
    if (ahead < 0 || ahead > end) restart(peer, packet.tcp_ack, reverse);
  }
}

// The direction begins at `seq` after all. Nothing of it was passed on yet; what it holds belonged elsewhere.
void TcpConnection::restart(Half& half, uint32_t seq, const Call& call) {
  while (half.held != nullptr && half.held->has_pieces()) {
    const auto& [offset, piece] = *half.held->pieces().begin();
    if (piece.data != nullptr) extra(ExtraKind::kConflict, offset, {piece.data, piece.length}, call);
    half.held->pop_front();
  }
  half.held.reset();
  half.next_seq = seq;
  half.acked = 0;
  half.flags &= static_cast<uint16_t>(~(kFin | kAckKnown));
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
  // All of it is taken: nothing will be compared. An acknowledgement that came before its data does not end
  // that: the two directions of a mirror may lag, and a second version still follow the first.
  if (half.passed != nullptr && half.acked == half.next && (half.flags & kAckFirst) == 0) {
    half.passed_size = half.passed->size_wanted();
    half.passed.reset();
  }
}

void TcpConnection::on_payload(uint32_t seq, const PacketView& packet, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  Inspection& ledger = call.context.ledger;
  ReassemblyCounters& counters = call.context.shared.counters();
  const auto captured = static_cast<uint32_t>(packet.payload.size());
  ++counters.segments;
  ledger.seen += packet.payload_wire;
  if (captured < packet.payload_wire) ledger.add_unread(Unread::kSnaplen, packet.payload_wire - captured);
  if ((half.flags & kStarted) == 0) start(half, seq);
  if (half.bypassed() && seq == half.next_seq && (half.flags & (kFin | kEnded)) == 0) {
    ledger.add_unread(half.bypass, captured);
    half.next += packet.payload_wire;
    half.next_seq += packet.payload_wire;
    return;
  }
  if (half.next == 0 && (half.flags & (kSyn | kAckKnown | kEnded)) == kSyn && !call.doubtful) [[unlikely]] {
    // Nobody has answered the SYN, and its data is elsewhere: the SYN was a decoy.
    const int64_t ahead = tcp::distance(half.next_seq, seq);
    if (ahead > tcp::kMaxAhead || -ahead > tcp::kMaxBehind) restart(half, seq, call);
  }
  if ((packet.tcp_flags & kTcpUrg) != 0) [[unlikely]] {
    ++counters.urgent;
    // The pointer is to the byte behind the urgent one, as everybody builds it (RFC 6093 3.1); it may be in
    // a later segment.
    const int64_t at =
        static_cast<int64_t>(half.next) + tcp::distance(half.next_seq, seq) + int64_t{packet.tcp_urgent} - 1;
    if (packet.tcp_urgent != 0 && !call.doubtful && at >= static_cast<int64_t>(half.next)) {
      call.sink.on_urgent(call.direction, static_cast<uint64_t>(at));
    }
  }
  if (seq == half.next_seq && half.held == nullptr && captured == packet.payload_wire && !call.doubtful &&
      (half.flags & (kFin | kEnded)) == 0) {
    pass(packet.payload, packet.time, true, call);
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
    half_[index_of(call.direction)].flags |= kReset;
    reset_seq_ = packet.tcp_seq;
  } else {
    ++call.context.shared.counters().resets_ignored;
  }
}

// Whoever has sent a RST neither sends beyond it nor acknowledges more; who does, has not sent it.
void TcpConnection::on_life(const PacketView& packet, Direction from) {
  Half& own = half_[index_of(from)];
  const Half& peer = half_[index_of(opposite(from))];
  if ((packet.tcp_flags & (kTcpRst | kTcpSyn)) != 0) return;
  const bool sends =
      packet.payload_wire != 0 && tcp::distance(reset_seq_, packet.tcp_seq + packet.payload_wire) > 0;
  bool takes = false;
  if ((packet.tcp_flags & kTcpAck) != 0 && (peer.flags & kStarted) != 0) {
    const int64_t ahead = tcp::distance(peer.next_seq, packet.tcp_ack);
    takes =
        ahead <= tcp::kMaxAhead && static_cast<int64_t>(peer.next) + ahead > static_cast<int64_t>(peer.acked);
  }
  if (!sends && !takes) return;
  own.flags &= static_cast<uint16_t>(~kReset);
}

// After each packet: allowances by packets, the end, memory that is not needed any more.
void TcpConnection::settle(const Call& call) {
  Half& half = half_[index_of(call.direction)];
  if ((half.flags & kStarted) == 0) return;
  const TcpOptions& options = call.context.shared.options();
  if (half.held != nullptr) half.held->advance(half.next);
  if (half.bypassed()) {
    // Nothing waits and nothing is compared.
  } else if (half.acked > half.next) {
    HeldData* held = held_data(half, call);
    if (held != nullptr) held->acknowledge(half.acked, half.next, {call.time, packets_, call.now});
  }
  if (half.held != nullptr) {
    drain(call);  // what was doubtful may have been acknowledged
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

// When the first hole's allowance is over, by the worker's clock; `*time`: the same as the packets tell it.
Nanoseconds TcpConnection::maturity(const Half& half, const TcpShared& shared, Nanoseconds* time) {
  if (half.held == nullptr) return kNothingWaits;
  const bool pieces = half.held->has_pieces();
  const HeldData::Stamp stamp = pieces ? half.held->pieces().begin()->second.acked : half.held->tail();
  if (!stamp.set() || (!pieces && tail_is_fin(half))) return kNothingWaits;
  const Nanoseconds allowance = shared.options().hold_time;
  if (time != nullptr) *time = stamp.time + allowance;
  return stamp.clock > kNothingWaits - allowance ? kNothingWaits : stamp.clock + allowance;
}

Nanoseconds TcpConnection::deadline(const TcpShared& shared) const {
  if (half_[0].held == nullptr && half_[1].held == nullptr) return kNothingWaits;
  return std::min(maturity(half_[0], shared), maturity(half_[1], shared));
}

void TcpConnection::expire(Nanoseconds now, StreamSink& sink, TcpContext& context) {
  for (;;) {
    std::array<Nanoseconds, 2> times{};
    const Nanoseconds first = maturity(half_[0], context.shared, &times[0]);
    const Nanoseconds second = maturity(half_[1], context.shared, &times[1]);
    const Nanoseconds due = std::min(first, second);
    if (due >= now) return;
    // Everything happens at the moment that was due, whoever noticed it and when.
    const Direction direction = first <= second ? Direction::kFromInitiator : Direction::kFromResponder;
    const Call call{direction, sink, context, times[index_of(direction)], due};
    give_up_front(call);
    settle(call);
  }
}

void TcpConnection::finish(Nanoseconds time, StreamSink& sink, TcpContext& context) {
  const Nanoseconds now = context.clock(time);
  expire(now, sink, context);
  for (const Direction direction : {Direction::kFromInitiator, Direction::kFromResponder}) {
    Half& half = half_[index_of(direction)];
    const Half& peer = half_[index_of(opposite(direction))];
    const Call call{direction, sink, context, time, now};
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

void TcpConnection::bypass(Direction d, Unread why, Nanoseconds time, StreamSink& sink, TcpContext& context) {
  Half& half = half_[index_of(d)];
  const Call call{d, sink, context, time, context.clock(time)};
  half.bypass = why;
  while (half.held != nullptr && half.held->has_pieces()) give_up_front(call);
  if (half.held != nullptr) {
    half.held->forget_tail();
    if (half.held->empty()) half.held.reset();
  }
  half.passed.reset();
  if ((half.flags & (kFin | kEnded)) == kFin && half.fin_seq == half.next_seq) end(call);
}

TcpPhase TcpConnection::phase() const {
  if (reset() || (half_[0].flags & half_[1].flags & kEnded) != 0) return TcpPhase::kClosing;
  return opened_ ? TcpPhase::kEstablished : TcpPhase::kOpening;
}

}  // namespace weir
