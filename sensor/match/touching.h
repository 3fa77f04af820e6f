// What touches a value: is it a boundary, or does it make the value part of something else?
//
// Used by the CandidateFinder for every place that has a shape, and by the Judge. Nothing here looks further
// than six bytes from the value.
#pragma once

#include <cstddef>
#include <string_view>

#include "sensor/match/characters.h"

namespace weir {

// text[begin - 1] ends an escape of JSON, C or a URL (\n, \u003c, %0A): what it stands for is no letter or
// digit that touches.
bool after_escape(std::string_view text, size_t begin);

// A length that length_prefixed() would believe.
constexpr bool is_length(unsigned char c) {
  return c >= 6 && c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

// The byte before says how long the value is, as in protobuf, MySQL's and BER's strings: what follows is the
// next field's, whatever it looks like. Lengths that text has as tab and line breaks say nothing.
inline bool length_prefixed(std::string_view text, size_t begin, size_t end) {
  return begin > 0 && static_cast<unsigned char>(text[begin - 1]) == end - begin &&
         is_length(static_cast<unsigned char>(text[begin - 1]));
}
// Stars that touch a value are a mask (138****5678), or set it in bold (**138…**), at most `most` of them.
bool bold_before(std::string_view text, size_t begin, size_t most);
bool bold_after(std::string_view text, size_t end, size_t most);

// A letter touches the value's digit on that side.
inline bool letter_before(std::string_view text, size_t begin) {
  return begin > 0 && is_letter(text[begin - 1]) && is_digit(text[begin]) && !after_escape(text, begin);
}
inline bool letter_after(std::string_view text, size_t begin, size_t end) {
  return end < text.size() && is_letter(text[end]) && !length_prefixed(text, begin, end);
}

}  // namespace weir
