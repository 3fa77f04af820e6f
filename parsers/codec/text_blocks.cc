#include "parsers/codec/text_blocks.h"

#include <immintrin.h>

#include <bit>

#include "parsers/codec/special_characters.h"
#include "parsers/codec/text_scan.h"

namespace weir {
namespace {

// Validity of a block at a time: every pair of neighbouring bytes is looked up by three half-bytes, each
// lookup giving the faults that it allows; a fault that all three allow is one. What remains are second and
// third continuations, which must stand exactly where a lead of three or four bytes wants them.
// (J. Keiser, D. Lemire: Validating UTF-8 in less than one instruction per byte, 2021.)
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
  kLarge = kAnyLow | kTooLarge | kTooLarge1000,
  kSecond = kTooLong | kOverlong2 | kTwo,
};
// By the first byte's high half, its low half, and the second byte's high half.
alignas(16) constexpr uint8_t kFirstHigh[16] = {kTooLong,
                                                kTooLong,
                                                kTooLong,
                                                kTooLong,
                                                kTooLong,
                                                kTooLong,
                                                kTooLong,
                                                kTooLong,
                                                kTwo,
                                                kTwo,
                                                kTwo,
                                                kTwo,
                                                kTooShort | kOverlong2,
                                                kTooShort,
                                                kTooShort | kOverlong3 | kSurrogate,
                                                kTooShort | kTooLarge | kTooLarge1000 | kOverlong4};
alignas(16) constexpr uint8_t kFirstLow[16] = {kAnyLow | kOverlong3 | kOverlong2 | kOverlong4,
                                               kAnyLow | kOverlong2,
                                               kAnyLow,
                                               kAnyLow,
                                               kAnyLow | kTooLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge,
                                               kLarge | kSurrogate,
                                               kLarge,
                                               kLarge};
alignas(16) constexpr uint8_t kSecondHigh[16] = {kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kSecond | kOverlong3 | kTooLarge1000 | kOverlong4,
                                                 kSecond | kOverlong3 | kTooLarge,
                                                 kSecond | kSurrogate | kTooLarge,
                                                 kSecond | kSurrogate | kTooLarge,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort,
                                                 kTooShort};
// Leads of special characters but for E2 and EF, which Chinese text is full of: C2 CD D8 D9 DB DF E0 E1 EA F0
// F3, by half-bytes.
alignas(16) constexpr uint8_t kLeadHigh[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8};
alignas(16) constexpr uint8_t kLeadLow[16] = {4 | 8, 4, 1, 8, 0, 0, 0, 0, 2, 2, 4, 2, 0, 1, 0, 2};

// What may be special behind EF BC (－．, ０ to ９, ＠ to ＿) and behind E2 80 (spaces, zero-width, dashes,
// no quotes), by the third byte's half-bytes.
enum : uint8_t {
  kWide8 = 1,
  kWide9 = 2,
  kWideAbove = 4,
  kGeneral8 = 8,
  kGeneral9 = 16,
  kGeneralA = 32,
  kAnyWide = kWide8 | kWide9 | kWideAbove,
  kAnyGeneral = kGeneral8 | kGeneral9 | kGeneralA,
};
constexpr uint8_t kLow05 = kWide9 | kWideAbove | kGeneral8 | kGeneral9;
constexpr uint8_t kLow69 = kWide9 | kWideAbove | kGeneral8;
constexpr uint8_t kLowAf = kWideAbove | kGeneral8 | kGeneralA;
alignas(16) constexpr uint8_t kThirdHigh[16] = {
    0,          0, 0, 0, 0, 0, 0, 0, kWide8 | kGeneral8, kWide9 | kGeneral9, kWideAbove | kGeneralA,
    kWideAbove, 0, 0, 0, 0};
alignas(16) constexpr uint8_t kThirdLow[16] = {
    kLow05, kLow05, kLow05, kLow05, kLow05, kLow05,          kLow69,          kLow69,
    kLow69, kLow69, kLowAf, kLowAf, kLowAf, kLowAf | kWide8, kLowAf | kWide8, kLowAf};

// Whether one of the characters that begin at these bytes of the block at p[at] is special.
[[gnu::noinline]] bool any_special(const uint8_t* p, size_t n, size_t at, uint32_t leads) {
  for (; leads != 0; leads &= leads - 1) {
    if (is_special_at(p, n, at + static_cast<size_t>(std::countr_zero(leads)))) return true;
  }
  return false;
}

// ---- SSE, sixteen bytes ----

__m128i table(const uint8_t* t) { return _mm_load_si128(reinterpret_cast<const __m128i*>(t)); }
__m128i load(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
__m128i every(uint8_t b) { return _mm_set1_epi8(static_cast<char>(b)); }
__m128i equal(__m128i v, uint8_t b) { return _mm_cmpeq_epi8(v, every(b)); }
__m128i high(__m128i v) { return _mm_and_si128(_mm_srli_epi16(v, 4), every(0x0f)); }
__m128i low(__m128i v) { return _mm_and_si128(v, every(0x0f)); }
__m128i in_range(__m128i v, uint8_t from, uint8_t to) {
  const __m128i shifted = _mm_sub_epi8(v, every(from));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, every(static_cast<uint8_t>(to - from))), shifted);
}

