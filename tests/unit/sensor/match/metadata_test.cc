// Metadata mode: what a string from the wire looks like when it leaves.
#include <gtest/gtest.h>

#include "parsers/api/item.h"
#include "sensor/match/metadata_readings.h"
#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

std::string masked(std::string_view wire) { return make_metadata_masker(builtin_patterns())->mask(wire); }

TEST(Metadata, OrdinaryStringsStay) {
  for (const char* text : {"/index.html?page=12&sort=asc",
                           "报表 2026.xlsx",
                           "Mozilla/5.0 (X11; Linux x86_64)",
                           "",
                           "v1.2.3-456",
                           "/api/v2/users/42",
                           "report%20%281%29.pdf",
                           "%E5%88%98%202026-11.docx",
                           "/static/app.3f9a2c.min.js",
                           "14:30",
                           "/2026/11",
                           "host.example:8080",
                           "第3季度报表(终稿).xlsx",
                           "a&amp;b&nbsp;c",
                           "C:\\new\\table",
                           "=?UTF-8?B?5ZCN5Y2V?=",
                           "/s/dGhpcyBpcyBhIHRlc3Q/x",
                           "application/vnd.ms-excel",
                           "一二三",
                           "x=1+2+3"}) {
    EXPECT_EQ(masked(text), text);
  }
}

// The full-width digits 110101 in GBK (Python: '１１０１０１'.encode('gbk')), and others that are no UTF-8:
// content may read them, and nobody here can say in which charset.
TEST(Metadata, EscapedBytesOfAnotherCharsetAreHiddenWhole) {
  EXPECT_EQ(masked("/u/%A3%B1%A3%B1%A3%B0%A3%B1%A3%B0%A3%B1/x"), "/u/***/x");
  EXPECT_EQ(masked("/u/%25A3%25B1%25A3%25B1/x?q=1"), "/u/***/x?q=1");
  EXPECT_EQ(masked("\\xA3\\xB1\\xA3\\xB1.txt"), "***.txt");
  EXPECT_EQ(masked("/%C0%B1%C0%B1"), "/***") << "overlong UTF-8";
  EXPECT_EQ(masked("/%E5%BC%A0/%25E5%25BC%25A0"), "/%E5%BC%A0/%25E5%25BC%25A0");
}

// Unicode 16, 23.9: U+E0030 to U+E0039 are the digits of ASCII one to one.
TEST(Metadata, TagDigitsAreDigits) {
  std::string tags;
  for (const char c : std::string_view("110101199003078670"))
    tags += std::string("\xF3\xA0\x80") + static_cast<char>(0x80 + c);
  EXPECT_EQ(masked("a" + tags).find("\xF3\xA0\x80\xB1"), std::string::npos);
}

TEST(Metadata, WhatWasMaskedOnceIsTheSameAgain) {
  const auto masker = make_metadata_masker(builtin_patterns());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string path = "/files/of/some/length/that/is/remembered/" + std::string(30, 'x') + "/p" +
                               std::string(1, static_cast<char>('a' + i % 26)) + "/" +
                               std::to_string(1'000'000 + i);
      EXPECT_EQ(masker->mask(path), masked(path).substr(0, path.size()));
    }
  }
}

TEST(Metadata, IdentifiersInNamesAndPathsAreMasked) {
  EXPECT_EQ(masked("张三_110101199003078670.xlsx"), "张*_******************.xlsx") << "三 is a digit too";
  EXPECT_EQ(masked("王芳_110101199003078670.xlsx"), "王芳_110**************0.xlsx");
  EXPECT_EQ(masked("/user/13812345678/profile"), "/user/*********78/profile");
  EXPECT_EQ(masked("13812345678"), "*********78");
  EXPECT_EQ(masked("护照E12345678扫描件.pdf"), "护照E*******8扫描件.pdf");
}

TEST(Metadata, AShapeIsEnough) {
  // The check digit is wrong and no keyword is near.
  EXPECT_EQ(masked("110101199003078671.pdf"), "110**************1.pdf");
  EXPECT_EQ(masked("card-4111111111111112"), "card-************1112");
}

