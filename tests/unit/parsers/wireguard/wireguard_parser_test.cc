// WireGuard: a conversation recorded between two wireguard-go devices, and messages by the paper's layout.
#include "parsers/wireguard/wireguard_parser.h"

#include <gtest/gtest.h>

#include "tests/harness/parser_driver.h"
#include "tests/harness/recorded.h"

namespace weir {
namespace {

using harness::drive_datagrams;
using harness::from_hex;
using harness::probe_datagram;
using harness::RecordingSink;
using harness::Script;

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;

std::string message(const std::string& hex, size_t size) {
  std::string out = from_hex(hex);
  while (out.size() < size) out += static_cast<char>(0x80 | (out.size() * 37 & 0x7f));
  return out;
}
const std::string kInitiation = message(
    "01000000"
    "a1b2c3d4",
    148);
const std::string kResponse = message(
    "02000000"
    "e5f60718"
    "a1b2c3d4",
    92);
const std::string kCookie = message(
    "03000000"
    "a1b2c3d4",
    64);
const std::string kData = message(
    "04000000"
    "e5f60718"
    "2a00000000000000",
    128);

TEST(Wireguard, ARecordedConversationIsCountedToTheByte) {
  const harness::Recorded talk = harness::recorded("tests/data/encrypted/wireguard.json");
  EXPECT_EQ(probe_datagram(wireguard_parser_info(), talk.script.steps()[0].bytes), ProbeResult::kCertain);
  RecordingSink got;
  drive_datagrams(wireguard_parser_info(), talk.script, got);
  EXPECT_TRUE(got.items().empty());
  for (const Direction d : {kOut, kBack}) {
    EXPECT_EQ(got.unread_bytes(d, Unread::kEncrypted), talk.bytes[index_of(d)]);
  }
}

TEST(Wireguard, AResponseToTheInitiationProvesIt) {
  RecordingSink got;
  drive_datagrams(wireguard_parser_info(), Script().out(kInitiation).back(kResponse).out("text"), got);
  EXPECT_TRUE(got.items().empty());
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), 152u);
}

TEST(Wireguard, AResponseToAnotherOneDoesNot) {
  RecordingSink got;
  const std::string other = message(
      "02000000"
      "e5f60718"
      "00000000",
      92);
  drive_datagrams(wireguard_parser_info(), Script().out(kInitiation).back(other).out("text").out(kData), got);
  ASSERT_EQ(got.items().size(), 1u);
  EXPECT_EQ(got.items()[0].bytes, "text");
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), 148u + 128u);
}

TEST(Wireguard, IsKnownByTypesZerosAndLengths) {
  const ParserInfo info = wireguard_parser_info();
  for (const std::string& good : {kInitiation, kResponse, kCookie}) {
    EXPECT_EQ(probe_datagram(info, good), ProbeResult::kCertain);
    EXPECT_EQ(probe_datagram(info, good + "x"), ProbeResult::kNo);
    for (size_t n = 0; n < good.size(); ++n)
      ASSERT_EQ(probe_datagram(info, good.substr(0, n)), ProbeResult::kNo) << n;
    for (size_t i = 1; i < 4; ++i) {
      std::string bad = good;
      bad[i] = 1;
      EXPECT_EQ(probe_datagram(info, bad), ProbeResult::kNo);
    }
  }
  EXPECT_EQ(probe_datagram(info, kData), ProbeResult::kMaybe);
  EXPECT_EQ(probe_datagram(info, kData.substr(0, 32)), ProbeResult::kMaybe) << "a keep-alive";
  EXPECT_EQ(probe_datagram(info, kData.substr(0, 16)), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, kData.substr(0, 120)), ProbeResult::kNo) << "no multiple of 16";
  EXPECT_EQ(probe_datagram(info, message("04000000"
                                         "e5f60718"
                                         "2a00000000000100",
                                         128)),
            ProbeResult::kNo)
      << "a counter that none reaches";
  EXPECT_EQ(probe_datagram(info, kData.substr(0, 16) + std::string(112, 't')), ProbeResult::kNo) << "text";
}

}  // namespace
}  // namespace weir
