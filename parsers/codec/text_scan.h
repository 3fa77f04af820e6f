// One look over a window of bytes that tells which of the slow steps it needs: none, for plain text.
#pragma once

#include <cstdint>

#include "parsers/wire/bytes.h"

namespace weir {

struct TextScan {
  // Length of the prefix that is valid UTF-8 in whole characters (RFC 3629: no overlong forms, no
  // surrogates, nothing over U+10FFFF). ASCII is UTF-8.
  size_t valid = 0;
  // What stands at `valid` could be the beginning of a character that the end cuts.
  bool cut = false;
  // All over the valid prefix:
  bool ascii = true;
  bool percent = false;    // '%'
  bool backslash = false;  // '\'
  bool plus = false;       // '+'
  bool special = false;  // something that fold_forms() is to make plain (parsers/codec/special_characters.h)
};

// Looks at `bytes` up to the first fault.
TextScan scan_text(Bytes bytes);

// Index of the first byte that is not plain ASCII: 0x00 or >= 0x80. bytes.size() when there is none.
size_t find_not_plain(Bytes bytes);
// Index of the first byte >= 0x80; bytes.size() when there is none.
size_t find_not_ascii(Bytes bytes);

// Copies `n` bytes; those >= 0x80 become U+001A (SUBSTITUTE), so that the result is UTF-8 of the same
// length. For data that is no text.
void copy_as_ascii(char* out, const uint8_t* in, size_t n);

// Decodes the valid UTF-8 character at `p`; its length goes to *length.
inline uint32_t utf8_at(const uint8_t* p, size_t* length) {
  if (p[0] < 0x80) {
    *length = 1;
    return p[0];
  }
  if (p[0] < 0xe0) {
    *length = 2;
    return (uint32_t{p[0]} & 0x1f) << 6 | (uint32_t{p[1]} & 0x3f);
  }
  if (p[0] < 0xf0) {
    *length = 3;
    return (uint32_t{p[0]} & 0x0f) << 12 | (uint32_t{p[1]} & 0x3f) << 6 | (uint32_t{p[2]} & 0x3f);
  }
  *length = 4;
  return (uint32_t{p[0]} & 0x07) << 18 | (uint32_t{p[1]} & 0x3f) << 12 | (uint32_t{p[2]} & 0x3f) << 6 |
         (uint32_t{p[3]} & 0x3f);
}

// Length of the valid UTF-8 character at `p` (which has `n` >= 1 bytes), or 0. Then *subpart is the length
// of the longest prefix that could begin one (at least 1: what one U+FFFD replaces, Unicode 15 3.9), and
// *cut whether only the end is missing.
size_t utf8_length(const uint8_t* p, size_t n, size_t* subpart, bool* cut);

}  // namespace weir
