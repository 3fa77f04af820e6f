// Several readings of one stretch: the same source bytes count once, each reading may find what others do
// not, offsets are those of the item.
#include <gtest/gtest.h>

#include <list>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

// An item in several readings, fed as one run.
class Readings {
 public:
  explicit Readings(std::string item) : item_(std::move(item)) {
    OffsetMap map;
    map.set_identity(0);
    add(item_, map, false);
  }
  void add(std::string text, OffsetMap map, bool derived) {
    texts_.push_back(std::move(text));
    maps_.push_back(std::move(map));
    readings_.push_back({texts_.back(), &maps_.back(), derived});
  }
  // Percent escapes undone, as content would.
  void add_unescaped() {
    const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    std::string text;
    OffsetMap map;
    for (size_t i = 0; i < item_.size();) {
      if (item_[i] == '%' && i + 2 < item_.size() && std::isxdigit(item_[i + 1]) &&
          std::isxdigit(item_[i + 2])) {
        map.append(static_cast<uint32_t>(text.size()), i, 1, 3);
        text += static_cast<char>(value(item_[i + 1]) * 16 + value(item_[i + 2]));
        i += 3;
      } else {
        map.append(static_cast<uint32_t>(text.size()), i, 1, 1);
        text += item_[i++];
      }
    }
    map.append(static_cast<uint32_t>(text.size()), item_.size(), 1, 1);
    add(text, map, true);
  }
  Found scan() {
    Matcher matcher(builtin_patterns(), test_tokenizer());
    Found found;
    Collector collector(&found);
    ItemMatchState state;
    TextWindow window;
    window.readings = readings_;
    window.item_end = item_.size();
    window.break_before = true;
    window.ends_run = true;
    matcher.scan(state, window, kItemTime, collector);
    return found;
  }

 private:
  std::string item_;
  std::list<std::string> texts_;
  std::list<OffsetMap> maps_;
  std::vector<Text> readings_;
};

TEST(Readings, TheSameBytesCountOnce) {
  Readings item("phone=13812345678&x=%41");
  item.add_unescaped();
  const Found found = item.scan();
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  EXPECT_EQ(found.findings[0].begin, 6u);
  EXPECT_EQ(found.findings[0].end, 17u);
  EXPECT_FALSE(found.findings[0].reasons.has(Reason::kDecoded));
}

TEST(Readings, AnEscapedValueIsFoundAtItsSource) {
  Readings item("phone=%31%33%38%31%32%33%34%35%36%37%38&x=1");
  item.add_unescaped();
  const Found found = item.scan();
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  EXPECT_EQ(found.findings[0].begin, 6u);
  EXPECT_EQ(found.findings[0].end, 6u + 33u);
  EXPECT_EQ(found.findings[0].score, 75);
  EXPECT_TRUE(found.findings[0].reasons.has(Reason::kDecoded));
}

TEST(Readings, APercentSignBeforeANumberHidesNothing) {
  // Undone, %11 eats two of the digits: the plain reading still has them.
  Readings item("id%110101199003078670");
  item.add_unescaped();
  const Found found = item.scan();
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  EXPECT_EQ(id_of(found.findings[0]), "cn.resident_id");
  EXPECT_EQ(found.findings[0].begin, 3u);
}

TEST(Readings, TheKeywordMayBeEscapedAndTheValueNot) {
  Readings item("%E6%89%8B%E6%9C%BA=13812345678&x=1");
  item.add_unescaped();
  const Found found = item.scan();
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  EXPECT_EQ(found.findings[0].score, 75);
  EXPECT_EQ(found.findings[0].keyword, "手机");
  // The value itself stands there plainly.
  EXPECT_FALSE(found.findings[0].reasons.has(Reason::kDecoded));
}

TEST(Readings, TwoBytesOfACharsetAreTheItemsOwnOffsets) {
  // 手机 in GBK is four bytes, in UTF-8 six.
  const std::string item = "\xCA\xD6\xBB\xFA 13812345678";
  OffsetMap map;
  map.append(0, 0, 3, 2);
  map.append(6, 4, 1, 1);
  const std::string text = "手机 13812345678";
  const Text reading{text, &map, false};
  TextWindow window;
  window.readings = {&reading, 1};
  window.item_end = item.size();
  window.break_before = true;
  window.ends_run = true;
  Matcher matcher(builtin_patterns(), test_tokenizer());
  Found found;
  Collector collector(&found);
  ItemMatchState state;
  matcher.scan(state, window, kItemTime, collector);
  ASSERT_EQ(found.findings.size(), 1u);
  EXPECT_EQ(found.findings[0].begin, 5u);
  EXPECT_EQ(found.findings[0].end, 16u);
  EXPECT_EQ(found.findings[0].text_begin, 3u);
}

// What the plain reading refuses is not walked again where the other one has the same bytes; where an escape
// changes as little as one of them, it is.
TEST(Readings, AnAddressThatOneRefusesIsStillFoundByTheOther) {
  const std::string labels = ".zz.zz.zz.zz.zz";
  const auto finds = [](const std::string& text) {
    Readings item(text);
    item.add_unescaped();
    const Found found = item.scan();
    const Finding* address = find_as(found, "net.email");
    return address == nullptr ? std::string() : text.substr(address->begin, address->end - address->begin);
  };
  const std::string before = "see %41 ", after = " and %42 so on";
  EXPECT_EQ(finds(before + "a@b" + labels + after), "");
  EXPECT_EQ(finds(before + "a@b" + labels + ".c%6Fm" + after), "a@b" + labels + ".c%6Fm") << "a label behind";
  EXPECT_EQ(finds(before + "a@b" + labels + "%2Ecom" + after), "a@b" + labels + "%2Ecom") << "a dot behind";
  EXPECT_EQ(finds(before + "a@b.zz.z%7A.com.zz" + after), "a@b.zz.z%7A.com") << "inside";
  EXPECT_EQ(finds(before + "a@1%2D.2.3.com" + after), "") << "still none";
  EXPECT_EQ(finds(before + "a@1%61.2b.zz.com.zz" + after), "") << "two labels that begin with digits";
  EXPECT_EQ(finds(before + "a@1%61.b2.zz.com.zz" + after), "a@1%61.b2.zz.com");
  EXPECT_EQ(finds(before + "%61.a@qq.com.zz.zz" + after), "%61.a@qq.com") << "the local part";
  // Far from every escape, twice the same.
  const std::string far(400, '.');
  EXPECT_EQ(finds(before + far + " a@b" + labels + " " + far + " c@qq.com" + labels + " " + far + after),
            "c@qq.com");
}

}  // namespace
}  // namespace weir
