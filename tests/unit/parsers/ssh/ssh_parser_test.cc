// SSH: what is read, what is counted as encrypted, and what is done when it turns out to be none. The
// recorded conversation is OpenSSH's (tests/data/encrypted/extract.py); where its keys begin follows from RFC
// 4253.
#include "parsers/ssh/ssh_parser.h"

#include <gtest/gtest.h>

#include <random>

#include "parsers/wire/ciphertext.h"
#include "tests/harness/parser_driver.h"
#include "tests/harness/recorded.h"

namespace weir {
namespace {

using harness::drive_every_split;
using harness::probe_of;
using harness::RecordingSink;
using harness::Script;

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;

// RFC 4253 section 6: length, padding length, payload, padding; a multiple of eight.
std::string packet(std::string_view payload) {
  size_t padding = 8 - (payload.size() + 5) % 8;
  if (padding < 4) padding += 8;
  const size_t length = 1 + payload.size() + padding;
  std::string out = {0, 0, static_cast<char>(length >> 8), static_cast<char>(length & 0xff),
                     static_cast<char>(padding)};
  out += payload;
  return out + std::string(padding, 'p');
}
const std::string kKexInit = packet("\x14" + std::string(16, 'c') + "curve25519-sha256,aes128-ctr");
const std::string kKexReply = packet("\x1f" + std::string(100, 'k'));
const std::string kNewKeys = packet("\x15");
const std::string kVersion = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";

const RecordingSink::Item& only_item(const RecordingSink& got, Direction direction) {
  const RecordingSink::Item* found = nullptr;
  for (const RecordingSink::Item& item : got.items()) {
    if (item.meta.direction != direction) continue;
    EXPECT_EQ(found, nullptr) << got.dump();
    found = &item;
  }
  static const RecordingSink::Item none;
  EXPECT_NE(found, nullptr);
  return found != nullptr ? *found : none;
}

TEST(Ssh, ReadsTheVersionAndCountsTheRest) {
  const RecordingSink got =
      drive_every_split(ssh_parser_info(), Script()
                                               .back(kVersion)
                                               .out(kVersion)
                                               .out(kKexInit)
                                               .back(kKexInit + kKexReply + kNewKeys + "cipher")
                                               .out(kNewKeys + "text"));
  for (const Direction d : {kOut, kBack}) {
    const RecordingSink::Item& item = only_item(got, d);
    EXPECT_EQ(item.meta.protocol, "ssh");
    EXPECT_EQ(item.meta.kind, ItemKind::kRawStream);
    EXPECT_EQ(item.bytes, kVersion);
    EXPECT_EQ(item.why, CloseReason::kComplete);
  }
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kKexInit.size() + kNewKeys.size() + 4);
  EXPECT_EQ(got.unread_bytes(kBack, Unread::kEncrypted),
            kKexInit.size() + kKexReply.size() + kNewKeys.size() + 6);
}

TEST(Ssh, TextInPacketsBeforeTheKeysIsRead) {
  const std::string ignore = packet("\x02" + std::string("\0\0\0\x12", 4) + "11010119900307867X");
  const RecordingSink got =
      drive_every_split(ssh_parser_info(), Script().out(kVersion + kKexInit + ignore + kNewKeys + "z"));
  EXPECT_EQ(only_item(got, kOut).bytes, kVersion + ignore);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kKexInit.size() + kNewKeys.size() + 1);
}

// Who says NEWKEYS and goes on in clear has said nothing true.
TEST(Ssh, PlainTextBehindNewKeysIsReadAsAnItemOfItsOwn) {
  const std::string secret = "name,id\nZhang San,11010119900307867X\nLi Si,110101199003078670\n";
  const RecordingSink got =
      drive_every_split(ssh_parser_info(), Script().out(kVersion + kKexInit + kNewKeys + secret));
  ASSERT_EQ(got.items().size(), 2U) << got.dump();
  EXPECT_EQ(got.items()[0].bytes, kVersion);
  EXPECT_EQ(got.items()[0].why, CloseReason::kComplete);
  EXPECT_EQ(got.items()[1].bytes, secret);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kKexInit.size() + kNewKeys.size());
}

