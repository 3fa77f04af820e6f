// What conversions write: UTF-8 text, and the way back from each text position to its source.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

// From text position `text` on, every `text_unit` bytes of text stand for `src_unit` bytes of the source,
// until the next piece. Positions grow in both.
struct MapPiece {
  uint32_t text = 0;
  uint32_t src = 0;
  uint16_t text_unit = 1;  // >= 1
  uint16_t src_unit = 1;   // >= 0
};

// Text with its map. Reused from window to window: clear() keeps the memory.
class MappedText {
 public:
  void clear() {
    size_ = 0;
    pieces_.clear();
  }
  std::string_view text() const { return {store_.data(), size_}; }
  const std::vector<MapPiece>& pieces() const { return pieces_; }
  size_t capacity() const { return store_.size() + pieces_.capacity() * sizeof(MapPiece); }

  // Room for `n` more bytes of text, to be written at end() and told by wrote().
  void reserve(size_t n) {
    if (store_.size() - size_ < n) store_.resize((size_ + n) * 3 / 2);
  }
  char* end() { return store_.data() + size_; }
  void wrote(size_t n) { size_ += n; }

  // The next `units` units of text, to be written now, stand for the source from `src` on. What goes on
  // where the last piece ended, by the same units, belongs to it.
  void map(uint32_t src, uint16_t text_unit, uint16_t src_unit, size_t units) {
    const auto at = static_cast<uint32_t>(size_);
    if (pieces_.empty() || pieces_.back().text_unit != text_unit || pieces_.back().src_unit != src_unit ||
        mapped_text_ != at || mapped_src_ != src) {
      pieces_.push_back({at, src, text_unit, src_unit});
    }
    mapped_text_ = at + static_cast<uint32_t>(units * text_unit);
    mapped_src_ = src + static_cast<uint32_t>(units * src_unit);
  }
  // Source position of the unit in which text position `at` lies; for the text's end, of what follows it.
  uint32_t source(size_t at) const;

 private:
  std::vector<char> store_;
  size_t size_ = 0;
  std::vector<MapPiece> pieces_;
  uint32_t mapped_text_ = 0;  // up to where the last piece goes
  uint32_t mapped_src_ = 0;
};

inline uint32_t MappedText::source(size_t at) const {
  size_t low = 0;
  size_t high = pieces_.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (pieces_[middle].text <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return 0;
  const MapPiece& p = pieces_[low - 1];
  return p.src + static_cast<uint32_t>((at - p.text) / p.text_unit) * p.src_unit;
}

// Writes `cp` (a scalar value) as UTF-8 to `out`, which has room for four bytes. Returns the length.
inline size_t put_utf8(char* out, uint32_t cp) {
  if (cp < 0x80) {
    out[0] = static_cast<char>(cp);
    return 1;
  }
  if (cp < 0x800) {
    out[0] = static_cast<char>(0xc0 | (cp >> 6));
    out[1] = static_cast<char>(0x80 | (cp & 0x3f));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = static_cast<char>(0xe0 | (cp >> 12));
    out[1] = static_cast<char>(0x80 | ((cp >> 6) & 0x3f));
    out[2] = static_cast<char>(0x80 | (cp & 0x3f));
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | (cp >> 18));
  out[1] = static_cast<char>(0x80 | ((cp >> 12) & 0x3f));
  out[2] = static_cast<char>(0x80 | ((cp >> 6) & 0x3f));
  out[3] = static_cast<char>(0x80 | (cp & 0x3f));
  return 4;
}

inline constexpr uint32_t kReplacement = 0xfffd;

}  // namespace weir
