#include "sensor/match/anchor_scan.h"

#include <emmintrin.h>
#include <immintrin.h>

#include <bit>

#include "sensor/match/characters.h"

namespace weir {

namespace {

constexpr size_t kBlock = 64;  // bytes whose bits fill a word

// Bit i: byte i is a digit, an '@'.
struct BlockBits {
  uint64_t digits = 0, at_signs = 0;
};

BlockBits plain_bits(const char* p, size_t n) {
  BlockBits bits;
  for (size_t i = 0; i < n; ++i) {
    bits.digits |= uint64_t{is_digit(p[i])} << i;
    bits.at_signs |= uint64_t{p[i] == '@'} << i;
  }
  return bits;
}

// As a signed number a byte minus '0' and 118 more is at most -119 only for '0' to '9'.
constexpr char kDigitShift = static_cast<char>(0x80 - '0');
constexpr char kAboveDigits = static_cast<char>(0x80 + 10);

BlockBits sse2_bits(const char* p) {
  BlockBits bits;
  for (unsigned i = 0; i < kBlock; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    const __m128i digit =
        _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(kDigitShift)), _mm_set1_epi8(kAboveDigits));
    const __m128i at = _mm_cmpeq_epi8(v, _mm_set1_epi8('@'));
    bits.digits |= uint64_t{static_cast<uint16_t>(_mm_movemask_epi8(digit))} << i;
    bits.at_signs |= uint64_t{static_cast<uint16_t>(_mm_movemask_epi8(at))} << i;
  }
  return bits;
}

__attribute__((target("avx2"))) BlockBits avx2_bits(const char* p) {
  BlockBits bits;
  for (unsigned i = 0; i < kBlock; i += 32) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i));
    const __m256i digit =
        _mm256_cmpgt_epi8(_mm256_set1_epi8(kAboveDigits), _mm256_add_epi8(v, _mm256_set1_epi8(kDigitShift)));
    const __m256i at = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('@'));
    bits.digits |= uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(digit))} << i;
    bits.at_signs |= uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(at))} << i;
  }
  return bits;
}

}  // namespace

struct AnchorWriter {
  explicit AnchorWriter(AnchorPlaces* p, size_t size) : places(*p) {
    // A run and what ends it take five bytes.
    if (places.runs_.size() < size / 5 + 1) places.runs_.resize(size / 5 + 1);
    if (places.at_signs_.size() < size) places.at_signs_.resize(size);
    runs = places.runs_.data();
    at_signs = places.at_signs_.data();
  }
  ~AnchorWriter() {
    places.run_count_ = static_cast<size_t>(runs - places.runs_.data());
    places.at_count_ = static_cast<size_t>(at_signs - places.at_signs_.data());
  }
  AnchorWriter(const AnchorWriter&) = delete;
  AnchorWriter& operator=(const AnchorWriter&) = delete;

  void add(size_t begin, BlockBits bits) {
    const uint64_t d = bits.digits;
    const auto shifted = [&](int n) { return (d << n) | (before >> (64 - n)); };
    // The fourth digit of a run.
    uint64_t fourth = d & shifted(1) & shifted(2) & shifted(3) & ~shifted(4);
    before = d;
    for (; fourth != 0; fourth &= fourth - 1) {
      *runs++ = static_cast<uint32_t>(begin) + static_cast<uint32_t>(std::countr_zero(fourth)) - 3;
    }
    for (uint64_t at = bits.at_signs; at != 0; at &= at - 1) {
      *at_signs++ = static_cast<uint32_t>(begin) + static_cast<uint32_t>(std::countr_zero(at));
    }
  }

  AnchorPlaces& places;
  uint32_t* runs = nullptr;
  uint32_t* at_signs = nullptr;
  uint64_t before = 0;  // digits of the block before
};

namespace {

void find_plain(std::string_view text, AnchorPlaces* places) {
  AnchorWriter writer(places, text.size());
  for (size_t i = 0; i < text.size(); i += kBlock) {
    writer.add(i, plain_bits(text.data() + i, std::min(kBlock, text.size() - i)));
  }
}

void find_sse2(std::string_view text, AnchorPlaces* places) {
  AnchorWriter writer(places, text.size());
  size_t i = 0;
  for (; text.size() - i >= kBlock; i += kBlock) writer.add(i, sse2_bits(text.data() + i));
  writer.add(i, plain_bits(text.data() + i, text.size() - i));
}

__attribute__((target("avx2"))) void find_avx2(std::string_view text, AnchorPlaces* places) {
  AnchorWriter writer(places, text.size());
  size_t i = 0;
  for (; text.size() - i >= kBlock; i += kBlock) writer.add(i, avx2_bits(text.data() + i));
  writer.add(i, plain_bits(text.data() + i, text.size() - i));
}

using Find = void (*)(std::string_view, AnchorPlaces*);
const Find kFind = __builtin_cpu_supports("avx2") ? find_avx2 : find_sse2;

}  // namespace

void find_anchors(std::string_view text, AnchorPlaces* places) { kFind(text, places); }

bool find_anchors_with(AnchorVariant variant, std::string_view text, AnchorPlaces* places) {
  switch (variant) {
    case AnchorVariant::kPlain:
      find_plain(text, places);
      return true;
    case AnchorVariant::kSse2:
      find_sse2(text, places);
      return true;
    case AnchorVariant::kAvx2:
      if (!__builtin_cpu_supports("avx2")) return false;
      find_avx2(text, places);
      return true;
  }
  return false;
}

size_t digit_run_length(std::string_view text, size_t pos) {
  size_t end = pos;
  while (text.size() - end >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + end));
    const __m128i digit =
        _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(kDigitShift)), _mm_set1_epi8(kAboveDigits));
    const auto others = static_cast<unsigned>(~_mm_movemask_epi8(digit) & 0xFFFF);
    if (others != 0) return end - pos + static_cast<size_t>(std::countr_zero(others));
    end += 16;
  }
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - pos;
}

}  // namespace weir
