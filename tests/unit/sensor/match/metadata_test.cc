// Metadata mode: what a string from the wire looks like when it leaves.
#include <gtest/gtest.h>

#include "sensor/match/metadata_readings.h"
#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

std::string masked(std::string_view wire) { return make_metadata_masker(builtin_patterns())->mask(wire); }

TEST(Metadata, OrdinaryStringsStay) {
  for (const char* text : {"/index.html?page=12&sort=asc", "报表 2026.xlsx",
                           "Mozilla/5.0 (X11; Linux x86_64)", "", "v1.2.3-456", "192.168.10.20:8080"}) {
    EXPECT_EQ(masked(text), text);
  }
}

TEST(Metadata, IdentifiersInNamesAndPathsAreMasked) {
  EXPECT_EQ(masked("张三_110101199003078670.xlsx"), "张三_110**************0.xlsx");
  EXPECT_EQ(masked("/user/13812345678/profile"), "/user/*********78/profile");
  EXPECT_EQ(masked("13812345678"), "*********78");
  EXPECT_EQ(masked("护照E12345678扫描件.pdf"), "护照E*******8扫描件.pdf");
}

TEST(Metadata, AShapeIsEnough) {
  // The check digit is wrong and no keyword is near.
  EXPECT_EQ(masked("110101199003078671.pdf"), "110**************1.pdf");
  EXPECT_EQ(masked("card-4111111111111112"), "card-************1112");
}

TEST(Metadata, LongRunsOfDigitsAreStars) {
  EXPECT_EQ(masked("/order/1234567"), "/order/*******");
  EXPECT_EQ(masked("/order/123456"), "/order/123456");
  EXPECT_EQ(masked("id=９９９９９９９９"), "id=********");
  EXPECT_EQ(masked("q=%39%39%39%39%39%39%39"), "q=*******");
  EXPECT_EQ(masked("q=%2539%2539%2539%2539%2539%2539%2539"), "q=*******");
  EXPECT_EQ(masked("\\u0039999999"), "*******");
  EXPECT_EQ(masked("\xE2\x80\x8B"
                   "1234\xE2\x80\x8B"
                   "567"),
            "\xE2\x80\x8B*******");
}

TEST(Metadata, AddressesKeepTheirDomain) {
  EXPECT_EQ(masked("zhang.san@qq.com"), "z***@qq.com");
  EXPECT_EQ(masked("To: li@example.cn, wang.wu@example.cn"), "To: ***@example.cn, w***@example.cn");
  EXPECT_EQ(masked("13812345678@qq.com"), "1***@qq.com");
  EXPECT_EQ(masked("u=zhang.san%40qq.com&v=1"), "u=z***@qq.com&v=1");
}

TEST(Metadata, TheResultIsCleanUtf8) {
  EXPECT_EQ(masked("a\xFF"
                   "b\x01"
                   "c\n"),
            "a\xEF\xBF\xBD"
            "b c ");
  EXPECT_EQ(masked(std::string_view("\0\x7F", 2)), "  ");
  // GBK bytes around a number: the number is seen.
  EXPECT_EQ(masked("\xCA\xD6 13812345678"), "\xEF\xBF\xBD\xEF\xBF\xBD *********78");
}

TEST(Metadata, MaskingTwiceChangesNothing) {
  for (const char* text : {"张三_110101199003078670.xlsx", "zhang.san@qq.com", "/a/1234567/b",
                           "a@E12345678.com", "138 1234 5678+138%2B1234"}) {
    const std::string once = masked(text);
    EXPECT_EQ(masked(once), once) << text;
  }
}

TEST(Metadata, EverySampleOfThePacksLosesItsValue) {
  for (const DetectorSpec& d : builtin_patterns()->detectors()) {
    for (const PackSample& sample : d.samples) {
      if (!sample.valid) continue;
      const std::string out = masked(sample.text);
      EXPECT_EQ(out.find(sample.value), std::string::npos) << out;
      // No seven digits in a row, and of the value's digits no more than four together.
      size_t run = 0;
      for (const char c : out) {
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        EXPECT_LT(run, 7u) << out;
      }
    }
  }
}

TEST(MetadataReadings, KeepTheWayBack) {
  const std::string clean = "a%E6%89%8Bb";
  const auto readings = metadata_readings(clean);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[1].text, "a手b");
  ASSERT_EQ(readings[1].from.size(), readings[1].text.size() + 1);
  EXPECT_EQ(readings[1].from[0], 0u);
  EXPECT_EQ(readings[1].from[1], 1u);
  EXPECT_EQ(readings[1].from[4], 10u);
  EXPECT_EQ(readings[1].from[5], 11u);
}

}  // namespace
}  // namespace weir
