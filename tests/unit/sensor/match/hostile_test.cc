// Buffers made to hurt: nothing crashes, memory stays within the window's size, and results are as always.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

std::string repeated(std::string_view unit, size_t size) {
  std::string text;
  while (text.size() < size) text += unit;
  return text;
}

TEST(Hostile, BuffersOfOneThing) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  for (const char* unit :
       {"7", "1234 ", "a@b@", "@", "phone card ", "phonphontelcarcar", "GB82 WEST 1234 5698 7654 ",
        "1-1-1234-1-1-", "电话号码", "((((0755", "+86", "8888", "a.", "%31", "\xEF\xBF\xBD"}) {
    const std::string text = repeated(unit, 100'000);
    std::vector<size_t> cuts;
    for (size_t at = 16'384; at < text.size(); at += 16'384) {
      size_t cut = at;
      while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) ++cut;
      cuts.push_back(cut);
    }
    cuts.push_back(text.size());
    EXPECT_EQ(scan_cut(matcher, text, cuts).findings.size(), 0u) << unit;
  }
  EXPECT_EQ(matcher.counters().engine_errors, 0u);
}

TEST(Hostile, SeventyThousandMatchesInOneText) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  std::string text;
  for (size_t i = 0; i < 70'000; ++i) text += "u" + std::to_string(i) + "@example.com ";
  const Found found = scan_cut(matcher, text, {text.size()});
  EXPECT_EQ(found.findings.size(), 70'000u);
}

TEST(Hostile, MoreAtSignsThanTheEngineIsAskedToReport) {
  // The rest is found without it: the last address is as good as the first.
  Matcher matcher(builtin_patterns(), test_tokenizer());
  const std::string text = "first.one@example.com " + repeated("a@b@", 50'000) + " last.one@example.com end";
  const Found found = scan_cut(matcher, text, {text.size()});
  ASSERT_EQ(found.findings.size(), 2u) << told(found);
  EXPECT_EQ(text.substr(found.findings[1].begin, 20), "last.one@example.com");
}

TEST(Hostile, TheCarryStaysSmall) {
  // However the text is made, the matcher lets go of all but some hundred characters of it.
  Matcher matcher(builtin_patterns(), test_tokenizer());
  for (const char* unit :
       {"7", "4111 1111 1111 1111 ", "6222 0212 ", "x", "a@b.", "GB82 WEST 1234 5698 7654 32", "电"}) {
    const std::string text = repeated(unit, 30'000);
    size_t end = text.size() - text.size() % std::string_view(unit).size();
    OffsetMap map;
    map.set_identity(0);
    const Text reading{std::string_view(text).substr(0, end), &map, false};
    TextWindow window;
    window.readings = {&reading, 1};
    window.item_end = end;
    window.break_before = true;
    ItemMatchState state;
    Found found;
    Collector collector(&found);
    const uint64_t next = matcher.scan(state, window, kItemTime, collector);
    EXPECT_GT(next + 1000, end) << unit;
  }
}

TEST(Hostile, RandomBytesAsText) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    // Not even UTF-8: the contract is broken, nothing else may be.
    std::string text;
    for (size_t n = random() % 3000; n > 0; --n) text += static_cast<char>(random());
    scan_cut(matcher, text, {text.size() / 2, text.size()});
  }
  EXPECT_EQ(matcher.counters().engine_errors, 0u);
}

}  // namespace
}  // namespace weir