// The other side never says anything behind its keys, or never has keys: random bytes first, then text.
TEST(Ssh, ASideAloneIsNotCountedUnseen) {
  std::mt19937 random(3);
  std::string noise(600, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  std::string table;
  for (int i = 0; i < 30; ++i) table += "Zhang San,1381234567" + std::to_string(i % 10) + "\n";
  for (const std::string& other : {kVersion + kKexInit + kNewKeys, kVersion + kKexInit, kVersion}) {
    const RecordingSink got = drive_every_split(
        ssh_parser_info(), Script().back(other).out(kVersion + kKexInit + kNewKeys + noise + table));
    // Read from the sample on that shows it.
    std::string read;
    for (const auto& item : got.items()) read += item.bytes;
    EXPECT_TRUE(read.ends_with(table.substr(kCiphertextSample))) << other.size();
  }
}

TEST(Ssh, ARecordedConversationIsCountedToTheByte) {
  const harness::Recorded talk = harness::recorded("tests/data/encrypted/ssh.json");
  const RecordingSink got = drive_every_split(ssh_parser_info(), talk.script);
  for (const Direction d : {kOut, kBack}) {
    const RecordingSink::Item& item = only_item(got, d);
    EXPECT_EQ(item.bytes.size() + got.unread_bytes(d, Unread::kEncrypted), talk.bytes[index_of(d)]);
    EXPECT_TRUE(item.bytes.starts_with("SSH-2.0-OpenSSH_"));
    EXPECT_TRUE(item.bytes.ends_with("\r\n"));
    EXPECT_EQ(item.why, CloseReason::kComplete) << "NEWKEYS was found";
  }
}

TEST(Ssh, LinesBeforeTheVersionAreRead) {
  const std::string greeting = "Authorised use only\r\nSSH is spoken here\n";
  const RecordingSink got =
      drive_every_split(ssh_parser_info(), Script().out(kVersion).back(greeting + kVersion + kKexInit));
  EXPECT_EQ(only_item(got, kBack).bytes, greeting + kVersion);
  EXPECT_EQ(only_item(got, kBack).why, CloseReason::kFlowEnd);
}

TEST(Ssh, PlainTextBehindTheVersionIsReadRaw) {
  const std::string secret = "name,id\nZhang,11010119900307\n";
  const RecordingSink got = drive_every_split(
      ssh_parser_info(), Script().out(kVersion + kKexInit + secret).back(kVersion + secret));
  EXPECT_EQ(only_item(got, kOut).bytes, kVersion + secret);
  EXPECT_EQ(only_item(got, kBack).bytes, kVersion + secret);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kKexInit.size());
}

TEST(Ssh, AnEndInsideAPacketHeadIsRead) {
  const RecordingSink got = drive_every_split(ssh_parser_info(), Script().out(kVersion + "end"));
  EXPECT_EQ(only_item(got, kOut).bytes, kVersion + "end");
}

TEST(Ssh, WithoutAVersionWithinBoundsItIsReadRaw) {
  const std::string lines(9000, 'x');
  const RecordingSink got =
      drive_every_split(ssh_parser_info(), Script().out(kVersion).back(lines + kVersion + kNewKeys + "z"));
  EXPECT_EQ(only_item(got, kBack).bytes, lines + kVersion + kNewKeys + "z");
}

TEST(Ssh, AHoleInsideAPacketIsSteppedOver) {
  const RecordingSink got =
      drive_every_split(ssh_parser_info(), Script()
                                               .out(kVersion + kKexInit.substr(0, 20))
                                               .gap_out(10)
                                               .out(kKexInit.substr(30) + kNewKeys + "abc"));
  EXPECT_TRUE(only_item(got, kOut).holes.empty());
  EXPECT_EQ(only_item(got, kOut).why, CloseReason::kComplete);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kKexInit.size() - 10 + kNewKeys.size() + 3);
}

TEST(Ssh, AHoleInsideTextIsTold) {
  const std::string debug = packet("\x04" + std::string(60, 'd'));
  const RecordingSink got = drive_every_split(
      ssh_parser_info(),
      Script().out(kVersion + debug.substr(0, 20)).gap_out(10).out(debug.substr(30) + kNewKeys));
  ASSERT_EQ(only_item(got, kOut).holes.size(), 1u);
  EXPECT_EQ(only_item(got, kOut).holes[0].size, 10u);
  EXPECT_EQ(only_item(got, kOut).why, CloseReason::kComplete);
}

TEST(Ssh, AfterAHoleOverAPacketsBeginTheRestIsEncrypted) {
  const RecordingSink got = drive_every_split(
      ssh_parser_info(),
      Script().out(kVersion + kKexInit + kKexReply.substr(0, 3)).gap_out(50).out("whatever"));
  EXPECT_EQ(only_item(got, kOut).bytes, kVersion);
  EXPECT_EQ(only_item(got, kOut).why, CloseReason::kTruncated);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), kKexInit.size() + 3 + 8);
}

TEST(Ssh, LyingLengthsEndTheReading) {
  for (const std::string& head :
       {std::string("\xff\xff\xff\xff\x0a\x14", 6), std::string("\0\0\0\0\x04\x14", 6),
        std::string("\0\0\0\x0c\x0c\x14", 6), std::string("\0\0\0\x0c\x03\x14", 6),
        std::string("\0\0\0\x0c\x06\x5e", 6)}) {
    const RecordingSink got =
        drive_every_split(ssh_parser_info(), Script().out(kVersion + head + "0123456789abcdef"));
    EXPECT_EQ(only_item(got, kOut).bytes, kVersion + head + "0123456789abcdef");
  }
}

TEST(Ssh, IsKnownByItsVersionOnEitherSide) {
  const ParserInfo info = ssh_parser_info();
  EXPECT_EQ(probe_of(info, kVersion, ""), ProbeResult::kCertain);
  EXPECT_EQ(probe_of(info, "", "SSH-1.99-x\n"), ProbeResult::kCertain);
  EXPECT_EQ(probe_of(info, "SSH-", ""), ProbeResult::kMore);
  EXPECT_EQ(probe_of(info, "SSH-1.5-old\n", ""), ProbeResult::kNo);
  EXPECT_EQ(probe_of(info, "SSH-", "", false, true), ProbeResult::kNo);
  EXPECT_EQ(probe_of(info, "", "220 mail.example ESMTP\r\n"), ProbeResult::kNo);
}

}  // namespace
}  // namespace weir
