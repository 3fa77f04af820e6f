#include "parsers/codec/special_characters.h"

#include <unicode/uchar.h>

#include <array>

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

}  // namespace

bool is_special(uint32_t cp) {
  if (cp < kSmall) return kSpecial.has(cp);
  if (cp < 0xa620 || (cp >= 0xac00 && cp < 0xfe00)) return false;  // CJK, Hangul, private use
  return invisible(cp) || u_charDigitValue(static_cast<UChar32>(cp)) >= 0;
}

int other_digit_value(uint32_t cp) {
  if (cp < 0x80 || !is_special(cp)) return -1;
  return u_charDigitValue(static_cast<UChar32>(cp));
}

bool is_invisible(uint32_t cp) { return invisible(cp); }

}  // namespace weir
