#include <string>

#include "tests/unit/signatures/validators/vectors.h"

namespace weir {
namespace {

TEST(CnResidentId, Vectors) {
  expect_all("cn_resident_id", true,
             {"11010519491231002X", "440524188001010014", "110101199003078670", "440308199901101512",
              "44040119580101000X"});
  expect_all("cn_resident_id", false,
             {"440308199902301512", "111111199901101512", "11010119900307867X", "990426199112010074"});
}

TEST(CnResidentId, Shape) {
  expect_all("cn_resident_id", false,
             {"", "1", "11010519491231002x", "1101051949123100X2", "11010519491231002", "11010519491231002X0",
              "A10105194912310020", "810000199408230022"});
}

TEST(CnResidentId, Evidence) {
  EXPECT_EQ(judge("cn_resident_id", "11010519491231002X").evidence,
            kEvidenceCheckDigit | kEvidenceDate | kEvidenceRegion);
}

// Born on 2025-05-30; the check digit is python-stdnum's.
TEST(CnResidentId, BornAfterTheCapture) {
  constexpr int64_t kDayBefore = 1748563199;  // 2025-05-29 23:59:59 UTC
  const std::string value = "110101202505300037";
  EXPECT_FALSE(judge("cn_resident_id", value, {kDayBefore}).valid);
  EXPECT_TRUE(judge("cn_resident_id", value, {kDayBefore + 1}).valid);
  EXPECT_TRUE(judge("cn_resident_id", value, {0}).valid);
}

TEST(CnResidentId15, Vectors) {
  expect_all("cn_resident_id_15", true, {"610104620927690", "110101491001001", "431389760616601"});
  expect_all("cn_resident_id_15", false, {"610104620932690", "110101491041001", "010101491001001"});
  expect_all("cn_resident_id_15", false, {"61010462092769", "6101046209276901", "61010462092769X", ""});
}

// No check digit: region and date are all there is.
TEST(CnResidentId15, Evidence) {
  EXPECT_EQ(judge("cn_resident_id_15", "610104620927690").evidence, kEvidenceDate | kEvidenceRegion);
}

TEST(CnHmtResidencePermit, Vectors) {
  for (std::string_view good : {"810000199408230021", "830000199201300022"}) {
    expect_all("cn_hmt_residence_permit", true, {good});
    for (char last : std::string_view("0123456789X")) {
      if (last == good.back()) continue;
      expect_all("cn_hmt_residence_permit", false, {std::string(good.substr(0, 17)) + last});
    }
  }
}

TEST(CnForeignPermanentResident, Vectors) {
  for (std::string_view good : {"911840199003070014", "931392198505200024", "944826197812310032",
                                "91184019900307009X", "KAZ110090123105"}) {
    expect_all("cn_foreign_permanent_resident", true, {good});
    for (char last : std::string_view("0123456789X")) {
      if (last == good.back()) continue;
      expect_all("cn_foreign_permanent_resident", false,
                 {std::string(good.substr(0, good.size() - 1)) + last});
    }
  }
  expect_all("cn_foreign_permanent_resident", false,
             {"911840199013070014", "990426199112010074", "811840199003070014", "KAZ110090133105",
              "KA1110090123105", "", "9", "KAZ", "91184019900307001", "KAZ11009012310"});
}

TEST(CnForeignPermanentResident, Evidence) {
  EXPECT_EQ(judge("cn_foreign_permanent_resident", "911840199003070014").evidence,
            kEvidenceCheckDigit | kEvidenceDate | kEvidenceRegion);
  // 9, Beijing, no country of ISO 3166-1 (999), 1990-03-07, 001; the check digit is that of GB 11643 by hand.
  std::string unknown = "91199919900307001";
  int sum = 0;
  for (const char c : unknown) sum = (sum + (c - '0')) * 2 % 11;
  unknown += "0123456789X"[(12 - sum) % 11];
  EXPECT_EQ(judge("cn_foreign_permanent_resident", unknown).evidence,
            kEvidenceCheckDigit | kEvidenceDate | kEvidenceSoftFailed);
  EXPECT_EQ(judge("cn_foreign_permanent_resident", "KAZ110090123105").evidence,
            kEvidenceCheckDigit | kEvidenceDate | kEvidenceNeedsKeyword);
}

TEST(CnHmtResidencePermit, OnlyItsThreeRegions) {
  expect_all("cn_hmt_residence_permit", false,
             {"11010519491231002X", "810001199408230021", "840000199408230021", "810000199413230021"});
}

TEST(CnPassport, Vectors) {
  expect_all("cn_passport", true, {"E12345678", "EF1260892", "G12345678"});
  expect_all("cn_passport", false, {"EI1234567", "EO1234567", "E1234567"});
  expect_all("cn_passport", true,
             {"141234567", "151234567", "PE1234567", "SE1234567", "DE1234567", "K12345678", "MA1234567"});
  expect_all(
      "cn_passport", false,
      {"161234567", "A12345678", "MB1234567", "PA1234567", "EAB123456", "E123456789", "e12345678", ""});
}

TEST(HkHkid, Vectors) {
  expect_all("hk_hkid", true, {"G123456A", "A5555550", "AB9876543", "A1234563"});
  expect_all("hk_hkid", false, {"C5678908", "TP1490253", "K0341691"});
}

TEST(HkHkid, BracketsStandInPairsAndSpeakForIt) {
  EXPECT_EQ(judge("hk_hkid", "G123456(A)").evidence, kEvidenceCheckDigit | kEvidenceOwnMarks);
  EXPECT_EQ(judge("hk_hkid", "AB987654(3)").evidence, kEvidenceCheckDigit | kEvidenceOwnMarks);
  EXPECT_EQ(judge("hk_hkid", "G123456（A）").evidence, kEvidenceCheckDigit | kEvidenceOwnMarks);
  EXPECT_EQ(judge("hk_hkid", "G123456A").evidence, kEvidenceCheckDigit | kEvidenceNeedsKeyword);
  expect_all(
      "hk_hkid", false,
      {"G123456(A", "G123456A)", "G123456(A）", "G123456（A)", "G123456()", "G123456(AA)", "G123456(B)"});
}

TEST(HkHkid, Shape) {
  expect_all("hk_hkid", false, {"", "A", "123456A", "ABC1234563", "a1234563", "A123456", "A12345678"});
}

TEST(TwNationalId, Vectors) {
  expect_all("tw_national_id", true, {"A123456789", "M140051653", "Q238927307", "A800000014"});
  expect_all("tw_national_id", false, {"A123456788", "X231071922", "A185034995"});
  expect_all("tw_national_id", false,
             {"A323456789", "a123456789", "A12345678", "A1234567890", "1123456789", ""});
}

TEST(UsSsn, Vectors) {
  expect_all("us_ssn", true, {"536-90-4399"});
  expect_all("us_ssn", false, {"078-05-1120", "219-09-9999", "666-12-3456"});
  expect_all("us_ssn", false, {"912-90-3456", "000-12-3456", "536-00-4399", "536-90-0000", "078051120"});
}

TEST(UsSsn, WithoutHyphensItNeedsAKeyword) {
  EXPECT_EQ(judge("us_ssn", "536-90-4399").evidence, kEvidenceAssignedRange);
  EXPECT_EQ(judge("us_ssn", "536904399").evidence, kEvidenceAssignedRange | kEvidenceNeedsKeyword);
  EXPECT_EQ(judge("us_ssn", "536 90 4399").evidence, kEvidenceAssignedRange | kEvidenceNeedsKeyword);
  expect_all("us_ssn", false, {"536-90 4399", "53690-4399", "536.90.4399", "536-9-04399", "53-690-4399", ""});
}

}  // namespace
}  // namespace weir
