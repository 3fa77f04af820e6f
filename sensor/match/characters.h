// Walking over UTF-8 by characters. Texts are valid UTF-8 (sensor/base/text.h); what is not walks bytewise
// without ever leaving the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// No byte above 0x7F.
bool is_ascii(std::string_view text);
inline constexpr size_t kWorthAsciiTest = 8;

// The position `characters` before `pos`, not before `floor`.
inline size_t step_back(std::string_view text, size_t pos, size_t characters, size_t floor = 0) {
  if (characters >= kWorthAsciiTest && pos - floor >= characters &&
      is_ascii(text.substr(pos - characters, characters))) {
    return pos - characters;
  }
  while (characters > 0 && pos > floor) {
    --pos;
    while (pos > floor && is_continuation(text[pos])) --pos;
    --characters;
  }
  return pos;
}

// The position `characters` after `pos`, or the text's end. `*left`: characters that were not there.
inline size_t step_on(std::string_view text, size_t pos, size_t characters, size_t* left = nullptr) {
  // One byte more: the last character may go on.
  if (characters >= kWorthAsciiTest && text.size() - pos > characters &&
      is_ascii(text.substr(pos, characters + 1))) {
    if (left != nullptr) *left = 0;
    return pos + characters;
  }
  while (characters > 0 && pos < text.size()) {
    ++pos;
    while (pos < text.size() && is_continuation(text[pos])) ++pos;
    --characters;
  }
  if (left != nullptr) *left = characters;
  return pos;
}

// Characters that begin in `text`.
size_t count_characters(std::string_view text);

// The character at `pos` as a code point; `*length` its bytes (1 for what is no character).
uint32_t code_point_at(std::string_view text, size_t pos, size_t* length);

}  // namespace weir
