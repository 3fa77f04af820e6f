#include "parsers/wire/ciphertext.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace weir {

namespace {

constexpr size_t kWindow = 64;

bool is_text_byte(uint8_t c) {
  return c >= 0x80 || (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

// Control bytes that text has not: of 256 values 29. Asked of every segment that is counted as encrypted.
size_t controls(const uint8_t* window) {
  size_t n = 0;
  for (size_t i = 0; i < kWindow; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(window + i));
    const auto is = [&](char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); };
    // Signed: bytes from 0x80 on are below zero.
    const __m128i low =
        _mm_and_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)), _mm_cmpgt_epi8(v, _mm_set1_epi8(-1)));
    const __m128i blank = _mm_or_si128(is('\t'), _mm_or_si128(is('\n'), is('\r')));
    const __m128i control = _mm_or_si128(_mm_andnot_si128(blank, low), is(0x7f));
    n += static_cast<size_t>(std::popcount(static_cast<unsigned>(_mm_movemask_epi8(control))));
  }
  return n;
}

// Fewest different values that 64 bytes of ciphertext show, and 128: five and a half standard deviations
// below what is to be expected (56.6 ± 2.3, 100.7 ± 3.7). Text of any language and charset shows fewer.
size_t fewest_values(size_t n) { return n >= 128 ? 80 : n >= 64 ? 44 : 0; }

size_t different_values(Bytes sample) {
  std::array<bool, 256> seen{};
  size_t n = 0;
  for (const uint8_t c : sample) {
    n += !seen[c];
    seen[c] = true;
  }
  return n;
}

// Whole and valid, but for a character that is cut off at either end.
bool is_utf8_text(Bytes sample) {
  size_t at = 0;
  while (at < 3 && at < sample.size() && (sample[at] & 0xc0) == 0x80) ++at;
  while (at < sample.size()) {
    const uint8_t c = sample[at];
    if (!is_text_byte(c)) return false;
    const size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : 3;
    if (c >= 0x80 && (c < 0xc2 || c > 0xf4)) return false;
    for (size_t i = 1; i <= more && at + i < sample.size(); ++i) {
      if ((sample[at + i] & 0xc0) != 0x80) return false;
    }
    at += more + 1;
  }
  return true;
}

// `window`: kWindow bytes; `sample`: those and more behind or before them.
bool shows(Bytes window, Bytes sample) {
  // One window of ciphertext in two thousand has no control byte, one in a billion has so many.
  const size_t n = controls(window.data());
  if (n != 0 && n <= kWindow * 3 / 8) return false;
  return different_values(sample) < fewest_values(sample.size()) || is_utf8_text(sample);
}

}  // namespace

bool may_be_ciphertext(Bytes bytes) {
  const size_t n = bytes.size();
  if (n < kLeastCiphertext) return true;
  if (n < kWindow) return !is_utf8_text(bytes);
  const size_t sample = n >= kCiphertextSample ? kCiphertextSample : kWindow;
  if (shows(bytes.first(kWindow), bytes.first(sample))) return false;
  return n < 2 * kWindow || !shows(bytes.last(kWindow), bytes.last(sample));
}

bool may_be_encrypted_datagram(Bytes payload) {
  if (payload.size() >= kLeastCiphertext || payload.size() < 4) return may_be_ciphertext(payload);
  return !std::ranges::all_of(payload, [](uint8_t c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace weir
