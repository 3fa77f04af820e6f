// DTLS: a conversation recorded between openssl's client and server, and records by RFC 6347 and RFC 9147.
#include "parsers/dtls/dtls_parser.h"

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

std::string record(uint8_t type, uint16_t epoch, std::string_view payload) {
  std::string out = {static_cast<char>(type), '\xfe', '\xfd', static_cast<char>(epoch >> 8),
                     static_cast<char>(epoch)};
  out += std::string(6, '\0');
  out += {static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())};
  return out + std::string(payload);
}
const std::string kClientHello = record(22, 0, "\x01" + std::string(60, 'h'));
const std::string kServerHello = record(22, 0, "\x02" + std::string(60, 'h'));
const std::string kData = record(23, 1, std::string(40, '\xc3'));
const std::string kUnified = "\x2e" + std::string(60, '\xc3');  // RFC 9147: 001, S, L, epoch 2

TEST(Dtls, ARecordedConversationIsCountedToTheByte) {
  const harness::Recorded talk = harness::recorded("tests/data/encrypted/dtls.json");
  EXPECT_EQ(probe_datagram(dtls_parser_info(), talk.script.steps()[0].bytes), ProbeResult::kCertain);
  RecordingSink got;
  drive_datagrams(dtls_parser_info(), talk.script, got);
  EXPECT_TRUE(got.items().empty()) << got.dump();
  for (const Direction d : {kOut, kBack}) {
    EXPECT_EQ(got.unread_bytes(d, Unread::kEncrypted), talk.bytes[index_of(d)]);
  }
}

TEST(Dtls, HellosOfBothSidesAndARecordUnderKeysProveIt) {
  for (const std::string& keyed : {kData, kUnified, kServerHello + kUnified}) {
    RecordingSink got;
    drive_datagrams(dtls_parser_info(), Script().out(kClientHello).back(kServerHello).back(keyed).out("text"),
                    got);
    EXPECT_TRUE(got.items().empty());
    EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kClientHello.size() + 4);
    EXPECT_EQ(got.unread_bytes(kBack, Unread::kEncrypted), kServerHello.size() + keyed.size());
  }
}

TEST(Dtls, UntilThenOtherDatagramsAreRead) {
  RecordingSink got;
  drive_datagrams(dtls_parser_info(),
                  Script().out(kClientHello).out(kData).out("text").out(kUnified).back("back"), got);
  ASSERT_EQ(got.items().size(), 3u);
  EXPECT_EQ(got.items()[0].bytes, "text");
  EXPECT_EQ(got.items()[1].bytes, kUnified) << "the other side has not greeted";
  EXPECT_EQ(got.items()[2].bytes, "back");
}

TEST(Dtls, IsKnownByRecordsThatFillTheDatagram) {
  const ParserInfo info = dtls_parser_info();
  EXPECT_EQ(probe_datagram(info, kClientHello), ProbeResult::kCertain);
  EXPECT_EQ(probe_datagram(info, kServerHello + record(20, 0, "\x01") + kData), ProbeResult::kCertain);
  EXPECT_EQ(probe_datagram(info, kServerHello + kUnified), ProbeResult::kCertain);
  EXPECT_EQ(probe_datagram(info, kData), ProbeResult::kCertain) << "picked up late";
  EXPECT_EQ(probe_datagram(info, kUnified), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, record(22, 0, "")), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, record(25, 0, "x")), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, ""), ProbeResult::kNo);
  for (size_t n = 0; n < kClientHello.size(); ++n) {
    ASSERT_EQ(probe_datagram(info, kClientHello.substr(0, n)), ProbeResult::kNo) << n;
  }
  EXPECT_EQ(probe_datagram(info, kClientHello + "x"), ProbeResult::kNo);
  std::string tls = kClientHello;
  tls[1] = 3;
  EXPECT_EQ(probe_datagram(info, tls), ProbeResult::kNo);
}

}  // namespace
}  // namespace weir
