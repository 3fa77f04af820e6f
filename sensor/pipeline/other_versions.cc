#include "sensor/pipeline/other_versions.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir {

void OtherVersions::Tail::add(Bytes more) {
  const size_t n = std::min(more.size(), kAround);
  const size_t keep = std::min<size_t>(length, kAround - n);
  if (keep != 0) std::memmove(bytes.data(), bytes.data() + length - keep, keep);
  if (n != 0) std::memcpy(bytes.data() + keep, more.data() + more.size() - n, n);
  length = static_cast<uint16_t>(keep + n);
}

void OtherVersions::Version::add_follow(Bytes bytes) {
  const size_t n = std::min(bytes.size(), kAround - follow_length);
  if (n != 0) std::memcpy(follow.data() + follow_length, bytes.data(), n);
  follow_length = static_cast<uint16_t>(follow_length + n);
}

OtherVersions::Rare& OtherVersions::rare(Side& side) {
  if (side.rare == nullptr) side.rare = std::make_unique<Rare>();
  return *side.rare;
}

size_t OtherVersions::open_items() const {
  size_t n = 0;
  for (const Side& side : sides_) n += side.rare == nullptr ? 0 : side.rare->open.size();
  return n;
}

size_t OtherVersions::memory() const {
  size_t n = 0;
  for (const Side& side : sides_) {
    if (side.rare == nullptr) continue;
    n += sizeof(Rare) + side.rare->holes.capacity() * sizeof(Hole) +
         side.rare->open.capacity() * sizeof(Version) + side.rare->urgent.capacity() * sizeof(uint64_t);
  }
  return n;
}

void OtherVersions::on_chunk(Direction direction, uint64_t offset, Bytes bytes, TimedContentSink& sink) {
  Side& side = sides_[index_of(direction)];
  if (side.rare != nullptr) [[unlikely]] {
    chunk_with_versions(side, direction, offset, bytes, sink);
  } else {
    side.tail.add(bytes);
  }
  side.tail.end = offset + bytes.size();
}

void OtherVersions::chunk_with_versions(Side& side, Direction direction, uint64_t offset, Bytes bytes,
                                        TimedContentSink& sink) {
  Rare& rare = *side.rare;
  for (Hole& hole : rare.holes) {
    const uint64_t at = hole.end + hole.head_length;
    if (hole.head_length == kHead || at < offset || at >= offset + bytes.size()) continue;
    const Bytes from = bytes.subspan(static_cast<size_t>(at - offset));
    const size_t n = std::min(from.size(), kHead - hole.head_length);
    std::memcpy(hole.head.data() + hole.head_length, from.data(), n);
    hole.head_length = static_cast<uint8_t>(hole.head_length + n);
  }
  // Stretch by stretch between urgent bytes.
  const uint64_t end = offset + bytes.size();
  uint64_t at = offset;
  size_t passed = 0;
  for (const uint64_t urgent : rare.urgent) {
    if (urgent >= end) break;
    ++passed;
    if (urgent < at) continue;
    read_on(side, at, bytes.subspan(static_cast<size_t>(at - offset), static_cast<size_t>(urgent - at)));
    take_out(side, direction, urgent, sink);
    at = urgent + 1;
  }
  rare.urgent.erase(rare.urgent.begin(), rare.urgent.begin() + static_cast<std::ptrdiff_t>(passed));
  read_on(side, at, bytes.subspan(static_cast<size_t>(at - offset)));
  std::erase_if(rare.open, [&](Version& version) {
    if (version.end + kLinger > end) return false;
    close(version, sink);
    return true;
  });
  if (rare.open.empty() && rare.holes.empty() && rare.urgent.empty()) side.rare.reset();
}

// The byte at `urgent` is no part of what some receivers read: a version without it goes on, or begins.
void OtherVersions::take_out(Side& side, Direction direction, uint64_t urgent, TimedContentSink& sink) {
  Version* without = nullptr;
  for (Version& version : side.rare->open) {
    if (version.follow_end != urgent) continue;
    if (version.urgent && version.follow_length < kAround) without = &version;
    version.follow_end = urgent + 1;
  }
  earn(1);
  if (without == nullptr) {
    // Where it cannot be afforded no byte is unread: the stream has them all.
    if (afford()) start(side, direction, ExtraKind::kConflict, true, urgent + 1, side.tail.view(), sink);
    return;
  }
  const std::array<uint8_t, kAround> follow = without->follow;
  extend(*without, Bytes(follow).first(without->follow_length), without->follow_length, sink);
  without->end = without->follow_end = urgent + 1;
  without->follow_length = 0;
}

void OtherVersions::read_on(Side& side, uint64_t offset, Bytes bytes) {
  for (Version& version : side.rare->open) {
    const uint64_t at = version.follow_end;
    if (at < offset || at >= offset + bytes.size()) continue;
    version.add_follow(bytes.subspan(static_cast<size_t>(at - offset)));
    version.follow_end = offset + bytes.size();
  }
  side.tail.add(bytes);
}

// Credit for what the flow has brought since it was asked last, and for `bytes` of another version.
void OtherVersions::earn(uint64_t bytes) {
  const uint64_t streams = sides_[0].tail.end + sides_[1].tail.end - gaps_;
  credit_ = std::min(kMostCredit, credit_ + (streams - counted_) + bytes + kPieceCredit);
  counted_ = streams;
}

bool OtherVersions::afford() {
  if (credit_ < kItemCost) return false;
  credit_ -= kItemCost;
  return true;
}

