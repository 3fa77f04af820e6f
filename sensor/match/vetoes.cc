#include "sensor/match/vetoes.h"

#include <algorithm>

#include "sensor/match/characters.h"
#include "sensor/match/context.h"
#include "sensor/match/touching.h"

namespace weir {

namespace {

constexpr size_t kShortestHex = 12;        // a MAC address without colons; shorter ones are words and codes
constexpr size_t kShortestHexAround = 24;  // … around what region, date and check speak for
constexpr size_t kShortestBase64 = 24;     // 16 bytes

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

// The number in front of a list's entry that ends at `end` (text[end] is its point): at most three digits, at
// a line's begin. 0 where there is none.
int entry_number(std::string_view text, size_t end, size_t floor, size_t* begin) {
  size_t at = end;
  int number = 0, scale = 1;
  for (; at > floor && is_digit(text[at - 1]) && end - at < 3; --at, scale *= 10) {
    number += (text[at - 1] - '0') * scale;
  }
  *begin = at;
  return at == end || text[at] == '0' ? 0 : number;
}

bool at_line_begin(std::string_view text, size_t pos) {
  while (pos > 0 && (text[pos - 1] == ' ' || text[pos - 1] == '\t')) --pos;
  return pos == 0 || text[pos - 1] == '\n' || text[pos - 1] == '\r';
}

// The entry before or after this one bears the number next to it.
bool goes_on_counting(const Surroundings& p, size_t line, int number) {
  const auto entry = [&](size_t at, int wanted) {
    while (at < p.ceiling && (p.text[at] == ' ' || p.text[at] == '\t')) ++at;
    int read = 0;
    size_t digits = 0;
    for (; at < p.ceiling && is_digit(p.text[at]) && digits < 4; ++at, ++digits) {
      read = 10 * read + (p.text[at] - '0');
    }
    return digits > 0 && read == wanted && at < p.ceiling && p.text[at] == '.';
  };
  const size_t next = p.text.substr(0, p.ceiling).find('\n', p.end);
  if (next != std::string_view::npos && entry(next + 1, number + 1)) return true;
  if (line <= p.floor || number < 2) return false;
  // The line before begins where the one before that ends.
  size_t before = p.text.find_last_of('\n', line - 1);
  if (before == std::string_view::npos || before <= p.floor) return false;
  before = p.text.find_last_of('\n', before - 1);
  return before == std::string_view::npos ? entry(0, number - 1)
                                          : before >= p.floor && entry(before + 1, number - 1);
}

// The digits behind a decimal point, but for those of a list (`1.110101…`). `strong`: more than chance speaks
// for the value, so that a number before the point is sooner a list's.
bool is_fraction(const Surroundings& p, bool strong) {
  if (p.begin == 0 || p.text[p.begin - 1] != '.' || !is_digit(p.text[p.begin])) return false;
  if (p.begin < p.floor + 2) return !strong;
  const size_t point = p.begin - 1;
  const char before = p.text[point - 1];
  if (is_digit(before)) {
    size_t begin = point;
    const int number = entry_number(p.text, point, p.floor, &begin);
    if (number == 0) return true;
    const char ahead = begin > 0 ? p.text[begin - 1] : '\n';
    if (is_alphanumeric(ahead) || std::string_view(".,-+$").find(ahead) != std::string_view::npos)
      return true;
    if (strong) return false;
    return !at_line_begin(p.text, begin) || !goes_on_counting(p, begin, number);
  }
  if (strong) return false;
  // A command of an SVG path, `C.45`; not a word, `No.139`.
  if (is_letter(before)) {
    const bool alone =
        point < p.floor + 2 || !is_alphanumeric(p.text[point - 2]) || is_digit(p.text[point - 2]);
    return alone && std::string_view("MmLlHhVvCcSsQqTtAaZz").find(before) != std::string_view::npos;
  }
  return static_cast<unsigned char>(before) < 0x80 &&
         std::string_view(".)]}\"'").find(before) == std::string_view::npos;
}

// The letters and digits around the value: all hexadecimal with a letter among those outside it, or mixed as
// base64 is.
bool in_dense_token(const Surroundings& p, bool strong) {
  size_t begin = p.begin, end = p.end;
  while (begin > p.floor && is_alphanumeric(p.text[begin - 1])) --begin;
  while (end < p.ceiling && is_alphanumeric(p.text[end])) ++end;
  if (begin < p.begin && after_escape(p.text, p.begin)) begin = p.begin;
  if (begin == p.begin && end == p.end) return false;
  if (length_prefixed(p.text, p.begin, p.end)) return false;
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
  return (hex && hex_letter && size >= (strong ? kShortestHexAround : kShortestHex)) ||
         (upper && lower && digit && size >= kShortestBase64);
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

bool inside_other_token(std::string_view text, size_t begin, size_t end, bool strong) {
  const Surroundings place(text, begin, end);
  return is_fraction(place, strong) || in_dense_token(place, strong) || in_uuid(place);
}

}  // namespace weir
