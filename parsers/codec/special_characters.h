// The characters that a plain reading of a text would stumble over inside a value: digits of other scripts,
// the full-width forms of ASCII, spaces and dashes of every kind, what shows nothing at all.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir {

// A decimal digit outside ASCII, a full-width letter or sign that values are written with, or invisible;
// whatever stands around it. (Full-width punctuation is none: Chinese text is full of it.)
bool is_special(uint32_t cp);
// … or, at p[i] of `n` bytes of sound UTF-8, a space, dash or dot between two parts of what may be one value.
bool is_special_at(const uint8_t* p, size_t n, size_t i);
// Value 0-9 of a decimal digit outside ASCII (general category Nd), else -1.
int other_digit_value(uint32_t cp);
// The ASCII character that stands for one beyond ASCII where values are looked for: digits by value,
// U+FF01-FF5E, a space for each of category Zs, a hyphen for each of Pd and the minus sign; else 0.
char plain_form(uint32_t cp);
// Shows nothing between two digits: zero-width, soft hyphen, byte-order mark, variation selectors,
// direction marks, the enclosing keycap.
bool is_invisible(uint32_t cp);

}  // namespace weir
