#include "sensor/match/vetoes.h"

#include <algorithm>

#include "sensor/match/characters.h"
#include "sensor/match/context.h"

namespace weir {

namespace {

constexpr size_t kShortestHex = 12;     // a MAC address without colons; shorter ones are words and codes
constexpr size_t kShortestBase64 = 24;  // 16 bytes

// A value and how far to look. What is looked at is ASCII up to the first byte that ends the look, so that
// characters are bytes.
struct Surroundings {
  Surroundings(std::string_view t, size_t b, size_t e)
      : text(t),
        begin(b),
        end(e),
        floor(b - std::min(b, kContextBack)),
        ceiling(std::min(t.size(), e + kContextOn)) {}
  std::string_view text;
  size_t begin, end, floor, ceiling;
};

bool is_fraction(const Surroundings& p) {
  return p.begin >= p.floor + 2 && is_digit(p.text[p.begin]) && p.text[p.begin - 1] == '.' &&
         is_digit(p.text[p.begin - 2]);
}

// The letters and digits around the value: all hexadecimal with a letter among those outside it, or mixed as
// base64 is.
bool in_dense_token(const Surroundings& p) {
  size_t begin = p.begin, end = p.end;
  while (begin > p.floor && is_alphanumeric(p.text[begin - 1])) --begin;
  while (end < p.ceiling && is_alphanumeric(p.text[end])) ++end;
  if (begin == p.begin && end == p.end) return false;
  bool hex = true, hex_letter = false, upper = false, lower = false, digit = false;
  for (size_t i = begin; i < end; ++i) {
    const char c = p.text[i];
    hex = hex && is_hex_digit(c);
    if (i >= p.begin && i < p.end) continue;
    hex_letter = hex_letter || (is_hex_digit(c) && is_letter(c));
    upper = upper || (c >= 'A' && c <= 'Z');
    lower = lower || (c >= 'a' && c <= 'z');
    digit = digit || is_digit(c);
  }
  const size_t size = end - begin;
  return (hex && hex_letter && size >= kShortestHex) || (upper && lower && digit && size >= kShortestBase64);
}

// RFC 9562: 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text) {
  for (size_t i = 0; i < 36; ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is_hex_digit(text[i])) return false;
  }
  return true;
}

bool in_uuid(const Surroundings& p) {
  constexpr size_t kLength = 36;
  size_t begin = p.begin, end = p.end;
  while (begin > p.floor && (is_hex_digit(p.text[begin - 1]) || p.text[begin - 1] == '-')) --begin;
  while (end < p.ceiling && (is_hex_digit(p.text[end]) || p.text[end] == '-')) ++end;
  for (size_t at = begin; at + kLength <= end; ++at) {
    if (at <= p.begin && at + kLength >= p.end && is_uuid(p.text.substr(at, kLength))) return true;
  }
  return false;
}

}  // namespace

bool inside_other_token(std::string_view text, size_t begin, size_t end) {
  const Surroundings place(text, begin, end);
  return is_fraction(place) || in_dense_token(place) || in_uuid(place);
}

}  // namespace weir