// Whether the block `v` behind `last` is sound as far as it goes.
bool is_sound(__m128i last, __m128i v) {
  const __m128i before1 = _mm_alignr_epi8(v, last, 15);
  const __m128i before2 = _mm_alignr_epi8(v, last, 14);
  const __m128i before3 = _mm_alignr_epi8(v, last, 13);
  const __m128i faults = _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(table(kFirstHigh), high(before1)),
                                                     _mm_shuffle_epi8(table(kFirstLow), low(before1))),
                                       _mm_shuffle_epi8(table(kSecondHigh), high(v)));
  const __m128i third = _mm_subs_epu8(before2, every(0xe0 - 0x80));
  const __m128i fourth = _mm_subs_epu8(before3, every(0xf0 - 0x80));
  const __m128i wrong = _mm_xor_si128(_mm_and_si128(_mm_or_si128(third, fourth), every(0x80)), faults);
  return _mm_testz_si128(wrong, wrong) != 0;
}

// Where in the block at `p` (18 bytes) a character begins that may be special; bit by byte.
uint32_t special_leads(const uint8_t* p, __m128i v) {
  const __m128i none = _mm_cmpeq_epi8(
      _mm_and_si128(_mm_shuffle_epi8(table(kLeadHigh), high(v)), _mm_shuffle_epi8(table(kLeadLow), low(v))),
      _mm_setzero_si128());
  uint32_t found = ~static_cast<uint32_t>(_mm_movemask_epi8(none)) & 0xffffu;
  const __m128i ef = equal(v, 0xef);
  const __m128i e2 = equal(v, 0xe2);
  const __m128i e3 = equal(v, 0xe3);
  if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(ef, e2), e3)) == 0) return found;
  const __m128i next = load(p + 1);
  const __m128i third = load(p + 2);
  const __m128i zero = _mm_setzero_si128();
  const __m128i kinds = _mm_and_si128(_mm_shuffle_epi8(table(kThirdHigh), high(third)),
                                      _mm_shuffle_epi8(table(kThirdLow), low(third)));
  // Behind EF: BC as said, BD but for its end (ａ to ｚ), FExx: all of FE00-FE3F and FEC0-FEFF.
  const __m128i not_wide = _mm_cmpeq_epi8(_mm_and_si128(kinds, every(kAnyWide)), zero);
  const __m128i after_ef =
      _mm_or_si128(_mm_andnot_si128(not_wide, equal(next, 0xbc)),
                   _mm_or_si128(_mm_and_si128(equal(next, 0xbd), in_range(third, 0x81, 0x9a)),
                                _mm_or_si128(equal(next, 0xb8), equal(next, 0xbb))));
  // Behind E2: 80 as said; all of 2040-207F and 20C0-20FF; the minus sign 2212.
  const __m128i not_general = _mm_cmpeq_epi8(_mm_and_si128(kinds, every(kAnyGeneral)), zero);
  const __m128i at80 = equal(next, 0x80);
  const __m128i after_e2 = _mm_or_si128(_mm_andnot_si128(not_general, at80),
                                        _mm_or_si128(_mm_and_si128(equal(next, 0x88), equal(third, 0x92)),
                                                     _mm_or_si128(equal(next, 0x81), equal(next, 0x83))));
  // The ideographic space 3000.
  const __m128i after_e3 = _mm_and_si128(at80, equal(third, 0x80));
  found |= static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(
      _mm_and_si128(e3, after_e3), _mm_or_si128(_mm_and_si128(ef, after_ef), _mm_and_si128(e2, after_e2)))));
  return found;
}

