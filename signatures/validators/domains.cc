#include "signatures/validators/domains.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace weir {
namespace {

#include "signatures/validators/top_level_domains.inc"
static_assert(std::is_sorted(std::begin(kTopLevel), std::end(kTopLevel)));

// Delegated all the same, but before anything else the ends of files' names. Sorted.
constexpr std::string_view kFiles[] = {"map", "mov", "zip"};
static_assert(std::is_sorted(std::begin(kFiles), std::end(kFiles)));

// Of two letters, which most are.
constexpr auto kCountryTable = [] {
  std::array<bool, 26 * 26> table{};
  for (const std::string_view name : kTopLevel) {
    if (name.size() != 2) continue;
    table[static_cast<size_t>(name[0] - 'a') * 26 + static_cast<size_t>(name[1] - 'a')] = true;
  }
  return table;
}();

// Sorted.
constexpr std::string_view kFileLike[] = {"ac", "ai", "am", "as", "bz", "cc", "in", "la", "md", "mk", "mm",
                                          "mo", "pl", "pm", "ps", "py", "rs", "sh", "so", "st", "tf", "vi"};
static_assert(std::is_sorted(std::begin(kFileLike), std::end(kFileLike)));

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

bool is_plausible_tld(std::string_view label) {
  if (label.size() == 2) {
    return is_lower(label[0]) && is_lower(label[1]) &&
           kCountryTable[static_cast<size_t>(label[0] - 'a') * 26 + static_cast<size_t>(label[1] - 'a')];
  }
  if (std::binary_search(std::begin(kFiles), std::end(kFiles), label)) return false;
  return std::binary_search(std::begin(kTopLevel), std::end(kTopLevel), label) ||
         std::binary_search(std::begin(kInternational), std::end(kInternational), label);
}

bool is_file_like_tld(std::string_view label) {
  return std::binary_search(std::begin(kFileLike), std::end(kFileLike), label);
}

}  // namespace weir
