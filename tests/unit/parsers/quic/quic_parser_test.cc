// QUIC: packets of RFC 9001 appendix A and RFC 9369 appendix A (their first bytes; the rest is ciphertext),
// and two conversations recorded between ngtcp2's client and server.
#include "parsers/quic/quic_parser.h"

#include <gtest/gtest.h>

#include "parsers/quic/long_header.h"
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

// Ciphertext up to the length of the datagram in the RFC.
std::string filled(const std::string& hex, size_t size) {
  std::string out = from_hex(hex);
  while (out.size() < size) out += static_cast<char>(0x80 | (out.size() * 37 & 0x7f));
  return out;
}
const std::string kInitial1 = filled("c000000001088394c8f03e5157080000449e7b9aec34", 1200);
const std::string kAnswer1 = filled("cf000000010008f067a5502a4262b5004075c0d95a48", 135);
const std::string kRetry1 =
    from_hex("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba");
const std::string kInitial2 = filled("d76b3343cf088394c8f03e5157080000449ea0c95e82", 1200);
const std::string kAnswer2 = filled("dc6b3343cf0008f067a5502a4262b5004075d92faaf1", 135);
const std::string kRetry2 =
    from_hex("cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6");

quic::LongHeader header_of(std::string_view datagram) {
  quic::LongHeader header;
  EXPECT_TRUE(quic::read_long_header(as_bytes(datagram), true, &header));
  return header;
}

TEST(Quic, ReadsTheHeadersOfBothVersions) {
  using quic::PacketType;
  EXPECT_EQ(header_of(kInitial1).type, PacketType::kInitial);
  EXPECT_EQ(as_text(header_of(kInitial1).destination_id), from_hex("8394c8f03e515708"));
  EXPECT_TRUE(header_of(kInitial1).source_id.empty());
  EXPECT_EQ(header_of(kAnswer1).type, PacketType::kInitial);
  EXPECT_EQ(as_text(header_of(kAnswer1).source_id), from_hex("f067a5502a4262b5"));
  EXPECT_EQ(header_of(kRetry1).type, PacketType::kRetry);
  EXPECT_EQ(header_of(kInitial2).type, PacketType::kInitial);
  EXPECT_EQ(header_of(kAnswer2).type, PacketType::kInitial);
  EXPECT_EQ(header_of(kRetry2).type, PacketType::kRetry);
}

TEST(Quic, NoTruncationIsTakenForTheWhole) {
  for (const std::string& datagram : {kInitial1, kAnswer1, kInitial2, kAnswer2}) {
    for (size_t n = 0; n < datagram.size(); ++n) {
      const std::vector<uint8_t> block(datagram.begin(), datagram.begin() + static_cast<ptrdiff_t>(n));
      quic::LongHeader header;
      ASSERT_FALSE(quic::read_long_header(block, true, &header)) << n;
    }
  }
}

TEST(Quic, AnAnswerToTheChosenIdProvesIt) {
  RecordingSink got;
  drive_datagrams(quic_parser_info(),
                  Script().out(kInitial1).back(kAnswer1).out("anything at all").back("even text"), got);
  EXPECT_TRUE(got.items().empty());
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), 1200u + 15u);
  EXPECT_EQ(got.unread_bytes(kBack, Unread::kEncrypted), 135u + 9u);
}

TEST(Quic, UntilThenTextIsRead) {
  RecordingSink got;
  const std::string short_packet =
      filled("4cfe4189655e5cd55c41f69080575d7999c25a5bfb", 60);  // RFC 9001 A.5's begin
  drive_datagrams(quic_parser_info(),
                  Script()
                      .out(kInitial1)
                      .out(short_packet)
                      .out("id=11010119900307867X and more text, all of it")
                      .out("\x01\x02"),
                  got);
  ASSERT_EQ(got.items().size(), 2u);
  EXPECT_EQ(got.items()[0].bytes, "id=11010119900307867X and more text, all of it");
  EXPECT_EQ(got.items()[0].meta.protocol, "quic");
  EXPECT_EQ(got.items()[1].bytes, "\x01\x02");
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), 1260u);
}

TEST(Quic, RecordedConversationsAreCountedToTheByte) {
  for (const char* file : {"quic", "quic_v2"}) {
    const harness::Recorded talk = harness::recorded(std::string("tests/data/encrypted/") + file + ".json");
    EXPECT_EQ(probe_datagram(quic_parser_info(), talk.script.steps()[0].bytes), ProbeResult::kCertain)
        << file;
    RecordingSink got;
    drive_datagrams(quic_parser_info(), talk.script, got);
    EXPECT_TRUE(got.items().empty()) << file;
    for (const Direction d : {kOut, kBack}) {
      EXPECT_EQ(got.unread_bytes(d, Unread::kEncrypted), talk.bytes[index_of(d)]) << file;
    }
  }
}

TEST(Quic, IsKnownByItsLongHeader) {
  const ParserInfo info = quic_parser_info();
  for (const std::string& datagram : {kInitial1, kAnswer1, kRetry1, kInitial2, kAnswer2, kRetry2}) {
    EXPECT_EQ(probe_datagram(info, datagram), ProbeResult::kCertain);
    EXPECT_EQ(probe_datagram(info, datagram, 9, kBack), ProbeResult::kCertain);
  }
  // RFC 9000 section 17.2.1: version 0 and a list.
  const std::string negotiation = from_hex(
      "8000000000"
      "04a1a2a3a4"
      "02b1b2"
      "1a2a3a4a"
      "00000001");
  EXPECT_EQ(probe_datagram(info, negotiation), ProbeResult::kCertain);
  EXPECT_EQ(probe_datagram(info, from_hex("8000000000"
                                          "04a1a2a3a4"
                                          "02b1b2"
                                          "1a2a3a4a")),
            ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, filled("d3513034360865646765"
                                        "00",
                                        300)),
            ProbeResult::kNo);  // an id too long
  EXPECT_EQ(probe_datagram(info, filled("c35130343608a1a2a3a4a5a6a7a800", 300)),
            ProbeResult::kCertain);  // Q046
  EXPECT_EQ(probe_datagram(info, filled("c0"
                                        "0a0a0a0a"
                                        "08"
                                        "8394c8f03e515708"
                                        "0000449e",
                                        1200)),
            ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, filled("4cfe4189655e5cd55c41f690", 60)), ProbeResult::kNo);
  EXPECT_EQ(probe_datagram(info, ""), ProbeResult::kNo);
}

TEST(Quic, HostileLengthsAreNoQuic) {
  quic::LongHeader header;
  for (const char* hex : {"c000000001ff",
                          "c00000000115"
                          "00000000000000000000000000000000000000000000",
                          "c0000000010000ffffffffffffffffff",
                          "c00000000100"
                          "00"
                          "00"
                          "ffffffffffffffff",
                          "c0000000010000004000", "80000000000000"}) {
    const std::string bytes = from_hex(hex);
    EXPECT_FALSE(quic::read_long_header(as_bytes(bytes), true, &header)) << hex;
  }
}

}  // namespace
}  // namespace weir
