#include "sensor/base/networks.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

IpAddress ip(const std::string& text) {
  IpAddress address;
  EXPECT_TRUE(IpAddress::parse(text, &address)) << text;
  return address;
}

struct Membership {
  const char* network;
  const char* address;
  bool inside;
};

// Expectations: Python's ipaddress module (ip_address(a) in ip_network(n)).
TEST(Networks, KnowWhatTheyHold) {
  const Membership cases[] = {
      {"10.0.0.0/8", "10.255.255.255", true},      {"10.0.0.0/8", "11.0.0.0", false},
      {"172.16.0.0/12", "172.31.255.255", true},   {"172.16.0.0/12", "172.32.0.0", false},
      {"192.0.2.128/25", "192.0.2.128", true},     {"192.0.2.128/25", "192.0.2.127", false},
      {"198.51.100.7", "198.51.100.7", true},      {"198.51.100.7", "198.51.100.6", false},
      {"203.0.113.4/31", "203.0.113.5", true},     {"203.0.113.4/31", "203.0.113.6", false},
      {"0.0.0.0/0", "255.255.255.255", true},      {"0.0.0.0/0", "2001:db8::1", false},
      {"fc00::/7", "fdff:ffff::1", true},          {"fc00::/7", "fe00::", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true}, {"2001:db8::/33", "2001:db8:8000::", false},
      {"2001:db8::1", "2001:db8::1", true},        {"2001:db8::1", "2001:db8::2", false},
      {"10.0.0.0/8", "2001:db8::a00:1", false},
  };
  for (const Membership& c : cases) {
    Cidr network;
    ASSERT_TRUE(Cidr::parse(c.network, &network)) << c.network;
    EXPECT_EQ(network.contains(ip(c.address)), c.inside) << c.network << " " << c.address;
  }
}

TEST(Networks, AreWrittenAsTheyWereRead) {
  for (const char* text :
       {"10.0.0.0/8", "0.0.0.0/0", "198.51.100.7/32", "fc00::/7", "::/0", "2001:db8::1/128"}) {
    Cidr network;
    ASSERT_TRUE(Cidr::parse(text, &network)) << text;
    EXPECT_EQ(network.to_string(), text);
  }
}

TEST(Networks, RefuseWhatIsNone) {
  Cidr network;
  std::string problem;
  for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "fc00::/129",
                           "example", "10.0.0/8", "10.0.0.0/8/8", "10.0.0.0/999999999999"}) {
    EXPECT_FALSE(Cidr::parse(text, &network, &problem)) << text;
    EXPECT_FALSE(problem.empty()) << text;
  }
  EXPECT_FALSE(Cidr::parse("10.1.2.3/8", &network, &problem));
  EXPECT_NE(problem.find("10.0.0.0/8 is the network"), std::string::npos) << problem;
}

TEST(Networks, SayWhichWayBytesGo) {
  const NetworkList internal = private_networks();
  EXPECT_EQ(way_of(internal, ip("10.0.0.1"), ip("203.0.113.1")), Way::kOutbound);
  EXPECT_EQ(way_of(internal, ip("203.0.113.1"), ip("fd00::1")), Way::kInbound);
  EXPECT_EQ(way_of(internal, ip("192.168.0.1"), ip("172.16.0.1")), Way::kInternal);
  EXPECT_EQ(way_of(internal, ip("2001:db8::1"), ip("203.0.113.1")), Way::kExternal);
  EXPECT_EQ(way_of(NetworkList(), ip("10.0.0.1"), ip("10.0.0.2")), Way::kExternal);
}

}  // namespace
}  // namespace weir
