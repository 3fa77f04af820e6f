#include "sensor/base/keyed_hash.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace weir {
namespace {

// Odd constants with 32 bits set, so that key and data are spread before the first product.
constexpr uint64_t kMix[4] = {0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u, 0x94d049bb133111ebu,
                              0xd6e8feb86659fd93u};

__extension__ using Wide = unsigned __int128;

// Both halves of a 128-bit product, folded. Zero only when one factor is zero, which takes the key to hit.
uint64_t fold(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t load(const uint8_t* p) {
  uint64_t word = 0;
  std::memcpy(&word, p, 8);
  return word;
}

}  // namespace

HashKey HashKey::random() {
  HashKey key;
  if (getentropy(&key, sizeof key) != 0) {
    throw std::system_error(errno, std::generic_category(), "no random numbers from the system");
  }
  return key;
}

uint64_t payload_hash(const HashKey& key, Bytes bytes) {
  const uint64_t s0 = key.k0 ^ kMix[0];
  const uint64_t s1 = key.k1 ^ kMix[1];
  uint64_t a = s0 ^ bytes.size();
  const uint8_t* p = bytes.data();
  size_t left = bytes.size();
  if (left >= 64) {
    // Four independent lanes keep the multiplier busy.
    uint64_t b = s1 ^ kMix[2];
    uint64_t c = s0 ^ kMix[3];
    uint64_t d = s1 + kMix[0];
    do {
      a = fold(load(p) ^ s0, load(p + 8) ^ a);
      b = fold(load(p + 16) ^ s1, load(p + 24) ^ b);
      c = fold(load(p + 32) ^ kMix[2] ^ s0, load(p + 40) ^ c);
      d = fold(load(p + 48) ^ kMix[3] ^ s1, load(p + 56) ^ d);
      p += 64;
      left -= 64;
    } while (left >= 64);
    a = fold(a ^ s1, b ^ kMix[1]) ^ fold(c ^ s0, d ^ kMix[2]);
  }
  while (left >= 16) {
    a = fold(load(p) ^ s1, load(p + 8) ^ a);
    p += 16;
    left -= 16;
  }
  uint8_t rest[16] = {};
  if (left > 0) std::memcpy(rest, p, left);
  a = fold(load(rest) ^ s1 ^ kMix[3], load(rest + 8) ^ a);
  return fold(a ^ s0, bytes.size() ^ s1 ^ kMix[1]);
}

}  // namespace weir
