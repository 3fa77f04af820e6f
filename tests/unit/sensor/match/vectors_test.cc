// The vectors of the detection page, in running text with the detector's keyword before them, and the scores
// that the page works out.
#include <gtest/gtest.h>

#include "sensor/match/pack_samples.h"
#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

struct Vectors {
  const char* detector;
  const char* keyword;
  std::vector<const char*> valid;
  std::vector<const char*> invalid;
};

const std::vector<Vectors>& all_vectors() {
  static const std::vector<Vectors> kVectors = {
      {"cn.resident_id",
       "身份证号",
       {"11010519491231002X", "440524188001010014", "110101199003078670", "440308199901101512",
        "44040119580101000X"},
       {"440308199902301512", "111111199901101512", "11010119900307867X", "990426199112010074",
        "110101********8531"}},
      {"cn.resident_id_15",
       "身份证",
       {"610104620927690", "110101491001001", "431389760616601"},
       {"610104620932690", "110101491041001", "010101491001001"}},
      {"cn.hmt_residence_permit",
       "居住证",
       {"810000199408230021", "830000199201300022"},
       {"810000199408230022", "830000199201300023"}},
      {"cn.foreign_permanent_resident",
       "永久居留",
       {"911840199003070014", "931392198505200024", "944826197812310032", "91184019900307009X",
        "KAZ110090123105"},
       {"911840199003070013", "911840199003070015", "931392198505200023", "931392198505200025",
        "944826197812310031", "944826197812310033", "KAZ110090123104", "KAZ110090123106",
        "911840199013070014", "990426199112010074"}},
      {"cn.mobile",
       "手机",
       {"13812345678", "19212341234", "+86-186-1234-5678"},
       {"12038389438", "9138123456789", "138123456780001", "010-38238383"}},
      {"cn.landline",
       "电话",
       {"010-62345678", "0936-4211235", "021-62345678"},
       {"000-12345678", "010-1234567", "0936-42112"}},
      {"payment.card",
       "卡号",
       {"6222021234567890128", "6228480402564890018", "6200000000000005", "4111111111111111",
        "378282246310005", "3530111333300000"},
       {"6222021234567890123", "6228480402564890019", "622848040256489001", "4111111111111112",
        "1748503543012", "0.4111111111111111", "3.6222021234567890128"}},
      {"cn.passport",
       "护照",
       {"E12345678", "EF1260892", "G12345678"},
       {"EI1234567", "EO1234567", "E1234567"}},
      {"hk.hkid",
       "身份證 HKID",
       {"G123456A", "A5555550", "AB9876543", "A1234563", "A123456(3)"},
       {"C5678908", "TP1490253", "K0341691", "A123456(4)", "A123456(3"}},
      {"tw.national_id",
       "身分證",
       {"A123456789", "M140051653", "Q238927307", "A800000014"},
       {"A123456788", "X231071922", "A185034995"}},
      {"cn.uscc",
       "统一社会信用代码",
       {"91110000600037341L", "911522010783762860", "91350100M000100Y43", "91230184MA1BUFLT44"},
       {"91110000600037341N", "A1110000600037341L", "9111000060003IOZSV"}},
      {"payment.iban",
       "IBAN",
       {"GB82WEST12345698765432", "DE89370400440532013000", "GR1601101050000010547023795"},
       {"GB82WEST12345698765431"}},
      {"us.ssn", "SSN", {"536-90-4399"}, {"078-05-1120", "219-09-9999", "666-12-3456"}},
      {"net.email",
       "邮箱",
       {"zhang.san@qq.com", "li.lei+x@mail.example.co.uk"},
       {"a@2x.png", "@scope/package", "a@b"}},
  };
  return kVectors;
}

