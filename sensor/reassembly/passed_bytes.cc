#include "sensor/reassembly/passed_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

namespace weir {

PassedBytes::PassedBytes(TcpShared& shared, uint64_t begin, uint32_t capacity)
    : shared_(shared), begin_(begin), known_from_(begin), end_(begin), capacity_(capacity) {}

PooledPtr<PassedBytes> PassedBytes::allocate(TcpShared& shared, uint64_t begin, size_t size) {
  if (!shared.try_keep(size)) return nullptr;
  void* memory = shared.pool().allocate(size, alignof(PassedBytes));
  return PooledPtr<PassedBytes>(
      ::new (memory) PassedBytes(shared, begin, static_cast<uint32_t>(size - sizeof(PassedBytes))));
}

void PassedBytes::release(PassedBytes* self) {
  TcpShared& shared = self->shared_;
  const size_t size = sizeof(PassedBytes) + self->capacity_;
  std::destroy_at(self);
  shared.pool().deallocate(self, size, alignof(PassedBytes));
  shared.give_kept(size);
}

PooledPtr<PassedBytes> PassedBytes::make(TcpShared& shared, uint64_t offset, Bytes before, size_t bytes,
                                         uint8_t log2_size) {
  before = before.last(static_cast<size_t>(std::min<uint64_t>({before.size(), kAround, offset})));
  size_t size = std::max(kLeast, std::bit_ceil(sizeof(PassedBytes) + before.size() + bytes));
  size = std::min(std::max(size, size_t{1} << log2_size), kMostBlind);
  PooledPtr<PassedBytes> self = allocate(shared, offset - before.size(), size);
  if (self == nullptr) return self;
  self->write(offset - before.size(), before);
  self->known_from_ = offset;
  return self;
}

uint8_t PassedBytes::size_wanted() const {
  return static_cast<uint8_t>(std::bit_width(sizeof(PassedBytes) + used() - 1));
}

bool PassedBytes::append(PooledPtr<PassedBytes>& self, uint64_t offset, Bytes bytes, uint64_t taken,
                         size_t most) {
  bool kept = true;
  if (offset != self->end_) [[unlikely]]
    kept = skip(self, offset, taken, most);
  if (bytes.size() > self->room()) kept &= make_room(self, bytes.size(), taken, most);
  if (bytes.size() > self->capacity_) [[unlikely]] {
    const size_t lost = bytes.size() - self->capacity_;
    self->begin_anew(offset + lost);
    bytes = bytes.subspan(lost);
  }
  self->write(self->end_, bytes);
  return kept;
}

bool PassedBytes::make_room(PooledPtr<PassedBytes>& self, size_t bytes, uint64_t taken, size_t most) {
  self->drop_to(std::min(taken, self->end_));
  if (bytes <= self->room()) return true;
  const size_t size = sizeof(PassedBytes) + self->capacity_;
  const size_t wanted = std::min(most, std::bit_ceil(sizeof(PassedBytes) + self->used() + bytes));
  if (wanted > size) {
    PooledPtr<PassedBytes> larger = allocate(self->shared_, self->begin_, wanted);
    if (larger != nullptr) {
      self->read(self->begin_, {larger->ring(), self->used()});
      larger->end_ = self->end_;
      larger->known_from_ = self->known_from_;
      larger->holes_ = self->holes_;
      larger->hole_count_ = self->hole_count_;
      self = std::move(larger);
    }
  }
  if (bytes <= self->room()) return true;
  self->drop_to(bytes >= self->capacity_ ? self->end_ : self->end_ - (self->capacity_ - bytes));
  return false;
}

// Nothing is written in the place of a hole: its length costs nothing.
bool PassedBytes::skip(PooledPtr<PassedBytes>& self, uint64_t to, uint64_t taken, size_t most) {
  const uint64_t length = to - self->end_;
  if (length <= kLongestHole) {
    const bool kept = length <= self->room() || make_room(self, static_cast<size_t>(length), taken, most);
    if (length <= self->room() && self->hole_count_ < self->holes_.size()) {
      self->holes_[self->hole_count_++] = {self->end_, to};
      self->end_ = to;
      return kept;
    }
  }
  self->begin_anew(to);
  return false;
}

void PassedBytes::begin_anew(uint64_t offset) {
  begin_ = known_from_ = end_ = offset;
  head_ = hole_count_ = 0;
}

void PassedBytes::drop_to(uint64_t offset) {
  if (offset <= begin_) return;
  head_ = static_cast<uint32_t>(place_of(offset));
  begin_ = offset;
  known_from_ = std::max(known_from_, offset);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < hole_count_; ++i) {
    if (holes_[i].end <= offset) continue;
    holes_[kept++] = {std::max(holes_[i].begin, offset), holes_[i].end};
  }
  hole_count_ = kept;
}

