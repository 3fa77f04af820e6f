// IPsec over UDP: conversations recorded between two strongSwan daemons, and messages by RFC 7296, 2408 and
// 3948.
#include "parsers/ipsec/ipsec_parser.h"

#include <gtest/gtest.h>

#include "parsers/ipsec/ike_header.h"
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

std::string with_length(const std::string& head, size_t size) {
  std::string out = from_hex(head) + from_hex("0000");
  out += {static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  while (out.size() < size) out += static_cast<char>(0x80 | (out.size() * 37 & 0x7f));
  return out;
}
const std::string kCookies =
    "a1a2a3a4a5a6a7a8"
    "b1b2b3b4b5b6b7b8";
const std::string kAuth = with_length(kCookies +
                                          "2e"
                                          "20"
                                          "23"
                                          "08"
                                          "00000001",
                                      200);  // IKE_AUTH
const std::string kAnswer = with_length(kCookies +
                                            "2e"
                                            "20"
                                            "23"
                                            "20"
                                            "00000001",
                                        180);
const std::string kInit = with_length(kCookies +
                                          "21"
                                          "20"
                                          "22"
                                          "08"
                                          "00000000",
                                      300);  // IKE_SA_INIT
const std::string kMain = with_length(kCookies +
                                          "01"
                                          "10"
                                          "02"
                                          "00"
                                          "00000000",
                                      120);  // version 1, main mode
const std::string kQuick = with_length(kCookies +
                                           "08"
                                           "10"
                                           "20"
                                           "01"
                                           "12345678",
                                       140);  // quick mode, encrypted
const std::string kMarked = std::string(4, '\0') + kAuth;

std::string esp(uint32_t spi, size_t size = 120) {
  std::string out = {static_cast<char>(spi >> 24),
                     static_cast<char>(spi >> 16),
                     static_cast<char>(spi >> 8),
                     static_cast<char>(spi),
                     0,
                     0,
                     0,
                     7};
  while (out.size() < size) out += static_cast<char>(0x80 | (out.size() * 37 & 0x7f));
  return out;
}

TEST(Ipsec, RecordedKeyExchangeIsReadWhereItIsClear) {
  const harness::Recorded talk =
      harness::recorded("tests/data/encrypted/ipsec_500.json");  // IKE_SA_INIT, says tshark
  RecordingSink got;
  drive_datagrams(ipsec_parser_info(), talk.script, got);
  ASSERT_EQ(got.items().size(), talk.script.steps().size());
  for (size_t i = 0; i < got.items().size(); ++i) {
    EXPECT_EQ(got.items()[i].bytes, talk.script.steps()[i].bytes);
    EXPECT_EQ(got.items()[i].meta.protocol, "ipsec");
  }
}

TEST(Ipsec, RecordedEspInUdpIsCountedToTheByte) {
  const harness::Recorded talk = harness::recorded("tests/data/encrypted/ipsec_4500.json");
  EXPECT_EQ(probe_datagram(ipsec_parser_info(), talk.script.steps()[0].bytes), ProbeResult::kCertain);
  RecordingSink got;
  drive_datagrams(ipsec_parser_info(), talk.script, got);
  EXPECT_TRUE(got.items().empty()) << got.dump();
  for (const Direction d : {kOut, kBack}) {
    EXPECT_EQ(got.unread_bytes(d, Unread::kEncrypted), talk.bytes[index_of(d)]);
  }
}

TEST(Ipsec, EncryptedMessagesOfBothSidesProveIt) {
  RecordingSink got;
  drive_datagrams(ipsec_parser_info(), Script().out(kInit).back(kInit).out(kMarked).back(kAnswer).out("text"),
                  got);
  EXPECT_EQ(got.items().size(), 2u);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), 204u + 4u);
}

TEST(Ipsec, WithoutIkeTheSpiMustStay) {
  RecordingSink got;
  drive_datagrams(
      ipsec_parser_info(),
      Script().out(esp(0x1001)).out("\xff").out(esp(0x1001)).out(esp(0x2002)).out(esp(0x2002)).out("text"),
      got);
  ASSERT_EQ(got.items().size(), 2u);
  EXPECT_EQ(got.items()[0].bytes, esp(0x2002)) << "another SPI: read once, then believed";
  EXPECT_EQ(got.items()[1].bytes, "text");
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), 360u);
}

TEST(Ipsec, IsKnownByTheHeaderOfIke) {
  const ParserInfo info = ipsec_parser_info();
  for (const std::string& good : {kAuth, kAnswer, kInit, kMain, kQuick, kMarked}) {
    EXPECT_EQ(probe_datagram(info, good), ProbeResult::kCertain);
    EXPECT_EQ(probe_datagram(info, good + "x"), ProbeResult::kNo) << "the length is not the datagram's";
    for (size_t n = 0; n < good.size(); ++n)
      ASSERT_EQ(probe_datagram(info, good.substr(0, n)), ProbeResult::kNo) << n;
  }
  const auto changed = [](std::string bytes, size_t at, char value) {
    bytes[at] = value;
    return bytes;
  };
  EXPECT_EQ(probe_datagram(info, changed(kAuth, 17, 0x30)), ProbeResult::kNo) << "version 3";
  EXPECT_EQ(probe_datagram(info, changed(kAuth, 18, 1)), ProbeResult::kNo) << "an exchange of version 1";
  EXPECT_EQ(probe_datagram(info, changed(kMain, 18, 35)), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, changed(kAuth, 19, 1)), ProbeResult::kNo) << "an unknown flag";
  EXPECT_EQ(probe_datagram(info, std::string(8, '\0') + kAuth.substr(8)), ProbeResult::kNo) << "no cookie";
}

TEST(Ipsec, EspInUdpIsBelievedOnItsPortAlone) {
  const ParserInfo info = ipsec_parser_info();
  EXPECT_EQ(probe_datagram(info, esp(0x1001), 4500), ProbeResult::kMaybe);
  EXPECT_EQ(probe_datagram(info, esp(0x1001), 4501), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, esp(255), 4500), ProbeResult::kNo) << "a reserved SPI";
  EXPECT_EQ(probe_datagram(info, esp(0x1001, 121), 4500), ProbeResult::kNo) << "not in steps of four";
  EXPECT_EQ(probe_datagram(info, esp(0x1001, 20), 4500), ProbeResult::kNo) << "too short";
  EXPECT_EQ(probe_datagram(info, "GET /secrets?id=11010119900307867X HTTP", 4500), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, "\xff", 4500), ProbeResult::kMaybe);
}

}  // namespace
}  // namespace weir
