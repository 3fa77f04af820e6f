#include "signatures/validators/domains.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace weir {
namespace {

#include "signatures/validators/top_level_domains.inc"
static_assert(std::is_sorted(std::begin(kTopLevel), std::end(kTopLevel)));

// Delegated all the same, but before anything else the ends of files' names.
constexpr std::string_view kFiles[] = {"map", "mov", "zip"};

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// The place of two or three lower-case letters, which the ends of most addresses are, in a table of the
// short ones.
constexpr size_t short_place(std::string_view label) {
  size_t place = 0;
  for (const char c : label) place = place * 27 + static_cast<size_t>(c - 'a') + 1;
  return place;
}
constexpr auto kShortTable = [] {
  std::array<bool, 27 * 27 * 27> table{};
  for (const std::string_view name : kTopLevel) {
    if (name.size() <= 3) table[short_place(name)] = true;
  }
  for (const std::string_view name : kFiles) table[short_place(name)] = false;
  return table;
}();

// Sorted.
constexpr std::string_view kFileLike[] = {"ac", "ai", "am", "as", "bz", "cc", "in", "la", "md", "mk", "mm",
                                          "mo", "pl", "pm", "ps", "py", "rs", "sh", "so", "st", "tf", "vi"};
static_assert(std::is_sorted(std::begin(kFileLike), std::end(kFileLike)));

}  // namespace

bool is_plausible_tld(std::string_view label) {
  if (label.size() <= 3) return std::ranges::all_of(label, is_lower) && kShortTable[short_place(label)];
  return std::binary_search(std::begin(kTopLevel), std::end(kTopLevel), label) ||
         std::binary_search(std::begin(kInternational), std::end(kInternational), label);
}

bool is_file_like_tld(std::string_view label) {
  return std::binary_search(std::begin(kFileLike), std::end(kFileLike), label);
}

}  // namespace weir
