#include "parsers/codec/text_scan.h"

#include <immintrin.h>
#include <unicode/uchar.h>

#include <array>
#include <bit>
#include <cstring>

namespace weir {

namespace {

// Bits of the flags that single ASCII bytes raise.
constexpr uint8_t kPercent = 1;
constexpr uint8_t kBackslash = 2;
constexpr uint8_t kPlus = 4;

struct AsciiRun {
  size_t length = 0;  // up to the first byte >= 0x80, or all
  uint8_t flags = 0;
};

uint8_t flag_of(uint8_t b) {
  return static_cast<uint8_t>((b == '%' ? kPercent : 0) | (b == '\\' ? kBackslash : 0) |
                              (b == '+' ? kPlus : 0));
}

// Ends a run that the vector loops left at `i` (fewer bytes than a vector, or a vector with a high byte).
AsciiRun scalar_run(const uint8_t* p, size_t n, size_t i, uint8_t flags) {
  for (; i < n && p[i] < 0x80; ++i) flags |= flag_of(p[i]);
  return {i, flags};
}

AsciiRun ascii_run_sse2(const uint8_t* p, size_t n) {
  const __m128i percent = _mm_set1_epi8('%');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i plus = _mm_set1_epi8('+');
  __m128i seen_percent = _mm_setzero_si128();
  __m128i seen_backslash = _mm_setzero_si128();
  __m128i seen_plus = _mm_setzero_si128();
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    if (_mm_movemask_epi8(v) != 0) break;
    seen_percent = _mm_or_si128(seen_percent, _mm_cmpeq_epi8(v, percent));
    seen_backslash = _mm_or_si128(seen_backslash, _mm_cmpeq_epi8(v, backslash));
    seen_plus = _mm_or_si128(seen_plus, _mm_cmpeq_epi8(v, plus));
  }
  const auto flags = static_cast<uint8_t>((_mm_movemask_epi8(seen_percent) != 0 ? kPercent : 0) |
                                          (_mm_movemask_epi8(seen_backslash) != 0 ? kBackslash : 0) |
                                          (_mm_movemask_epi8(seen_plus) != 0 ? kPlus : 0));
  return scalar_run(p, n, i, flags);
}

__attribute__((target("avx2"))) AsciiRun ascii_run_avx2(const uint8_t* p, size_t n) {
  const __m256i percent = _mm256_set1_epi8('%');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i plus = _mm256_set1_epi8('+');
  __m256i seen_percent = _mm256_setzero_si256();
  __m256i seen_backslash = _mm256_setzero_si256();
  __m256i seen_plus = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i + 32));
    if (_mm256_movemask_epi8(_mm256_or_si256(a, b)) != 0) break;
    seen_percent = _mm256_or_si256(
        seen_percent, _mm256_or_si256(_mm256_cmpeq_epi8(a, percent), _mm256_cmpeq_epi8(b, percent)));
    seen_backslash = _mm256_or_si256(
        seen_backslash, _mm256_or_si256(_mm256_cmpeq_epi8(a, backslash), _mm256_cmpeq_epi8(b, backslash)));
    seen_plus =
        _mm256_or_si256(seen_plus, _mm256_or_si256(_mm256_cmpeq_epi8(a, plus), _mm256_cmpeq_epi8(b, plus)));
  }
  auto flags = static_cast<uint8_t>((_mm256_movemask_epi8(seen_percent) != 0 ? kPercent : 0) |
                                    (_mm256_movemask_epi8(seen_backslash) != 0 ? kBackslash : 0) |
                                    (_mm256_movemask_epi8(seen_plus) != 0 ? kPlus : 0));
  const AsciiRun rest = ascii_run_sse2(p + i, n - i);
  flags |= rest.flags;
  return {i + rest.length, flags};
}

using AsciiRunFn = AsciiRun (*)(const uint8_t*, size_t);
AsciiRunFn pick_ascii_run() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") ? ascii_run_avx2 : ascii_run_sse2;
}
const AsciiRunFn ascii_run = pick_ascii_run();

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

