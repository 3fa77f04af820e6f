// Buffers made to hurt: nothing crashes, memory stays within the window's size, and results are as always.
#include <gtest/gtest.h>

#include <random>

#include "sensor/match/context.h"
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

std::string times(std::string_view unit, size_t n) {
  std::string text;
  for (size_t i = 0; i < n; ++i) text += unit;
  return text;
}

TEST(Hostile, AnAddressWithManyEndsIsFoundAtItsOwn) {
  // Labels behind an address hide it no more than they cost.
  Matcher matcher(builtin_patterns(), test_tokenizer());
  const std::string unit = "zhang.san@qq.com" + times(".zz", 70) + " a@1.2" + times(".cn", 70) + " ";
  const std::string text = times(unit, 200);
  const Found found = scan_cut(matcher, text, {text.size()});
  ASSERT_EQ(found.findings.size(), 200u) << told(found);
  for (size_t i = 0; i < found.findings.size(); ++i) {
    EXPECT_EQ(found.findings[i].begin, i * unit.size());
    EXPECT_EQ(found.findings[i].end, i * unit.size() + 16);
  }
  // One end of each is looked at, and what stands around it: not the square of the labels.
  EXPECT_LT(matcher.counters().work, text.size());
}

TEST(Hostile, NoInputTakesTheBuiltInPacksNearTheirBound) {
  for (const std::string_view unit :
       {"4111 ", "4111 1111 1111 1112 ", "13812345678,", "手机13812345678", "a@1.2.cn.cn.cn.cn ", "1@2.cn,",
        "110101199003078670,", "GB82 WEST 1234 5698 7654 32 ", "LC62 HEMM 0001 0001 0012 0012 0002 3015 ",
        "010-62345678 ", "536-90-4399 ", "A1234567 ", "E12345678 ", "91350100M000100Y43 ", "ab1@qq.com."}) {
    Matcher matcher(builtin_patterns(), test_tokenizer());
    const std::string text = repeated(unit, 64 * 1024);
    scan_cut(matcher, text, {text.size()});
    EXPECT_EQ(matcher.counters().given_up, 0u) << unit;
    EXPECT_LT(matcher.counters().work, text.size() * kMostWork) << unit;
  }
}

// A pack of one's own may let a value end at every byte, with a word needed that is not there: every end of
// every value would be judged.
TEST(Hostile, TheWorkOfAWindowHasABoundAndWhatIsOverItIsTold) {
  const std::string yaml = R"(
pack: mine
version: 1.0.0
title: {en: Mine, zh: 我的}
detectors:
  - id: my.groups
    title: {en: Groups, zh: 组}
    description: {en: Groups of digits., zh: 数字组。}
    category: custom
    keyword: required
    base: 35
    anchor: digits
    shape: "[0-9]{4}(?:[ ][0-9]){1,150}"
    separators: " "
    mask: {tail: 1}
    keywords: {zh: [工牌], en: [badge no]}
    samples:
      valid: [{text: "badge no 1234 5", value: 1234 5}]
      invalid: [{text: "x"}]
)";
  std::vector<Diagnostic> problems;
  const auto patterns = compile_pack_texts(std::vector<PackText>{{"mine.yaml", yaml}}, {}, &problems);
  ASSERT_NE(patterns, nullptr) << (problems.empty() ? "" : problems[0].to_string());

  struct Sink final : FindingSink {
    void on_match(const Match& match, const MatchDetails&) override { begins.push_back(match.begin); }
    void on_candidate(DetectorIndex, bool) override {}
    void on_given_up(uint64_t begin, uint64_t end) override { given_up.emplace_back(begin, end); }
    std::vector<uint64_t> begins;
    std::vector<std::pair<uint64_t, uint64_t>> given_up;
  };
  const auto scan = [&](const std::string& text, Sink* sink) {
    Matcher matcher(patterns, test_tokenizer());
    OffsetMap map;
    map.set_identity(0);
    const Text reading{text, &map, false};
    TextWindow window;
    window.readings = {&reading, 1};
    window.item_end = text.size();
    window.break_before = window.ends_run = true;
    ItemMatchState state;
    matcher.scan(state, window, kItemTime, *sink);
    EXPECT_LE(matcher.counters().work, kMostWorkOfWindow + kMostWork * text.size());
    return matcher.counters().given_up;
  };

  const std::string value = "9234" + times(" 1", 150);
  Sink few;
  EXPECT_EQ(scan("badge no " + value + times(".", 100), &few), 0u);
  EXPECT_EQ(few.begins, (std::vector<uint64_t>{9}));
  EXPECT_TRUE(few.given_up.empty());

  const std::string text = times(value + "..", 300) + "badge no 1234 5";
  Sink many;
  EXPECT_GT(scan(text, &many), 0u);
  ASSERT_EQ(many.given_up.size(), 1u);
  EXPECT_GT(many.given_up[0].first, 0u) << "what was looked at is not told as given up";
  EXPECT_EQ(many.given_up[0].second, text.size());
  EXPECT_TRUE(many.begins.empty()) << "what lies behind the bound was not looked at";
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
    EXPECT_LT(next + kContextOn, end) << unit << ": what follows may still change what stands there";
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
