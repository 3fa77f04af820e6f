// Boundaries, words near a value, field names, vetoes.
#include "sensor/match/context.h"

#include <gtest/gtest.h>

#include "sensor/match/vetoes.h"
#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

int score_of(std::string_view text, std::string_view detector, std::string_view field = {}) {
  const Found found = scan_whole(text, field);
  const Finding* f = find_as(found, detector);
  return f == nullptr ? -1 : f->score;
}

TEST(Boundaries, HanTouchesDigitsTouchNot) {
  EXPECT_EQ(score_of("卡号4111111111111111请核对", "payment.card"), 95);
  EXPECT_EQ(score_of("卡号41111111111111110请核对", "payment.card"), -1);
  EXPECT_EQ(score_of("手机13812345678号", "cn.mobile"), 75);
  EXPECT_EQ(score_of("手机 913812345678", "cn.mobile"), -1);
  EXPECT_EQ(score_of("手机 138123456789", "cn.mobile"), -1);
}

TEST(Boundaries, LettersTouchOnlyWhereTheAlphabetHasNone) {
  EXPECT_EQ(score_of("tel13812345678x", "cn.mobile"), 75);
  EXPECT_EQ(score_of("身份证 a110101199003078670", "cn.resident_id"), -1);
  EXPECT_EQ(score_of("身份证 110101199003078670b", "cn.resident_id"), -1);
  EXPECT_EQ(score_of("护照 XE12345678", "cn.passport"), -1);
  EXPECT_EQ(score_of("护照号E12345678。", "cn.passport"), 60);
}

TEST(Boundaries, AMaskedValueIsNone) {
  EXPECT_EQ(scan_whole("身份证 110101********8531").findings.size(), 0u);
  EXPECT_EQ(scan_whole("手机 138****5678").findings.size(), 0u);
  EXPECT_EQ(scan_whole("mail z***@example.com").findings.size(), 0u);
  EXPECT_EQ(scan_whole("手机 *13812345678").findings.size(), 0u);
  EXPECT_EQ(scan_whole("手机 13812345678*").findings.size(), 0u);
}

TEST(Words, LatinOnesAreWholeInEveryWayToWriteThem) {
  for (const char* text :
       {"idCard:110101199003078670", "id_card=110101199003078670", "ID-CARD 110101199003078670",
        "userIdCard:110101199003078670", "IDCARD 110101199003078670", "Id Card 110101199003078670",
        "id_card_no:110101199003078670"}) {
    EXPECT_EQ(score_of(text, "cn.resident_id"), 100) << text;
  }
  // Part of another word: no keyword.
  EXPECT_EQ(score_of("hotel 13812345678", "cn.mobile"), 45);
  EXPECT_EQ(score_of("cardinal 4111111111111111", "payment.card"), 65);
  EXPECT_EQ(score_of("discard 4111111111111111", "payment.card"), 65);
  EXPECT_EQ(score_of("phones 13812345678", "cn.mobile"), 45);
}

TEST(Words, CountUpToFortyCharactersBeforeAndFifteenAfter) {
  const auto before = [](size_t n) { return "手机" + std::string(n, '.') + "13812345678"; };
  EXPECT_EQ(score_of(before(40), "cn.mobile"), 75);
  EXPECT_EQ(score_of(before(41), "cn.mobile"), 50);  // elsewhere in the item
  const auto after = [](size_t n) { return "13812345678" + std::string(n, '.') + "手机"; };
  EXPECT_EQ(score_of(after(15), "cn.mobile"), 75);
  EXPECT_EQ(score_of(after(16), "cn.mobile"), 45);
  // Characters, not bytes.
  std::string wide = "手机";
  for (int i = 0; i < 40; ++i) wide += "，";
  EXPECT_EQ(score_of(wide + "13812345678", "cn.mobile"), 75);
  EXPECT_EQ(score_of(wide + "，13812345678", "cn.mobile"), 50);
}

TEST(Words, TheNearestWins) {
  EXPECT_EQ(score_of("银行卡 订单号 4111111111111111", "payment.card"), 40);  // 65 - 30, and 5 for the item
  EXPECT_EQ(score_of("订单号 银行卡 4111111111111111", "payment.card"), 95);
  EXPECT_EQ(score_of("order_no=4111111111111111", "payment.card"), -1);
  EXPECT_EQ(score_of(R"({"phone":"x","orderId":"13812345678"})", "cn.mobile"), -1);
  // Behind a JSON value stands the next field's name.
  EXPECT_EQ(score_of(R"({"a":"13812345678","phone":"x"})", "cn.mobile"), 45);
}

