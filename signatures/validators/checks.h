// The arithmetic that validators share and the matcher's vetoes use: check digits, repeated and sequential
// digits, numbers that are times. Pure functions over ASCII; a wrong character makes the answer `false`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_ascii_letter(char c) { return is_ascii_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_ascii_alphanumeric(char c) { return is_ascii_digit(c) || is_ascii_letter(c); }

// At least one character, and nothing but 0-9.
bool all_ascii_digits(std::string_view text);

// Luhn (ISO/IEC 7812-1 annex B) over all digits, the last being the check digit. At least two digits.
bool luhn(std::string_view digits);

// ISO 7064 MOD 11-2 over digits with a last character 0-9 or X (GB 11643-1999: weights 2^(n-i) mod 11).
bool mod11_2(std::string_view value);

// ISO 7064 MOD 97-10 over 0-9 A-Z (A = 10 … Z = 35), in the order given: the remainder is 1.
// An IBAN's first four characters must have been moved to the end by the caller (ISO 13616): see mod97_iban.
bool mod97(std::string_view value);
bool mod97_iban(std::string_view iban);

// GB 32100-2015: 18 characters of 0-9 A-H J-N P-R T-U W-Y, weights 3^i mod 31, the last being the check.
bool mod31(std::string_view value);

// A bar code: thirteen digits, weights 1 and 3, the last being the check (ISO/IEC 15420).
bool ean13(std::string_view digits);

// All digits of `value` are the same one (other characters are passed over); false with fewer than two
// digits.
bool all_digits_equal(std::string_view value);

// Every step between neighbouring digits is +1, or every step is -1, round the corner of 9 and 0 too. Other
// characters are passed over. With `has_check_digit` the last digit or letter is left out. Needs four digits.
bool sequential_digits(std::string_view value, bool has_check_digit);

enum class TimeForm : uint8_t {
  kNone,
  kSeconds,
  kMilliseconds,
  kMicroseconds,
  kNanoseconds,
  kTicks,
  kDateTime
};

// Does the number read as a time within ten years of `capture_time_s` (seconds since 1970, UTC)? Forms: Unix
// time of 10, 13, 16 or 19 digits, .NET's ticks (18 digits: 100 ns since the year 1), YYYYMMDDhhmmss. kNone
// for anything else.
TimeForm plausible_time(std::string_view digits, int64_t capture_time_s);

}  // namespace weir
