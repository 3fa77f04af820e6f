// Who is the initiator of an alert, and whose MAC address stands where: frames between two known machines, in
// the orders that a capture may have them in, through a real worker. The truth is which machine owns which
// address, and who of them asked.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/sensor/pipeline/frame_run.h"

namespace weir {
namespace {

using harness::PacketBuilder;
using harness::TimedFrame;

constexpr uint8_t kSynAck = kTcpSyn | kTcpAck;
const std::string kAsk = "GET /a?mobile=13812345678 HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n13987654321";

// The client's machine ends in :01, the server's in :02. Ports that tell nobody who serves, but where a case
// says so.
class Endpoints : public testing::Test {
 protected:
  void send(bool client, uint8_t flags, uint32_t seq, uint32_t ack, std::string_view text = {}) {
    PacketBuilder packet;
    packet.ethernet();
    if (client) {
      packet.ipv4("10.0.0.1", "10.0.0.2").tcp(client_port, server_port);
    } else {
      packet.ipv4("10.0.0.2", "10.0.0.1").tcp(server_port, client_port);
    }
    harness::Frame frame = packet.seq(seq).ack(ack).flags(flags).payload(text).frame();
    if (!client) std::swap_ranges(frame.begin(), frame.begin() + 6, frame.begin() + 6);  // MAC addresses
    frames.push_back(
        {Nanoseconds{1'767'225'600} * kSecond + static_cast<Nanoseconds>(frames.size()) * 1'000'000,
         std::move(frame)});
  }
  void ask(uint32_t seq = 1001) { send(true, kTcpAck, seq, 5001, kAsk); }
  void answer(uint32_t seq = 5001) { send(false, kTcpAck, seq, 1001 + size(kAsk), kAnswer); }
  static uint32_t size(const std::string& text) { return static_cast<uint32_t>(text.size()); }

  void run() {
    frame_run::Ran ran = frame_run::run(frames);
    result = std::move(ran.result);
    records = std::move(ran.records);
  }

  // Every alert of `text` says that the machine that sent it asked, or answered.
  void expect_roles(const std::string& what) {
    run();
    size_t asked = 0;
    size_t answered = 0;
    for (const nlohmann::json& r : records) {
      const bool by_client = r["src_endpoint"]["ip"] == "10.0.0.1";
      EXPECT_EQ(r["src_endpoint"]["mac"], by_client ? "02:00:00:00:00:01" : "02:00:00:00:00:02") << what;
      EXPECT_EQ(r["dst_endpoint"]["mac"], by_client ? "02:00:00:00:00:02" : "02:00:00:00:00:01") << what;
      EXPECT_EQ(r["src_endpoint"]["port"], by_client ? client_port : server_port) << what;
      EXPECT_EQ(r["unmapped"]["initiator"], by_client ? "src" : "dst") << what << ": the client asked";
      ++(by_client ? asked : answered);
    }
    EXPECT_GT(asked, 0u) << what;
    EXPECT_GT(answered, 0u) << what;
    EXPECT_EQ(result.totals.inspection().gap, 0u) << what;
    EXPECT_EQ(result.totals.flows, 1u) << what;
  }

  uint16_t client_port = 40'000;
  uint16_t server_port = 40'080;
  std::vector<TimedFrame> frames;
  RunResult result;
  std::vector<nlohmann::json> records;
};

TEST_F(Endpoints, AWholeConnection) {
  send(true, kTcpSyn, 1000, 0);
  send(false, kSynAck, 5000, 1001);
  send(true, kTcpAck, 1001, 5001);
  ask();
  answer();
  expect_roles("handshake");
}

TEST_F(Endpoints, TheAnswerToTheSynComesFirst) {
  send(false, kSynAck, 5000, 1001);
  send(true, kTcpAck, 1001, 5001);
  ask();
  answer();
  expect_roles("SYN+ACK first");
}

TEST_F(Endpoints, TheServersPacketComesFirst) {
  for (const uint16_t port : {uint16_t{40'080}, uint16_t{80}}) {
    frames.clear();
    server_port = port;
    send(false, kTcpAck, 4000, 1001, std::string(1001, 'x'));
    ask();
    answer();
    expect_roles("mid-stream, port " + std::to_string(port));
  }
}

TEST_F(Endpoints, DataOnTheSyn) {
  send(true, kTcpSyn, 1000, 0, kAsk);
  send(false, kSynAck, 5000, 1001 + size(kAsk));
  answer();
  send(true, kTcpAck, 1001 + size(kAsk), 5001 + size(kAnswer));
  expect_roles("data on the SYN");
}

// The SYN comes behind packets whose ports say the wrong thing.
TEST_F(Endpoints, TheHandshakeComesLate) {
  client_port = 999;
  send(false, kSynAck, 5000, 1001);
  send(true, kTcpSyn, 1000, 0);
  ask();
  answer();
  expect_roles("late");
}

// What is left of an earlier life of the server's port: a SYN of its own that nobody answered.
TEST_F(Endpoints, ADeadSynOfTheServerBeforeTheConnection) {
  for (const uint32_t dead : {7'000'000u, 4999u, 4'000'000'000u}) {
    frames.clear();
    send(false, kTcpSyn, dead, 0);
    send(true, kTcpSyn, 1000, 0);
    send(false, kSynAck, 5000, 1001);
    send(true, kTcpAck, 1001, 5001);
    ask();
    answer();
    expect_roles("dead SYN " + std::to_string(dead));
  }
}

// RFC 9293 figure 8: both open; each answers with the number of its own SYN. Who was first has opened it.
TEST_F(Endpoints, BothOpen) {
  send(true, kTcpSyn, 1000, 0);
  send(false, kTcpSyn, 5000, 0);
  send(true, kSynAck, 1000, 5001);
  send(false, kSynAck, 5000, 1001);
  ask();
  answer();
  expect_roles("simultaneous");
}

// A body that speaks of HTTP, picked up late: at the flow's first byte, and behind other text.
TEST_F(Endpoints, ABodyThatSpeaksOfHttpChangesNoRoles) {
  for (const std::string& begin :
       {std::string(), std::string("some text\r\n"), std::string("HTTP/1.1 200 OK\r\n\r\n")}) {
    frames.clear();
    const std::string body = begin + "GET /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\nand so on\r\n";
    send(false, kTcpAck, 5001 - size(body), 1001, body);
    ask();
    answer();
    expect_roles("\"" + begin + "\"");
  }
}

}  // namespace
}  // namespace weir
