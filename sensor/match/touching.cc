#include "sensor/match/touching.h"

#include <algorithm>

#include "signatures/compiler/escape_edge.h"

namespace weir {

namespace {

bool all_hex(std::string_view text) { return std::ranges::all_of(text, is_hex_digit); }

}  // namespace

bool after_escape(std::string_view text, size_t begin) {
  return ends_escape(text, begin) ||
         (begin >= 3 && text[begin - 3] == '%' && all_hex(text.substr(begin - 2, 2)));
}

bool bold_before(std::string_view text, size_t begin, size_t most) {
  size_t at = begin;
  while (at > 0 && text[at - 1] == '*' && begin - at <= most) --at;
  return begin - at <= most && (at == 0 || !is_alphanumeric(text[at - 1]));
}

bool bold_after(std::string_view text, size_t end, size_t most) {
  size_t at = end;
  while (at < text.size() && text[at] == '*' && at - end <= most) ++at;
  return at - end <= most && (at == text.size() || !is_alphanumeric(text[at]));
}

}  // namespace weir
