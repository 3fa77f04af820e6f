// What the metadata sources share. Only they include this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/match/characters.h"
#include "sensor/match/metadata_readings.h"

namespace weir {

inline void append_utf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0 | (code >> 6));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0 | (code >> 12));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | (code >> 18));
    *out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Bytes of a whole, valid character at `pos`, or 0.
inline size_t valid_character(std::string_view text, size_t pos) {
  const auto c = static_cast<unsigned char>(text[pos]);
  if (c < 0x80) return 1;
  size_t length = 0;
  const uint32_t code = code_point_at(text, pos, &length);
  if (length == 1) return 0;
  const bool overlong = code < (length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u);
  return overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : length;
}

inline int hex_value(char c) {
  return is_digit(c)            ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// The words of RFC 2047 in their place, white space between two of them left out. False: there is none.
bool decode_words(const MetadataReading& in, MetadataReading* out);
// What runs of base64 (RFC 4648, either alphabet, at any of the four places where it may begin) hold of text.
// False: nothing.
bool decode_base64_runs(const MetadataReading& in, MetadataReading* out);

}  // namespace weir
