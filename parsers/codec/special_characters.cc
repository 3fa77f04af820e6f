#include "parsers/codec/special_characters.h"

#include <unicode/uchar.h>

#include <array>

#include "parsers/codec/text_scan.h"

namespace weir {
namespace {

constexpr uint32_t kSmall = 0x3000;  // below: one bit a character; above: ranges

constexpr bool invisible(uint32_t cp) {
  return cp == 0x00ad || cp == 0x034f || cp == 0x061c || (cp >= 0x180b && cp <= 0x180f) ||
         (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) ||
         cp == 0x20e3 || (cp >= 0xfe00 && cp <= 0xfe0f) || cp == 0xfeff || (cp >= 0xe0100 && cp <= 0xe01ef);
}

// Which characters below kSmall are special, from ICU's character data.
struct SpecialBits {
  std::array<uint64_t, kSmall / 64> bits{};
  SpecialBits() {
    for (uint32_t cp = 0x80; cp < kSmall; ++cp) {
      if (invisible(cp) || u_charDigitValue(static_cast<UChar32>(cp)) >= 0) {
        bits[cp / 64] |= uint64_t{1} << (cp % 64);
      }
    }
  }
  bool has(uint32_t cp) const { return (bits[cp / 64] >> (cp % 64) & 1) != 0; }
};
const SpecialBits kSpecial;

// Han, kana, Hangul, private use: none is anything here.
constexpr bool is_ideograph(uint32_t cp) {
  return (cp >= 0x3031 && cp < 0xa620 && cp != 0x30a0) || (cp >= 0xac00 && cp < 0xfe00);
}

constexpr bool is_wide_form(uint32_t cp) { return cp >= 0xff01 && cp <= 0xff5e; }

bool is_digit(uint8_t b) { return b >= '0' && b <= '9'; }
bool is_alphanumeric(uint8_t b) { return is_digit(b) || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z'); }

}  // namespace

bool is_special(uint32_t cp) {
  if (cp < kSmall) return kSpecial.has(cp);
  if (is_ideograph(cp)) return false;
  // U+FF20 is the '@'.
  if (is_wide_form(cp))
    return (cp >= 0xff10 && cp <= 0xff19) || (cp >= 0xff20 && cp <= 0xff5a && cp != 0xff3b && cp != 0xff3d);
  return invisible(cp) || u_charDigitValue(static_cast<UChar32>(cp)) >= 0;
}

bool is_special_at(const uint8_t* p, size_t n, size_t i) {
  size_t length;
  const uint32_t cp = utf8_at(p + i, &length);
  if (is_special(cp)) return true;
  if (is_ideograph(cp) || i == 0 || i + length >= n) return false;
  const uint8_t before = p[i - 1], after = p[i + length];
  if (cp == 0xff0e) return is_alphanumeric(before) && is_alphanumeric(after);
  // Two digits on either side, or a bracket behind: 139-0000, A123456 (3). Most of them stand elsewhere.
  if (!is_digit(before)) return false;
  const bool digits =
      i >= 2 && i + length + 1 < n && is_digit(p[i - 2]) && is_digit(after) && is_digit(p[i + length + 1]);
  if (!digits && after != '(') return false;
  const char plain = plain_form(cp);
  return plain == ' ' || plain == '-';
}

int other_digit_value(uint32_t cp) {
  if (cp < 0x80 || is_ideograph(cp) || !is_special(cp)) return -1;
  return u_charDigitValue(static_cast<UChar32>(cp));
}

char plain_form(uint32_t cp) {
  if (cp < 0x80 || is_ideograph(cp)) return 0;
  if (is_wide_form(cp)) return static_cast<char>(cp - 0xfee0);
  if (const int value = other_digit_value(cp); value >= 0) return static_cast<char>('0' + value);
  switch (u_charType(static_cast<UChar32>(cp))) {
    case U_SPACE_SEPARATOR:
      return ' ';
    case U_DASH_PUNCTUATION:
      return '-';
    default:
      return cp == 0x2212 ? '-' : '\0';
  }
}

bool is_invisible(uint32_t cp) { return invisible(cp); }

}  // namespace weir
