// What is found must not depend on where windows were cut.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

std::vector<size_t> on_characters(std::string_view text, std::vector<size_t> cuts) {
  for (size_t& cut : cuts) {
    while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) ++cut;
  }
  return cuts;
}

TEST(Splits, EverySampleOfThePacksAtEveryByte) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  for (const DetectorSpec& d : builtin_patterns()->detectors()) {
    for (const PackSample& sample : d.samples) {
      // Long enough before and after that values are decided before the end.
      const std::string text =
          "前文 some words before it. " + sample.text +
          " 后文，and enough words after it that nothing hangs on the end of the text at all.";
      const Found whole = scan_whole(text);
      for (size_t cut = 1; cut < text.size(); ++cut) {
        const Found parts = scan_cut(matcher, text, on_characters(text, {cut, text.size()}));
        ASSERT_TRUE(same(whole, parts)) << text << " cut at " << cut << "\n"
                                        << told(whole) << "\n"
                                        << told(parts);
      }
      std::vector<size_t> every;
      for (size_t i = 1; i <= text.size(); ++i) every.push_back(i);
      ASSERT_TRUE(same(whole, scan_cut(matcher, text, on_characters(text, every)))) << text;
    }
  }
}

// A long text of values, words and noise, from a seed.
std::string mixed_text(unsigned seed, size_t size) {
  std::mt19937 random(seed);
  const auto pick = [&](size_t n) { return random() % n; };
  std::vector<std::string> pieces = {"手机", "订单号", "身份证号：", " phone ",  "card no ",
                                     "，",   "\n",     " ",          "\"}",      "{\"id\":\"",
                                     "电话", "a@b ",   "1111 ",      "中文文字", "GB82 WEST "};
  for (const DetectorSpec& d : builtin_patterns()->detectors()) {
    for (const PackSample& sample : d.samples) pieces.push_back(sample.valid ? sample.value : sample.text);
  }
  std::string text;
  while (text.size() < size) {
    switch (pick(4)) {
      case 0:
        for (size_t n = 1 + pick(20); n > 0; --n) text += static_cast<char>('0' + pick(10));
        break;
      case 1:
        text.append(1 + pick(60), static_cast<char>('a' + pick(26)));
        break;
      default:
        text += pieces[pick(pieces.size())];
        if (pick(2) != 0) text += ' ';
    }
  }
  return text;
}

TEST(Splits, RandomTextsInRandomWindows) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  size_t findings = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const std::string text = mixed_text(seed, 6000);
    const Found whole = scan_whole(text);
    findings += whole.findings.size();
    std::mt19937 random(seed);
    for (const size_t most : {40u, 300u, 2000u}) {
      std::vector<size_t> cuts;
      for (size_t at = 0; at < text.size();) {
        at = std::min(text.size(), at + 1 + random() % most);
        cuts.push_back(at);
      }
      const Found parts = scan_cut(matcher, text, on_characters(text, cuts));
      ASSERT_TRUE(same(whole, parts)) << "seed " << seed << " windows up to " << most << "\n"
                                      << told(whole) << "\n"
                                      << told(parts);
    }
  }
  EXPECT_GT(findings, 150u);
}

TEST(Splits, FindingsComeInItemOrderAndKnowWhatDecidedThem) {
  const std::string text = mixed_text(99, 8000);
  const Found found = scan_whole(text);
  ASSERT_GT(found.findings.size(), 10u);
  for (size_t i = 1; i < found.findings.size(); ++i) {
    const Finding& a = found.findings[i - 1];
    const Finding& b = found.findings[i];
    EXPECT_LE(std::tuple(a.begin, a.end, a.detector), std::tuple(b.begin, b.end, b.detector));
    EXPECT_LE(a.text_begin, b.text_begin);
  }
  // 64 characters on: in ASCII 64 bytes, the last of them.
  const std::string plain = "id 110101199003078670" + std::string(100, '.');
  const Found one = scan_whole(plain);
  ASSERT_EQ(one.findings.size(), 1u);
  EXPECT_EQ(one.findings[0].decided_at, one.findings[0].end + 63);
  EXPECT_EQ(one.findings[0].text_begin, 3u);
  // … or the end.
  const Found at_end = scan_whole("id 110101199003078670 .");
  ASSERT_EQ(at_end.findings.size(), 1u);
  EXPECT_EQ(at_end.findings[0].decided_at, 23u);
}

TEST(Splits, AValueIsTakenOnlyWhenWhatFollowsIsThere) {
  // Every prefix: nothing may be told that the whole text would not tell.
  Matcher matcher(builtin_patterns(), test_tokenizer());
  const std::string text = "卡号 4111 1111 1111 1111 " + std::string(80, '9');
  const Found whole = scan_whole(text);
  for (size_t cut = 1; cut < text.size(); ++cut) {
    ASSERT_TRUE(same(whole, scan_cut(matcher, text, on_characters(text, {cut, text.size()})))) << cut;
  }
}

TEST(Splits, TwoRunsOfOneItemDoNotMeet) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  Found found;
  Collector collector(&found);
  ItemMatchState state;
  // "1381234" ends a run, "5678" begins the next: a hole was between them.
  const std::string first = "手机 1381234", second = "5678 and 13912345678";
  uint64_t begin = 0;
  for (const std::string& part : {first, second}) {
    OffsetMap map;
    map.set_identity(begin);
    const Text reading{part, &map, false};
    TextWindow window;
    window.readings = {&reading, 1};
    window.item_begin = begin;
    window.item_end = begin + part.size();
    window.break_before = true;
    window.ends_run = true;
    EXPECT_EQ(matcher.scan(state, window, kItemTime, collector), window.item_end);
    begin = window.item_end + 100;
  }
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  EXPECT_EQ(found.findings[0].begin, first.size() + 100 + 9);
  EXPECT_EQ(found.findings[0].score, 50);  // the word stood in the item, in another run
  EXPECT_EQ(found.findings[0].text_begin, 10u + 1000u + 9u);
}

}  // namespace
}  // namespace weir
