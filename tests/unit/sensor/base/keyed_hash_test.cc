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
