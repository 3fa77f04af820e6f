// TcpConnection: where payload goes. Old bytes are late, repeats or conflicts; new ones are passed on or
// held until their turn.
#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "sensor/reassembly/held_data.h"
#include "sensor/reassembly/passed_bytes.h"
#include "sensor/reassembly/tcp_call.h"
#include "sensor/reassembly/tcp_connection.h"

namespace weir {
namespace {

// One byte at a time is what a hostile sender's pieces have.
bool same_bytes(const uint8_t* one, const uint8_t* other, size_t n) {
  return n == 1 ? *one == *other : std::memcmp(one, other, n) == 0;
}

}  // namespace

// `bytes` at stream offset `start` (negative: before the first byte seen), `wire` long on the wire.
void TcpConnection::place(int64_t start, Bytes bytes, uint32_t wire, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  const auto next = static_cast<int64_t>(half.next);
  // A bypassed stream jumps at once: one forged number, and the rest of it lies far behind, in a hole.
  if (start - next > tcp::kMaxAhead || (next - start > tcp::kMaxBehind && !half.bypassed())) {
    ++call.context.shared.counters().unplaced;
    // Modulo 2^32, so that what belongs together stays together.
    extra(ExtraKind::kConflict, static_cast<uint32_t>(start), bytes, call);
    return;
  }
  int64_t end = start + wire;
  if (start < 0) {  // a stream that was picked up in the middle, and the packet before
    const size_t before = std::min(bytes.size(), static_cast<size_t>(-start));
    ++call.context.shared.counters().late;
    extra(ExtraKind::kLate, 0, bytes.first(before), call);
    bytes = bytes.subspan(before);
    start = 0;
    if (end <= 0) return;
  }
  if (call.doubtful && (half.flags & kFin) != 0 && end > next + int64_t{half.fin_seq - half.next_seq}) {
    ++call.context.shared.counters().unplaced;
    extra(ExtraKind::kConflict, static_cast<uint64_t>(start), bytes, call);
    return;
  }
  if ((half.flags & kEnded) == 0 && (half.flags & kFin) != 0 &&
      end > next + int64_t{half.fin_seq - half.next_seq}) {
    // Bytes beyond FIN: one of the two is a lie, and more is read without the FIN.
    half.flags &= static_cast<uint16_t>(~kFin);
    ++call.context.shared.counters().fins_ignored;
  }
  auto from = static_cast<uint64_t>(start);
  if (from < half.next) {
    const size_t old = std::min(bytes.size(), static_cast<size_t>(half.next - from));
    if (old != 0 && call.doubtful) {
      place_repeat(from, bytes.first(old), call);  // leaves a hole to what may still come
    } else if (old != 0) {
      place_old(from, bytes.first(old), call);
    }
    bytes = bytes.subspan(old);
    from += old;
    if (bytes.empty()) from = std::max(from, half.next);
  }
  const auto until = static_cast<uint64_t>(end);
  if ((half.flags & kEnded) != 0) {
    if (bytes.empty()) return;
    ++call.context.shared.counters().unplaced;
    extra(ExtraKind::kLate, from, bytes, call);
    return;
  }
  const uint64_t captured = from + bytes.size();
  Call placed = call;
  placed.extent = {from, until};
  if (!bytes.empty()) {
    if (half.held != nullptr && half.held->has_pieces()) replace_held(from, captured, bytes.data(), placed);
    place_new(from, captured, bytes.data(), placed);
  }
  if (captured < until) place_new(std::max(captured, half.next), until, nullptr, placed);
}

// Before `next`: each byte is in a hole that was given up, or was passed on.
void TcpConnection::place_old(uint64_t start, Bytes bytes, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  while (!bytes.empty()) {
    uint64_t stop = start + bytes.size();
    bool in_hole = false;
    if (half.held != nullptr) {
      const auto& holes = half.held->holes();
      const auto hole = std::upper_bound(holes.begin(), holes.end(), start,
                                         [](uint64_t at, const HeldData::Hole& h) { return at < h.end; });
      if (hole != holes.end() && hole->start <= start) {
        in_hole = true;
        stop = std::min(stop, hole->end);
        Inspection& ledger = call.context.ledger;
        if (hole->missing) ledger.gap -= std::min(ledger.gap, stop - start);
        const auto index = static_cast<size_t>(hole - holes.begin());
        if (!half.held->fill_hole(index, start, stop)) half.flags |= kForgot;
      } else if (hole != holes.end()) {
        stop = std::min(stop, hole->start);
      }
    }
    const Bytes part = bytes.first(static_cast<size_t>(stop - start));
    if (in_hole) {
      ++call.context.shared.counters().late;
      extra(ExtraKind::kLate, start, part, call);
      if (half.passed != nullptr) half.passed->fill(start, part);
    } else {
      place_repeat(start, part, call);
    }
    bytes = bytes.subspan(part.size());
    start = stop;
  }
}

// Bytes at [start, …) were passed on before: the same again, or another version. What the receiver has
// acknowledged it will not take again, so only what it might still take must be comparable.
void TcpConnection::place_repeat(uint64_t start, Bytes bytes, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  Inspection& ledger = call.context.ledger;
  ReassemblyCounters& counters = call.context.shared.counters();
  if (half.bypassed() && (half.flags & kForgot) == 0) {
    ledger.duplicate += bytes.size();
    ++counters.duplicates;
    return;
  }
  // A zero where the last byte was, alone, is how some probe a silent peer that has taken everything
  // (RFC 9293 3.8.4: "garbage").
  const bool all_taken =
      half.acked >= half.next || (half_[index_of(opposite(call.direction))].flags & kSeen) == 0;
  const bool keep_alive = all_taken && call.packet != nullptr && call.packet->payload_wire == 1 &&
                          bytes.size() == 1 && bytes[0] == 0 && start + 1 == half.next;
  const bool trusts_acks = (half.flags & (kForgot | kUnkept)) == 0 && !call.doubtful;
  const uint64_t vouched = trusts_acks ? half.acked : 0;
  const uint64_t end = start + bytes.size();
  PassedBytes::Verdict verdict{false, std::min(end, std::max(start, vouched)), end};
  if (keep_alive) {
    verdict.unknown_from = end;
  } else if (half.passed != nullptr) {
    verdict = half.passed->compare(start, bytes, vouched);
  }
  if (verdict.differs) {
    extra(ExtraKind::kConflict, start, bytes, call);
    ++counters.conflicts;
    return;
  }
  const uint64_t unknown = verdict.unknown_to - verdict.unknown_from;
  if (unknown < bytes.size()) {
    ledger.duplicate += bytes.size() - unknown;
    ++counters.duplicates;
  }
  if (unknown == 0) return;
  ++counters.uncompared;
  extra(ExtraKind::kRepeat, verdict.unknown_from,
        bytes.subspan(static_cast<size_t>(verdict.unknown_from - start), static_cast<size_t>(unknown)), call);
}

// [start, end) is at or after `next`; null bytes: the capture cut them off.
void TcpConnection::place_new(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  ReassemblyCounters& counters = call.context.shared.counters();
  uint64_t at = start;
  size_t met = 0;
  OtherReading late;   // for pieces that the capture had cut off
  OtherReading other;  // the version that waits is the one that the receiver keeps
  HeldData::Pieces::iterator piece;
  bool found = false;  // `piece` is the first that ends behind `at`
  while (at < end) {
    uint64_t stop = end;
    bool on_held = false;
    if (half.held != nullptr && half.held->has_pieces()) {
      if (!found) piece = half.held->ending_after(at);
      found = true;
      if (piece != half.held->pieces().end()) {
        on_held = piece->first <= at;
        stop = std::min(stop, on_held ? piece->first + piece->second.length : piece->first);
      }
    } else {
      found = false;
    }
    const uint8_t* part = bytes == nullptr ? nullptr : bytes + (at - start);
    const auto n = static_cast<size_t>(stop - at);
    if (on_held) {
      ++met;
      if (part == nullptr) {
        // Counted as cut off already.
      } else if (piece->second.data == nullptr) {
        late.add(at, stop);
      } else if (same_bytes(piece->second.data + (at - piece->first), part, n)) {
        ++counters.duplicates;
        call.context.ledger.duplicate += n;
      } else {
        other.add(at, stop);
      }
      if (piece->first == half.next && !front_waits(half)) {
        pass_front(call);
        found = false;
      } else {
        ++piece;
      }
    } else if (call.doubtful && met > tcp::kPiecesToJoin) {
      // Read in one piece with what it contradicts, not waited for bit by bit.
      if (part != nullptr) other.add(at, stop);
    } else {
      found = false;
      if (at != half.next || call.doubtful) {
        hold(at, stop, part, call);
      } else if (part != nullptr) {
        pass({part, n}, call.time, true, call);
      } else {
        lose(stop, false, call.time, call);
      }
    }
    at = stop;
  }
  if (late.own != 0) {
    ++counters.late;
    tell(ExtraKind::kLate, late, start, bytes, call);
  }
  if (other.own != 0) {
    ++counters.conflicts;
    tell(ExtraKind::kConflict, other, start, bytes, call);
  }
  drain(call);
  if (met > tcp::kPiecesToJoin && half.held != nullptr) half.held->join(start, end);
}

// Where the receiver keeps the later of two versions that wait, the earlier one leaves: place_new then finds
// its place free. What is known to be taken comes before what is doubtful, whichever was first. What left is
// told as a receiver reads that keeps it: in the midst of the later segment's bytes.
void TcpConnection::replace_held(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  ReassemblyCounters& counters = call.context.shared.counters();
  auto at = half.held->ending_after(start);
  if (at == half.held->pieces().end() || at->first >= end) return;
  const TargetPolicy policy = call.context.shared.options().targets.of(call.packet->key.dst);
  OtherReading left;
  uint8_t* reading = nullptr;
  Nanoseconds time = 0;
  while (at != half.held->pieces().end() && at->first < end) {
    const HeldData::Piece& piece = at->second;
    const uint64_t begin = at->first;
    const uint64_t from = std::max(start, begin);
    const uint64_t to = std::min(end, begin + piece.length);
    const auto n = static_cast<size_t>(to - from);
    const SegmentExtent older{begin - piece.origin.lead, begin + piece.length + piece.origin.trail};
    const bool wins = piece.origin.doubtful != call.doubtful ? piece.origin.doubtful
                                                             : newer_wins(policy, older, call.extent);
    if (!wins || piece.data == nullptr) {
      ++at;
      continue;
    }
    const uint8_t* theirs = piece.data + (from - begin);
    const bool same = same_bytes(theirs, bytes + (from - start), n);
    if (same && !piece.origin.doubtful) {
      ++at;
      continue;
    }
    if (!same) {
      if (reading == nullptr) {
        reading = call.context.shared.scratch(static_cast<size_t>(end - start));
        std::memcpy(reading, bytes, static_cast<size_t>(end - start));
        time = piece.time;
      }
      std::memcpy(reading + (from - start), theirs, n);
    }
    if (!half.held->cut(at, from, to)) {
      if (!same) std::memcpy(reading + (from - start), bytes + (from - start), n);
      ++at;
      continue;
    }
    if (same) {
      call.context.ledger.duplicate += n;
      ++counters.duplicates;
    } else {
      ++counters.replaced;
      left.add(from, to);
    }
    at = half.held->ending_after(to);
  }
  if (left.own == 0) return;
  ++counters.conflicts;
  Call earlier = call;
  earlier.time = time;
  tell(ExtraKind::kConflict, left, start, reading, earlier);
}

// `bytes` begin at `start`.
void TcpConnection::tell(ExtraKind kind, const OtherReading& reading, uint64_t start, const uint8_t* bytes,
                         const Call& call) {
  const auto length = static_cast<size_t>(reading.end - reading.begin);
  extra(kind, reading.begin, {bytes + (reading.begin - start), length}, call,
        length - static_cast<size_t>(reading.own));
}

void TcpConnection::hold(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  while (half.bypassed() || !try_hold(start, end, bytes, call)) {
    if (call.doubtful && !half.bypassed()) {  // does not push on what is known to come
      ++call.context.shared.counters().hold_refused;
      if (bytes != nullptr) {
        extra(ExtraKind::kConflict, start, {bytes, static_cast<size_t>(end - start)}, call);
      }
      return;
    }
    // No room: the stream goes on without what is missing, up to here at most.
    if (!half.bypassed()) ++call.context.shared.counters().hold_refused;
    if (half.held != nullptr && half.held->has_pieces() && half.held->pieces().begin()->first < start) {
      give_up_front(call);
      if (half.next != start) continue;
    } else {
      lose(start, true, call.time, call);
    }
    if (bytes != nullptr) {
      pass({bytes, static_cast<size_t>(end - start)}, call.time, true, call);
    } else {
      lose(end, false, call.time, call);
    }
    return;
  }
  ++call.context.shared.counters().held;
}

bool TcpConnection::try_hold(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  const Half& peer = half_[index_of(opposite(call.direction))];
  HeldData* held = held_data(half, call);
  if (held == nullptr) return false;
  const size_t used = held->charged() + (peer.held == nullptr ? 0 : peer.held->charged());
  const size_t limit = call.context.shared.options().hold_limit;
  HeldData::Stamp stamp;
  // Where the receiver is not captured nothing will be acknowledged: the allowance runs at once.
  if (half.acked >= start || (peer.flags & kSeen) == 0) stamp = {call.time, packets_, call.now};
  const HeldData::Origin origin{static_cast<uint32_t>(start - call.extent.begin),
                                static_cast<uint32_t>(call.extent.end - end), call.packet->ttl,
                                call.doubtful};
  return held->add(start, bytes, static_cast<uint32_t>(end - start), call.time, stamp,
                   used < limit ? limit - used : 0, origin);
}

// Hands on the next bytes of the stream. `fresh`: they have just come, and were not held.
void TcpConnection::pass(Bytes bytes, Nanoseconds time, bool fresh, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  const uint64_t offset = half.next;
  if (half.bypassed()) {
    call.context.ledger.add_unread(half.bypass, bytes.size());
    half.next += bytes.size();
    half.next_seq += static_cast<uint32_t>(bytes.size());
    return;
  }
  const bool acked = half.acked >= offset + bytes.size();
  ++call.context.shared.counters().chunks;
  if (acked && fresh) half.flags |= kAckFirst;
  if (!acked || fresh || (half.flags & kAckFirst) != 0) keep_passed(half, bytes, call);
  half.next += bytes.size();
  half.next_seq += static_cast<uint32_t>(bytes.size());
  call.sink.on_chunk(call.direction, offset, bytes, time);
}

// Until the peer has acknowledged them, the stream's next bytes may come again; where acknowledgements are
// captured before what they acknowledge, for as long as there is room.
void TcpConnection::keep_passed(Half& half, Bytes bytes, const Call& call) {
  const bool ack_first = (half.flags & kAckFirst) != 0;
  if (half.passed == nullptr) {
    half.passed = PassedBytes::make(call.context.shared, half.next, call.sink.recent(call.direction),
                                    bytes.size(), half.passed_size);
  }
  bool kept = half.passed != nullptr;
  if (kept) {
    const bool blind = ack_first || (half_[index_of(opposite(call.direction))].flags & kSeen) == 0;
    const uint64_t taken = ack_first || (half.flags & kForgot) != 0 ? 0 : half.acked;
    kept = PassedBytes::append(half.passed, half.next, bytes, taken,
                               blind ? PassedBytes::kMostBlind : PassedBytes::kMost);
  }
  if (!kept && ack_first) half.flags |= kUnkept;
}

void TcpConnection::pass_front(const Call& call) {
  Half& half = half_[index_of(call.direction)];
  const auto front = half.held->pieces().begin();
  const HeldData::Piece piece = front->second;
  if (piece.origin.doubtful) [[unlikely]] {
    // So the receiver takes what looked doubtful: the route is another, or the card makes the sums.
    if (half.acked >= half.next + piece.length) {
      if (piece.origin.ttl != 0) half.ttl = std::min(half.ttl, piece.origin.ttl);
      half.flags &= static_cast<uint16_t>(~kSound);
    }
  }
  if (piece.data != nullptr) {
    pass({piece.data, piece.length}, piece.time, false, call);
  } else {
    lose(half.next + piece.length, false, piece.time, call);
  }
  half.held->pop_front();
}

void TcpConnection::drain(const Call& call) {
  Half& half = half_[index_of(call.direction)];
  while (half.held != nullptr && half.held->has_pieces() && half.held->pieces().begin()->first == half.next &&
         !front_waits(half)) {
    pass_front(call);
  }
}

// The first piece held is doubtful and not yet acknowledged.
bool TcpConnection::front_waits(const Half& half) {
  const auto& [offset, piece] = *half.held->pieces().begin();
  return piece.origin.doubtful && half.acked < offset + piece.length;
}

// The stream goes on at `until` without the bytes before it: they never came (`missing`), or the capture cut
// them off.
void TcpConnection::lose(uint64_t until, bool missing, Nanoseconds time, const Call& call) {
  Half& half = half_[index_of(call.direction)];
  const uint64_t offset = half.next;
  const uint64_t n = until - offset;
  if (missing) {
    call.context.ledger.gap += n;
    ++call.context.shared.counters().gaps;
    call.context.shared.counters().gap_bytes += n;
  }
  if (missing || !half.bypassed()) {
    HeldData* held = held_data(half, call);
    if (held == nullptr || !held->add_hole({offset, until, missing})) half.flags |= kForgot;
  }
  half.next = until;
  half.next_seq += static_cast<uint32_t>(n);
  if (!half.bypassed()) call.sink.on_gap(call.direction, offset, n, time);
}

// Gives up the first hole: before the first piece held or, without one, before the end of what is
// acknowledged.
void TcpConnection::give_up_front(const Call& call) {
  Half& half = half_[index_of(call.direction)];
  if (half.held->has_pieces()) {
    const auto& [offset, piece] = *half.held->pieces().begin();
    if (offset == half.next) {
      pass_front(call);  // doubtful, and nothing else came
    } else {
      lose(offset, true, piece.acked.set() ? piece.acked.time : piece.time, call);
    }
    drain(call);
  } else {
    lose(half.held->tail_offset(), true, half.held->tail().time, call);
  }
  half.held->advance(half.next);
  if (half.acked > half.next) half.held->acknowledge(half.acked, half.next, {call.time, packets_, call.now});
}

void TcpConnection::extra(ExtraKind kind, uint64_t offset, Bytes bytes, const Call& call, size_t shared) {
  if (bytes.empty()) return;
  const Half& half = half_[index_of(call.direction)];
  if (half.bypassed()) {
    call.context.ledger.add_unread(half.bypass, bytes.size() - shared);
    return;
  }
  std::array<uint8_t, PassedBytes::kAround> before;
  std::array<uint8_t, PassedBytes::kAround> after;
  const uint64_t end = offset + bytes.size();
  Surroundings around;
  around.shared = shared;
  if (half.passed != nullptr) {
    around.before = Bytes(before).last(half.passed->before(offset, before));
    around.after = Bytes(after).first(half.passed->after(end, after));
  }
  if (around.before.empty() && offset == half.next) around.before = call.sink.recent(call.direction);
  if (half.held != nullptr && half.held->has_pieces()) {
    if (around.before.empty() && offset != 0) {
      const auto piece = half.held->ending_after(offset - 1);
      if (piece != half.held->pieces().end() && piece->first < offset && piece->second.data != nullptr) {
        const Bytes left(piece->second.data, static_cast<size_t>(offset - piece->first));
        around.before = left.last(std::min(left.size(), PassedBytes::kAround));
      }
    }
    if (around.after.empty()) {
      const auto piece = half.held->ending_after(end);
      if (piece != half.held->pieces().end() && piece->first <= end && piece->second.data != nullptr) {
        const Bytes whole(piece->second.data, piece->second.length);
        const Bytes right = whole.subspan(static_cast<size_t>(end - piece->first));
        around.after = right.first(std::min(right.size(), PassedBytes::kAround));
      }
    }
  }
  call.sink.on_extra(kind, call.direction, offset, bytes, around, call.time);
}

HeldData* TcpConnection::held_data(Half& half, const Call& call) {
  if (half.held == nullptr) half.held = HeldData::make(call.context.shared);
  return half.held.get();
}

}  // namespace weir
