// The characters that a plain reading of a text would stumble over between two digits.
#pragma once

#include <cstdint>

namespace weir {

// A decimal digit outside ASCII, or invisible.
bool is_special(uint32_t cp);
// Value 0-9 of a decimal digit outside ASCII (general category Nd), else -1.
int other_digit_value(uint32_t cp);
// Shows nothing between two digits: zero-width, soft hyphen, byte-order mark, variation selectors,
// direction marks, the enclosing keycap.
bool is_invisible(uint32_t cp);

}  // namespace weir
