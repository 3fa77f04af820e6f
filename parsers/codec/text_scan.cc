#include "parsers/codec/text_scan.h"

#include <immintrin.h>

#include <bit>

#include "parsers/codec/special_characters.h"
#include "parsers/codec/text_blocks.h"

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

TextScan scan_text(Bytes bytes) {
  TextScan scan;
  const uint8_t* p = bytes.data();
  const size_t n = bytes.size();
  const AsciiRun run = ascii_run(p, n);
  uint8_t flags = run.flags;
  size_t i = run.length;
  scan.ascii = i == n;

  // Whole blocks, with two bytes to look ahead.
  const size_t first = i;
  const TextBlocks blocks = read_text_blocks(p, n, i);
  i = blocks.end;
  bool special = blocks.special;
  flags |= static_cast<uint8_t>((blocks.percent ? kPercent : 0) | (blocks.backslash ? kBackslash : 0) |
                                (blocks.plus ? kPlus : 0));
  // The rest one by one, from the character that goes over the last block's end.
  for (size_t back = 1; back <= 3 && i >= first + back; ++back) {
    const uint8_t b = p[i - back];
    if (b < 0x80) break;
    if (b < 0xc0) continue;
    if (back < (b < 0xe0 ? 2u : b < 0xf0 ? 3u : 4u)) i -= back;
    break;
  }
  for (uint32_t m = blocks.unchecked; m != 0 && !special; m &= m - 1) {
    const size_t at = blocks.unchecked_at + static_cast<size_t>(std::countr_zero(m));
    if (at >= i) break;
    special = is_special_at(p, n, at);
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
    special = special || is_special_at(p, n, i);
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
  const auto load = [p](size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at)); };
  for (; i + 64 <= n; i += 64) {
    // Any of them; signed as below.
    const __m128i a = _mm_or_si128(_mm_cmplt_epi8(load(i), one), _mm_cmplt_epi8(load(i + 16), one));
    const __m128i b = _mm_or_si128(_mm_cmplt_epi8(load(i + 32), one), _mm_cmplt_epi8(load(i + 48), one));
    if (_mm_movemask_epi8(_mm_or_si128(a, b)) != 0) break;
  }
  for (; i + 16 <= n; i += 16) {
    const __m128i v = load(i);
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

}  // namespace weir
