// What the escape readers share. Only their sources include this.
#pragma once

#include <cstring>
#include <string_view>

#include "parsers/codec/mapped_text.h"

namespace weir {

inline int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Could text that ends with `tail` go on as an escape of `length` characters, `digits` of them hex at the
// end and `head` before?
inline bool begins_escape(std::string_view tail, std::string_view head, size_t length) {
  if (tail.size() >= length) return false;
  for (size_t i = 0; i < tail.size(); ++i) {
    if (i < head.size() ? tail[i] != head[i] : hex_value(tail[i]) < 0) return false;
  }
  return true;
}

// Plain text between the escapes: one piece, byte for byte.
inline void copy_plain(std::string_view text, size_t from, size_t to, MappedText* out) {
  if (from == to) return;
  out->map(static_cast<uint32_t>(from), 1, 1, to - from);
  std::memcpy(out->end(), text.data() + from, to - from);
  out->wrote(to - from);
}

inline void put_character(uint32_t cp, size_t src, size_t src_unit, MappedText* out) {
  char utf8[4];
  const size_t n = put_utf8(utf8, cp);
  out->map(static_cast<uint32_t>(src), static_cast<uint16_t>(n), static_cast<uint16_t>(src_unit), 1);
  std::memcpy(out->end(), utf8, n);
  out->wrote(n);
}

}  // namespace weir