bool is_special(uint32_t cp) {
  if (cp < kSmall) return kSpecial.has(cp);
  if (cp < 0xa620 || (cp >= 0xac00 && cp < 0xfe00)) return false;  // CJK, Hangul, private use
  return invisible(cp) || u_charDigitValue(static_cast<UChar32>(cp)) >= 0;
}

}  // namespace

size_t utf8_length(const uint8_t* p, size_t n, size_t* subpart, bool* cut) {
  const uint8_t b = p[0];
  *subpart = 1;
  *cut = false;
  if (b < 0x80) return 1;
  if (b < 0xc2 || b > 0xf4) return 0;
  const size_t length = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
  uint8_t low = 0x80;
  uint8_t high = 0xbf;
  if (b == 0xe0) low = 0xa0;
  if (b == 0xed) high = 0x9f;
  if (b == 0xf0) low = 0x90;
  if (b == 0xf4) high = 0x8f;
  for (size_t i = 1; i < length; ++i) {
    if (i == n) {
      *cut = true;
      return 0;
    }
    if (p[i] < low || p[i] > high) return 0;
    low = 0x80;
    high = 0xbf;
    *subpart = i + 1;
  }
  return length;
}

namespace {

// Validity of sixteen bytes at a time: every pair of neighbouring bytes is looked up by three half-bytes,
// each lookup giving the faults that it allows; a fault that all three allow is one. What remains are second
// and third continuations, which must stand exactly where a lead of three or four bytes wants them.
// (J. Keiser, D. Lemire: Validating UTF-8 in less than one instruction per byte, 2021.)
class Utf8Blocks {
 public:
  // True if the block `v`, with those before it, is sound as far as it goes.
  bool take(__m128i v) {
    const __m128i before1 = _mm_alignr_epi8(v, last_, 15);
    const __m128i before2 = _mm_alignr_epi8(v, last_, 14);
    const __m128i before3 = _mm_alignr_epi8(v, last_, 13);
    const __m128i faults = _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(first_high_, high(before1)),
                                                       _mm_shuffle_epi8(first_low_, low(before1))),
                                         _mm_shuffle_epi8(second_high_, high(v)));
    const __m128i third = _mm_subs_epu8(before2, _mm_set1_epi8(0xe0 - 0x80));
    const __m128i fourth = _mm_subs_epu8(before3, _mm_set1_epi8(static_cast<char>(0xf0 - 0x80)));
    const __m128i wanted = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
    last_ = v;
    const __m128i wrong = _mm_xor_si128(wanted, faults);
    return _mm_testz_si128(wrong, wrong) != 0;
  }

 private:
  static __m128i high(__m128i v) { return _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(0x0f)); }
  static __m128i low(__m128i v) { return _mm_and_si128(v, _mm_set1_epi8(0x0f)); }

  enum : uint8_t {
    kTooShort = 1,       // a lead, and no continuation
    kTooLong = 2,        // ASCII, and a continuation
    kOverlong3 = 4,      // E0 80-9F
    kTooLarge = 8,       // F4 90-BF, F5-FF
    kSurrogate = 16,     // ED A0-BF
    kOverlong2 = 32,     // C0, C1
    kTooLarge1000 = 64,  // F5-FF 80-8F
    kOverlong4 = 64,     // F0 80-8F
    kTwo = 128,          // two continuations: right or wrong as the lead before them wants
    kAnyLow = kTooShort | kTooLong | kTwo,
  };
  static __m128i table(std::array<uint8_t, 16> t) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(t.data()));
  }

  static constexpr uint8_t kLarge = kAnyLow | kTooLarge | kTooLarge1000;
  static constexpr uint8_t kSecond = kTooLong | kOverlong2 | kTwo;
  const __m128i first_high_ =
      table({kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTwo, kTwo, kTwo,
             kTwo, kTooShort | kOverlong2, kTooShort, kTooShort | kOverlong3 | kSurrogate,
             kTooShort | kTooLarge | kTooLarge1000 | kOverlong4});
  const __m128i first_low_ = table({kAnyLow | kOverlong3 | kOverlong2 | kOverlong4, kAnyLow | kOverlong2,
                                    kAnyLow, kAnyLow, kAnyLow | kTooLarge, kLarge, kLarge, kLarge, kLarge,
                                    kLarge, kLarge, kLarge, kLarge, kLarge | kSurrogate, kLarge, kLarge});
  const __m128i second_high_ =
      table({kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
             kSecond | kOverlong3 | kTooLarge1000 | kOverlong4, kSecond | kOverlong3 | kTooLarge,
             kSecond | kSurrogate | kTooLarge, kSecond | kSurrogate | kTooLarge, kTooShort, kTooShort,
             kTooShort, kTooShort});
  __m128i last_ = _mm_setzero_si128();
};

