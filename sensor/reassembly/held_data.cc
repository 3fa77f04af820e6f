#include "sensor/reassembly/held_data.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>
#include <memory>

namespace weir {

PooledPtr<HeldData> HeldData::make(TcpShared& shared) {
  if (!shared.budget().try_take(sizeof(HeldData))) return nullptr;
  void* memory = shared.pool().allocate(sizeof(HeldData), alignof(HeldData));
  return PooledPtr<HeldData>(::new (memory) HeldData(shared));
}

void HeldData::release(HeldData* self) {
  TcpShared& shared = self->shared_;
  self->~HeldData();
  shared.pool().deallocate(self, sizeof(HeldData), alignof(HeldData));
  shared.budget().give(sizeof(HeldData));
}

HeldData::HeldData(TcpShared& shared) : shared_(shared), pieces_(&shared.pool()), holes_(&shared.pool()) {}

HeldData::~HeldData() {
  while (!pieces_.empty()) pop_front();
  shared_.budget().give(holes_.size() * kHoleCost);
}

HeldData::Pieces::iterator HeldData::ending_after(uint64_t offset) {
  auto after = pieces_.upper_bound(offset);
  if (after == pieces_.begin()) return after;
  const auto before = std::prev(after);
  return before->first + before->second.length > offset ? before : after;
}

uint64_t HeldData::end() const {
  if (pieces_.empty()) return 0;
  const auto last = std::prev(pieces_.end());
  return last->first + last->second.length;
}

bool HeldData::add(uint64_t offset, const uint8_t* bytes, uint32_t length, Nanoseconds time, Stamp fresh,
                   size_t room, const Origin& origin) {
  const size_t cost = kPieceCost + (bytes == nullptr ? 0 : length);
  if (cost > room || !shared_.budget().try_take(cost)) return false;
  charged_ += cost;
  Piece piece;
  piece.length = length;
  piece.time = time;
  piece.acked = fresh;
  piece.origin = origin;
  if (bytes != nullptr) {
    piece.data = static_cast<uint8_t*>(shared_.pool().allocate(length, 1));
    std::memcpy(piece.data, bytes, length);
  }
  // The bytes before it were acknowledged no later than those before its successor.
  const auto successor = pieces_.upper_bound(offset);
  if (successor != pieces_.end()) {
    if (successor->second.acked.set()) piece.acked = successor->second.acked;
  } else if (tail_.set() && offset <= tail_offset_) {
    piece.acked = tail_;
  }
  pieces_.emplace_hint(successor, offset, piece);
  if (tail_.set() && tail_offset_ <= end()) tail_ = Stamp{};
  return true;
}

void HeldData::drop(Pieces::iterator piece) {
  const size_t cost = kPieceCost + (piece->second.data == nullptr ? 0 : piece->second.length);
  free_bytes(piece->second);
  pieces_.erase(piece);
  charged_ -= cost;
  shared_.budget().give(cost);
}

void HeldData::pop_front() { drop(pieces_.begin()); }

// A piece whose cost is on the budget already.
void HeldData::put(uint64_t offset, const Piece& like, const uint8_t* bytes, uint32_t length) {
  Piece piece = like;
  piece.length = length;
  if (bytes != nullptr) {
    piece.data = static_cast<uint8_t*>(shared_.pool().allocate(length, 1));
    std::memcpy(piece.data, bytes, length);
  }
  pieces_.emplace(offset, piece);
}

bool HeldData::cut(Pieces::iterator at, uint64_t from, uint64_t to, Piece* taken) {
  const uint64_t begin = at->first;
  const Piece old = at->second;
  const uint64_t end = begin + old.length;
  const auto left = static_cast<uint32_t>(from - begin);
  const auto right = static_cast<uint32_t>(end - to);
  const size_t kept = old.data == nullptr ? 0 : size_t{left} + right;
  const size_t pieces = (left != 0 ? 1u : 0u) + (right != 0 ? 1u : 0u);
  const size_t cost = pieces * kPieceCost + kept;
  const size_t before = kPieceCost + (old.data == nullptr ? 0 : old.length);
  if (cost > before && !shared_.budget().try_take(cost - before)) return false;
  if (cost < before) shared_.budget().give(before - cost);
  charged_ = charged_ - before + cost;
  pieces_.erase(at);
  if (left != 0) {
    Piece like = old;
    like.origin.trail += static_cast<uint32_t>(end - from);
    put(begin, like, old.data, left);
  }
  if (right != 0) {
    Piece like = old;
    like.origin.lead += static_cast<uint32_t>(to - begin);
    // What the receiver has not acknowledged before the piece it may still not have before its rest.
    put(to, like, old.data == nullptr ? nullptr : old.data + (to - begin), right);
  }
  *taken = old;
  return true;
}

void HeldData::free_bytes(const Piece& piece) {
  if (piece.data != nullptr) shared_.pool().deallocate(piece.data, piece.length, 1);
}

void HeldData::join(uint64_t from, uint64_t to) {
  auto first = ending_after(from);
  while (first != pieces_.end() && first->first < to) {
    // The run of touching pieces that begins here.
    size_t length = first->second.length;
    Nanoseconds time = first->second.time;
    auto last = first;
    size_t count = 1;
    for (auto next = std::next(first); next != pieces_.end() && next->first < to; ++next) {
      const bool touches = next->first == last->first + last->second.length;
      if (!touches || next->second.data == nullptr || next->second.origin.doubtful ||
          length + next->second.length > kMostJoined)
        break;
      length += next->second.length;
      time = std::max(time, next->second.time);
      last = next;
      ++count;
    }
    if (count == 1 || first->second.data == nullptr || first->second.origin.doubtful) {
      first = std::next(last);
      continue;
    }
    auto* joined = static_cast<uint8_t*>(shared_.pool().allocate(length, 1));
    size_t filled = 0;
    for (auto it = first;; ++it) {
      std::memcpy(joined + filled, it->second.data, it->second.length);
      filled += it->second.length;
      if (it == last) break;
    }
    const uint64_t offset = first->first;
    Piece piece = first->second;
    piece.origin.trail = last->second.origin.trail;
    const auto after = std::next(last);
    while (first != after) drop(first++);
    piece.data = joined;
    piece.length = static_cast<uint32_t>(length);
    piece.time = time;
    const size_t cost = kPieceCost + length;
    [[maybe_unused]] const bool taken = shared_.budget().try_take(cost);
    assert(taken);  // it is less than what was just given back
    charged_ += cost;
    pieces_.emplace_hint(after, offset, piece);
    first = after;
  }
}

void HeldData::acknowledge(uint64_t acked, uint64_t next, Stamp now) {
  if (acked >= stamped_to_) {
    for (auto it = pieces_.lower_bound(stamped_to_); it != pieces_.end() && it->first <= acked; ++it) {
      if (!it->second.acked.set()) it->second.acked = now;
    }
    stamped_to_ = acked + 1;
  }
  if (!tail_.set() && acked > std::max(next, end())) {
    tail_ = now;
    tail_offset_ = acked;
  }
}

void HeldData::advance(uint64_t next) {
  if (tail_.set() && tail_offset_ <= next) tail_ = Stamp{};
}

bool HeldData::add_hole(const Hole& hole) {
  bool all = true;
  if (holes_.size() == kMostHoles) {
    holes_.erase(holes_.begin());
    shared_.budget().give(kHoleCost);
    all = false;
  }
  if (!shared_.budget().try_take(kHoleCost)) return false;
  const auto place = std::upper_bound(holes_.begin(), holes_.end(), hole.start,
                                      [](uint64_t start, const Hole& other) { return start < other.start; });
  holes_.insert(place, hole);
  return all;
}

bool HeldData::fill_hole(size_t index, uint64_t start, uint64_t end) {
  const Hole hole = holes_[index];
  if (start == hole.start && end == hole.end) {
    holes_.erase(holes_.begin() + static_cast<std::ptrdiff_t>(index));
    shared_.budget().give(kHoleCost);
    return true;
  }
  if (start == hole.start) {
    holes_[index].start = end;
    return true;
  }
  holes_[index].end = start;
  return end == hole.end || add_hole({end, hole.end, hole.missing});
}

}  // namespace weir
