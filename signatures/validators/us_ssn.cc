// Social security numbers: the structural rules that hold since numbers are given out at random (SSA, June
// 2011).
#include <algorithm>
#include <array>

#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

// Printed in wallets, in a leaflet of the Administration and in advertisements; never valid again.
constexpr std::string_view kPublished[] = {"078051120", "219099999", "457555462"};

}  // namespace

ValidatorResult validate_us_ssn(std::string_view value, const ValidatorContext&) {
  const bool grouped = value.size() == 11 && value[3] == value[6] && (value[3] == '-' || value[3] == ' ');
  if (!grouped && value.size() != 9) return {};
  std::array<char, 9> digits{};
  size_t n = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (grouped && (i == 3 || i == 6)) continue;
    if (!is_ascii_digit(value[i])) return {};
    digits[n++] = value[i];
  }
  const std::string_view number(digits.data(), digits.size());
  const std::string_view area = number.substr(0, 3);
  if (area == "000" || area == "666" || area[0] == '9') return {};
  if (number.substr(3, 2) == "00" || number.substr(5) == "0000") return {};
  if (std::find(std::begin(kPublished), std::end(kPublished), number) != std::end(kPublished)) return {};
  const bool hyphens = grouped && value[3] == '-';
  const unsigned form = hyphens ? 0u : unsigned{kEvidenceNeedsKeyword};
  return {true, static_cast<uint8_t>(kEvidenceAssignedRange | form)};
}

}  // namespace weir
