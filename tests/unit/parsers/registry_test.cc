// The registry: every parser can be asked, made and driven, and each conversation has one that is certain.
#include <gtest/gtest.h>

#include <set>

#include "parsers/api/parser.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

TEST(Registry, EveryEntryIsWhole) {
  std::set<std::string_view> names;
  for (const ParserInfo& info : parser_registry()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    ASSERT_NE(info.probe, nullptr);
    ASSERT_NE(info.make, nullptr);
    EXPECT_NE(info.make(false), nullptr);
    EXPECT_FALSE(info.usual_ports.empty());
  }
  for (const char* name : {"http", "tls", "ssh", "quic", "dtls", "wireguard", "ipsec"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Registry, OneParserIsCertainAndTheOthersAreNot) {
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  for (const auto& [name, bytes] : {std::pair<std::string_view, std::string>{"http", "GET / HTTP/1.1\r\n"},
                                    {"tls", hello},
                                    {"ssh", "SSH-2.0-OpenSSH_9.2\r\n"}}) {
    for (const ParserInfo& info : parser_registry()) {
      EXPECT_EQ(harness::probe_of(info, bytes, ""),
                info.name == name ? ProbeResult::kCertain : ProbeResult::kNo)
          << info.name;
    }
  }
}

TEST(Registry, NobodyClaimsOtherTalk) {
  for (const ParserInfo& info : parser_registry()) {
    EXPECT_EQ(harness::probe_of(info, "SSH is spoken here\r\n", "RFB 003.008\n"), ProbeResult::kNo)
        << info.name;
    EXPECT_EQ(harness::probe_of(info, "", "220 mail.example ESMTP\r\n"), ProbeResult::kNo) << info.name;
  }
}

}  // namespace
}  // namespace weir
