#include "sensor/base/flow_key.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string round_trip(const std::string& text) {
  IpAddress a;
  return IpAddress::parse(text, &a) ? a.to_string() : "no address";
}

// The examples of RFC 5952, sections 2 and 4.
TEST(IpAddress, WritesCanonicalForm) {
  EXPECT_EQ(round_trip("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(round_trip("2001:0db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(round_trip("2001:db8::0:1"), "2001:db8::1");
  EXPECT_EQ(round_trip("2001:db8::1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(round_trip("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(round_trip("2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:1"), "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1");
  EXPECT_EQ(round_trip("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(round_trip("0:0:0:0:0:0:0:0"), "::");
}

TEST(IpAddress, IPv4IsOneWithItsMappedForm) {
  EXPECT_EQ(round_trip("192.0.2.33"), "192.0.2.33");
  EXPECT_EQ(round_trip("::ffff:192.0.2.33"), "192.0.2.33");
  IpAddress plain, mapped;
  ASSERT_TRUE(IpAddress::parse("192.0.2.33", &plain));
  ASSERT_TRUE(IpAddress::parse("::ffff:c000:221", &mapped));
  EXPECT_EQ(plain, mapped);
  EXPECT_TRUE(plain.is_v4());
  const uint8_t bytes[] = {192, 0, 2, 33};
  EXPECT_EQ(IpAddress::v4(bytes), plain);
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string(""), std::string("1.2.3"), std::string("1.2.3.4.5"), std::string("256.1.1.1"),
        std::string("1.2.3.4 "), std::string("2001:db8"), std::string("1::2::3"), std::string("fe80::1%eth0"),
        std::string("1:2:3:4:5:6:7:8:9"), std::string("g::1"), std::string("1.2.3.4\0x", 9),
        std::string("example.com")}) {
    IpAddress out;
    EXPECT_FALSE(IpAddress::parse(text, &out)) << text;
  }
}

}  // namespace
}  // namespace weir
