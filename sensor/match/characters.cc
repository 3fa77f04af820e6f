#include "sensor/match/characters.h"

#include <emmintrin.h>

#include <bit>

namespace weir {

namespace {

constexpr size_t kBlock = 16;

// Characters that begin in the 16 bytes at `bytes`. A continuation byte is below -64 as a signed number.
size_t starts_in_block(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const int continuations = _mm_movemask_epi8(_mm_cmplt_epi8(block, _mm_set1_epi8(-64)));
  return kBlock - static_cast<size_t>(std::popcount(static_cast<unsigned>(continuations)));
}

}  // namespace

size_t step_back(std::string_view text, size_t pos, size_t characters, size_t floor) {
  while (characters > kBlock && pos - floor >= kBlock) {
    characters -= starts_in_block(text.data() + pos - kBlock);
    pos -= kBlock;
  }
  while (characters > 0 && pos > floor) {
    --pos;
    while (pos > floor && is_continuation(text[pos])) --pos;
    --characters;
  }
  return pos;
}

size_t step_on(std::string_view text, size_t pos, size_t characters, size_t* left) {
  // The beginning that is looked for is the one after `characters`, the one at `pos` being the first.
  size_t wanted = characters + 1;
  while (wanted > kBlock && text.size() - pos >= kBlock) {
    wanted -= starts_in_block(text.data() + pos);
    pos += kBlock;
  }
  for (; pos < text.size(); ++pos) {
    if (!is_continuation(text[pos]) && --wanted == 0) break;
  }
  if (left != nullptr) *left = wanted > 0 ? wanted - 1 : 0;
  return pos;
}

size_t count_characters(std::string_view text) {
  size_t continuations = 0;
  size_t i = 0;
  // A byte is a continuation when it is below -64 as a signed number.
  const __m128i limit = _mm_set1_epi8(-64);
  while (text.size() - i >= 16) {
    // At most 255 rounds, so that no lane of eight bits overflows.
    __m128i lanes = _mm_setzero_si128();
    for (int round = 0; round < 255 && text.size() - i >= 16; ++round, i += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
      lanes = _mm_sub_epi8(lanes, _mm_cmplt_epi8(bytes, limit));
    }
    const __m128i sums = _mm_sad_epu8(lanes, _mm_setzero_si128());
    continuations += static_cast<size_t>(_mm_cvtsi128_si64(sums)) +
                     static_cast<size_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
  }
  for (; i < text.size(); ++i) continuations += is_continuation(text[i]) ? 1 : 0;
  return text.size() - continuations;
}

uint32_t code_point_at(std::string_view text, size_t pos, size_t* length) {
  const auto c = static_cast<unsigned char>(text[pos]);
  *length = 1;
  if (c < 0xC2 || c > 0xF4) return c < 0x80 ? c : 0xFFFD;
  const size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
  if (pos + n > text.size()) return 0xFFFD;
  uint32_t code = c & (0xFFu >> (n + 1));
  for (size_t i = 1; i < n; ++i) {
    if (!is_continuation(text[pos + i])) return 0xFFFD;
    code = (code << 6) | (static_cast<unsigned char>(text[pos + i]) & 0x3Fu);
  }
  *length = n;
  return code;
}

}  // namespace weir
