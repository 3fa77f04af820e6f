// Ports that another connection uses, its SYN not captured. What was sent is the test's own: each connection
// says one mobile number in a body of its own, so flows, holes and alerts are known.
#include <gtest/gtest.h>

#include "tests/unit/sensor/pipeline/clock_run.h"

namespace weir {
namespace {

constexpr const char* kServer = "203.0.113.9";

// A segment of client i of add_clients, or of its server, with any numbers.
TimedFrame segment(int i, Nanoseconds at, bool out, uint32_t seq, uint32_t ack, std::string_view text,
                   uint8_t flags = kTcpAck) {
  const std::string client = "10.0.0." + std::to_string(1 + i);
  const auto port = static_cast<uint16_t>(40'000 + i);
  PacketBuilder packet;
  packet.ethernet();
  if (out) {
    packet.ipv4(client, kServer).tcp(port, 80);
  } else {
    packet.ipv4(kServer, client).tcp(80, port);
  }
  return {at, packet.seq(seq).ack(ack).flags(flags).payload(text).frame()};
}

std::string request(const std::string& mobile) {
  const std::string body = "{\"mobile\":\"" + mobile + "\"}";
  return "POST /later HTTP/1.1\r\nHost: later.example\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string kAnswer = "HTTP/1.1 204 No Content\r\n\r\n";

// Far from add_clients' numbers (1000 and 5000).
constexpr uint32_t kSeq = 3'000'000'000;
constexpr uint32_t kAck = 900'000'000;

// Another connection of client i, captured from its first request on.
void add_later(Truth* truth, int i, Nanoseconds at, bool server_first = false) {
  const std::string ask = request("13987654321");
  const auto said = static_cast<uint32_t>(kSeq + ask.size());
  if (server_first) {  // an acknowledgement of what was before
    truth->push_back(segment(i, at - kMs, false, kAck, kSeq, {}));
  }
  truth->push_back(segment(i, at, true, kSeq, kAck, ask));
  truth->push_back(segment(i, at + kMs, false, kAck, said, kAnswer));
  truth->push_back(segment(i, at + 2 * kMs, true, said, static_cast<uint32_t>(kAck + kAnswer.size()), {}));
}

// Of add_clients with `ends` false: what they send next.
uint32_t said_by_clients() { return static_cast<uint32_t>(1001 + said_by(false).size()); }

// Alerts of items that hold a value sent under `host`.
size_t alerts_on(const Ran& ran, std::string_view host) {
  return static_cast<size_t>(std::ranges::count_if(
      ran.records, [&](const nlohmann::json& r) { return r.dump().find(host) != std::string::npos; }));
}

void expect_apart(const Ran& ran, size_t flows) {
  EXPECT_EQ(ran.result.totals.flows, flows);
  const Inspection account = ran.result.totals.inspection();
  EXPECT_EQ(account.gap, 0u);
  EXPECT_EQ(account.read() + account.duplicate, account.seen);
  EXPECT_EQ(ran.result.totals.tcp.unplaced, 0u);
}

class Night : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(WhoSpeaksFirst, Night, ::testing::Bool());

// Three hours later the first packets are of connections that just go on: nobody gets older. Then ports are
// used again.
TEST_P(Night, OfConnectionsThatGoOn) {
  Truth truth;
  add_clients(&truth, {0, 20, 0, 20 * kMs, false});
  for (int i = 0; i < 6; ++i) {
    for (int k = 0; k < 3; ++k) {
      truth.push_back(
          segment(i, 3 * kHour + k * kSecond, true, said_by_clients() + static_cast<uint32_t>(k), 5001, " "));
    }
  }
  add_later(&truth, 9, 3 * kHour + 5 * kSecond, GetParam());
  add_later(&truth, 10, 3 * kHour + 500 * kSecond, GetParam());
  const Ran ran = run_every_way(stamp(in_order(std::move(truth)), right));
  expect_apart(ran, 22);
  EXPECT_EQ(alerts_on(ran, "later.example"), 2u);
}

// They are themselves the first packets after the silence, while it is in doubt.
TEST_P(Night, BeforeItIsBelieved) {
  Truth truth;
  add_clients(&truth, {0, 20, 0, 20 * kMs, false});
  add_later(&truth, 9, 3 * kHour, GetParam());
  add_clients(&truth, {100, 10, 3 * kHour + kSecond, 20 * kMs, false});
  const Ran ran = run_every_way(stamp(in_order(std::move(truth)), right));
  expect_apart(ran, 31);
  EXPECT_EQ(alerts_on(ran, "later.example"), 1u);
}

// Silent for minutes only, while others speak: the other side's answer bears the new numbers out.
TEST_P(Night, OfOneConnectionAlone) {
  Truth truth;
  add_clients(&truth, {0, 20, 0, 20 * kMs, false});
  for (int k = 0; k < 200; ++k) truth.push_back(datagram(5 * kSecond + k * kSecond));
  add_later(&truth, 9, 150 * kSecond, GetParam());
  const Ran ran = run_every_way(stamp(in_order(std::move(truth)), right));
  expect_apart(ran, 20 + 1 + 1);
  EXPECT_EQ(ran.found().size(), 20u);
  // Before anybody bears them out a connection's bytes are read by themselves.
  EXPECT_EQ(std::ranges::count_if(ran.records, [](const auto& r) { return r["activity_id"] == 1; }), 21);
}

// Only one side is captured: its next packet bears them out.
TEST(PortReuse, OfOneDirection) {
  Truth truth;
  const std::string one = request("13812345678");
  const std::string other = request("13987654321");
  truth.push_back(segment(1, 0, true, 1000, 5000, one.substr(0, 80)));
  truth.push_back(segment(1, kMs, true, 1080, 5000, one.substr(80)));
  for (int k = 0; k < 100; ++k) truth.push_back(datagram(kSecond + k * kSecond));
  truth.push_back(segment(1, 60 * kSecond, true, kSeq, kAck, other));
  truth.push_back(segment(1, 61 * kSecond, true, kSeq + static_cast<uint32_t>(other.size()), kAck, other));
  const Ran ran = run_every_way(stamp(in_order(std::move(truth)), right));
  expect_apart(ran, 3);
  EXPECT_EQ(alerts_on(ran, "later.example"), 2u);  // the first request, and the one behind the proof
}

// A packet in far numbers that nobody bears out cuts nothing: the number around it is found whole.
TEST(PortReuse, AForgedPacketEndsNothing) {
  for (const bool out : {true, false}) {
    Truth truth;
    const std::string ask = request("13812345678");
    const size_t half = ask.size() - 6;  // inside the number
    truth.push_back(segment(1, 0, true, 1000, 5000, {}, kTcpSyn));
    truth.push_back(segment(1, kMs, false, 5000, 1001, {}, kTcpSyn | kTcpAck));
    truth.push_back(segment(1, 2 * kMs, true, 1001, 5001, ask.substr(0, half)));
    truth.push_back(segment(1, 3 * kMs, false, 5001, static_cast<uint32_t>(1001 + half), {}));
    for (int k = 0; k < 100; ++k) truth.push_back(datagram(kSecond + k * kSecond));
    for (int k = 0; k < 3; ++k) {
      truth.push_back(segment(1, 60 * kSecond + k, out, kSeq + static_cast<uint32_t>(5 * k), kAck, "decoy"));
    }
    truth.push_back(
        segment(1, 70 * kSecond, true, static_cast<uint32_t>(1001 + half), 5001, ask.substr(half)));
    truth.push_back(segment(1, 71 * kSecond, false, 5001, static_cast<uint32_t>(1001 + ask.size()), kAnswer));
    const Ran ran = run_every_way(stamp(in_order(std::move(truth)), right));
    expect_apart(ran, 2);
    EXPECT_EQ(ran.found().size(), 1u) << out;
    EXPECT_EQ(alerts_on(ran, "later.example"), 1u);
  }
}

// Four packets of four new flows agree on a time hours ahead: believed, and told when the old time goes on.
// What ended by it was read to its end and goes on as a flow picked up late; every byte is accounted for.
TEST(Silence, ThatIsTakenBackIsCounted) {
  Truth truth;
  add_clients(&truth, {0, 20, 0, 20 * kMs, false});
  truth = in_order(std::move(truth));
  std::vector<Stamped> packets = stamp(truth, right);
  const auto middle = std::ranges::lower_bound(packets, kStart + 2'500 * kMs, {}, &Stamped::time);
  std::vector<Stamped> ahead;
  for (int i = 0; i < 6; ++i) {
    const TimedFrame f = datagram(0, "192.0.2." + std::to_string(10 + i));
    ahead.push_back({kStart + 8 * kHour + i * kSecond, 0, 0, f.frame});
  }
  packets.insert(middle, ahead.begin(), ahead.end());
  const Ran ran = run_every_way(packets);
  EXPECT_EQ(ran.result.totals.clock.taken_back, 1u);
  const Inspection account = ran.result.totals.inspection();
  EXPECT_EQ(account.read() + account.duplicate + account.unread_total(), account.seen);
  EXPECT_EQ(account.gap, 0u);
  // A silence that lasts is not taken back.
  Truth night;
  add_clients(&night, {0, 20, 0, 20 * kMs, false});
  add_clients(&night, {100, 20, 3 * kHour, 20 * kMs, false});
  EXPECT_EQ(run_every_way(stamp(in_order(std::move(night)), right)).result.totals.clock.taken_back, 0u);
}

}  // namespace
}  // namespace weir
