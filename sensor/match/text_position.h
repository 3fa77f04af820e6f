// From an item offset back to a position in one of its readings. Used by the Matcher.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "sensor/base/text.h"

namespace weir {

// The text position of an item offset: of the unit that it lies in.
inline size_t text_position(const OffsetMap& map, uint64_t item, size_t size) {
  const auto pieces = map.pieces();
  if (pieces.empty()) return 0;
  auto it = std::upper_bound(pieces.begin(), pieces.end(), item,
                             [](uint64_t offset, const OffsetMap::Piece& p) { return offset < p.item; });
  if (it == pieces.begin()) return 0;
  --it;
  // Of pieces at one item offset (bytes that say nothing) the first.
  while (it != pieces.begin() && std::prev(it)->item == it->item) --it;
  if (it->item_unit == 0) return std::min<size_t>(it->text, size);
  const uint64_t units = (item - it->item) / it->item_unit;
  const auto next = std::next(it);
  const size_t most = next == pieces.end() ? size : std::min<size_t>(next->text, size);
  return static_cast<size_t>(std::min<uint64_t>(it->text + units * it->text_unit, most));
}

}  // namespace weir
