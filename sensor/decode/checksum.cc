#include "sensor/decode/checksum.h"

#include <immintrin.h>

#include <cstring>

namespace weir {
namespace {

template <class Word>
uint64_t load(const uint8_t* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Headers, bare acknowledgements, and what is left of something longer. 32-bit words are added into 64-bit
// sums: no carry is lost in the first 16 GiB.
inline uint64_t sum_short(const uint8_t* p, size_t n, uint64_t sum = 0) {
  for (; n >= 8; p += 8, n -= 8) {
    const uint64_t word = load<uint64_t>(p);
    sum += (word & 0xffffffff) + (word >> 32);
  }
  if ((n & 4) != 0) {
    sum += load<uint32_t>(p);
    p += 4;
  }
  if ((n & 2) != 0) {
    sum += load<uint16_t>(p);
    p += 2;
  }
  return (n & 1) != 0 ? sum + *p : sum;
}

// SSE2, which every x86-64 has.
uint64_t sum_sse2(const uint8_t* p, size_t n) {
  const __m128i low = _mm_set1_epi64x(0xffffffff);
  __m128i a = _mm_setzero_si128();
  __m128i b = _mm_setzero_si128();
  for (; n >= 16; p += 16, n -= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    a = _mm_add_epi64(a, _mm_and_si128(v, low));
    b = _mm_add_epi64(b, _mm_srli_epi64(v, 32));
  }
  a = _mm_add_epi64(a, b);
  const auto sum = static_cast<uint64_t>(_mm_cvtsi128_si64(a)) +
                   static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a)));
  return sum_short(p, n, sum);
}

__attribute__((target("avx2"))) uint64_t sum_avx2(const uint8_t* p, size_t n) {
  const __m256i low = _mm256_set1_epi64x(0xffffffff);
  __m256i a = _mm256_setzero_si256();
  __m256i b = _mm256_setzero_si256();
  for (; n >= 64; p += 64, n -= 64) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
    a = _mm256_add_epi64(a, _mm256_add_epi64(_mm256_and_si256(v, low), _mm256_srli_epi64(v, 32)));
    b = _mm256_add_epi64(b, _mm256_add_epi64(_mm256_and_si256(w, low), _mm256_srli_epi64(w, 32)));
  }
  for (; n >= 32; p += 32, n -= 32) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    a = _mm256_add_epi64(a, _mm256_add_epi64(_mm256_and_si256(v, low), _mm256_srli_epi64(v, 32)));
  }
  a = _mm256_add_epi64(a, b);
  const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  const auto sum = static_cast<uint64_t>(_mm_cvtsi128_si64(half)) +
                   static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(half, half)));
  return sum_short(p, n, sum);
}

const auto sum_long = __builtin_cpu_supports("avx2") ? sum_avx2 : sum_sse2;

inline uint64_t sum_of(Bytes bytes) {
  return bytes.size() < 64 ? sum_short(bytes.data(), bytes.size()) : sum_long(bytes.data(), bytes.size());
}

uint16_t fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// A 32-bit number as it stands on the wire.
uint64_t wire(uint32_t n) { return __builtin_bswap32(n); }

}  // namespace

uint16_t ones_sum(Bytes bytes) { return fold(sum_of(bytes)); }

Checksum check_ipv4_header(Bytes header) {
  if (header.size() < 20) return Checksum::kUnchecked;
  const uint8_t* const p = header.data();
  // Nearly all have no options.
  const uint64_t sum = header.size() == 20
                           ? load<uint32_t>(p) + load<uint32_t>(p + 4) + load<uint32_t>(p + 8) +
                                 load<uint32_t>(p + 12) + load<uint32_t>(p + 16)
                           : sum_of(header);
  if (fold(sum) == 0xffff) return Checksum::kGood;
  return header[10] == 0 && header[11] == 0 ? Checksum::kPartial : Checksum::kWrong;
}

Checksum check_packet(const PacketView& view) {
  if (view.checksum == Checksum::kWrong) return Checksum::kWrong;
  if (view.payload.size() != view.payload_wire) return Checksum::kUnchecked;
  const bool tcp = view.key.protocol == kProtoTcp;
  const Bytes header = view.header();
  if (header.size() != (tcp && header.size() >= 20 ? size_t{header[12]} / 16 * 4 : header.size())) {
    return Checksum::kUnchecked;
  }
  const size_t field = tcp ? 16 : 6;
  if (header.size() < field + 2) return Checksum::kUnchecked;
  const auto sent = static_cast<uint16_t>(load<uint16_t>(header.data() + field));
  if (!tcp && sent == 0) return Checksum::kUnchecked;
  // An IPv4 sum left to the card says nothing of the segment: some fill in only that.
  const FlowKey& key = view.key;
  uint64_t addresses = wire(key.protocol);
  for (size_t at = key.src.is_v4() && key.dst.is_v4() ? 12 : 0; at < 16; at += 4) {
    addresses += load<uint32_t>(key.src.bytes.data() + at) + load<uint32_t>(key.dst.bytes.data() + at);
  }
  // The payload stands right behind the header.
  const Bytes segment(header.data(), header.size() + view.payload.size());
  const uint64_t pseudo = addresses + wire(static_cast<uint32_t>(segment.size()));
  if (fold(pseudo + sum_of(segment)) == 0xffff) return Checksum::kGood;
  // What the card was to complete: the pseudo header's sum, with the length or, where the card cuts segments
  // itself, without.
  const bool partial = sent == fold(pseudo) || sent == fold(addresses);
  return partial ? Checksum::kPartial : Checksum::kWrong;
}

}  // namespace weir
