// What becomes of strings from the wire, and of text for a terminal.
#include "sensor/alert/wire_strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sensor/alert/alert_text.h"
#include "tests/unit/sensor/alert/alert_fixture.h"

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string url(const std::string& host, const std::string& path, const std::string& protocol = "http") {
  ShowingMasker masker;
  ContentMeta meta;
  static const std::string kHttp = "http";
  meta.protocol = protocol.empty() ? std::string_view() : std::string_view(kHttp);
  meta.host = host;
  meta.path = path;
  return masked_url(masker, meta, nullptr);
}

TEST(WireStrings, AUrlLosesItsValuesAndItsUser) {
  EXPECT_EQ(url("h.example:81", "/a/b"), "http://h.example:81/a/b");
  EXPECT_EQ(url("h", "/a?name=x&b=&c&d=1=2;e=%20"), "http://h/a?name=***&b=&c&d=***;e=***");
  EXPECT_EQ(url("h", "/SECRET/a?SECRET=1&SECRET"), "http://h/******/a?******=***&******");
  EXPECT_EQ(url("h", "/a?"), "http://h/a?");
  EXPECT_EQ(url("h", "/a?x=1?y=2"), "http://h/a?x=***");
  EXPECT_EQ(url("h", ""), "http://h");
  EXPECT_EQ(url("", "/a"), "/a");
  EXPECT_EQ(url("h", "*"), "http://h/*");
  EXPECT_EQ(url("proxy", "http://bob:pass@h.example/a?b=c"), "http://h.example/a?b=***");
  EXPECT_EQ(url("proxy", "https://a@b@h.example"), "https://h.example");
  EXPECT_EQ(url("h", "/redirect?to=http://bob:pass@x/"), "http://h/redirect?to=***");
  EXPECT_EQ(url("h", "/a/http://b"), "http://h/a/http://b");
  EXPECT_EQ(url("", ""), "");
  // Names of a query that are no identifiers, and parameters of a path.
  EXPECT_EQ(url("h", "/a;v=1;w;x=/b;y=2?q"), "http://h/a;v=***;w;x=/b;y=***?q");
}

// What passes through the masker in one piece: digits on both sides of a seam are one number.
TEST(WireStrings, AUrlIsMaskedAsOne) {
  ShowingMasker masker;
  masker.show = true;
  ContentMeta meta;
  meta.protocol = "http";
  meta.host = "h:13812";
  meta.path = "/345?67=x&8";
  EXPECT_EQ(masked_url(masker, meta, nullptr), "‹http://h:13812/345?«67»=***&«8»›");
  meta.path = "/a?page=1&filter[from]=2&王小芳=3&张三&_x.y-z&%E7%8E%8B=4&abcdefghijklmnopqrstuvwxyzabcdefg=5";
  EXPECT_EQ(masked_url(masker, meta, nullptr),
            "‹http://h:13812/a?page=***&filter[from]=***&«王小芳»=***&«张三»&_x.y-z&«%E7%8E%8B»=***&"
            "«abcdefghijklmnopqrstuvwxyzabcdefg»=***›");
}

// Of IPv6 only the flow's own: what is written so may be a number of somebody's.
TEST(WireStrings, AnIpv6AddressIsShownWhereItIsTheFlowsOwn) {
  ShowingMasker masker;
  masker.show = true;
  FlowFacts flow;
  flow.initiator.address = ip("fd00:66::2");
  flow.responder.address = ip("1101:119:9003:786:70::");
  EXPECT_EQ(masked_host(masker, "[fd00:66::2]:8080", &flow), "[fd00:66::2]:8080");
  EXPECT_EQ(masked_host(masker, "[fd00:66::2]", &flow), "[fd00:66::2]");
  for (const char* other : {"[fd00:66::3]", "fd00:66::2", "[fd00:66::2", "[fd00:66::2]x",
                            "[fd00:66::2]:123456", "[1101:0119:9003:0786:70::]", "[192.0.2.1]"}) {
    EXPECT_EQ(masked_host(masker, other, &flow), "‹" + std::string(other) + "›");
  }
  ContentMeta meta;
  meta.protocol = "http";
  meta.host = "[fd00:66::2]";
  meta.path = "/a";
  EXPECT_EQ(masked_url(masker, meta, &flow), "‹http://›[fd00:66::2]‹/a›");
}

