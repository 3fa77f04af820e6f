// Text is legible in every charset that is known without a declaration, wherever a sample begins; what is
// compressed, enciphered or masked is not.
#include "parsers/codec/legible.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <random>

#include "tests/unit/parsers/codec/vectors.h"

namespace weir {
namespace {

bool illegible_at(const std::string& bytes, size_t at, size_t n) {
  const ExactCopy copy(bytes.substr(at, n));
  return what_shows(copy.get()) == Shows::kNothing;
}

TEST(Legible, TextIsInEveryCharsetWhereverASampleBegins) {
  for (const auto& row : vector_rows("charset.txt")) {
    const std::string name = row[0];
    // Others are told by their faults, where they are declared.
    const bool known = name.starts_with("utf") || name.starts_with("gb") || name.starts_with("big5");
    if (!known) continue;
    std::string bytes = from_hex(row[1]);
    while (bytes.size() < 300) bytes += bytes;
    for (size_t at = 0; at + 100 < bytes.size(); ++at) {
      for (const size_t n : {32u, 33u, 64u, 100u}) {
        ASSERT_FALSE(illegible_at(bytes, at, n)) << name << " at " << at << ", " << n;
      }
    }
  }
}

std::string json() {
  std::mt19937 random(3);
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += "{\"name\":\"Wang Xiaofang " + std::to_string(i) + "\",\"phone\":\"138" +
            std::to_string(10'000'000 + random() % 90'000'000) + "\"},";
  }
  return text;
}

std::string random_bytes(size_t n) {
  std::mt19937 random(4);
  std::string out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(Legible, WhatIsCompressedOrRandomIsNot) {
  std::string text = json();
  std::string packed(text.size(), '\0');
  uLongf size = packed.size();
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  packed.resize(size);
  for (const std::string& bytes : {packed, random_bytes(8192)}) {
    size_t wrong = 0;
    size_t all = 0;
    for (size_t at = 0; at + 64 <= bytes.size(); at += 16, ++all) wrong += !illegible_at(bytes, at, 64);
    EXPECT_LE(wrong * 100, all) << "one in a hundred at most";
    EXPECT_GT(all, 100u);
  }
}

// RFC 6455 5.3. A mask is four random bytes; now and then one turns letters into letters.
TEST(Legible, WhatIsMaskedIsMostlyNot) {
  const std::string text = json();
  std::mt19937 random(5);
  size_t wrong = 0;
  constexpr size_t kAll = 4000;
  for (size_t i = 0; i < kAll; ++i) {
    std::array<uint8_t, 4> mask{};
    for (uint8_t& m : mask) m = static_cast<uint8_t>(random());
    std::string frame = text.substr(random() % 1000, 126);
    for (size_t k = 0; k < frame.size(); ++k)
      frame[k] = static_cast<char>(static_cast<uint8_t>(frame[k]) ^ mask[k % 4]);
    wrong += !illegible_at(frame, 0, frame.size());
  }
  EXPECT_LT(wrong * 8, kAll);
}

TEST(Legible, TextInsideOfChanceIsSeen) {
  const std::string ascii = "Zhang Wei, 11010519491231002X, 13812345678";
  std::string wide;
  for (const char c : ascii) wide += c + std::string(1, '\0');
  for (const std::string& text : {ascii, wide}) {
    const std::string bytes = random_bytes(600) + text + random_bytes(1000);
    const ExactCopy copy(bytes);
    EXPECT_EQ(what_shows(copy.get()), Shows::kSome);
  }
}

TEST(Legible, NumbersAndZerosAreNoChance) {
  std::string counters;  // records of a binary protocol: ids that grow, flags, small numbers
  for (uint32_t i = 0; i < 40; ++i) {
    for (const uint32_t v : {i, uint32_t{7}, 1000 + i * 3, uint32_t{0x80000001}}) {
      for (int k = 0; k < 4; ++k) counters.push_back(static_cast<char>(v >> (8 * k)));
    }
  }
  for (size_t at = 0; at + 64 < counters.size(); ++at) ASSERT_FALSE(illegible_at(counters, at, 64)) << at;
}

}  // namespace
}  // namespace weir