// At or before the end, and there is room.
void PassedBytes::write(uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return;
  const size_t at = place_of(offset);
  const size_t first = std::min(bytes.size(), capacity_ - at);
  std::memcpy(ring() + at, bytes.data(), first);
  if (first < bytes.size()) std::memcpy(ring(), bytes.data() + first, bytes.size() - first);
  end_ = std::max(end_, offset + bytes.size());
}

void PassedBytes::read(uint64_t offset, std::span<uint8_t> out) const {
  if (out.empty()) return;
  const size_t at = place_of(offset);
  const size_t first = std::min(out.size(), capacity_ - at);
  std::memcpy(out.data(), ring() + at, first);
  if (first < out.size()) std::memcpy(out.data() + first, ring(), out.size() - first);
}

bool PassedBytes::same(uint64_t offset, Bytes bytes) const {
  const size_t at = place_of(offset);
  const size_t first = std::min(bytes.size(), capacity_ - at);
  return std::memcmp(ring() + at, bytes.data(), first) == 0 &&
         (first == bytes.size() || std::memcmp(ring(), bytes.data() + first, bytes.size() - first) == 0);
}

void PassedBytes::fill(uint64_t offset, Bytes bytes) {
  const uint64_t end = offset + bytes.size();
  for (uint32_t i = 0; i < hole_count_; ++i) {
    Range& hole = holes_[i];
    if (offset < hole.begin || end > hole.end) continue;
    if (offset > hole.begin && end < hole.end) {
      if (hole_count_ == holes_.size()) return;  // it stays one hole
      std::move_backward(holes_.begin() + i, holes_.begin() + hole_count_, holes_.begin() + hole_count_ + 1);
      ++hole_count_;
      holes_[i].end = offset;
      holes_[i + 1].begin = end;
    } else if (offset > hole.begin) {
      hole.end = offset;
    } else {
      hole.begin = end;
      if (hole.begin == hole.end) {
        std::move(holes_.begin() + i + 1, holes_.begin() + hole_count_, holes_.begin() + i);
        --hole_count_;
      }
    }
    write(offset, bytes);
    return;
  }
}

PassedBytes::Verdict PassedBytes::compare(uint64_t start, Bytes bytes, uint64_t vouched) const {
  const uint64_t end = start + bytes.size();
  Verdict verdict{false, end, end};
  const auto unknown = [&](uint64_t from, uint64_t to) {
    from = std::max(from, vouched);
    if (from >= to) return;
    if (verdict.unknown_from == verdict.unknown_to) verdict.unknown_from = from;
    verdict.unknown_to = to;
  };
  uint64_t at = start;
  const auto go_on = [&](uint64_t hole_begin, uint64_t hole_end) {
    const uint64_t known_to = std::min(hole_begin, end);
    if (at < known_to) {
      const Bytes part = bytes.subspan(static_cast<size_t>(at - start), static_cast<size_t>(known_to - at));
      if (!same(at, part)) return false;
      at = known_to;
    }
    const uint64_t unknown_to = std::min(hole_end, end);
    if (at < unknown_to) {
      unknown(at, unknown_to);
      at = unknown_to;
    }
    return true;
  };
  bool equal = go_on(0, known_from_);
  for (uint32_t i = 0; i < hole_count_ && equal; ++i) equal = go_on(holes_[i].begin, holes_[i].end);
  if (equal) equal = go_on(end_, end);
  verdict.differs = !equal;
  return verdict;
}

size_t PassedBytes::before(uint64_t offset, std::span<uint8_t, kAround> out) const {
  if (offset > end_ || offset <= begin_) return 0;
  uint64_t from = std::max(begin_, offset - std::min<uint64_t>(offset, kAround));
  for (uint32_t i = 0; i < hole_count_; ++i) {
    if (holes_[i].begin < offset) from = std::max(from, std::min(holes_[i].end, offset));
  }
  const auto n = static_cast<size_t>(offset - from);
  read(from, out.last(n));
  return n;
}

size_t PassedBytes::after(uint64_t offset, std::span<uint8_t, kAround> out) const {
  if (offset < begin_ || offset >= end_) return 0;
  uint64_t to = std::min(end_, offset + kAround);
  for (uint32_t i = 0; i < hole_count_; ++i) {
    if (holes_[i].end > offset) to = std::min(to, std::max(holes_[i].begin, offset));
  }
  const auto n = static_cast<size_t>(to - offset);
  read(offset, out.first(n));
  return n;
}

}  // namespace weir
