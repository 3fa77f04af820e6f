#include "sensor/reassembly/held_data.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

namespace weir {
namespace {

// May wait as one piece.
bool alike(const HeldData::Origin& one, const HeldData::Origin& other) {
  return one.doubtful == other.doubtful && (!one.doubtful || one.ttl == other.ttl);
}

}  // namespace

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
  piece.time = time;
  piece.acked = fresh;
  piece.origin = origin;
  piece = copy_of(piece, bytes, length);
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

// `like` with `bytes` in a block of its own; their cost is on the budget.
HeldData::Piece HeldData::copy_of(const Piece& like, const uint8_t* bytes, uint32_t length) {
  Piece piece = like;
  piece.length = length;
  piece.data = piece.block = nullptr;
  piece.block_size = 0;
  if (bytes != nullptr) {
    piece.data = piece.block = static_cast<uint8_t*>(shared_.pool().allocate(length, 1));
    piece.block_size = length;
    std::memcpy(piece.data, bytes, length);
  }
  return piece;
}

void HeldData::drop(Pieces::iterator at) {
  const Piece& piece = at->second;
  const size_t cost = cost_of(piece);
  if (piece.block != nullptr) shared_.pool().deallocate(piece.block, piece.block_size, 1);
  pieces_.erase(at);
  charged_ -= cost;
  shared_.budget().give(cost);
}

void HeldData::pop_front() { drop(pieces_.begin()); }

bool HeldData::cut(Pieces::iterator at, uint64_t from, uint64_t to) {
  Piece& piece = at->second;
  const uint64_t begin = at->first;
  const uint64_t end = begin + piece.length;
  const auto left = static_cast<uint32_t>(from - begin);
  const auto right = static_cast<uint32_t>(end - to);
  const auto cut_left = static_cast<uint32_t>(end - from);
  const auto cut_right = static_cast<uint32_t>(to - begin);
  if (left == 0 && right == 0) {
    drop(at);
    return true;
  }
  Piece second;  // where something is left on both sides: the smaller
  if (left != 0 && right != 0) {
    const size_t cost = kPieceCost + (piece.data == nullptr ? 0 : std::min(left, right));
    if (!shared_.budget().try_take(cost)) return false;
    charged_ += cost;
    const uint8_t* bytes = piece.data;
    if (bytes != nullptr && right <= left) bytes += to - begin;
    second = copy_of(piece, bytes, std::min(left, right));
  }
  if (left >= right) {
    piece.length = left;
    piece.origin.trail += cut_left;
    if (right != 0) {
      second.origin.lead += cut_right;
      pieces_.emplace_hint(std::next(at), to, second);
    }
    return true;
  }
  // What the receiver has not acknowledged before the piece it may still not have before its rest.
  auto node = pieces_.extract(at);
  node.key() = to;
  node.mapped().length = right;
  node.mapped().origin.lead += cut_right;
  if (node.mapped().data != nullptr) node.mapped().data += cut_right;
  pieces_.insert(std::move(node));
  if (left != 0) {
    second.origin.trail += cut_left;
    pieces_.emplace(begin, second);
  }
  return true;
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
      if (!touches || next->second.data == nullptr || !alike(first->second.origin, next->second.origin) ||
          length + next->second.length > kMostJoined)
        break;
      length += next->second.length;
      time = std::max(time, next->second.time);
      last = next;
      ++count;
    }
    if (count == 1 || first->second.data == nullptr) {
      first = std::next(last);
      continue;
    }
    auto* const joined = static_cast<uint8_t*>(shared_.pool().allocate(length, 1));
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
    piece.data = piece.block = joined;
    piece.length = piece.block_size = static_cast<uint32_t>(length);
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
