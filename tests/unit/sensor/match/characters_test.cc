#include "sensor/match/characters.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace weir {
namespace {

// The text stands in a block of its own size, so that a read past its end is seen by the sanitizer.
void check(std::string_view text) {
  const auto block = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), block.get());
  const std::string_view copy(block.get(), text.size());
  size_t expected = 0;
  for (const char c : text) expected += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  EXPECT_EQ(count_characters(copy), expected);
  for (const CountVariant variant : {CountVariant::kSse2, CountVariant::kAvx2}) {
    size_t count = 0;
    if (!count_characters_with(variant, copy, &count)) continue;
    EXPECT_EQ(count, expected) << static_cast<int>(variant) << " " << text.size();
  }
}

TEST(Characters, AreCountedByEveryVariantAtEveryLength) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 400; ++size) {
    std::string text, bytes;
    while (text.size() < size) text += random() % 2 == 0 ? "a" : random() % 2 == 0 ? "\u4e2d" : "\u00e9";
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    check(text);
    check(bytes);
    check(std::string(size, '\x80'));
    check(std::string(size, '\xBF'));
  }
}

}  // namespace
}  // namespace weir
