#include "sensor/decode/datagram.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <new>

#include "sensor/decode/overlap_rule.h"

namespace weir {
namespace {

constexpr size_t kPieceCost = 96;  // a map node and what the pool adds
// A fragment's start, the end of what was captured and the end on the wire bound one piece each at most.
constexpr size_t kPiecesAFragment = 3;

}  // namespace

struct Datagram::Block {
  Block* next;
  uint32_t start;
  uint32_t length;
  bool told;

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* at(uint32_t offset) const {
    return reinterpret_cast<const uint8_t*>(this + 1) + (offset - start);
  }
};

Datagram::Datagram(std::pmr::memory_resource& pool, MemoryBudget& budget, TargetPolicy policy)
    : pool_(pool), budget_(budget), pieces_(&pool), versions_(&pool), policy_(policy) {}

Datagram::~Datagram() {
  give_back();
  while (blocks_ != nullptr) {
    Block* block = blocks_;
    blocks_ = block->next;
    pool_.deallocate(block, sizeof(Block) + block->length, alignof(Block));
  }
}

void Datagram::give_back() {
  budget_.give(charged_);
  charged_ = 0;
}

size_t Datagram::cost_of(const Fragment& fragment) {
  return sizeof(Block) + fragment.bytes.size() + kPiecesAFragment * kPieceCost;
}

void Datagram::add(const Fragment& fragment) {
  assert(fragment.end() <= kMaxLength);
  note_protocol(fragment);
  note_end(fragment);
  if (fragment.bytes.size() == fragment.wire && has_all(fragment)) {
    repeated_.add(fragment.offset, fragment.captured_end());
    budget_.give(cost_of(fragment));
    return;
  }
  charged_ += cost_of(fragment);
  ++fragments_;
  if (!fragment.bytes.empty()) place(copy(fragment), fragment.offset, fragment.captured_end());
  const auto end = static_cast<uint32_t>(fragment.end());
  if (fragment.captured_end() < end) place_cut(fragment.captured_end(), end);
}

// Only the first fragment of an IPv6 datagram tells its protocol; until it comes any one's word is taken.
void Datagram::note_protocol(const Fragment& fragment) {
  const bool first = fragment.offset == 0;
  if (!protocol_from_first_) {
    if (first || fragments_ == 0) protocol_ = fragment.protocol;
    protocol_from_first_ = first;
  } else if (first && fragment.protocol != protocol_ && !has_other_protocol_) {
    has_other_protocol_ = true;
    other_protocol_ = fragment.protocol;
  }
}

// Of two ends the later one holds: one of them is a lie, and more is read with it.
void Datagram::note_end(const Fragment& fragment) {
  const auto end = static_cast<uint32_t>(fragment.end());
  if (fragment.more) {
    if (!end_known_ || end < end_ || fragment.wire == 0) return;
    end_disputed_ = true;
    if (end > end_) end_known_ = false;
  } else if (!end_known_) {
    if (end < extent()) {
      end_disputed_ = true;
    } else {
      end_known_ = true;
      end_ = end;
    }
  } else if (end != end_) {
    end_disputed_ = true;
    end_ = std::max(end_, end);
  }
}

// A plain repeat, as mirrors make: every byte is there and the same.
bool Datagram::has_all(const Fragment& fragment) const {
  uint32_t at = fragment.offset;
  const uint32_t end = fragment.captured_end();
  for (auto it = first_behind(at); at < end; ++it) {
    if (it == pieces_.end() || it->first > at || it->second.block == nullptr) return false;
    const uint32_t to = std::min(it->second.end, end);
    if (std::memcmp(it->second.block->at(at), &fragment.bytes[at - fragment.offset], to - at) != 0) {
      return false;
    }
    at = to;
  }
  return true;
}

Datagram::Block* Datagram::copy(const Fragment& fragment) {
  const size_t length = fragment.bytes.size();
  void* memory = pool_.allocate(sizeof(Block) + length, alignof(Block));
  blocks_ = new (memory) Block{blocks_, fragment.offset, static_cast<uint32_t>(length), false};
  std::memcpy(blocks_->data(), fragment.bytes.data(), length);
  return blocks_;
}

Datagram::Pieces::iterator Datagram::first_behind(uint32_t offset) {
  auto piece = pieces_.upper_bound(offset);
  if (piece != pieces_.begin()) {
    const auto before = std::prev(piece);
    if (before->second.end > offset) piece = before;
  }
  return piece;
}

void Datagram::insert(Pieces::iterator hint, uint32_t start, uint32_t end, Block* block) {
  pieces_.emplace_hint(hint, start, Piece{end, block});
  covered_ += end - start;
}

// Pieces are compared as they stand, trimmed by fragments that came between: as in the stacks that the
// policies describe.
void Datagram::place(Block* block, uint32_t start, uint32_t end) {
  uint32_t run = start;  // from here on the fragment's bytes have not found their place yet
  uint32_t lost_from = end;
  uint32_t lost_to = start;
  auto it = first_behind(start);
  while (it != pieces_.end() && it->first < end) {
    const uint32_t piece_start = it->first;
    const Piece piece = it->second;
    const uint32_t from = std::max(piece_start, start);
    const uint32_t to = std::min(piece.end, end);
    bool keeps = false;
    if (piece.block == nullptr) {
      cut_again_.add(from, to);
    } else {
      const bool same = std::memcmp(piece.block->at(from), block->at(from), to - from) == 0;
      keeps = earlier_keeps(policy_, piece_start, piece.end, start, end);
      (same ? repeated_ : differing_).add(from, to);
      if (!same && keeps) {
        lost_from = std::min(lost_from, from);
        lost_to = to;
      } else if (!same) {
        add_version(from, to, piece.block);
      }
    }
    if (keeps) {
      if (run < from) insert(it, run, from, block);
      run = to;
      ++it;
      continue;
    }
    if (piece_start < from) {
      it->second.end = from;
      ++it;
    } else {
      it = pieces_.erase(it);
    }
    covered_ -= to - from;
    if (to < piece.end) {
      it = pieces_.emplace_hint(it, to, piece);
      break;
    }
  }
  if (run < end) insert(it, run, end, block);
  // One stretch: the bytes between are the same, or the fragment's own.
  if (lost_from < lost_to) add_version(lost_from, lost_to, block);
}

void Datagram::place_cut(uint32_t start, uint32_t end) {
  uint32_t at = start;
  auto it = first_behind(start);
  while (at < end) {
    const uint32_t stop = it == pieces_.end() ? end : std::min(end, it->first);
    if (at < stop) {
      insert(it, at, stop, nullptr);
      at = stop;
      continue;
    }
    const uint32_t to = std::min(it->second.end, end);
    cut_again_.add(at, to);
    at = to;
    ++it;
  }
}

void Datagram::add_version(uint32_t start, uint32_t end, Block* block) {
  constexpr size_t kCost = 2 * sizeof(Version);  // vectors grow by doubling
  if (!budget_.try_take(kCost)) {
    versions_lost_ += end - start;
    return;
  }
  charged_ += kCost;
  versions_.push_back({start, end, block, static_cast<uint32_t>(versions_.size()), 0});
}

void Datagram::runs(std::vector<Run>* out) const {
  out->clear();
  for (const auto& [start, piece] : pieces_) {
    // Behind captured bytes more of them, or a cut, go on; behind a cut only a further cut does.
    const bool goes_on = !out->empty() && out->back().wire_end == start &&
                         (piece.block == nullptr || out->back().end == start);
    if (!goes_on) out->push_back({start, start, start});
    out->back().wire_end = piece.end;
    if (piece.block != nullptr) out->back().end = piece.end;
  }
}

bool Datagram::all_captured() const {
  return std::all_of(pieces_.begin(), pieces_.end(),
                     [](const auto& entry) { return entry.second.block != nullptr; });
}

void Datagram::assemble(uint8_t* buffer) const {
  for (const auto& [start, piece] : pieces_) {
    if (piece.block != nullptr) std::memcpy(buffer + start, piece.block->at(start), piece.end - start);
  }
}

uint8_t Datagram::sort_versions() {
  std::sort(versions_.begin(), versions_.end(), [](const Version& a, const Version& b) {
    return a.start != b.start ? a.start < b.start : a.order < b.order;
  });
  std::array<uint32_t, kMaxVersions> taken_to{};
  uint8_t count = 0;
  for (Version& version : versions_) {
    for (uint8_t i = 0; i < kMaxVersions && version.number == 0; ++i) {
      if (taken_to[i] > version.start) continue;
      taken_to[i] = version.end;
      version.number = static_cast<uint8_t>(i + 1);
    }
    count = std::max(count, version.number);
  }
  if (has_other_protocol_) protocol_version_ = ++count;
  return count;
}

bool Datagram::assemble_version(uint8_t number, uint8_t* buffer, uint32_t* start, uint32_t* end) const {
  *start = kMaxLength;
  *end = 0;
  for (const Version& version : versions_) {
    if (version.number != number) continue;
    std::memcpy(buffer + version.start, version.block->at(version.start), version.end - version.start);
    *start = std::min(*start, version.start);
    *end = std::max(*end, version.end);
  }
  return *start < *end;
}

bool Datagram::next_leftover(Bytes* bytes, uint32_t* offset) {
  while (next_leftover_ < versions_.size()) {
    const Version& version = versions_[next_leftover_++];
    if (version.number != 0 || version.block->told) continue;
    version.block->told = true;
    *bytes = Bytes(version.block->data(), version.block->length);
    *offset = version.block->start;
    return true;
  }
  return false;
}

void Datagram::compare(const Datagram& whole, ByteTally* same, ByteTally* other) const {
  for (const auto& [start, piece] : pieces_) {
    if (piece.block == nullptr) continue;
    uint32_t at = start;
    for (auto it = whole.first_behind(start); at < piece.end; ++it) {
      const bool there = it != whole.pieces_.end() && it->first < piece.end;
      const uint32_t from = there ? std::max(at, it->first) : piece.end;
      if (at < from) other->add(at, from);
      if (!there) break;
      const uint32_t to = std::min(piece.end, it->second.end);
      const Block* theirs = it->second.block;
      const bool equal =
          theirs != nullptr && std::memcmp(theirs->at(from), piece.block->at(from), to - from) == 0;
      (equal ? same : other)->add(from, to);
      at = to;
    }
  }
}

}  // namespace weir
