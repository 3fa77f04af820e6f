#include "sensor/match/characters.h"

#include <emmintrin.h>
#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <cstring>

namespace weir {

namespace {

constexpr size_t kBlock = 16;

// Characters that begin in the 16 bytes at `bytes`. A continuation byte is below -64 as a signed number.
size_t starts_in_block(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const int continuations = _mm_movemask_epi8(_mm_cmplt_epi8(block, _mm_set1_epi8(-64)));
  return kBlock - static_cast<size_t>(std::popcount(static_cast<unsigned>(continuations)));
}

uint64_t word_at(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Of its eight bytes; a zero is none.
size_t continuations_in(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  return ((word >> 7 & ~word >> 6 & kOnes) * kOnes) >> 56;
}

size_t count_sse2(std::string_view text) {
  constexpr size_t kWord = sizeof(uint64_t);
  size_t characters = 0;
  size_t i = 0;
  for (; text.size() - i >= kBlock; i += kBlock) characters += starts_in_block(text.data() + i);
  const size_t left = text.size() - i;
  if (text.size() >= kWord) {
    // Up to two words, the last one from the end: what was counted is shifted out.
    size_t continuations = 0;
    if (left >= kWord) continuations = continuations_in(word_at(text.data() + i));
    if (const size_t rest = left % kWord; rest != 0) {
      continuations += continuations_in(word_at(text.data() + text.size() - kWord) >> (8 * (kWord - rest)));
    }
    return characters + left - continuations;
  }
  for (; i < text.size(); ++i) characters += is_continuation(text[i]) ? 0 : 1;
  return characters;
}

__attribute__((target("avx2,popcnt"))) size_t count_avx2(std::string_view text) {
  const __m256i limit = _mm256_set1_epi8(-64);
  size_t continuations = 0;
  size_t i = 0;
  for (; text.size() - i >= 64; i += 64) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + i));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + i + 32));
    const auto low = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(limit, a)));
    const auto high = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(limit, b)));
    continuations += static_cast<size_t>(std::popcount(uint64_t{high} << 32 | low));
  }
  return i - continuations + count_sse2(text.substr(i));
}

const auto kCount = __builtin_cpu_supports("avx2") ? count_avx2 : count_sse2;

}  // namespace

size_t step_back(std::string_view text, size_t pos, size_t characters, size_t floor) {
  // A block that uses up the last of them is ASCII: it begins where a character begins.
  while (characters >= kBlock && pos - floor >= kBlock) {
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

size_t count_characters(std::string_view text) { return kCount(text); }

bool count_characters_with(CountVariant variant, std::string_view text, size_t* count) {
  switch (variant) {
    case CountVariant::kSse2:
      *count = count_sse2(text);
      return true;
    case CountVariant::kAvx2:
      if (!__builtin_cpu_supports("avx2")) return false;
      *count = count_avx2(text);
      return true;
  }
  return false;
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
