// Values as people, exports and programs write them, and what only looks like one: each line of a text alone.
#include <gtest/gtest.h>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

struct Line {
  const char* text;
  const char* detector;
  const char* value;  // as it stands in the text
};

void expect_found(std::initializer_list<Line> lines) {
  for (const Line& line : lines) {
    const Found found = scan_whole(line.text);
    const Finding* f = find_as(found, line.detector);
    ASSERT_NE(f, nullptr) << line.text << ": " << told(found);
    EXPECT_EQ(std::string(line.text).substr(f->begin, f->end - f->begin), line.value) << line.text;
  }
}

void expect_nothing_of(const char* detector, std::initializer_list<const char*> texts) {
  for (const char* text : texts) {
    const Found found = scan_whole(text);
    EXPECT_EQ(find_as(found, detector), nullptr) << text << ": " << told(found);
  }
}

TEST(Everyday, Telephones) {
  expect_found({{"手机号：8618612345678", "cn.mobile", "8618612345678"},
                {"msisdn=8618612345678&x=1", "cn.mobile", "8618612345678"},
                {"mobile 86 186 1234 5678", "cn.mobile", "86 186 1234 5678"},
                {"手机 186-123-45678", "cn.mobile", "186-123-45678"},
                {"手机 186-12345678", "cn.mobile", "186-12345678"},
                {"电话：(+86)18612345678", "cn.mobile", "(+86)18612345678"},
                {"电话：（0086）186-1234-5678", "cn.mobile", "（0086）186-1234-5678"},
                {"电话：+86 (186) 1234 5678", "cn.mobile", "+86 (186) 1234 5678"},
                {"电话：+86 (21) 6234 5678", "cn.landline", "+86 (21) 6234 5678"},
                {"电话：(86-21)62345678", "cn.landline", "(86-21)62345678"},
                {"电话：(86)21-62345678", "cn.landline", "(86)21-62345678"},
                {"电话：86-21-62345678", "cn.landline", "86-21-62345678"}});
  expect_nothing_of("cn.mobile", {"手机：8611212345678", "手机：186-1234 5678", "手机：18-612-345-678"});
  expect_nothing_of("cn.landline", {"sku 862162345678", "电话：86-26-62345678"});
}

TEST(Everyday, IdentityPapers) {
  expect_found({{"身份证 110101 1990 0307 8670", "cn.resident_id", "110101 1990 0307 8670"},
                {"身份证 110101-1990-03-07-8670", "cn.resident_id", "110101-1990-03-07-8670"},
                {"=\"110101199003078670\"", "cn.resident_id", "110101199003078670"},
                {"身份证 110101199003078670.0", "cn.resident_id", "110101199003078670"},
                {"身份证号 11010519491231002×", "cn.resident_id", "11010519491231002×"},
                {"身份证号 11010519491231002х", "cn.resident_id", "11010519491231002х"},
                {"hkid a123456(3)", "hk.hkid", "a123456(3)"},
                {"持有 A123456 (3)", "hk.hkid", "A123456 (3)"},
                {"passport e12345678", "cn.passport", "e12345678"},
                {"税号 91230184ma1buflt44", "cn.uscc", "91230184ma1buflt44"},
                {"身分證 a123456789", "tw.national_id", "a123456789"},
                {"身份证号：931392198505200024", "cn.foreign_permanent_resident", "931392198505200024"}});
  expect_nothing_of("cn.resident_id", {"身份证 1101 0119 9003 0786 70", "110101 1990-0307 8670"});
}

TEST(Everyday, Escapes) {
  expect_found({{R"({"t":"身份证\n110101199003078670\n"})", "cn.resident_id", "110101199003078670"},
                {R"({"t":"a\\n110101199003078670"})", "cn.resident_id", "110101199003078670"},
                {R"({"t":"x\u003c110101199003078670"})", "cn.resident_id", "110101199003078670"},
                {R"({"t":"HKID\nA123456(3)\n"})", "hk.hkid", "A123456(3)"},
                {R"({"t":"iban\tDE89370400440532013000\r\n"})", "payment.iban", "DE89370400440532013000"},
                {R"({"t":"Hello\npassport E12345678"})", "cn.passport", "E12345678"},
                {R"({"t":"Hi\nli.lei@example.com\n"})", "net.email", "li.lei@example.com"},
                {R"({"t":"Li \u003cli.lei@example.com\u003e"})", "net.email", "li.lei@example.com"}});
}

TEST(Everyday, Cards) {
  expect_found({{"%B6200000000000005^LI/LEI^29121011000?", "payment.card", "6200000000000005"},
                {";6200000000000005=29121011000012345678?", "payment.card", "6200000000000005"},
                {"6200000000000005D29122011234567890F", "payment.card", "6200000000000005"},
                {"track2: 6200000000000005d2912201", "payment.card", "6200000000000005"},
                {"card number 4222222222222", "payment.card", "4222222222222"}});
  EXPECT_GE(find_as(scan_whole(";6200000000000005=29121011000?"), "payment.card")->score, 80);
  // Luhn holds for all of them; 13 digits are an article's number, month 13 is no track.
  expect_nothing_of("payment.card", {"barcode 6901200000217", "条码 4000000000006", "5010000000004,2",
                                     "6200000000000005D29132011234567890F"});
}

TEST(Everyday, Addresses) {
  expect_found({{"mail anna.d'amico@example.com now", "net.email", "anna.d'amico@example.com"},
                {"mail O'Brien@example.org", "net.email", "O'Brien@example.org"},
                {"VALUES (1,'li.lei@example.com','x')", "net.email", "li.lei@example.com"},
                {"VALUES (N'li.lei@example.com')", "net.email", "li.lei@example.com"},
                {"email: a.b@firm.realtor", "net.email", "a.b@firm.realtor"},
                {"请发到li.lei@example.com谢谢", "net.email", "li.lei@example.com"},
                {"邮箱：王芳@例子.公司，谢谢", "net.email", "王芳@例子.公司"},
                {"e-mail jürgen@müller.de", "net.email", "jürgen@müller.de"},
                {"li.lei@example.com:secret99", "net.email", "li.lei@example.com"},
                {"mailto:li.lei@example.com", "net.email", "li.lei@example.com"}});
  expect_nothing_of("net.email",
                    {"https://0a1b2c3d@o1.ingest.example.com/6", "redis://:tok@cache.example.com:6379/0",
                     "amqp://svc:pw-1@mq.example.com/vhost", "scp ci@web.example.com:/var/www .",
                     "你好@example.com", "icon@2x.map", "a.b@firm.local"});
}

}  // namespace
}  // namespace weir
