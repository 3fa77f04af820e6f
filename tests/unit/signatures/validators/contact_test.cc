#include <string>
#include <vector>

#include "signatures/validators/regions.h"
#include "tests/unit/signatures/validators/vectors.h"

namespace weir {
namespace {

TEST(CnMobile, Vectors) {
  expect_all("cn_mobile", true,
             {"13812345678", "19212341234", "+8618612345678", "008618612345678", "8613812345678"});
  expect_all(
      "cn_mobile", false,
      {"12038389438", "01038238383", "138123456789", "1381234567", "86138123456789", "868613812345678"});
}

// The ranges of the catalogue, each at its edges.
TEST(CnMobile, AssignedRanges) {
  expect_all("cn_mobile", true, {"13000000000", "13999999999", "14500000000", "14700000000", "15000000000",
                                 "15300000000", "15500000000", "15900000000", "16100000000", "16109999999",
                                 "16200000000", "16500000000", "16700000000", "17000000000", "17300000000",
                                 "17400000000", "17405999999", "17500000000", "17800000000", "18000000000",
                                 "18900000000", "19000000000", "19300000000", "19500000000", "19900000000"});
  expect_all("cn_mobile", false,
             {"10000000000", "11000000000", "14000000000", "14100000000", "14200000000", "14300000000",
              "14400000000", "15400000000", "16000000000", "16110000000", "16300000000", "16400000000",
              "16800000000", "16900000000", "17406000000", "17410000000", "17900000000", "19400000000"});
}

TEST(CnMobile, MachineRangesNeedAKeyword) {
  EXPECT_EQ(judge("cn_mobile", "13812345678").evidence, kEvidenceAssignedRange);
  EXPECT_EQ(judge("cn_mobile", "+8613812345678").evidence, kEvidenceAssignedRange | kEvidenceOwnMarks);
  EXPECT_EQ(judge("cn_mobile", "008613812345678").evidence, kEvidenceAssignedRange | kEvidenceOwnMarks);
  for (std::string_view value : {"14612345678", "14812345678", "14912345678", "17491234567"}) {
    const ValidatorResult result = judge("cn_mobile", value);
    EXPECT_TRUE(result.valid) << value;
    EXPECT_EQ(result.evidence, kEvidenceAssignedRange | kEvidenceNeedsKeyword) << value;
  }
}

TEST(CnMobile, OneSpellingForAll) {
  for (std::string_view value :
       {"18612345678", "+8618612345678", "008618612345678", "8618612345678", "+86-186-1234-5678"}) {
    EXPECT_EQ(canonical("cn_mobile", value), "18612345678");
  }
}

TEST(CnLandline, Vectors) {
  expect_all("cn_landline", true, {"01062345678", "09364211235", "02162345678"});
  expect_all("cn_landline", false, {"00012345678", "0101234567", "093642112"});
}

TEST(CnLandline, WaysOfWriting) {
  for (std::string_view value :
       {"01062345678", "+861062345678", "008601062345678", "+8601062345678", "861062345678"}) {
    const ValidatorResult result = judge("cn_landline", value);
    EXPECT_TRUE(result.valid) << value;
    EXPECT_EQ(result.evidence, kEvidenceAssignedRange) << value;
    EXPECT_EQ(canonical("cn_landline", value), "01062345678") << value;
  }
  expect_all("cn_landline", false,
             {"(010)62345678", "1062345678", "010", "0", "", "+86", "86", "+8610", "01012345678",
              "01092345678", "010623456789", "0106234567"});
}

TEST(CnLandline, Areas) {
  expect_all("cn_landline", false,
             {"02662345678", "03002345678", "09992345", "09092345678901", "06012345678"});
  // Shenzhen has eight digits, Zhuhai seven; the other length is believed but earns nothing.
  EXPECT_EQ(judge("cn_landline", "075526789012").evidence, kEvidenceAssignedRange);
  EXPECT_EQ(judge("cn_landline", "07552678901").evidence, kEvidenceSoftFailed);
  EXPECT_EQ(judge("cn_landline", "07562678901").evidence, kEvidenceAssignedRange);
  EXPECT_EQ(judge("cn_landline", "075626789012").evidence, kEvidenceSoftFailed);
  EXPECT_EQ(judge("cn_landline", "085126789012").evidence, kEvidenceAssignedRange);
  EXPECT_EQ(judge("cn_landline", "08512678901").evidence, kEvidenceAssignedRange);
}

// Capitals of provinces and their area codes.
TEST(CnLandline, ProvincialCapitals) {
  for (std::string_view area : {"10",  "21",  "22",  "23",  "24",  "25",  "27",  "28",  "29",  "20",  "311",
                                "351", "371", "431", "451", "471", "531", "551", "571", "591", "731", "771",
                                "791", "851", "871", "891", "898", "931", "951", "971", "991"}) {
    EXPECT_NE(cn_landline_length(area), SubscriberLength::kUnknownArea) << area;
  }
  for (std::string_view area : {"26", "30", "1", "100", "300", "333", "900", "1000", "", "ab"}) {
    EXPECT_EQ(cn_landline_length(area), SubscriberLength::kUnknownArea) << area;
  }
}

TEST(NetEmail, Addresses) {
  expect_all(
      "net_email", true,
      {"zhang.san@example.com", "ZhangSan@Example.COM", "first.last+tag@mail.example.co.uk",
       "12345678@qq.com", "a@163.com", "user_name-1@126.com", "x@sub.domain.com.cn", "o'hara@example.ie",
       "a@b.cn", "hr@xn--fiqs8s.xn--fiqz9s", "me@firm.dev", "li@university.edu.cn"});
}

TEST(NetEmail, NotAddresses) {
  expect_all(
      "net_email", false,
      {"", "@", "a@", "@example.com", "a@b", "a@.com", "a@b..com", "a@b.com.", "a@-b.com", "a@b-.com",
       ".a@b.com", "a.@b.com", "a..b@c.com", "a b@c.com", "a@b_c.com", "a@b@c.com", "a@1.2.3.4", "a@b.c0m"});
}

// RFC 6531: other scripts in either part, the domain as people write it or as the root zone has it.
TEST(NetEmail, OtherScripts) {
  expect_all("net_email", true,
             {"王芳@例子.公司", "jürgen@müller.de", "иван@пример.рф", "hr@例子.中国",
              "info@bücher.example.com", "a@xn--bcher-kva.xn--p1ai"});
  expect_all("net_email", false, {"王芳@例子.公", "王芳@例子", "王芳@.公司", "hr@例子.xn--zzzzzz"});
  EXPECT_EQ(judge("net_email", "jürgen@müller.de").evidence, 0);
  // 你好@example.com: nothing tells where a sentence ends and an address begins.
  EXPECT_EQ(judge("net_email", "你好@example.com").evidence, kEvidenceNeedsKeyword);
}

// Delegated when the list was made (IANA), of every kind.
TEST(NetEmail, TopLevelDomains) {
  for (const char* tld :
       {"com", "cn", "homes", "inc", "cpa", "africa", "eus", "realtor", "nrw", "radio", "travelersinsurance",
        "xn--fiqs8s", "xn--vermgensberatung-pwb", "uk", "su", "aero"}) {
    EXPECT_TRUE(judge("net_email", "li.si@shop." + std::string(tld)).valid) << tld;
  }
  for (const char* tld : {"zz", "local", "internal", "corp", "example", "json", "html", "xn--aa", "comm"}) {
    EXPECT_FALSE(judge("net_email", "li.si@shop." + std::string(tld)).valid) << tld;
  }
}

TEST(NetEmail, Frames) {
  const NamedValidator* entry = find_named_validator("net_email");
  ASSERT_NE(entry, nullptr);
  const auto frame = [&](std::string_view text, std::string_view address) {
    const size_t at = text.find(address);
    return entry->frame(text, at, at + address.size());
  };
  for (const char* before :
       {"https://", "postgres://app:", "redis://:", "a ftp://u%20x:!$", "\"https:\\/\\/u:"}) {
    EXPECT_EQ(frame(std::string(before) + "k1@h.example.com/x", "k1@h.example.com"), Frame::kForbids)
        << before;
  }
  for (const char* before :
       {"mailto:", "mailto://", "see https://h.example.com/?u=", "// ", "a://b/c:", "://"}) {
    EXPECT_EQ(frame(std::string(before) + "k1@h.example.com", "k1@h.example.com"), Frame::kNone) << before;
  }
  for (const char* after : {":/var/www", ":~/x", ":team/tool.git"}) {
    EXPECT_EQ(frame("scp k1@h.example.com" + std::string(after), "k1@h.example.com"), Frame::kDoubts)
        << after;
  }
  for (const char* after : {"", ":", ":secret99", ":3128", ": /", ":tool.git"}) {
    EXPECT_EQ(frame("k1@h.example.com" + std::string(after), "k1@h.example.com"), Frame::kNone) << after;
  }
}

TEST(NetEmail, FilesAndPackages) {
  expect_all("net_email", false,
             {"a@2x.png", "icon@3x.js", "logo@2x.ai", "style@1.css", "lodash@4.17.21.tgz", "react@17.0.2",
              "pkg@1.2.3.md", "@scope/package", "name@scope/package", "main@v1.2.3", "shot@2024.mov",
              "backup@daily.zip", "x@host.local", "x@printer.lan", "%3Da@b.com"});
}

// RFC 5321, 4.5.3.1: 64 before the sign, 254 in all; RFC 1035: 63 a label.
TEST(NetEmail, Lengths) {
  const std::string host = "@example.com";
  EXPECT_TRUE(judge("net_email", std::string(64, 'a') + host).valid);
  EXPECT_FALSE(judge("net_email", std::string(65, 'a') + host).valid);
  EXPECT_TRUE(judge("net_email", "a@" + std::string(63, 'b') + ".com").valid);
  EXPECT_FALSE(judge("net_email", "a@" + std::string(64, 'b') + ".com").valid);
  std::string labels;
  while (labels.size() < 244) labels += "abc.";
  const std::string longest = "me@" + labels + "abc.com";
  ASSERT_EQ(longest.size(), 254u);
  EXPECT_TRUE(judge("net_email", longest).valid);
  EXPECT_FALSE(judge("net_email", "i" + longest).valid);
}

// Where it ends, of all places where it might.
TEST(NetEmail, EndsAtItsLastLabelThatIsADomain) {
  const NamedValidator* entry = find_named_validator("net_email");
  ASSERT_NE(entry, nullptr);
  const auto longest = [&](std::string_view value) {
    std::vector<uint16_t> ends;
    for (size_t end = 1; end <= value.size(); ++end) {
      const char after = end < value.size() ? value[end] : ' ';
      if (after == '.' || after == '-' || after == ' ') ends.push_back(static_cast<uint16_t>(end));
    }
    return value.substr(0, entry->longest(value, ends, kIn2025));
  };
  EXPECT_EQ(longest("a@qq.com"), "a@qq.com");
  EXPECT_EQ(longest("a@qq.com.zz.zz.zz"), "a@qq.com");
  EXPECT_EQ(longest("a@qq.com.cn.zz"), "a@qq.com.cn");
  EXPECT_EQ(longest("a@qq.com.-.cn"), "a@qq.com") << "behind a label that is none nothing counts";
  EXPECT_EQ(longest("a@163.com.7.8.cn"), "a@163.com") << "one label of digits and no more";
  EXPECT_EQ(longest("a@1.2.cn.cn.cn"), "");
  EXPECT_EQ(longest("a@icon.cn-2x.ai-x"), "a@icon.cn-2x.ai");
  EXPECT_EQ(longest("a@zz.zz.zz.zz"), "");
  std::string many = "a@qq.com";
  while (many.size() < 320) many += ".zz";
  EXPECT_EQ(longest(many), "a@qq.com");
}

TEST(NetEmail, OneSpellingForAll) { EXPECT_EQ(canonical("net_email", "Li.Si@QQ.com"), "li.si@qq.com"); }

}  // namespace
}  // namespace weir