TEST(Metadata, SevenDigitsAreStarsWhateverSeparatesThem) {
  EXPECT_EQ(masked("/order/1234567"), "/order/*******");
  EXPECT_EQ(masked("/order/123456"), "/order/123456");
  EXPECT_EQ(masked("id=９９９９９９９９"), "id=********");
  EXPECT_EQ(masked("q=%39%39%39%39%39%39%39"), "q=*******");
  EXPECT_EQ(masked("q=%2539%2539%2539%2539%2539%2539%2539"), "q=*******");
  EXPECT_EQ(masked("\\u0039999999"), "*******");
  EXPECT_EQ(masked("\xE2\x80\x8B"
                   "1234\xE2\x80\x8B"
                   "567"),
            "\xE2\x80\x8B****\xE2\x80\x8B***");
  EXPECT_EQ(masked("110 101 199 003 078 670.txt"), "*** *** *** *** *** ***.txt");
  EXPECT_EQ(masked("110101 1990 0307 8670.txt"), "110**************0.txt") << "as a detector shows it";
  EXPECT_EQ(masked("/2026/11/30/12.html"), "/****/**/**/**.html");
  EXPECT_EQ(masked("192.168.10.20:8080"), "***.***.**.**:****");
  EXPECT_EQ(masked("12-34(5)6 , 7x8"), "**-**(*)* , *x8");
  EXPECT_EQ(masked("2026%2F11%2F30"), "**********") << "an escape between the digits goes with them";
  // The check letter of a Hong Kong identity card is its seventh digit.
  EXPECT_EQ(masked("G 123-456 (A).txt"), "G ***-*** (*).txt");
  EXPECT_EQ(masked("123456 Abc"), "123456 Abc");
  // One value and more beside it is a longer number.
  EXPECT_EQ(masked("13812345678_2026.csv"), "***********_****.csv");
  // What may be an escape or three characters of a number's.
  EXPECT_EQ(masked("110101%1990%0307%8670"), "***************");
}

TEST(Metadata, WhatAnEncodingHidesGoesAsAWhole) {
  EXPECT_EQ(masked("=?UTF-8?B?MTEwMTAxMTk5MDAzMDc4NjcwLnR4dA==?="), "***");
  EXPECT_EQ(masked("a =?utf-8?q?11010119900?= =?utf-8?Q?3078670?= b"), "a *** b");
  EXPECT_EQ(masked("/f/MTEwMTAxMTk5MDAzMDc4Njcw/x"), "/f***/x");
  EXPECT_EQ(masked("cv-MTEwMTAxMTk5MDAzMDc4Njcw.txt"), "***.txt");
  // G123456（3） in UTF-16LE: no seven digits touch, and the brackets are no ASCII.
  EXPECT_EQ(masked("/u/VwBYADIANQA4ADAAMwA2AAj/MwAJ/w==/p"), "/u***/w==/p");
  EXPECT_EQ(masked("?emhhbmcuc2FuQHFxLmNvbQ=="), "?***") << "zhang.san@qq.com";
}

TEST(Metadata, AnAddressInANumbersDomainLosesIt) {
  EXPECT_EQ(masked("zhang@110101199003078670.cn"), "z***@110**************0.cn");
  EXPECT_EQ(masked("z***@110101199003078670.cn"), "z***@110**************0.cn");
  EXPECT_EQ(masked("z***@1381234-5678.example"), "z***@*******-****.example");
  EXPECT_EQ(masked("/u/110101%E2%80%8E199003%E2%80%8E078670"), "/u/110**************0");
}

TEST(Metadata, TheEndOfWhatWasCutIsLeftOut) {
  std::string text = "/";
  for (int i = 0; i < 1000; ++i) text += "abc/";
  text +=
      "zhang.san.and.a.long.name.that.goes.on.until.the.limit.of.the.string.cuts.it.there.in.the.middle.of."
      "it@x";
  ASSERT_GE(text.size(), kMaxMetaLength);
  const std::string out = masked(text);
  EXPECT_TRUE(out.ends_with("…"));
  EXPECT_EQ(out.find("zhang"), std::string::npos);
  EXPECT_EQ(out.find("/abc/abc"), 0u);
}

