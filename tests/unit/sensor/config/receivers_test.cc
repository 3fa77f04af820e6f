// How receivers are imitated: `reassembly.policy`, `reassembly.targets`, `decode.checksums`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sensor/config/config.h"

namespace weir {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1'795'392'000;

std::string problem_of(std::string_view yaml, Config* config) {
  std::vector<ConfigProblem> problems;
  parse_config(yaml, "weir.yaml", kNow, config, &problems);
  return problems.empty() ? "" : problems[0].to_string();
}

TEST(Receivers, PoliciesByNetwork) {
  Config config;
  ASSERT_EQ(problem_of(R"(
reassembly:
  policy: bsd
  targets:
    - { networks: [10.0.0.0/8, 2001:db8::/32], policy: windows }
    - networks: 10.1.0.0/16
      policy: first
decode: { checksums: verify }
)",
                       &config),
            "");
  EXPECT_EQ(config.reassembly.checksums, ChecksumMode::kVerify);
  const TargetPolicies policies(config.reassembly.targets, config.reassembly.policy);
  const auto of = [&](const char* text) {
    IpAddress address;
    EXPECT_TRUE(IpAddress::parse(text, &address));
    return policies.of(address);
  };
  EXPECT_EQ(of("10.200.0.1"), TargetPolicy::kWindows);
  EXPECT_EQ(of("2001:db8::1"), TargetPolicy::kWindows);
  EXPECT_EQ(of("10.1.2.3"), TargetPolicy::kFirst);
  EXPECT_EQ(of("192.0.2.1"), TargetPolicy::kBsd);
  EXPECT_THAT(summary_text(config), HasSubstr("policy: windows"));
}

TEST(Receivers, Defaults) {
  Config config;
  ASSERT_EQ(problem_of("", &config), "");
  EXPECT_EQ(config.reassembly.policy, TargetPolicy::kLinux);
  EXPECT_TRUE(config.reassembly.targets.empty());
  EXPECT_EQ(config.reassembly.checksums, ChecksumMode::kAuto);
}

TEST(Receivers, SaysWhatIsWrong) {
  Config config;
  EXPECT_THAT(problem_of("reassembly: { policy: solarris }", &config), HasSubstr("did you mean solaris?"));
  EXPECT_THAT(problem_of("decode: { checksums: maybe }", &config), HasSubstr("there is trust, verify, auto"));
  EXPECT_THAT(problem_of("reassembly: { targets: windows }", &config), HasSubstr("must be a list"));
  EXPECT_THAT(problem_of("reassembly: { targets: [{ policy: windows }] }", &config),
              HasSubstr("needs `networks` and `policy`"));
  EXPECT_THAT(problem_of("reassembly: { targets: [{ networks: [10.1.2.3/8], policy: bsd }] }", &config),
              HasSubstr("10.0.0.0/8 is the network"));
  EXPECT_THAT(problem_of("reassembly: { targets: [{ networks: [10.0.0.0/8], policy: vista }] }", &config),
              HasSubstr("is not known"));
  EXPECT_THAT(
      problem_of("reassembly: { targets: [{ networks: [10.0.0.0/8], policy: bsd, port: 1 }] }", &config),
      HasSubstr("port"));
}

}  // namespace
}  // namespace weir