TEST(WireStrings, AnIpv4AddressIsShownWhereAHostIs) {
  ShowingMasker masker;
  masker.show = true;
  EXPECT_EQ(masked_host(masker, "192.168.10.20:8080", nullptr), "192.168.10.20:8080");
  EXPECT_EQ(masked_host(masker, "192.168.10.20", nullptr), "192.168.10.20");
  for (const char* other :
       {"138.123.456.78", "192.168.10.20:123456", "192.168.10.20:", "192.168.10.20:8a", "1381234567",
        "[1381:2345:678::1]", "192.168.10.20.example", "192.168.10.020", " 192.168.10.20", "h"}) {
    EXPECT_EQ(masked_host(masker, other, nullptr), "‹" + std::string(other) + "›");
  }
  ContentMeta meta;
  meta.protocol = "http";
  meta.host = "192.168.10.20:8080";
  meta.path = "/a";
  EXPECT_EQ(masked_url(masker, meta, nullptr), "‹http://›192.168.10.20:8080‹/a›");
  meta.path = "ftp://bob@10.0.0.1/x";
  EXPECT_EQ(masked_url(masker, meta, nullptr), "‹ftp://›10.0.0.1‹/x›");
}

TEST(WireStrings, AUrlIsCutAtACharacter) {
  std::string path = "/";
  for (int i = 0; i < 2000; ++i) path += "字";
  const std::string cut = url("h", path);
  EXPECT_LE(cut.size(), kMaxUrl + 3);
  EXPECT_TRUE(cut.ends_with("字…"));
  EXPECT_EQ(cut_text("a字b", 2), "a…");
  EXPECT_EQ(cut_text("a字b", 4), "a字…");
  EXPECT_EQ(cut_text("a字b", 5), "a字b");
}

TEST(WireStrings, NamesOfHostsTypesAndFiles) {
  EXPECT_EQ(host_name("Shop.Example.:8080"), "Shop.Example");
  EXPECT_EQ(lowered("Shop.Example 张"), "shop.example 张");
  EXPECT_EQ(host_name("192.0.2.1:80"), "");
  EXPECT_EQ(host_name("[2001:db8::1]:80"), "");
  EXPECT_EQ(host_name("2001:db8::1"), "");
  EXPECT_EQ(declared_media_type(" Text/HTML ; charset=gbk"), "Text/HTML");
  EXPECT_EQ(declared_media_type(""), "");
  EXPECT_EQ(file_extension("a.tar.GZ"), "gz");
  EXPECT_EQ(file_extension(".bashrc"), "");
  EXPECT_EQ(file_extension("a."), "");
  EXPECT_EQ(file_extension("a.身份证"), "");
  EXPECT_EQ(file_extension("a.12345678901"), "");
}

TEST(WireStrings, ForwardedAddressesAreAddresses) {
  EXPECT_THAT(forwarded_addresses({" 192.0.2.1 ", "192.0.2.2:443", "\"[2001:DB8::1]:443\"", "2001:db8::2",
                                   "unknown", "_hidden", "bob@192.0.2.9", "", "[", "[]"}),
              ElementsAre("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"));
  EXPECT_THAT(forwarded_addresses(std::vector<std::string>(20, "192.0.2.1")), testing::SizeIs(8));
  EXPECT_THAT(forwarded_addresses({}), IsEmpty());
}

TEST(AlertText, NothingMovesTheTerminal) {
  EXPECT_EQ(terminal_text("a\x1b[2Jb\r\nc\x7f"), "a [2Jb  c ");
  EXPECT_EQ(terminal_text("a\xc2\x9b"
                          "2Jb"),
            "a 2Jb")
      << "the one-byte CSI, U+009B";
  EXPECT_EQ(terminal_text("a\xe2\x80\xae"
                          "b\xe2\x81\xa6"
                          "c\xe2\x80\xa8"),
            "abc")
      << "U+202E, U+2066, U+2028";
  EXPECT_EQ(terminal_text("身份证 → …"), "身份证 → …");
}

TEST(AlertText, TimesAreUtc) {
  // date -u -d @N
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00");
  EXPECT_EQ(utc_text(951'868'799 * kSecond), "2000-02-29 23:59:59");
  EXPECT_EQ(utc_text(1'795'421'700 * kSecond + 999'999'999), "2026-11-23 08:15:00");
  EXPECT_EQ(utc_text(4'102'444'800 * kSecond), "2100-01-01 00:00:00");
}

}  // namespace
}  // namespace weir::test
