#include "sensor/match/local_part.h"

#include <algorithm>
#include <array>

#include "sensor/match/characters.h"
#include "signatures/compiler/escape_edge.h"

namespace weir {

namespace {

constexpr size_t kLongestDomain = 254;  // RFC 5321, 4.5.3.1.3

// By byte.
constexpr std::array<bool, 256> kLocal = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 128; ++c) table[c] = is_alphanumeric(static_cast<char>(c));
  for (const char c : std::string_view("._%+-'")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
bool is_local(char c) { return kLocal[static_cast<unsigned char>(c)]; }

// The letter beyond ASCII that ends at `end`: its bytes, 0 where there is none.
size_t letter_before(std::string_view text, size_t end, size_t floor, bool* unspaced) {
  if (end == floor || static_cast<signed char>(text[end - 1]) >= 0) return 0;
  const size_t begin = step_back(text, end, 1, floor);
  size_t length = 0;
  const uint32_t code = code_point_at(text, begin, &length);
  *unspaced = code >= 0x3041 && code < 0xD7A4;
  return (code >= 0xC0 && code < 0x2000 && code != 0xD7 && code != 0xF7) || *unspaced ? end - begin : 0;
}

// Does the address at whose '@' this is end before an apostrophe?
bool quoted(std::string_view text, size_t at) {
  const size_t most = std::min(text.size(), at + 1 + kLongestDomain);
  size_t end = at + 1;
  while (end < most && (is_alphanumeric(text[end]) || text[end] == '.' || text[end] == '-')) ++end;
  return end < text.size() && text[end] == '\'';
}

// d'Amico, O'Brien, dell'Acqua; not N'… or b'…, which are quotes of SQL and Python.
bool in_name(std::string_view text, size_t begin, size_t apostrophe, size_t at) {
  if (apostrophe == begin || apostrophe + 1 == at) return false;
  if (!is_letter(text[apostrophe - 1]) || !is_letter(text[apostrophe + 1])) return false;
  const bool alone = apostrophe - 1 == begin;
  return !alone || std::string_view("dDlLmMoO").find(text[begin]) != std::string_view::npos;
}

}  // namespace

size_t local_part_begin(std::string_view text, size_t at, size_t floor) {
  size_t begin = at;
  bool unspaced = false;
  // Chinese goes right up to an address: it belongs to one only where it stands before the '@' itself.
  const bool wide = letter_before(text, at, floor, &unspaced) > 0 && unspaced;
  bool apostrophes = false;
  while (begin > floor) {
    if (const char c = text[begin - 1]; is_local(c)) {
      apostrophes = apostrophes || c == '\'';
      --begin;
      continue;
    }
    const size_t length = letter_before(text, begin, floor, &unspaced);
    if (length == 0 || unspaced != wide) break;
    begin -= length;
  }
  if (begin < at && begins_escape(text, begin)) begin = std::min(at, begin + escape_length(text, begin));
  if (!apostrophes) return begin;
  const size_t apostrophe = text.substr(begin, at - begin).rfind('\'');
  if (apostrophe != std::string_view::npos &&
      (!in_name(text, begin, begin + apostrophe, at) || quoted(text, at))) {
    begin += apostrophe + 1;
  }
  return begin;
}

}  // namespace weir
