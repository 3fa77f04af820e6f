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

TEST(Boundaries, LettersMakeANumberPartOfSomethingElse) {
  // But for the detector's own words, …
  EXPECT_EQ(score_of("tel13812345678", "cn.mobile"), 75);
  EXPECT_EQ(score_of("No.13812345678", "cn.mobile"), 45);
  EXPECT_EQ(score_of("13812345678mobile", "cn.mobile"), 75);
  EXPECT_EQ(score_of("card4111111111111111", "payment.card"), 95);
  EXPECT_EQ(score_of("tel13812345678x", "cn.mobile"), -1);
  EXPECT_EQ(score_of("hotel13812345678", "cn.mobile"), -1);
  EXPECT_EQ(score_of("手机 sku13812345678", "cn.mobile"), -1);
  EXPECT_EQ(score_of("tw_national_id: M209880670 and ssn:", "us.ssn"), -1);
  EXPECT_EQ(score_of("GB90LOYD69025842518081", "payment.card"), -1);
  // … what is written in groups, …
  EXPECT_EQ(score_of("testdata139-0000-1234", "cn.mobile"), 45);
  // … and what region, date and check speak for.
  EXPECT_EQ(score_of("ID110101199003078670", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("a110101199003078670", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("110101199003078670b", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("11010519491231002Xname", "cn.resident_id"), 75);
  // The value's own letter on that side makes it another value.
  EXPECT_EQ(score_of("身份证 110101199003078670X", "cn.resident_id"), -1);
  EXPECT_EQ(score_of("X110101199003078670", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("护照 XE12345678", "cn.passport"), -1);
  EXPECT_EQ(score_of("护照号E12345678。", "cn.passport"), 60);
}

TEST(Boundaries, WhatAnEscapeStandsForDoesNotTouch) {
  for (const char* text : {R"(a\n13812345678)", R"(a\t13812345678)", R"(a\\r13812345678)",
                           R"(a\u003c13812345678)", "a%0A13812345678"}) {
    EXPECT_EQ(score_of(text, "cn.mobile"), 45) << text;
  }
  EXPECT_EQ(score_of(R"(HKID\nA123456(3)\n)", "hk.hkid"), 95);
  EXPECT_EQ(score_of(R"(Hello\npassport E12345678)", "cn.passport"), 60);
  EXPECT_EQ(score_of(R"(护照：\nE12345678\n)", "cn.passport"), 60);
  EXPECT_EQ(score_of(R"(iban\nDE89370400440532013000\n)", "payment.iban"), 95);
  const Found found = scan_whole(R"(Hi,\nwang.wu@example.com \u003czhang@example.com\u003e)");
  ASSERT_EQ(found.findings.size(), 2u) << told(found);
  EXPECT_EQ(found.findings[0].begin, 5u);
  EXPECT_EQ(found.findings[1].begin, 31u);
}

// A length in front, as protobuf, MySQL and BER write it: what follows is the next field's tag or length.
TEST(Boundaries, ALengthInFrontSaysWhereAValueEnds) {
  using namespace std::string_literals;
  EXPECT_EQ(score_of("\x22\x0b"s + "13812345678" + "2\x05other", "cn.mobile"), 45);
  EXPECT_EQ(score_of("\x22\x0b"s + "13812345678" + "B\x05other", "cn.mobile"), 45);
  EXPECT_EQ(score_of("\x12"s + "110101199003078670" + "0", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("\x12"s + "11010519491231002X" + "B", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("\x11"s + "user0@example.com" + "b\x04", "net.email"), 60);
  // Another length is none.
  EXPECT_EQ(score_of("\x0c"s + "13812345678" + "2", "cn.mobile"), -1);
  EXPECT_EQ(score_of("\x0c"s + "13812345678" + "B", "cn.mobile"), -1);
  // A line break is none, whatever number it is.
  EXPECT_EQ(score_of("卡号\r4222222222222"
                     "4",
                     "payment.card"),
            -1);
}

TEST(Boundaries, AMaskedValueIsNone) {
  EXPECT_EQ(scan_whole("身份证 110101********8531").findings.size(), 0u);
  EXPECT_EQ(scan_whole("手机 138****5678").findings.size(), 0u);
  EXPECT_EQ(scan_whole("mail z***@example.com").findings.size(), 0u);
  EXPECT_EQ(scan_whole("mail *zhang@example.com").findings.size(), 0u);
  EXPECT_EQ(scan_whole("mail ***san@example.com").findings.size(), 0u);
  EXPECT_EQ(scan_whole("手机 ****13812345678").findings.size(), 0u);
  EXPECT_EQ(scan_whole("卡号 6222**4111111111111111").findings.size(), 0u);
}

TEST(Boundaries, AValueInBoldIsOne) {
  EXPECT_EQ(score_of("- **110101199003078670**", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("**身份证：110101199003078670**", "cn.resident_id"), 100);
  EXPECT_EQ(score_of("*13812345678* and", "cn.mobile"), 45);
  // A footnote, an entry of a list, fields between stars.
  EXPECT_EQ(score_of("身份证 110101199003078670*", "cn.resident_id"), 100);
  EXPECT_EQ(score_of("手机 *13812345678", "cn.mobile"), 75);
  EXPECT_EQ(score_of("李四*110101199003078670*北京", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("***4111111111111111***", "payment.card"), 65);
  EXPECT_EQ(score_of("**zhang@example.com**", "net.email"), 60);
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

TEST(Words, SpeakForTheirValueAndThoseListedWithIt) {
  // The waybill has its number already.
  EXPECT_EQ(score_of("运单号SF3713712345678，联系快递员13812345678", "cn.mobile"), 45);
  EXPECT_EQ(score_of("订单号20260101123、13812345678", "cn.mobile"), -1) << "listed";
  EXPECT_EQ(score_of("13812345678，订单号20260101123", "cn.mobile"), 45);
  EXPECT_EQ(score_of(R"({"order_no":"123456","note":"13812345678"})", "cn.mobile"), 45);
  EXPECT_EQ(score_of("订单号见下。请联系13812345678", "cn.mobile"), 45);
  EXPECT_EQ(score_of("order 13812345678", "cn.mobile"), -1);
  const auto last = [](std::string_view text) {
    const Found found = scan_whole(text);
    return found.findings.empty() ? -1 : int{found.findings.back().score};
  };
  for (const char* text :
       {"手机：13812345678、13912345678", "手机：13812345678/13912345678", "手机13812345678和13912345678",
        "mobile 13812345678 or 13912345678", "手机：13812345678(张三)，13912345678"}) {
    EXPECT_EQ(last(text), 75) << text;
  }
  EXPECT_EQ(last("手机：13812345678，办公室里的储物柜的取件验证是 13912345678"), 50);
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

TEST(Vetoes, FractionsAreNoneListsAre) {
  for (const char* text : {"opacity:.5412345678901232", "translate(0%, -0.5412345678901232%)",
                           "<path d=\"M.5,1C.4532015112830366,18\"/>", "3.4532015112830366",
                           "0.110101199003078670", "v1.110101199003078670"}) {
    EXPECT_EQ(scan_whole(text).findings.size(), 0u) << text;
  }
  EXPECT_EQ(score_of("x:.304262935 ssn", "us.ssn"), -1);
  EXPECT_EQ(score_of("1.110101199003078670", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("见附件 12.110101199003078670", "cn.resident_id"), 75);
  EXPECT_EQ(score_of("110101199003078670.0", "cn.resident_id"), 75);
  // Weaker numbers are a list's where the counting goes on.
  const Found list = scan_whole("1.13812345678\n2.13912345678\n3.13712345678\n");
  EXPECT_EQ(list.findings.size(), 3u) << told(list);
  EXPECT_EQ(scan_whole("1.13812345678\n1.13912345678\n3.13712345678\n").findings.size(), 0u);
}

TEST(Vetoes, BarCodesAndTicksNeedTheirWord) {
  // GS1's check digits; those of Luhn hold as well.
  for (const char* text : {"6901200000217", "4000000000006", "barcode 5010000000004"}) {
    EXPECT_EQ(scan_whole(text).findings.size(), 0u) << text;
  }
  EXPECT_EQ(score_of("卡号 4000000000006", "payment.card"), 95);
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