void OtherVersions::on_gap(Direction direction, uint64_t offset, uint64_t n) {
  Side& side = sides_[index_of(direction)];
  std::vector<Hole>& holes = rare(side).holes;
  if (holes.size() == kHolesKept) holes.erase(holes.begin());
  Hole& hole = holes.emplace_back();
  hole.before = side.tail;
  hole.before.end = offset;
  hole.end = offset + n;
  side.tail.length = 0;
  side.tail.end = offset + n;
  gaps_ += n;
}

void OtherVersions::on_urgent(Direction direction, uint64_t offset) {
  std::vector<uint64_t>& urgent = rare(sides_[index_of(direction)]).urgent;
  const auto at = std::ranges::lower_bound(urgent, offset);
  if (at != urgent.end() && *at == offset) return;
  if (urgent.size() == kUrgent && at == urgent.end()) return;  // the nearest ones first
  urgent.insert(at, offset);
  if (urgent.size() > kUrgent) urgent.pop_back();
}

OtherVersions::Version* OtherVersions::start(Side& side, Direction direction, ExtraKind kind, bool urgent,
                                             uint64_t offset, Bytes before, TimedContentSink& sink) {
  std::vector<Version>& open = rare(side).open;
  if (open.size() == kOpen) {
    close(open.front(), sink);
    open.erase(open.begin());
  }
  Version& version = open.emplace_back();
  version.direction = direction;
  version.urgent = urgent;
  version.begin = version.end = version.follow_end = offset;
  version.item_offset = before.size();
  ContentMeta meta;
  version.told_message = sink.message_at(direction, urgent ? offset - 1 : offset, &meta);
  meta.kind = kind == ExtraKind::kLate ? ItemKind::kLate : ItemKind::kConflict;
  meta.differs = kind == ExtraKind::kConflict;
  meta.direction = direction;
  meta.protocol = protocol_.empty() ? "raw" : protocol_;
  meta.context = static_cast<uint32_t>(before.size());
  version.item = sink.open(std::move(meta), kNoItem);
  if (!before.empty() && version.item != kNoItem) sink.data(version.item, 0, before);
  return &version;
}

// `bytes` go on where the version ends; `shared` of them are counted elsewhere.
void OtherVersions::extend(Version& version, Bytes bytes, size_t shared, TimedContentSink& sink) {
  if (version.head_length < kHead && version.begin + version.head_length == version.end) {
    const size_t n = std::min(bytes.size(), kHead - version.head_length);
    std::memcpy(version.head.data() + version.head_length, bytes.data(), n);
    version.head_length = static_cast<uint8_t>(version.head_length + n);
  }
  if (version.item == kNoItem) {
    if (bytes.size() > shared) sink.unread(version.direction, Unread::kMemory, bytes.size() - shared);
  } else {
    if (shared != 0) sink.counted_elsewhere(version.item, shared);
    sink.data(version.item, version.item_offset, bytes);
  }
  version.item_offset += bytes.size();
  version.end += bytes.size();
}

void OtherVersions::close(Version& version, TimedContentSink& sink) {
  if (version.item == kNoItem) return;
  ContentMeta update;
  if (!version.told_message) sink.message_at(version.direction, version.begin, &update);  // parsed since
  if (version.follow_length != 0) update.own_end = version.item_offset;
  sink.meta(version.item, update);
  if (version.follow_length != 0) {
    sink.data(version.item, version.item_offset, Bytes(version.follow).first(version.follow_length));
  }
  sink.close(version.item, CloseReason::kComplete);
}

// The version that a piece at `offset` belongs to: it ends there, or so shortly before that `before` bytes of
// the stream are known to lie between.
OtherVersions::Version* OtherVersions::goes_on(Rare& rare, uint64_t offset, size_t before) {
  Version* nearest = nullptr;
  for (Version& version : rare.open) {
    if (version.urgent || version.end > offset || offset - version.end > before) continue;
    if (nearest == nullptr || version.end > nearest->end) nearest = &version;
  }
  return nearest;
}

void OtherVersions::on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                             const Surroundings& around, TimedContentSink& sink) {
  Side& side = sides_[index_of(direction)];
  earn(bytes.size());
  Version* version = goes_on(rare(side), offset, around.before.size());
  if (version == nullptr) {
    if (!afford() && kind == ExtraKind::kConflict) {
      sink.unread(direction, Unread::kConflict, bytes.size() - around.shared);
      return;
    }
    Bytes before = around.before;
    if (side.tail.end == offset && side.tail.length != 0) before = side.tail.view();
    for (const Hole& hole : side.rare->holes) {
      if (hole.before.end == offset && hole.before.length != 0) before = hole.before.view();
    }
    version = start(side, direction, kind, false, offset, before, sink);
  } else if (version->end < offset) {
    const Bytes between = around.before.last(static_cast<size_t>(offset - version->end));
    extend(*version, between, between.size(), sink);
  }
  extend(*version, bytes, around.shared, sink);
  version->follow_end = version->end;
  version->follow_length = 0;
  // Behind it: another version that came before it, the stream behind a hole, the stream.
  Bytes after = around.after;
  for (const Hole& hole : side.rare->holes) {
    if (hole.end == version->end && hole.head_length != 0) after = Bytes(hole.head).first(hole.head_length);
  }
  for (const Version& other : side.rare->open) {
    if (!other.urgent && other.begin == version->end && other.head_length != 0 && &other != version) {
      after = Bytes(other.head).first(other.head_length);
    }
  }
  version->add_follow(after);
  version->follow_end += after.size();
}

void OtherVersions::on_end(Direction direction, TimedContentSink& sink) {
  Side& side = sides_[index_of(direction)];
  if (side.rare == nullptr) return;
  for (Version& version : side.rare->open) close(version, sink);
  side.rare->open.clear();
}

}  // namespace weir