// `begin`: where reading began. What stands between it and t->end are whole blocks of at least sixteen bytes.
void read_sse(const uint8_t* p, size_t n, size_t begin, TextBlocks* t) {
  __m128i last = t->end > begin ? load(p + t->end - 16) : _mm_setzero_si128();
  __m128i percent = _mm_setzero_si128(), backslash = percent, plus = percent;
  uint32_t unchecked = t->unchecked;  // of the last block, which is sound once the next one is
  size_t i = t->end;
  for (; i + 18 <= n; i += 16) {
    const __m128i v = load(p + i);
    if (!is_sound(last, v)) break;
    if (unchecked != 0) [[unlikely]]
      t->special = t->special || any_special(p, n, t->unchecked_at, unchecked);
    last = v;
    unchecked = _mm_movemask_epi8(v) != 0 ? special_leads(p + i, v) : 0;
    t->unchecked_at = i;
    percent = _mm_or_si128(percent, equal(v, '%'));
    backslash = _mm_or_si128(backslash, equal(v, '\\'));
    plus = _mm_or_si128(plus, equal(v, '+'));
  }
  t->end = i;
  t->unchecked = unchecked;
  t->percent |= _mm_movemask_epi8(percent) != 0;
  t->backslash |= _mm_movemask_epi8(backslash) != 0;
  t->plus |= _mm_movemask_epi8(plus) != 0;
}

// ---- AVX2, thirty-two bytes: the same ----

#define WEIR_AVX2 __attribute__((target("avx2")))

WEIR_AVX2 inline __m256i table2(const uint8_t* t) { return _mm256_broadcastsi128_si256(table(t)); }
WEIR_AVX2 inline __m256i load2(const uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
WEIR_AVX2 inline __m256i every2(uint8_t b) { return _mm256_set1_epi8(static_cast<char>(b)); }
WEIR_AVX2 inline __m256i equal2(__m256i v, uint8_t b) { return _mm256_cmpeq_epi8(v, every2(b)); }
WEIR_AVX2 inline __m256i high2(__m256i v) { return _mm256_and_si256(_mm256_srli_epi16(v, 4), every2(0x0f)); }
WEIR_AVX2 inline __m256i low2(__m256i v) { return _mm256_and_si256(v, every2(0x0f)); }
WEIR_AVX2 inline __m256i in_range2(__m256i v, uint8_t from, uint8_t to) {
  const __m256i shifted = _mm256_sub_epi8(v, every2(from));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(shifted, every2(static_cast<uint8_t>(to - from))), shifted);
}

WEIR_AVX2 inline bool is_sound2(__m256i last, __m256i v) {
  const __m256i across = _mm256_permute2x128_si256(last, v, 0x21);
  const __m256i before1 = _mm256_alignr_epi8(v, across, 15);
  const __m256i before2 = _mm256_alignr_epi8(v, across, 14);
  const __m256i before3 = _mm256_alignr_epi8(v, across, 13);
  const __m256i faults =
      _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(table2(kFirstHigh), high2(before1)),
                                        _mm256_shuffle_epi8(table2(kFirstLow), low2(before1))),
                       _mm256_shuffle_epi8(table2(kSecondHigh), high2(v)));
  const __m256i third = _mm256_subs_epu8(before2, every2(0xe0 - 0x80));
  const __m256i fourth = _mm256_subs_epu8(before3, every2(0xf0 - 0x80));
  const __m256i wrong =
      _mm256_xor_si256(_mm256_and_si256(_mm256_or_si256(third, fourth), every2(0x80)), faults);
  return _mm256_testz_si256(wrong, wrong) != 0;
}

