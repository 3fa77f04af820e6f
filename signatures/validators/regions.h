// Tables of regions that identifiers start with: provinces (GB/T 2260) and telephone areas of the mainland.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// The first two digits of a GB/T 2260 code: 11-15 21-23 31-37 41-46 50-54 61-65 71 81 82.
bool is_cn_province_code(std::string_view two_digits);

enum class SubscriberLength : uint8_t {
  kUnknownArea,   // no such area
  kSeven,         // seven digits after the area code
  kEight,         // eight
  kSevenOrEight,  // both are in use while the area changes over
};

// `area` without the leading 0: "10", "21", "755". Two-digit areas have eight-digit numbers.
SubscriberLength cn_landline_length(std::string_view area);

}  // namespace weir