TEST(Metadata, MoreReadingsThanAnHonestStringHasShowNothing) {
  std::string deep = "zhang.san%";
  for (int i = 0; i < 40; ++i) deep += "25";
  deep += "40qq.com";
  std::vector<MetadataReading> readings;
  EXPECT_FALSE(metadata_readings(deep, &readings));
  EXPECT_LE(readings.size(), 17u);
  EXPECT_EQ(masked(deep), "***");
}

// However a string is made, the work on it has a bound: readings, and bytes of them.
TEST(Metadata, TheReadingsHaveABound) {
  const auto repeated = [](std::string_view what) {
    std::string out;
    while (out.size() + what.size() < kMaxMetaLength) out += what;
    return out;
  };
  for (const std::string_view what :
       {"%25", "%", "&#38;#", "&amp;", "\\\\x5c", "=?a?b?", "=?a?q?=3D?=", "=?a?b?PT8=?=", "VmxSS", "a@b.",
        "1 ", "１", "\xff", "<b>", "+", "a.a@", "MTEwMTAxMTk5MDAzMDc4Njcw"}) {
    const std::string text = clean_metadata(repeated(what), kMaxMetaLength);
    std::vector<MetadataReading> readings;
    metadata_readings(text, &readings);
    EXPECT_LE(readings.size(), 17u) << what;
    size_t bytes = 0;
    for (const MetadataReading& reading : readings) {
      EXPECT_EQ(reading.text.size(), reading.origins.size());
      bytes += reading.text.size();
    }
    EXPECT_LE(bytes, 21 * text.size()) << what;
  }
}

TEST(Metadata, OfAFieldsNameOnlyThePacksWordsAreShown) {
  const auto field = [](std::string_view name) {
    return make_metadata_masker(builtin_patterns())->field_name(name);
  };
  EXPECT_EQ(field("王小芳"), "字字字");
  EXPECT_EQ(field("身份证号"), "身份证号");
  EXPECT_EQ(field("住北京市海淀区中关村大街27号的王小芳身份证号"),
            "字字字字字字字字字字字字99字字字字字身份证号");
  EXPECT_EQ(field("密码hunter2身份证"), "字字xxxxxx9身份证");
  EXPECT_EQ(field("LiLei_idCard"), "XxXxx_idCard");
  EXPECT_EQ(field("%E8%BA%AB%E4%BB%BD%E8%AF%81_%E7%8E%8B"), "身份证_字");
  EXPECT_EQ(field("\\u738b\\u5c0f\\u82b3"), "字字字");
  EXPECT_EQ(field("〡〢〣①٣𝟗"), "999999");
  EXPECT_EQ(field("〡〢〣①٣１𝟗"), "*******") << "seven digits";
  EXPECT_EQ(field("a\x01\xff@b"), "x �@x");
  EXPECT_EQ(field(""), "");
  EXPECT_EQ(field("MTEwMTAxMTk5MDAzMDc4Njcw"), "***") << "its shape would tell something of the number";
  EXPECT_EQ(field("身份证_110101199003078670"), "身份证_999**************9");
  EXPECT_LE(field(std::string(5000, 'a')).size(), 64u);
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
  EXPECT_EQ(masked("a\x1b[31;1mb"), "a b");
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
  std::vector<MetadataReading> readings;
  ASSERT_TRUE(metadata_readings(clean, &readings));
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[1].text, "a手b");
  ASSERT_EQ(readings[1].origins.size(), readings[1].text.size());
  EXPECT_EQ(readings[1].origins[0].begin, 0u);
  for (const size_t i : {1u, 2u, 3u}) {
    EXPECT_EQ(readings[1].origins[i].begin, 1u);
    EXPECT_EQ(readings[1].origins[i].end, 10u);
  }
  EXPECT_EQ(readings[1].origins[4].begin, 10u);
  EXPECT_EQ(readings[1].origins[4].end, 11u);
}

}  // namespace
}  // namespace weir
