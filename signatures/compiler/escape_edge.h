// Whether a letter is one of a text or the end of an escape of JSON, JavaScript and most other languages
// (RFC 8259 7): the n of \n stands before a value and is no part of it. Nested (\\n) it is the same.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// Characters of the escape whose backslash stands before text[pos]: n, u003c, x3c; 0 where there is none.
inline size_t escape_length(std::string_view text, size_t pos) {
  if (pos >= text.size()) return 0;
  const char c = text[pos];
  const size_t digits = c == 'u' ? 4 : c == 'x' ? 2 : 0;
  if (digits == 0) return c == 'n' || c == 't' || c == 'r' || c == 'b' || c == 'f' || c == 'v' ? 1 : 0;
  if (pos + digits >= text.size()) return 0;
  for (size_t i = pos + 1; i <= pos + digits; ++i) {
    const char h = text[i];
    if (!((h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F'))) return 0;
  }
  return 1 + digits;
}

// An escape ends right before text[pos].
inline bool ends_escape(std::string_view text, size_t pos) {
  for (const size_t length : {size_t{1}, size_t{3}, size_t{5}}) {
    if (pos > length && text[pos - length - 1] == '\\' && escape_length(text, pos - length) == length)
      return true;
  }
  return false;
}

// An escape begins with the letter text[pos].
inline bool begins_escape(std::string_view text, size_t pos) {
  return pos > 0 && text[pos - 1] == '\\' && escape_length(text, pos) > 0;
}

}  // namespace weir