TEST(Fields, AreFoundByTheirForm) {
  const auto field_in = [](std::string_view text, std::string_view value) {
    const size_t at = text.find(value);
    const ValuePlace place = place_of(text, at, at + value.size());
    const FieldName name = find_field(place);
    return std::string(text.substr(name.begin, name.end - name.begin));
  };
  const char* value = "13812345678";
  EXPECT_EQ(field_in(R"({"phone":"13812345678"})", value), "phone");
  EXPECT_EQ(field_in(R"({"phone" : 13812345678})", value), "phone");
  EXPECT_EQ(field_in(R"({\"phone\":\"13812345678\"})", value), "phone");
  EXPECT_EQ(field_in(R"({"phones":["13812345678"]})", value), "phones");
  EXPECT_EQ(field_in("a=1&mobile=13812345678&b=2", value), "mobile");
  EXPECT_EQ(field_in("<Phone>13812345678</Phone>", value), "Phone");
  EXPECT_EQ(field_in("<ns:tel kind='x'>13812345678", value), "tel");
  EXPECT_EQ(field_in("X-Phone: 13812345678\r\n", value), "X-Phone");
  EXPECT_EQ(field_in("联系电话：13812345678", value), "联系电话");
  EXPECT_EQ(field_in("姓名：王芳，手机：13812345678", value), "手机");
  EXPECT_EQ(field_in("just 13812345678", value), "");
  EXPECT_EQ(field_in("13812345678", value), "");
}

TEST(Fields, AKeywordInTheNameIsAFieldNameReason) {
  const Found found = scan_whole(R"({"userPhone":"13812345678"})");
  ASSERT_EQ(found.findings.size(), 1u);
  EXPECT_TRUE(found.findings[0].reasons.has(Reason::kFieldName));
  EXPECT_EQ(found.findings[0].field, "userPhone");
}

TEST(Fields, AreTakenFromStructureWhereTheTextHasNone) {
  EXPECT_EQ(score_of("13812345678", "cn.mobile", "phone"), 75);
  EXPECT_EQ(score_of("13812345678", "cn.mobile", "remark"), 45);
  EXPECT_EQ(score_of("4111111111111111", "payment.card", "order_no"), -1);
  const Found found = scan_whole("13812345678", "user_mobile");
  ASSERT_EQ(found.findings.size(), 1u);
  EXPECT_EQ(found.findings[0].field, "user_mobile");
  EXPECT_TRUE(found.findings[0].reasons.has(Reason::kFieldName));
}

TEST(Vetoes, NumbersInsideOtherThings) {
  EXPECT_EQ(score_of("ratio 0.4111111111111111", "payment.card"), -1);
  EXPECT_EQ(score_of("hash d4f1a13812345678c0ffee00", "cn.mobile"), -1);
  EXPECT_EQ(score_of("blob Zm9vYmFyQk13812345678Rm9vMQ", "cn.mobile"), -1);
  EXPECT_EQ(score_of("uuid 13812345-1381-4381-8381-138123456789", "cn.mobile"), -1);
  EXPECT_EQ(score_of("card 41111111-1111-1111-1111-111111111111", "payment.card"), -1);
}

TEST(Vetoes, TimesNearTheItemsOwnNeedAKeyword) {
  // 2025-05-29 in milliseconds has a mobile number's neighbours, but no detector's check; a date-time that is
  // a Diners Club number by chance: 2025-05-29 07:25:4x.
  for (const char* text : {"at 1748503543012", "at 1748503543", "at 20250529072543"}) {
    EXPECT_EQ(scan_whole(text).findings.size(), 0u) << text;
  }
}

TEST(Vetoes, AllDigitsEqualIsNothing) {
  EXPECT_EQ(scan_whole("卡号 4444444444444444").findings.size(), 0u);
  EXPECT_EQ(scan_whole("ssn 111-11-1111").findings.size(), 0u);
}

TEST(Excerpt, ShowsShapeAndThePacksOwnWords) {
  const Found found = scan_whole(R"({"realName":"王芳","身份证":"110101199003078670"})");
  ASSERT_EQ(found.findings.size(), 1u);
  EXPECT_EQ(found.findings[0].excerpt, R"({"xxxxXxxx":"字字","身份证":"999999999999999999"})");
}

}  // namespace
}  // namespace weir
