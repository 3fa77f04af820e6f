// Expectations: the SipHash-2-4 reference vectors (Aumasson and Bernstein, key 00..0f, message 00, 01, …),
// which hold the word function; SipHash-1-3 as CPython 3.11 and later computes hash() cannot be had with a
// chosen key, so its rounds are the same code with other counts.
#include "sensor/base/keyed_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

namespace weir {
namespace {

constexpr HashKey kReference{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

TEST(KeyedHash, SipHashReferenceVectors) {
  // Of messages with 0, 8 and 15 bytes.
  EXPECT_EQ((siphash_words<2, 4>(kReference, {}, 0)), 0x726fdb47dd0e0e31u);
  const std::array<uint64_t, 1> word = {0x0706050403020100u};
  EXPECT_EQ((siphash_words<2, 4>(kReference, word, uint64_t{8} << 56)), 0x93f5f5799a932462u);
  EXPECT_EQ((siphash_words<2, 4>(kReference, word, 0x0f0e0d0c0b0a0908u)), 0xa129ca6149be45e5u);
}

// The reference's vectors of the 128-bit variant (vectors.h, vectors_sip128) for messages of 0, 1 and 2
// bytes.
TEST(KeyedHash, SipHash128ReferenceVectors) {
  constexpr std::array<uint8_t, 2> kMessage{0, 1};
  const auto hash = [&](size_t n) { return siphash128<2, 4>(kReference, std::span(kMessage).first(n)); };
  using Halves = std::array<uint64_t, 2>;
  EXPECT_EQ(hash(0), (Halves{0xe6a825ba047f81a3u, 0x930255c71472f66du}));
  EXPECT_EQ(hash(1), (Halves{0x44af996bd8c187dau, 0x45fc229b11597634u}));
  EXPECT_EQ(hash(2), (Halves{0xc75da4a48d227781u, 0xe4ff0af6de8ba3fcu}));
}

// A message of several words goes through the same rounds as the word function's: only constants differ.
TEST(KeyedHash, SipHash128SeesEveryByteAndTheLength) {
  const HashKey key = HashKey::random();
  std::set<std::array<uint64_t, 2>> seen;
  std::vector<uint8_t> message(40);
  for (size_t n = 0; n <= message.size(); ++n) {
    EXPECT_TRUE(seen.insert(siphash128<1, 3>(key, std::span(message).first(n))).second) << n;
  }
  for (uint8_t& byte : message) {
    byte = 1;
    EXPECT_TRUE(seen.insert(siphash128<1, 3>(key, message)).second);
    byte = 0;
  }
}

TEST(KeyedHash, RandomKeysDiffer) {
  const HashKey a = HashKey::random();
  const HashKey b = HashKey::random();
  EXPECT_TRUE(a.k0 != b.k0 || a.k1 != b.k1);
}

TEST(KeyedHash, PayloadHashSeesEveryByteAndTheLength) {
  const HashKey key{11, 22};
  for (const size_t length : {1u, 7u, 8u, 15u, 16u, 17u, 31u, 63u, 64u, 65u, 127u, 128u, 200u, 1460u}) {
    std::vector<uint8_t> bytes(length, 0);
    std::set<uint64_t> seen = {payload_hash(key, bytes)};
    for (size_t i = 0; i < length; ++i) {
      bytes[i] = 1;
      seen.insert(payload_hash(key, bytes));
      bytes[i] = 0x80;
      seen.insert(payload_hash(key, bytes));
      bytes[i] = 0;
    }
    EXPECT_EQ(seen.size(), 2 * length + 1) << length;
  }
  std::set<uint64_t> lengths;
  for (size_t n = 0; n <= 300; ++n) lengths.insert(payload_hash(key, std::vector<uint8_t>(n, 0)));
  EXPECT_EQ(lengths.size(), 301u);
}

TEST(KeyedHash, PayloadHashDependsOnTheKeyAndOnNothingElse) {
  const std::string text = "the same bytes at another address, wherever they lie";
  const std::string shifted = "." + text;
  const HashKey key{1, 2};
  EXPECT_EQ(payload_hash(key, as_bytes(text)), payload_hash(key, as_bytes(shifted).subspan(1)));
  EXPECT_NE(payload_hash(key, as_bytes(text)), payload_hash(HashKey{1, 3}, as_bytes(text)));
  EXPECT_NE(payload_hash(key, as_bytes(text)), payload_hash(HashKey{2, 2}, as_bytes(text)));
}

}  // namespace
}  // namespace weir