__m128i in_range(__m128i v, uint8_t from, uint8_t to) {
  const __m128i shifted = _mm_sub_epi8(v, _mm_set1_epi8(static_cast<char>(from)));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(static_cast<char>(to - from))), shifted);
}
__m128i equal(__m128i v, uint8_t b) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(static_cast<char>(b))); }

// Where in the block at `p` (18 bytes) a character begins that may be special. Leads that Chinese text is
// full of are told apart by their next bytes; the others are looked up one by one.
unsigned special_leads(const uint8_t* p, __m128i v) {
  // By half-bytes: C2 CD D8 D9 DB DF E0 E1 EA F0 F3.
  const __m128i by_high = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8);
  const __m128i by_low = _mm_setr_epi8(4 | 8, 4, 1, 8, 0, 0, 0, 0, 2, 2, 4, 2, 0, 1, 0, 2);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(0x0f));
  const __m128i low = _mm_and_si128(v, _mm_set1_epi8(0x0f));
  const __m128i none = _mm_cmpeq_epi8(
      _mm_and_si128(_mm_shuffle_epi8(by_high, high), _mm_shuffle_epi8(by_low, low)), _mm_setzero_si128());
  unsigned found = ~static_cast<unsigned>(_mm_movemask_epi8(none)) & 0xffffu;
  const __m128i ef = equal(v, 0xef);
  const __m128i e2 = equal(v, 0xe2);
  if (_mm_movemask_epi8(_mm_or_si128(ef, e2)) == 0) return found;
  const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1));
  const __m128i third = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 2));
  // U+FFxx: the digits FF10-FF19; FExx: all of FE00-FE3F and FEC0-FEFF.
  const __m128i wide = _mm_and_si128(equal(next, 0xbc), in_range(third, 0x90, 0x99));
  const __m128i after_ef = _mm_or_si128(wide, _mm_or_si128(equal(next, 0xb8), equal(next, 0xbb)));
  // U+200B-200F and 202A-202E, not the quotes and dashes between; 2040-207F, 20C0-20FF.
  const __m128i zero = _mm_and_si128(equal(next, 0x80),
                                     _mm_or_si128(in_range(third, 0x8b, 0x8f), in_range(third, 0xaa, 0xae)));
  const __m128i after_e2 = _mm_or_si128(zero, _mm_or_si128(equal(next, 0x81), equal(next, 0x83)));
  found |= static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(_mm_and_si128(ef, after_ef), _mm_and_si128(e2, after_e2))));
  return found;
}

}  // namespace

