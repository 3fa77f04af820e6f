// The contract between content and match: what an item says, as UTF-8, with the way back to its bytes.
//
// Content keeps a window over each item's bytes (after content coding) and hands match one TextWindow
// at a time: the carry that match asked to keep, then fresh bytes. A window holds one or more readings
// of the same stretch of the item: [0] is the plain text; others are added where escapes, wide digits or
// a second possible charset give one. A reading is never replaced. Match decides what has 64 characters
// after it in every reading (or the end of the run) and answers from which item offset on it must see the
// bytes again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sensor/base/packet.h"

namespace weir {

// Piecewise linear map from a position in a reading to an offset in the item. Within a piece every unit
// of `text_unit` text bytes stands for `item_unit` item bytes ("%41" -> "A": 1 and 3; GBK Han: 3 and 2).
class OffsetMap {
 public:
  struct Piece {
    uint32_t text = 0;       // first text position
    uint32_t text_unit = 1;  // text bytes a unit, >= 1
    uint64_t item = 0;       // item offset of that position
    uint32_t item_unit = 1;  // item bytes a unit, >= 0
  };

  void clear() { pieces_.clear(); }
  // Text position 0 .. is item offset `item` .., byte for byte.
  void set_identity(uint64_t item) { pieces_.assign(1, Piece{0, 1, item, 1}); }
  // From text position `text` on: units as given. Positions grow.
  void append(uint32_t text, uint64_t item, uint32_t text_unit, uint32_t item_unit) {
    if (!pieces_.empty()) {
      const Piece& last = pieces_.back();
      if (last.text_unit == text_unit && last.item_unit == item_unit && (text - last.text) % text_unit == 0 &&
          item == last.item + uint64_t{(text - last.text) / text_unit} * item_unit) {
        return;  // the last piece goes on
      }
    }
    pieces_.push_back(Piece{text, text_unit, item, item_unit});
  }
  bool is_identity() const {
    return pieces_.size() == 1 && pieces_[0].text_unit == 1 && pieces_[0].item_unit == 1;
  }
  // Item offset of the unit that `text` lies in; of the position after the last unit for the text's end.
  uint64_t item_offset(size_t text) const {
    if (pieces_.empty()) return 0;
    auto it = std::upper_bound(pieces_.begin(), pieces_.end(), text,
                               [](size_t t, const Piece& p) { return t < p.text; });
    if (it != pieces_.begin()) --it;
    return it->item + (text - it->text) / it->text_unit * it->item_unit;
  }
  std::span<const Piece> pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;
};

struct Text {
  std::string_view utf8;           // valid UTF-8; what was not is U+FFFD
  const OffsetMap* map = nullptr;  // covers utf8, its end included
  bool derived = false;            // escapes undone, wide digits folded, or a second charset
};

// From `item_offset` on the bytes came at `time` (until the next mark).
struct TimeMark {
  uint64_t item_offset = 0;
  Nanoseconds time = 0;
};

struct TextWindow {
  std::span<const Text> readings;  // at least one; all from item_begin to item_end
  std::string_view field;          // known from structure (a part's name); empty: look at the text itself
  uint64_t item_begin = 0;
  uint64_t item_end = 0;            // exclusive
  std::span<const TimeMark> times;  // offsets grow; the first is at or before item_begin
  bool break_before = false;        // a new run begins at item_begin: nothing before it belongs to it
  bool ends_run = false;            // nothing follows: decide everything
};

}  // namespace weir