TEST(Vectors, ValidValuesAreFoundAtMediumOrAboveAtTheirPlace) {
  for (const Vectors& v : all_vectors()) {
    for (const char* value : v.valid) {
      for (const std::string& text :
           {std::string("登记：") + v.keyword + "：" + value + "，请核对。",
            std::string(v.keyword) + value + "请核对",
            std::string("line one\n") + v.keyword + ": " + value + "\nline three",
            std::string(R"({"x":"1",")") + v.keyword + R"(":")" + value + R"("})"}) {
        // Where letters belong to the value, they must not touch it.
        if (text.find(std::string(v.keyword) + value) != std::string::npos &&
            static_cast<unsigned char>(v.keyword[std::string_view(v.keyword).size() - 1]) < 0x80) {
          continue;
        }
        const Found found = scan_whole(text);
        const Finding* f = find_as(found, v.detector);
        ASSERT_NE(f, nullptr) << v.detector << " in " << text << ": " << told(found);
        EXPECT_GE(f->score, kMediumScore) << text;
        EXPECT_EQ(text.substr(f->begin, f->end - f->begin), value) << text;
        EXPECT_TRUE(f->labelled) << text;
      }
    }
  }
}

TEST(Vectors, InvalidValuesAreNotFoundAsTheDetector) {
  for (const Vectors& v : all_vectors()) {
    for (const char* value : v.invalid) {
      const std::string text = std::string("登记：") + v.keyword + "：" + value + "，请核对。";
      const Found found = scan_whole(text);
      EXPECT_EQ(find_as(found, v.detector), nullptr) << v.detector << " in " << text << ": " << told(found);
    }
  }
}

TEST(Vectors, TheMaskShowsAtMostFourCharactersAndAQuarter) {
  for (const Vectors& v : all_vectors()) {
    for (const char* value : v.valid) {
      const std::string text = std::string(v.keyword) + "：" + value + "。";
      const Found found = scan_whole(text);
      const Finding* f = find_as(found, v.detector);
      ASSERT_NE(f, nullptr) << text;
      const std::string shown = f->masked.substr(0, f->masked.find('@'));
      const auto clear = static_cast<size_t>(std::ranges::count_if(shown, [](char c) { return c != '*'; }));
      EXPECT_LE(clear, 4u) << f->masked;
      EXPECT_LE(clear * 4, std::string_view(value).size()) << f->masked;
      EXPECT_EQ(f->excerpt.find(value), std::string::npos);
    }
  }
}

int score_of(std::string_view text, std::string_view detector) {
  const Found found = scan_whole(text);
  const Finding* f = find_as(found, detector);
  return f == nullptr ? -1 : f->score;
}

TEST(Scores, AreThoseThatThePageWorksOut) {
  EXPECT_EQ(score_of("登记表 110101199003078670 已审核", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("身份证 110101199003078670 已审核", "cn.resident_id"), 100);
  EXPECT_EQ(score_of("see 13812345678 there", "cn.mobile"), 45);
  EXPECT_EQ(score_of("手机 13812345678", "cn.mobile"), 75);
  EXPECT_EQ(score_of("see 4111111111111111 there", "payment.card"), 65);
  EXPECT_EQ(score_of("write to zhang.san@qq.com now", "net.email"), 60);
  EXPECT_EQ(score_of("SSN 536-90-4399", "us.ssn"), 75);                    // 35 + 10 structural + 30
  EXPECT_EQ(score_of("护照 E18345672", "cn.passport"), 60);                // 30 + 30
  EXPECT_EQ(score_of("IBAN DE89370400440532013000", "payment.iban"), 95);  // 35 + 30 + 30
}

TEST(Scores, ReasonsSayWhy) {
  const Found found = scan_whole("身份证 110101199003078670");
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  const Finding& f = found.findings[0];
  EXPECT_EQ(f.keyword, "身份证");
  EXPECT_TRUE(f.reasons.has(Reason::kShape));
  EXPECT_TRUE(f.reasons.has(Reason::kRegionDateCheck));
  EXPECT_TRUE(f.reasons.has(Reason::kKeyword));
  EXPECT_FALSE(f.reasons.has(Reason::kDecoded));
  EXPECT_EQ(f.masked, "110**************0");
}

TEST(Scores, AKeywordElsewhereInTheItemCountsOnceItHasBeenSeen) {
  const std::string far(300, '-');
  EXPECT_EQ(score_of("身份证" + far + "110101199003078670", "cn.resident_id"), 80);
  // Behind the value it has not been seen yet.
  EXPECT_EQ(score_of("110101199003078670" + far + "身份证", "cn.resident_id"), 75);
}

TEST(Scores, PublishedSamplesStayUnderMediumAndSequencesLose) {
  EXPECT_EQ(score_of("card number 4242424242424242", "payment.card"), 59);
  EXPECT_EQ(score_of("ssn 123-45-6789", "us.ssn"), 55);  // 75, less 20 for the sequence
}

TEST(Scores, TheNarrowerDetectorWinsAndTheOtherIsKeptBeside) {
  const Found found = scan_whole("证件 810000199408230021");
  ASSERT_EQ(found.findings.size(), 1u) << told(found);
  EXPECT_EQ(id_of(found.findings[0]), "cn.hmt_residence_permit");
  const auto resident = static_cast<DetectorIndex>(builtin_patterns()->find("cn.resident_id"));
  EXPECT_NE(std::ranges::find(found.findings[0].alternatives, resident),
            found.findings[0].alternatives.end());
}

TEST(PackSamples, AllHold) {
  const PackSampleReport report = run_pack_samples(builtin_patterns());
  EXPECT_GT(report.samples, 100u);
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
}

}  // namespace
}  // namespace weir
