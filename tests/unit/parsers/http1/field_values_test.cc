// Values of header fields: the examples of RFC 6266, 8187, 2047, 7239, 7616, 7617 and what browsers take.
#include "parsers/http1/field_values.h"

#include <gtest/gtest.h>

namespace weir::http1 {
namespace {

using Strings = std::vector<std::string>;

TEST(FileName, ExamplesOfTheStandards) {
  // RFC 6266 section 5
  EXPECT_EQ(file_name_of("Attachment; filename=example.html"), "example.html");
  EXPECT_EQ(file_name_of("INLINE; FILENAME= \"an example.html\""), "an example.html");
  EXPECT_EQ(file_name_of("attachment; filename*= UTF-8''%e2%82%ac%20rates"), "\xE2\x82\xAC rates");
  EXPECT_EQ(file_name_of("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates"),
            "\xE2\x82\xAC rates");
  // RFC 8187 section 3.2.3
  EXPECT_EQ(file_name_of("attachment; filename*=iso-8859-1'en'%A3%20rates"), "\xC2\xA3 rates");
  // RFC 2047 section 8 and the common base64 form ("客户名单.xlsx")
  EXPECT_EQ(file_name_of("attachment; filename=\"=?ISO-8859-1?Q?Andr=E9?=\""), "Andr\xC3\xA9");
  EXPECT_EQ(file_name_of("attachment; filename=\"=?UTF-8?B?5a6i5oi35ZCN5Y2VLnhsc3g=?=\""),
            "\xE5\xAE\xA2\xE6\x88\xB7\xE5\x90\x8D\xE5\x8D\x95.xlsx");
  EXPECT_EQ(file_name_of("attachment; filename=\"=?UTF-8?Q?a_b?= =?utf-8*en?q?=2Etxt?=\""), "a b.txt");
}

TEST(FileName, WhatTheWildSends) {
  EXPECT_EQ(file_name_of("attachment; filename=%E5%AE%A2.csv"), "\xE5\xAE\xA2.csv");
  EXPECT_EQ(file_name_of("attachment; filename=100%25.txt"), "100%25.txt");  // no wide byte: left alone
  EXPECT_EQ(file_name_of("attachment; filename=\"\xBF\xCD\xBB\xA7.xls\""), "\xBF\xCD\xBB\xA7.xls");  // GBK
  // 誠 is B8 B1…; 誠's kind: a GBK character whose second byte is a backslash (0x5C), before a quote's end.
  EXPECT_EQ(file_name_of("attachment; filename=\"\xD5\x5C.txt\"; x=1"), "\xD5\x5C.txt");
  EXPECT_EQ(file_name_of("attachment; filename=\"a\\\"b\\\\c\""), "a\"b\\c");
  EXPECT_EQ(file_name_of("attachment; filename=\"C:\\dir\\x.txt\""), "C:\\dir\\x.txt");
  EXPECT_EQ(file_name_of("form-data; name=\"file\"; filename=\"../../etc/passwd\""), "../../etc/passwd");
  EXPECT_EQ(file_name_of("filename=x.txt"), "x.txt");
  EXPECT_EQ(file_name_of("attachment; filename=a.txt; filename=b.txt"), "a.txt");
  for (const std::string_view none :
       {"", "attachment", "attachment;", "attachment; filename",
        "attachment; filename=", "attachment; name=x", "attachment; filename*=x",
        "attachment; filename*=utf-8'x", "inline; ;;; =", "attachment; filename=\""}) {
    EXPECT_EQ(file_name_of(none), "") << none;
  }
  EXPECT_EQ(file_name_of("attachment; filename=\"open"), "open");
  EXPECT_EQ(file_name_of("attachment; filename=\"=?UTF-8?B?5a6i\""), "=?UTF-8?B?5a6i");
  EXPECT_EQ(file_name_of("attachment; filename=" + std::string(100000, 'a')).size(), 4096u);
}

TEST(User, BasicAndDigest) {
  EXPECT_EQ(user_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin");  // RFC 7617 section 2
  EXPECT_EQ(user_of("basic   dGVzdDoxMjPCow=="), "test");               // section 2.1
  EXPECT_EQ(user_of("Basic OnNlY3JldA=="), "");                         // ":secret"
  EXPECT_EQ(user_of("Basic c2VjcmV0dG9rZW4="), "");                     // "secrettoken": no colon, no user
  EXPECT_EQ(user_of("Digest username=\"Mufasa\", realm=\"http-auth@example.org\""),
            "Mufasa");  // RFC 7616 3.9.1
  EXPECT_EQ(user_of("Digest realm=\"a, username=b\", username=\"c\""), "c");
  for (const std::string_view none :
       {"", "Basic", "Basic ", "Bearer abc:def", "Basic ::::", "Digest", "Digest realm=x"}) {
    EXPECT_EQ(user_of(none), "") << none;
  }
}

TEST(Forwarded, AddressesWithoutPorts) {
  Strings got;
  add_forwarded_for(
      "203.0.113.195, 2001:db8:85a3::8a2e:370:7334, unknown, 198.51.100.178:8080, [2001:db8::1]:99", &got);
  EXPECT_EQ(got, (Strings{"203.0.113.195", "2001:db8:85a3::8a2e:370:7334", "198.51.100.178", "2001:db8::1"}));
  got.clear();
  // RFC 7239 section 4 and 7.1
  add_forwarded("for=\"_gazonk\"", &got);
  add_forwarded("For=\"[2001:db8:cafe::17]:4711\"", &got);
  add_forwarded("for=192.0.2.60;proto=http;by=203.0.113.43", &got);
  add_forwarded("for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com", &got);
  EXPECT_EQ(got, (Strings{"2001:db8:cafe::17", "192.0.2.60", "192.0.2.43", "198.51.100.17"}));
  got.clear();
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "10.0.0.1,";
  add_forwarded_for(many, &got);
  EXPECT_EQ(got.size(), kMaxForwarded);
  got.clear();
  add_forwarded_for("abc, dead, [, ], [1, 440524188001010014, " + std::string(5000, '1') + ".1", &got);
  EXPECT_EQ(got, Strings{});
}

TEST(ListElements, QuotedCommasAndEmptyElements) {
  std::string_view rest = " a ,, \"b,c\\\",\" ,d";
  std::string_view element;
  Strings got;
  while (next_list_element(&rest, &element)) got.emplace_back(element);
  EXPECT_EQ(got, (Strings{"a", "\"b,c\\\",\"", "d"}));
}

}  // namespace
}  // namespace weir::http1
