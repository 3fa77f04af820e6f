// Every SIMD variant against a reading of the text byte by byte.
#include "sensor/match/anchor_scan.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace weir {
namespace {

using Places = std::vector<uint32_t>;

Places runs_by_hand(std::string_view text) {
  Places runs;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    if (digits == 4) runs.push_back(static_cast<uint32_t>(i - 3));
  }
  return runs;
}

Places at_signs_by_hand(std::string_view text) {
  Places places;
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1))
    places.push_back(static_cast<uint32_t>(at));
  return places;
}

constexpr AnchorVariant kVariants[] = {AnchorVariant::kPlain, AnchorVariant::kSse2, AnchorVariant::kAvx2};

// `text` is copied to an exact-size block at every alignment up to `alignments`, so that a read past its ends
// is seen by the sanitizer.
void check(std::string_view text, size_t alignments, AnchorPlaces* places) {
  const Places runs = runs_by_hand(text), at_signs = at_signs_by_hand(text);
  for (size_t alignment = 0; alignment < alignments; ++alignment) {
    const auto block = std::make_unique<char[]>(text.size() + alignment);
    std::copy(text.begin(), text.end(), block.get() + alignment);
    const std::string_view copy(block.get() + alignment, text.size());
    for (const AnchorVariant variant : kVariants) {
      if (!find_anchors_with(variant, copy, places)) continue;
      ASSERT_EQ(Places(places->runs().begin(), places->runs().end()), runs)
          << static_cast<int>(variant) << " " << text;
      ASSERT_EQ(Places(places->at_signs().begin(), places->at_signs().end()), at_signs)
          << static_cast<int>(variant) << " " << text;
    }
  }
}

TEST(AnchorScan, EveryVariantAtEveryLengthAndAlignment) {
  AnchorPlaces places;
  std::mt19937 random(1);
  for (size_t size = 0; size <= 300; ++size) {
    std::string text;
    while (text.size() < size) {
      switch (random() % 4) {
        case 0:
          text.append(random() % 7, static_cast<char>('0' + random() % 10));
          break;
        case 1:
          text += '@';
          break;
        default:
          text += static_cast<char>(random());
      }
    }
    text.resize(size);
    check(text, size % 16 == 0 ? 32 : 2, &places);
  }
}

TEST(AnchorScan, EveryByteBesideARunOverEveryBlockEdge) {
  AnchorPlaces places;
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (size_t at = 56; at < 72; ++at) {
      std::string text(80, static_cast<char>(byte));
      text.replace(at, 4, "2026");
      check(text, 1, &places);
    }
  }
}

TEST(AnchorScan, TextsOfOneThing) {
  AnchorPlaces places;
  for (const char* unit : {"7", "@", "1234 ", "123 ", "0000x", "/", ":", "\xB0", "a@1234"}) {
    std::string text;
    while (text.size() < 5000) text += unit;
    check(text, 1, &places);
  }
}

TEST(AnchorScan, TheOneInUseIsOneOfThem) {
  AnchorPlaces places;
  const std::string text = "tel 13812345678, a@b.example, 12 1234";
  find_anchors(text, &places);
  EXPECT_EQ(Places(places.runs().begin(), places.runs().end()), runs_by_hand(text));
  EXPECT_EQ(Places(places.at_signs().begin(), places.at_signs().end()), at_signs_by_hand(text));
  // A shorter text after a longer one leaves nothing behind.
  find_anchors("none", &places);
  EXPECT_TRUE(places.runs().empty());
  EXPECT_TRUE(places.at_signs().empty());
}

TEST(AnchorScan, LengthOfARun) {
  for (size_t size = 0; size < 70; ++size) {
    for (const size_t before : {0u, 3u, 15u}) {
      const std::string digits(size, '5');
      EXPECT_EQ(digit_run_length(std::string(before, '1') + digits, before), size);
      EXPECT_EQ(digit_run_length(std::string(before, '1') + digits + "/12", before), size);
      EXPECT_EQ(digit_run_length(std::string(before, '1') + digits + ":" + std::string(40, '1'), before),
                size);
    }
  }
}

}  // namespace
}  // namespace weir
