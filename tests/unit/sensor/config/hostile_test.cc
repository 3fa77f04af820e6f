// Files that were made to hurt: no crash, no hang, a message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "sensor/config/config.h"

namespace weir {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1'795'392'000;

std::string first_problem(const std::string& yaml) {
  Config config;
  std::vector<ConfigProblem> problems;
  const bool ok = parse_config(yaml, "f", kNow, &config, &problems);
  EXPECT_EQ(ok, problems.empty());
  return problems.empty() ? "" : problems[0].to_string();
}

TEST(HostileConfig, AliasesInAliasesEnd) {
  // Each line names the one above nine times: 9^9 values when followed.
  std::string yaml = "x0: &x0 [a,a,a,a,a,a,a,a,a]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string above = "*x" + std::to_string(i - 1);
    yaml += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) yaml += (k == 0 ? "" : ",") + above;
    yaml += "]\n";
  }
  EXPECT_THAT(first_problem(yaml), HasSubstr("\"x0\" is not known"));

  // The same where values are read: policies in policies that all name the same exceptions.
  std::string exceptions = "[";
  for (int i = 0; i < 900; ++i) exceptions += "{users: [a], reason: r, by: b, until: 2027-01-01},";
  exceptions.back() = ']';
  yaml = "policies:\n  - { id: p0, except: &e " + exceptions + " }\n";
  for (int i = 1; i < 900; ++i) yaml += "  - { id: p" + std::to_string(i) + ", except: *e }\n";
  EXPECT_THAT(first_problem(yaml), HasSubstr("aliases counted each time"));
}

TEST(HostileConfig, AnAliasOfItselfIsRefused) {
  EXPECT_NE(first_problem("policies: &a [*a]\n"), "");
  EXPECT_NE(first_problem("policies: &a [{ id: b, except: *a }]\n"), "");
  EXPECT_NE(first_problem("capture: &a { snaplen: *a }\n"), "");
}

TEST(HostileConfig, AnchorsAreFineInMeasure) {
  EXPECT_EQ(first_problem("policies:\n"
                          "  - { id: a, except: &e [{ users: [x], reason: r, by: b, until: 2027-01-01 }] }\n"
                          "  - { id: b, except: *e }\n"),
            "");
}

TEST(HostileConfig, DeepNestingIsRefused) {
  EXPECT_NE(first_problem(std::string(100'000, '[')), "");
  EXPECT_NE(first_problem(std::string(100'000, '{')), "");
  std::string map;
  for (int i = 0; i < 2000; ++i) map += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_NE(first_problem(map), "");
}

TEST(HostileConfig, WhatIsTooLongOrTooMuchIsRefused) {
  EXPECT_THAT(first_problem(std::string(kMaxConfigBytes + 1, '#')), HasSubstr("larger than 4 MiB"));
  EXPECT_THAT(first_problem("sensor: " + std::string(5000, 'a')), HasSubstr("longer than 4096"));
  std::string hosts = "policies: [{ id: a, when: { hosts: [";
  for (int i = 0; i < 10'001; ++i) hosts += "a,";
  EXPECT_THAT(first_problem(hosts + "b] } }]"), HasSubstr("1 to 10000 entries"));
  std::string policies = "policies:\n";
  for (int i = 0; i < 1001; ++i) policies += "  - id: p" + std::to_string(i) + "\n";
  EXPECT_THAT(first_problem(policies), HasSubstr("more than 1000 entries"));
  Config config;
  std::vector<ConfigProblem> problems;
  std::string wrong;
  for (int i = 0; i < 1000; ++i) wrong += "k" + std::to_string(i) + ": 1\n";
  EXPECT_FALSE(parse_config(wrong, "f", kNow, &config, &problems));
  EXPECT_EQ(problems.size(), 100u) << "the first hundred are told";
}

TEST(HostileConfig, NoBytesBreakIt) {
  EXPECT_NE(first_problem(std::string("sensor: a\0b", 11)), "");
  EXPECT_NE(first_problem(std::string("\xff\xfe\x00\x41", 4)), "");
  EXPECT_NE(first_problem("sensor: !!binary |\n  aGk=\nsensor2: ?"), "");
  EXPECT_NE(first_problem("<<: { sensor: a }"), "") << "merge keys are no keys of ours";
  EXPECT_NE(first_problem("? [a, b]\n: c\n"), "");
  EXPECT_NE(first_problem("%YAML 9.9\n---\nsnaplen: 1\n"), "");
  EXPECT_NE(first_problem("\"capture.snaplen\": [1]\n"), "") << "a dot is no section";
}

// Found by fuzzing: a closing bracket that nothing opened gave documents without end.
TEST(HostileConfig, StrayBracketsEnd) {
  EXPECT_THAT(first_problem("a: b\n  }\nc: d\n"), testing::StartsWith("f"));
  EXPECT_NE(first_problem("}"), "");
  EXPECT_NE(first_problem("sensor: a\n]\n"), "");
}

TEST(HostileConfig, AnotherCharsetIsNamed) {
  EXPECT_THAT(first_problem("sensor: a\ntenant: \xd6\xd0\n"), testing::StartsWith("f:2: is not UTF-8"));
  EXPECT_THAT(first_problem(std::string("\xff\xfes\0e\0", 6)), HasSubstr("is not UTF-8"));
  EXPECT_EQ(first_problem("\xef\xbb\xbfsensor: 中\n"), "") << "a byte-order mark is no fault";
}

// Every prefix of the example, and the example with one byte changed at each place: read or refused.
TEST(HostileConfig, TheExampleDamagedAnywhere) {
  std::ifstream file("deploy/weir.yaml", std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const std::string good = text.str();
  ASSERT_GT(good.size(), 1000u);
  size_t refused = 0;
  std::mt19937 random(7);
  for (size_t i = 0; i < good.size(); i += 3) {
    refused += first_problem(good.substr(0, i)).empty() ? 0 : 1;
    std::string changed = good;
    changed[i] = static_cast<char>(random());
    refused += first_problem(changed).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace weir