// `p`: 34 bytes.
WEIR_AVX2 inline uint32_t special_leads2(const uint8_t* p, __m256i v) {
  const __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(table2(kLeadHigh), high2(v)),
                                                          _mm256_shuffle_epi8(table2(kLeadLow), low2(v))),
                                         _mm256_setzero_si256());
  uint32_t found = ~static_cast<uint32_t>(_mm256_movemask_epi8(none));
  const __m256i ef = equal2(v, 0xef);
  const __m256i e2 = equal2(v, 0xe2);
  const __m256i e3 = equal2(v, 0xe3);
  const __m256i any = _mm256_or_si256(_mm256_or_si256(ef, e2), e3);
  if (_mm256_testz_si256(any, any) != 0) return found;
  const __m256i next = load2(p + 1);
  const __m256i third = load2(p + 2);
  const __m256i zero = _mm256_setzero_si256();
  const __m256i kinds = _mm256_and_si256(_mm256_shuffle_epi8(table2(kThirdHigh), high2(third)),
                                         _mm256_shuffle_epi8(table2(kThirdLow), low2(third)));
  const __m256i not_wide = _mm256_cmpeq_epi8(_mm256_and_si256(kinds, every2(kAnyWide)), zero);
  const __m256i after_ef =
      _mm256_or_si256(_mm256_andnot_si256(not_wide, equal2(next, 0xbc)),
                      _mm256_or_si256(_mm256_and_si256(equal2(next, 0xbd), in_range2(third, 0x81, 0x9a)),
                                      _mm256_or_si256(equal2(next, 0xb8), equal2(next, 0xbb))));
  const __m256i not_general = _mm256_cmpeq_epi8(_mm256_and_si256(kinds, every2(kAnyGeneral)), zero);
  const __m256i at80 = equal2(next, 0x80);
  const __m256i after_e2 =
      _mm256_or_si256(_mm256_andnot_si256(not_general, at80),
                      _mm256_or_si256(_mm256_and_si256(equal2(next, 0x88), equal2(third, 0x92)),
                                      _mm256_or_si256(equal2(next, 0x81), equal2(next, 0x83))));
  const __m256i after_e3 = _mm256_and_si256(at80, equal2(third, 0x80));
  found |= static_cast<uint32_t>(_mm256_movemask_epi8(
      _mm256_or_si256(_mm256_and_si256(e3, after_e3),
                      _mm256_or_si256(_mm256_and_si256(ef, after_ef), _mm256_and_si256(e2, after_e2)))));
  return found;
}

WEIR_AVX2 void read_avx2(const uint8_t* p, size_t n, size_t begin, TextBlocks* t) {
  __m256i last = _mm256_setzero_si256();
  __m256i percent = _mm256_setzero_si256(), backslash = percent, plus = percent;
  // What may still want a continuation at the end of a block: a lead of four, three, two bytes.
  __m256i open = _mm256_setzero_si256();
  const __m256i closed = _mm256_setr_epi8(
      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
      -1, -1, -1, static_cast<char>(0xf0 - 1), static_cast<char>(0xe0 - 1), static_cast<char>(0xc0 - 1));
  bool special = false;
  uint32_t unchecked = 0;  // of the last block, which is sound once the next one is
  size_t i = t->end;
  for (; i + 34 <= n; i += 32) {
    const __m256i v = load2(p + i);
    uint32_t leads = 0;
    if (_mm256_movemask_epi8(v) == 0) {
      if (_mm256_testz_si256(open, open) == 0) break;
      open = _mm256_setzero_si256();
    } else {
      if (!is_sound2(last, v)) break;
      open = _mm256_subs_epu8(v, closed);
      leads = special_leads2(p + i, v);
    }
    if (unchecked != 0) [[unlikely]]
      special = special || any_special(p, n, i - 32, unchecked);
    unchecked = leads;
    last = v;
    percent = _mm256_or_si256(percent, equal2(v, '%'));
    backslash = _mm256_or_si256(backslash, equal2(v, '\\'));
    plus = _mm256_or_si256(plus, equal2(v, '+'));
  }
  t->special = special;
  t->unchecked = unchecked;
  t->unchecked_at = i - 32;  // where unchecked is not 0 there was a block
  t->end = i;
  t->percent = _mm256_movemask_epi8(percent) != 0;
  t->backslash = _mm256_movemask_epi8(backslash) != 0;
  t->plus = _mm256_movemask_epi8(plus) != 0;
  read_sse(p, n, begin, t);
}

#undef WEIR_AVX2

const auto read_widest = __builtin_cpu_supports("avx2") ? read_avx2 : read_sse;

}  // namespace

TextBlocks read_text_blocks(const uint8_t* p, size_t n, size_t begin) {
  TextBlocks t;
  t.end = begin;
  read_widest(p, n, begin, &t);
  return t;
}

}  // namespace weir
