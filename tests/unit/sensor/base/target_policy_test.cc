#include "sensor/base/target_policy.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

IpAddress ip(const std::string& text) {
  IpAddress address;
  EXPECT_TRUE(IpAddress::parse(text, &address)) << text;
  return address;
}

NetworkList networks(std::initializer_list<const char*> texts) {
  std::vector<Cidr> list(texts.size());
  size_t i = 0;
  for (const char* text : texts) EXPECT_TRUE(Cidr::parse(text, &list[i++])) << text;
  return NetworkList(list);
}

TEST(TargetPolicies, EveryNameNamesItsPolicy) {
  for (const std::string_view name : kTargetPolicyNames) {
    TargetPolicy policy{};
    ASSERT_TRUE(parse_target_policy(name, &policy));
    EXPECT_EQ(name_of(policy), name);
  }
  TargetPolicy policy{};
  EXPECT_FALSE(parse_target_policy("vista", &policy));
  EXPECT_FALSE(parse_target_policy("", &policy));
}

TEST(TargetPolicies, TheLongestPrefixDecidesWhateverTheOrder) {
  const std::vector<TargetRule> rules = {
      {networks({"10.0.0.0/8", "2001:db8::/32"}), TargetPolicy::kWindows},
      {networks({"10.1.0.0/16"}), TargetPolicy::kBsd},
      {networks({"10.1.2.3"}), TargetPolicy::kSolaris},
      {networks({"10.1.0.0/16"}), TargetPolicy::kLast},
  };
  const TargetPolicies policies(rules, TargetPolicy::kFirst);
  EXPECT_EQ(policies.of(ip("10.200.0.1")), TargetPolicy::kWindows);
  EXPECT_EQ(policies.of(ip("2001:db8::5")), TargetPolicy::kWindows);
  EXPECT_EQ(policies.of(ip("10.1.2.4")), TargetPolicy::kBsd) << "the first of two equal networks";
  EXPECT_EQ(policies.of(ip("10.1.2.3")), TargetPolicy::kSolaris);
  EXPECT_EQ(policies.of(ip("192.0.2.1")), TargetPolicy::kFirst);
  EXPECT_EQ(policies.of(ip("2001:db9::5")), TargetPolicy::kFirst);
}

}  // namespace
}  // namespace weir