TextScan scan_text(Bytes bytes) {
  TextScan scan;
  const uint8_t* p = bytes.data();
  const size_t n = bytes.size();
  const AsciiRun run = ascii_run(p, n);
  uint8_t flags = run.flags;
  size_t i = run.length;
  bool special = false;
  scan.ascii = i == n;

  // Whole blocks, with two bytes to look ahead.
  Utf8Blocks blocks;
  __m128i seen[3] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  const size_t first = i;
  unsigned check = 0;  // places in the last block where a special character may begin
  size_t checked_block = 0;
  for (; i + 18 <= n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    if (!blocks.take(v)) break;
    // The block before is sound now, also the character that went over its end.
    for (unsigned m = check; m != 0 && !special; m &= m - 1) {
      size_t length;
      special = is_special(utf8_at(p + checked_block + static_cast<size_t>(std::countr_zero(m)), &length));
    }
    check = special ? 0 : special_leads(p + i, v);
    checked_block = i;
    seen[0] = _mm_or_si128(seen[0], equal(v, '%'));
    seen[1] = _mm_or_si128(seen[1], equal(v, '\\'));
    seen[2] = _mm_or_si128(seen[2], equal(v, '+'));
  }
  flags |= static_cast<uint8_t>((_mm_movemask_epi8(seen[0]) != 0 ? kPercent : 0) |
                                (_mm_movemask_epi8(seen[1]) != 0 ? kBackslash : 0) |
                                (_mm_movemask_epi8(seen[2]) != 0 ? kPlus : 0));
  // The rest one by one, from the character that goes over the last block's end.
  for (size_t back = 1; back <= 3 && i >= first + back; ++back) {
    const uint8_t b = p[i - back];
    if (b < 0x80) break;
    if (b < 0xc0) continue;
    if (back < (b < 0xe0 ? 2u : b < 0xf0 ? 3u : 4u)) i -= back;
    break;
  }
  for (unsigned m = check; m != 0 && !special; m &= m - 1) {
    const size_t at = checked_block + static_cast<size_t>(std::countr_zero(m));
    if (at >= i) break;
    size_t length;
    special = is_special(utf8_at(p + at, &length));
  }
  while (i < n) {
    const uint8_t b = p[i];
    if (b < 0x80) {
      flags |= flag_of(b);
      ++i;
      continue;
    }
    size_t subpart;
    bool cut;
    size_t length = utf8_length(p + i, n - i, &subpart, &cut);
    if (length == 0) {
      scan.cut = cut;
      break;
    }
    special |= is_special(utf8_at(p + i, &length));
    i += length;
  }
  scan.valid = i;
  scan.percent = (flags & kPercent) != 0;
  scan.backslash = (flags & kBackslash) != 0;
  scan.plus = (flags & kPlus) != 0;
  scan.special = special;
  return scan;
}

size_t find_not_plain(Bytes bytes) {
  const uint8_t* p = bytes.data();
  const size_t n = bytes.size();
  size_t i = 0;
  const __m128i one = _mm_set1_epi8(1);
  for (; i + 16 <= n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    // Signed: 0x00 and 0x80-0xff are below 1.
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmplt_epi8(v, one)));
    if (mask != 0) return i + static_cast<size_t>(std::countr_zero(mask));
  }
  for (; i < n; ++i) {
    if (p[i] == 0 || p[i] >= 0x80) return i;
  }
  return n;
}

size_t find_not_ascii(Bytes bytes) {
  const uint8_t* p = bytes.data();
  const size_t n = bytes.size();
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(v));
    if (mask != 0) return i + static_cast<size_t>(std::countr_zero(mask));
  }
  for (; i < n; ++i) {
    if (p[i] >= 0x80) return i;
  }
  return n;
}

void copy_as_ascii(char* out, const uint8_t* in, size_t n) {
  size_t i = 0;
  const __m128i substitute = _mm_set1_epi8(0x1a);
  for (; i + 16 <= n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
    const __m128i high = _mm_cmplt_epi8(v, _mm_setzero_si128());
    const __m128i kept = _mm_or_si128(_mm_andnot_si128(high, v), _mm_and_si128(high, substitute));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), kept);
  }
  for (; i < n; ++i) out[i] = in[i] < 0x80 ? static_cast<char>(in[i]) : '\x1a';
}

int other_digit_value(uint32_t cp) {
  if (cp < 0x80 || !is_special(cp)) return -1;
  return u_charDigitValue(static_cast<UChar32>(cp));
}

bool is_invisible(uint32_t cp) { return invisible(cp); }

}  // namespace weir
