// A derived reading is passed over where it is the plain one; what is found must not depend on it.
#include "sensor/match/same_text.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

// Percent escapes undone, as content would.
struct Unescaped {
  std::string text;
  OffsetMap map;
};
Unescaped unescape(std::string_view item, uint64_t item_begin) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  Unescaped out;
  for (size_t i = 0; i < item.size();) {
    const bool escape = item[i] == '%' && i + 2 < item.size() && std::isxdigit(item[i + 1]) != 0 &&
                        std::isxdigit(item[i + 2]) != 0;
    out.map.append(static_cast<uint32_t>(out.text.size()), item_begin + i, 1, escape ? 3 : 1);
    out.text += escape ? static_cast<char>(value(item[i + 1]) * 16 + value(item[i + 2])) : item[i];
    i += escape ? 3 : 1;
  }
  out.map.append(static_cast<uint32_t>(out.text.size()), item_begin + item.size(), 1, 1);
  return out;
}

Found scan(std::string_view item, bool with_derived, bool pretend_other_charset) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  Found found;
  Collector collector(&found);
  ItemMatchState state;
  OffsetMap map;
  map.set_identity(0);
  if (pretend_other_charset) {
    // The same places, but by a byte each and of other units than the derived reading's: nothing can be
    // passed over.
    map.clear();
    for (size_t i = 0; i <= item.size(); ++i) map.append(static_cast<uint32_t>(i), i, 1, 2);
  }
  const Unescaped derived = unescape(item, 0);
  const std::vector<Text> readings = {{item, &map, false}, {derived.text, &derived.map, true}};
  TextWindow window;
  window.readings = std::span<const Text>(readings).first(with_derived ? 2 : 1);
  window.item_end = item.size();
  window.break_before = window.ends_run = true;
  matcher.scan(state, window, kItemTime, collector);
  return found;
}

TEST(SameText, PassesOverNothingThatWouldBeFound) {
  std::mt19937 random(21);
  std::vector<std::string> pieces = {"手机", "订单号", "身份证号：", " phone ", "card no ",   "\n",
                                     "电话", "a@b ",   "1111 ",      "中文",    "GB82 WEST ", "{\"id\":\""};
  for (const DetectorSpec& d : builtin_patterns()->detectors()) {
    for (const PackSample& s : d.samples) pieces.push_back(s.valid ? s.value : s.text);
  }
  size_t findings = 0, more = 0, passed_over = 0;
  for (int round = 0; round < 30; ++round) {
    std::string item;
    while (item.size() < 12'000) {
      // Long stretches without an escape, then one with some.
      for (size_t n = random() % (round % 2 == 0 ? 120 : 4); n > 0; --n)
        item += pieces[random() % pieces.size()] + " ";
      for (size_t n = random() % 6; n > 0; --n) {
        for (const char c : pieces[random() % pieces.size()]) {
          static constexpr char kHex[] = "0123456789abcdef";
          const auto byte = static_cast<unsigned char>(c);
          if (byte < 0x80 && random() % 4 == 0) {
            item += {'%', kHex[byte >> 4], kHex[byte & 15]};
          } else {
            item += c;
          }
        }
      }
    }
    const Found quick = scan(item, true, false), full = scan(item, true, true);
    ASSERT_TRUE(same(quick, full)) << told(quick) << "\n" << told(full);
    findings += quick.findings.size();
    more += quick.findings.size() - std::min(quick.findings.size(), scan(item, false, false).findings.size());
    OffsetMap map;
    map.set_identity(0);
    const Unescaped derived = unescape(item, 0);
    SameText same_text;
    same_text.compare({item, &map, false}, {derived.text, &derived.map, true}, 65);
    for (const Stretch& s : same_text.anchors()) passed_over += s.end - s.begin;
  }
  EXPECT_GT(findings, 1'000u);
  EXPECT_GT(more, 10u);  // that only the derived reading has
  EXPECT_GT(passed_over, 30'000u);
}

TEST(SameText, CoversWhatHasItsContextInside) {
  const std::string item = std::string(1000, 'x') + "%41" + std::string(1000, 'y');
  OffsetMap map;
  map.set_identity(0);
  const Unescaped derived = unescape(item, 0);
  SameText same_text;
  same_text.compare({item, &map, false}, {derived.text, &derived.map, true}, 65);
  EXPECT_FALSE(same_text.covers(0, 10));
  EXPECT_TRUE(same_text.covers(100, 120));
  EXPECT_TRUE(same_text.covers(900, 920));
  EXPECT_FALSE(same_text.covers(940, 960));
  EXPECT_FALSE(same_text.covers(999, 1002));
  EXPECT_FALSE(same_text.covers(1010, 1020));
  EXPECT_TRUE(same_text.covers(1100, 1120));
  EXPECT_FALSE(same_text.covers(1990, 2001));
  // The map alone does not decide: the bytes must be the same.
  std::string other = derived.text;
  other[500] = 'z';
  same_text.compare({item, &map, false}, {other, &derived.map, true}, 65);
  EXPECT_FALSE(same_text.covers(100, 120));
  EXPECT_TRUE(same_text.covers(1100, 1120));
  same_text.clear();
  EXPECT_FALSE(same_text.covers(1100, 1120));
}

// A text that was converted has a map of many pieces; what an escape leaves alone is the same in both.
TEST(SameText, CoversIsTrueOfConvertedTextsToo) {
  // "字" from two bytes of the item, ASCII from one, and in the middle %41.
  std::string plain, derived;
  OffsetMap plain_map, derived_map;
  uint64_t item = 7;
  const auto add = [&](std::string_view text, std::string_view undone, uint32_t item_unit) {
    const auto unit = static_cast<uint32_t>(undone.size());
    if (text == undone) {
      plain_map.append(static_cast<uint32_t>(plain.size()), item, unit, item_unit);
    } else {
      plain_map.append(static_cast<uint32_t>(plain.size()), item, 1, 1);
    }
    derived_map.append(static_cast<uint32_t>(derived.size()), item, unit, item_unit);
    plain += text;
    derived += undone;
    item += item_unit;
  };
  const auto filler = [&] {
    for (int i = 0; i < 300; ++i) {
      add("\xE5\xAD\x97", "\xE5\xAD\x97", 2);
      add("x", "x", 1);
    }
  };
  filler();
  const size_t escape = derived.size();
  add("%41", "A", 3);
  filler();
  plain_map.append(static_cast<uint32_t>(plain.size()), item, 1, 1);
  derived_map.append(static_cast<uint32_t>(derived.size()), item, 1, 1);
  SameText same_text;
  same_text.compare({plain, &plain_map, false}, {derived, &derived_map, true}, 65);
  ASSERT_EQ(same_text.equal().size(), 2u);
  EXPECT_EQ(same_text.equal()[0].size, escape);
  EXPECT_EQ(same_text.equal()[1].derived, escape + 1);
  EXPECT_EQ(same_text.equal()[1].plain, escape + 3);
  EXPECT_EQ(same_text.equal()[1].size, derived.size() - escape - 1);
  EXPECT_TRUE(same_text.covers(400, 420));
  EXPECT_FALSE(same_text.covers(escape - 20, escape - 10));
  EXPECT_FALSE(same_text.covers(escape, escape + 1));
  EXPECT_TRUE(same_text.covers(escape + 400, escape + 420));
}

}  // namespace
}  // namespace weir
