// Keyed 64-bit hashes for what the peer can choose: flow keys and payload. A random key per process keeps
// a sender from aiming at collisions; nothing that leaves the sensor may depend on a value from here.
//
// sip13() for short keys (SipHash-1-3, Aumasson and Bernstein 2012: one compression and three
// finalisation rounds, as hash tables use it); payload_hash() for payload at memory speed.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parsers/wire/bytes.h"

namespace weir {

struct HashKey {
  uint64_t k0 = 0;
  uint64_t k1 = 0;

  // From the kernel's random source. Throws std::system_error when there is none: call it at start.
  static HashKey random();
};

struct SipState {
  [[gnu::always_inline]] constexpr explicit SipState(const HashKey& key)
      : v0(key.k0 ^ 0x736f6d6570736575u),
        v1(key.k1 ^ 0x646f72616e646f6du),
        v2(key.k0 ^ 0x6c7967656e657261u),
        v3(key.k1 ^ 0x7465646279746573u) {}
  [[gnu::always_inline]] constexpr void rounds(int n) {
    for (int i = 0; i < n; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
  template <int C>
  [[gnu::always_inline]] constexpr void block(uint64_t word) {
    v3 ^= word;
    rounds(C);
    v0 ^= word;
  }
  constexpr uint64_t sum() const { return v0 ^ v1 ^ v2 ^ v3; }
  uint64_t v0, v1, v2, v3;
};

// SipHash with C compression and D finalisation rounds over whole 64-bit words; `last` is the final block
// (the reference puts the length's low byte into its top byte; a caller with a fixed layout may use it
// to tell layouts apart).
template <int C, int D>
[[gnu::always_inline]] constexpr uint64_t siphash_words(const HashKey& key, std::span<const uint64_t> words,
                                                        uint64_t last) {
  SipState s(key);
  for (const uint64_t word : words) s.block<C>(word);
  s.block<C>(last);
  s.v2 ^= 0xff;
  s.rounds(D);
  return s.sum();
}

// SipHash's 128-bit variant over bytes: its two halves in order.
template <int C, int D>
constexpr std::array<uint64_t, 2> siphash128(const HashKey& key, std::span<const uint8_t> bytes) {
  SipState s(key);
  s.v1 ^= 0xee;
  size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) {
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= uint64_t{bytes[at + i]} << (8 * i);
    s.block<C>(word);
  }
  uint64_t last = uint64_t{bytes.size() & 0xff} << 56;
  for (unsigned i = 0; at + i < bytes.size(); ++i) last |= uint64_t{bytes[at + i]} << (8 * i);
  s.block<C>(last);
  s.v2 ^= 0xee;
  s.rounds(D);
  const uint64_t first = s.sum();
  s.v1 ^= 0xdd;
  s.rounds(D);
  return {first, s.sum()};
}

[[gnu::always_inline]] constexpr uint64_t sip13(const HashKey& key, std::span<const uint64_t> words,
                                                uint64_t last) {
  return siphash_words<1, 3>(key, words, last);
}

// A hash of `bytes` (any length). Equal bytes give equal values under one key; others differ but for
// one chance in about 2^60. Not for storage: the layout may change between versions.
uint64_t payload_hash(const HashKey& key, Bytes bytes);

}  // namespace weir
