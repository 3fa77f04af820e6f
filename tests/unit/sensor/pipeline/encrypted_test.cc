// "This is encrypted" is a guess: what begins like it and goes on in clear is read. Through a real worker,
// with the bypass of what is encrypted. The account is what the test itself sent.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/sensor/pipeline/frame_run.h"

namespace weir {
namespace {

using harness::PacketBuilder;
using harness::TimedFrame;

constexpr auto kEncrypted = static_cast<size_t>(Unread::kEncrypted);
const std::string kTable = "name,phone\nuser0,13812345678\nuser1,13912345679\nuser2,13712345670\n";

class Encrypted : public testing::Test {
 protected:
  void add(const harness::Frame& frame) {
    frames.push_back(
        {Nanoseconds{1'767'225'600} * kSecond + static_cast<Nanoseconds>(frames.size()) * 1'000'000, frame});
  }
  void tcp(bool client, std::string_view text, uint8_t flags = kTcpAck) {
    PacketBuilder packet;
    if (client) {
      packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(40'000, 9443);
    } else {
      packet.ethernet().ipv4("10.0.0.2", "10.0.0.1").tcp(9443, 40'000);
    }
    packet.seq(next[client ? 0 : 1])
        .ack(flags == kTcpSyn ? 0 : next[client ? 1 : 0])
        .flags(flags)
        .payload(text);
    add(packet.frame());
    next[client ? 0 : 1] += static_cast<uint32_t>(text.size()) + ((flags & kTcpSyn) != 0 ? 1 : 0);
  }
  void udp(bool client, std::string_view text) {
    PacketBuilder packet;
    if (client) {
      packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(40'000, 51'820);
    } else {
      packet.ethernet().ipv4("10.0.0.2", "10.0.0.1").udp(51'820, 40'000);
    }
    add(packet.payload(text).frame());
  }
  void handshake() {
    tcp(true, {}, kTcpSyn);
    tcp(false, {}, kTcpSyn | kTcpAck);
    tcp(true, {});
  }
  std::string cipher(size_t n) {
    std::string bytes(n, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  }
  std::string record(const std::string& payload) {
    return std::string("\x17\x03\x03", 3) + static_cast<char>(payload.size() >> 8) +
           static_cast<char>(payload.size() & 255) + payload;
  }
  void expect(uint64_t read, uint64_t encrypted, size_t mobiles) {
    const frame_run::Ran ran = frame_run::run(frames);
    const Inspection account = ran.result.totals.inspection();
    EXPECT_EQ(account.read(), read);
    EXPECT_EQ(account.unread[kEncrypted], encrypted);
    EXPECT_EQ(account.gap, 0u);
    size_t most = 0;
    for (const nlohmann::json& r : ran.records) {
      for (const nlohmann::json& d : r["unmapped"]["detectors"])
        most = std::max(most, d["distinct"].get<size_t>());
    }
    EXPECT_EQ(most, mobiles);
  }

  std::mt19937 random{7};
  std::vector<TimedFrame> frames;
  std::array<uint32_t, 2> next{1000, 5000};
  // A ClientHello and a ServerHello as far as a probe looks.
  const std::string hello{"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03", 11};
  const std::string answer{"\x16\x03\x03\0\x06\x02\0\0\x02\x03\x03", 11};
};

TEST_F(Encrypted, WhatIsStaysCounted) {
  handshake();
  tcp(true, hello);
  tcp(false, answer);
  uint64_t bytes = 22;
  for (int i = 0; i < 400; ++i) {
    const std::string sealed = record(cipher(1000));
    bytes += sealed.size();
    tcp(i % 2 == 0, sealed);
  }
  expect(0, bytes, 0);
}

// Clear text behind real ciphertext: in the bypass, from the segment on that shows it, in either direction.
TEST_F(Encrypted, TextAfterCiphertextIsRead) {
  for (const bool client : {true, false}) {
    frames.clear();
    next = {1000, 5000};
    handshake();
    tcp(true, hello);
    tcp(false, answer);
    uint64_t bytes = 22;
    for (int i = 0; i < 10; ++i) {
      const std::string sealed = record(cipher(1000));
      bytes += sealed.size();
      tcp(i % 2 == 0, sealed);
    }
    tcp(client, kTable);
    tcp(client, kTable);
    expect(2 * kTable.size(), bytes, 3);
  }
}

// In records that hold: all but their headers.
TEST_F(Encrypted, TextInRecordsIsRead) {
  handshake();
  tcp(true, hello + record(kTable) + record(kTable));
  expect(2 * kTable.size(), 11 + 5 + 5, 3);
}

// To and fro: nobody is believed for ever, and no text is lost.
TEST_F(Encrypted, ASenderWhoTakesTurnsIsReadInTheEnd) {
  handshake();
  tcp(true, hello);
  tcp(false, answer);
  for (int i = 0; i < 20; ++i) {
    tcp(true, record(cipher(700)) + record(cipher(700)));
    tcp(true, kTable);
  }
  const frame_run::Ran ran = frame_run::run(frames);
  const Inspection account = ran.result.totals.inspection();
  EXPECT_EQ(account.seen, 22 + 20 * (1410 + kTable.size()));
  EXPECT_EQ(ran.result.totals.flows, 1u);
  EXPECT_GE(account.read() + account.unread[static_cast<size_t>(Unread::kUndecodable)], 20 * kTable.size());
  EXPECT_FALSE(ran.records.empty());
}

TEST_F(Encrypted, DatagramsInClearAfterAWireguardHandshake) {
  const std::string offer = std::string("\1\0\0\0", 4) + cipher(144);
  const std::string taken = std::string("\2\0\0\0", 4) + cipher(4) + offer.substr(4, 4) + cipher(80);
  udp(true, offer);
  udp(false, taken);
  const std::string data =
      std::string("\4\0\0\0", 4) + taken.substr(4, 4) + std::string(8, '\0') + cipher(64);
  udp(true, data);
  udp(true, kTable);
  udp(false, "13612345678");
  udp(true, kTable + "\n");  // the same again would be a packet mirrored twice
  expect(2 * kTable.size() + 1 + 11, 148 + 92 + 80, 3);
}

}  // namespace
}  // namespace weir
