// Whatever the packets say of their times, the worker reads the same conversations: each case sends known
// connections (the sender's truth: so many, each with one mobile number in a body that is cut by the moment
// of the fault) and changes only the times on the packets. Everything goes through real workers: one, several
// that each walk the capture, and several that one receiver hands packets to; in long and in short bursts.
#include <gtest/gtest.h>

#include "tests/unit/sensor/pipeline/clock_run.h"

namespace weir {
namespace {

class Fault : public ::testing::Test {
 protected:
  const Truth truth = clients();
  // The true time in the middle of every connection, and a packet then.
  static constexpr Nanoseconds kMiddle = 2'500 * kMs;
  size_t middle() const {
    return static_cast<size_t>(std::ranges::lower_bound(truth, kMiddle, {}, &TimedFrame::time) -
                               truth.begin());
  }
};

TEST_F(Fault, None) {
  const Ran ran = run_every_way(stamp(truth, right));
  expect_whole(ran, 20);
  EXPECT_EQ(ran.result.totals.clock.ahead + ran.result.totals.clock.back + ran.result.totals.clock.strays,
            0u);
}

TEST_F(Fault, OnePacketFromElsewhere) {
  for (const Nanoseconds when : {kStart + 2 * kHour, kStart - 2 * kHour, Nanoseconds{0}, kMaxPacketTime}) {
    std::vector<Stamped> packets = stamp(truth, right);
    packets.insert(packets.begin() + static_cast<ptrdiff_t>(middle()), {when, 0, 0, datagram(0).frame});
    const Ran ran = run_every_way(packets);
    expect_whole(ran, 20, 1);
    EXPECT_EQ(ran.result.totals.clock.strays, 1u);
    EXPECT_EQ(ran.result.totals.clock.ahead + ran.result.totals.clock.back, 0u);
  }
}

// The packet is one of a connection's own, at every place of it.
TEST_F(Fault, OnePacketOfAConnection) {
  for (const Nanoseconds by : {2 * kHour, -2 * kHour}) {
    for (size_t place = 1; place < truth.size(); place += 17) {
      const Ran ran = run(
          stamp(truth, [&](size_t i, Nanoseconds at) { return kStart + at + (i == place ? by : 0); }), {});
      SCOPED_TRACE(place);
      expect_whole(ran, 20);
      // The last packet of all has none behind it that could say more.
      EXPECT_LE(ran.result.totals.clock.strays, 1u);
      EXPECT_EQ(ran.result.totals.clock.ahead + ran.result.totals.clock.back, 0u);
    }
  }
}

TEST_F(Fault, TheVeryFirstPacket) {
  for (const Nanoseconds when : {kStart + 2 * kHour, Nanoseconds{0}, kMaxPacketTime}) {
    const Ran ran =
        run_every_way(stamp(truth, [&](size_t i, Nanoseconds at) { return i == 0 ? when : kStart + at; }));
    expect_whole(ran, 20);
    EXPECT_EQ(ran.result.totals.clock.ahead + ran.result.totals.clock.back, 1u);
  }
}

TEST_F(Fault, TwoClocksPacketByPacket) {
  for (const Nanoseconds by : {2 * kHour, -2 * kHour, 30 * kSecond}) {
    const Ran ran = run_every_way(
        stamp(truth, [&](size_t i, Nanoseconds at) { return kStart + at + (i % 2 == 1 ? by : 0); }));
    SCOPED_TRACE(by);
    expect_whole(ran, 20);
    EXPECT_GT(ran.result.totals.clock.strays + ran.result.totals.clock.back, 0u);
  }
}

// Cards, and mergers of captures, write in bursts.
TEST_F(Fault, TwoClocksInTurns) {
  const Truth many = clients({0, 200, 0, 5 * kMs, true});
  for (const size_t turn : {3u, 10u, 64u, 200u}) {
    for (const Nanoseconds by : {2 * kHour, -2 * kHour}) {
      const Ran ran = run(
          stamp(many, [&](size_t i, Nanoseconds at) { return kStart + at + (i / turn % 2 == 1 ? by : 0); }),
          {});
      SCOPED_TRACE(turn);
      expect_whole(ran, 200);
    }
  }
}

TEST_F(Fault, AClockThatIsSet) {
  for (const Nanoseconds by : {8 * kHour, -8 * kHour, 30 * kSecond, -30 * kSecond, 100'000 * kHour}) {
    const Ran ran = run_every_way(
        stamp(truth, [&](size_t, Nanoseconds at) { return kStart + at + (at > kMiddle ? by : 0); }));
    SCOPED_TRACE(by);
    expect_whole(ran, 20);
    EXPECT_EQ(by > 0 ? ran.result.totals.clock.ahead : ran.result.totals.clock.back, 1u);
    EXPECT_EQ(by > 0 ? ran.result.totals.clock.back : ran.result.totals.clock.ahead, 0u);
    const Nanoseconds told =
        by > 0 ? ran.result.totals.clock.longest_ahead : -ran.result.totals.clock.longest_back;
    EXPECT_NEAR(static_cast<double>(told), static_cast<double>(by), static_cast<double>(6 * kSecond));
    EXPECT_EQ(ran.result.totals.clock.strays, 0u);
  }
}

TEST_F(Fault, ACaptureDatedEarlierBehindALaterOne) {
  Truth two = truth;
  add_clients(&two, {100, 20, 10 * kSecond});
  two = in_order(std::move(two));
  const Ran ran = run_every_way(
      stamp(two, [](size_t, Nanoseconds at) { return kStart + at - (at >= 9 * kSecond ? 24 * kHour : 0); }));
  expect_whole(ran, 40);
  EXPECT_EQ(ran.result.totals.clock.back, 1u);
}

// Strays that go further and further, one between every two packets, and one ahead of the other by little.
TEST_F(Fault, PushingTheClock) {
  for (const Nanoseconds step : {kSecond, 4 * kSecond, 20 * kSecond, kHour}) {
    std::vector<Stamped> packets;
    Nanoseconds pushed = kStart;
    for (const Stamped& packet : stamp(truth, right)) {
      packets.push_back(packet);
      if (packets.size() % 8 != 4) continue;
      pushed += step;
      packets.push_back({pushed, 0, 0, datagram(0).frame});
    }
    SCOPED_TRACE(step);
    expect_whole(run_every_way(packets), 20, 1);
  }
}

// All packets have one time: nothing is due, everything is read.
TEST_F(Fault, AClockThatStands) {
  expect_whole(run_every_way(stamp(truth, [](size_t, Nanoseconds) { return kStart; })), 20);
}

TEST_F(Fault, AClockThatRunsBackwards) {
  for (const Nanoseconds speed : {Nanoseconds{1}, Nanoseconds{1000}}) {
    expect_whole(run_every_way(stamp(truth, [&](size_t, Nanoseconds at) { return kStart - at * speed; })),
                 20);
  }
}

TEST_F(Fault, TimesWithoutAnySense) {
  uint64_t state = 7;
  const Ran ran = run_every_way(stamp(truth, [&](size_t, Nanoseconds) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<Nanoseconds>(state >> 2);
  }));
  expect_whole(ran, 20);
}

// A silence of hours is a silence: what was before it makes room for what comes after it.
TEST(Silence, EndsFlowsAndFreesTheirPlaces) {
  Truth both;
  add_clients(&both, {0, 40, 0, 20 * kMs, false});
  add_clients(&both, {100, 40, 3 * kHour, 100 * kMs, false});
  both = in_order(std::move(both));
  How few;
  few.max_flows = 64;  // fewer than there are
  for (const bool live : {false, true}) {
    few.live = live;
    std::vector<Stamped> packets = stamp(both, right);
    for (Stamped& packet : packets)
      packet.wall = packet.time, packet.monotonic = packet.time - kStart + kHour;
    const Ran ran = run(packets, few);
    EXPECT_EQ(ran.result.totals.flows_evicted, 0u) << live;
    EXPECT_EQ(ran.result.totals.flows, 80u);
    EXPECT_EQ(ran.found().size(), 80u);
    EXPECT_EQ(ran.result.totals.clock.ahead, live ? 0u : 1u);
    EXPECT_EQ(ran.result.totals.clock.strays + ran.result.totals.clock.back, 0u);
    // Those of the first forty ended in the silence, an hour after their last packet.
    for (const nlohmann::json& record : ran.records) {
      const int port = record["src_endpoint"]["port"].get<int>();
      const auto ms = record["time"].get<int64_t>() - kStart / kMs;
      if (port < 40'100) {
        EXPECT_LE(ms, 3'605'000) << port;
      }
    }
  }
}

// A few packets an hour, each of another pair of hosts: their flows end all the same.
TEST(Silence, SparsePacketsEndFlowsToo) {
  Truth sparse;
  for (int i = 0; i < 400; ++i) {
    sparse.push_back(datagram(i * 40 * kSecond, "192.0.2." + std::to_string(1 + i % 200),
                              static_cast<uint16_t>(1000 + i)));
  }
  How few;
  few.max_flows = 32;
  const Ran ran = run(stamp(sparse, right), few);
  EXPECT_EQ(ran.result.totals.flows, 400u);
  EXPECT_EQ(ran.result.totals.flows_evicted, 0u);
}

// A device whose clock is set: the clock that only runs tells it from silence at the first packet.
class Device : public ::testing::TestWithParam<Nanoseconds> {};
INSTANTIATE_TEST_SUITE_P(Live, Device, ::testing::Values(8 * kHour, -8 * kHour, 30 * kSecond, -30 * kSecond));

TEST_P(Device, ASetClockEndsNoFlow) {
  const Truth truth = clients();
  std::vector<Stamped> packets;
  for (const TimedFrame& packet : truth) {
    const Nanoseconds wall = kStart + packet.time + (packet.time > 2 * kSecond ? GetParam() : 0);
    packets.push_back({wall, wall, 5 * kHour + packet.time, packet.frame});
  }
  How live;
  live.live = true;
  const Ran ran = run(packets, live);
  expect_whole(ran, 20);
  const ClockCounters& clock = ran.result.totals.clock;
  EXPECT_EQ(clock.ahead, GetParam() > 0 ? 1u : 0u);
  EXPECT_EQ(clock.back, GetParam() > 0 ? 0u : 1u);
  EXPECT_NEAR(static_cast<double>(clock.longest_ahead + clock.longest_back),
              static_cast<double>(std::abs(GetParam())), static_cast<double>(kSecond));
  EXPECT_EQ(clock.strays, 0u);
}

TEST(Device, APacketFromTheFutureIsHeldAgainstItsClock) {
  const Truth truth = clients();
  std::vector<Stamped> packets;
  for (size_t i = 0; i < truth.size(); ++i) {
    const Nanoseconds wall = kStart + truth[i].time;
    packets.push_back({wall + (i == 70 ? 2 * kHour : 0), wall, 5 * kHour + truth[i].time, truth[i].frame});
  }
  How live;
  live.live = true;
  const Ran ran = run(packets, live);
  expect_whole(ran, 20);
  EXPECT_EQ(ran.result.totals.clock.strays, 1u);
}

// The fragments of a datagram, and a segment that is late by less than its allowance, with a stray between.
TEST(Timers, AStrayLetsNothingRunOut) {
  const std::string text = "phone 13812345678 of the customer, and so on and so on\n";
  const auto piece = [&](Nanoseconds at, size_t from, size_t n, bool more) {
    harness::Frame frame =
        PacketBuilder()
            .ethernet()
            .ipv4("192.0.2.1", "192.0.2.2")
            .protocol(200)  // UDP, whose header is not the builder's business here
            .payload((from == 0 ? std::string("\x03\xe7\x03\xe7\x00\x3f\x00\x00", 8) : "") +
                     text.substr(from == 0 ? 0 : from - 8, from == 0 ? n - 8 : n))
            .frame();
    const size_t ip = 14;
    frame[ip + 9] = kProtoUdp;
    frame[ip + 4] = 1;
    frame[ip + 5] = 2;
    const auto place = static_cast<uint16_t>(from / 8 | (more ? 0x2000 : 0));
    frame[ip + 6] = static_cast<uint8_t>(place >> 8);
    frame[ip + 7] = static_cast<uint8_t>(place);
    frame[ip + 10] = frame[ip + 11] = 0;
    uint32_t sum = 0;
    for (size_t i = 0; i < 20; i += 2) sum += static_cast<uint32_t>(frame[ip + i] << 8 | frame[ip + i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    frame[ip + 10] = static_cast<uint8_t>(sum >> 8);
    frame[ip + 11] = static_cast<uint8_t>(sum);
    return TimedFrame{at, frame};
  };
  Truth truth = {piece(0, 0, 24, true), datagram(kMs), piece(2 * kMs, 24, 8 + text.size() - 24, false)};
  const auto segment = [&](Nanoseconds at, bool out, uint32_t seq, uint32_t ack, std::string_view bytes) {
    PacketBuilder packet;
    packet.ethernet();
    if (out) {
      packet.ipv4("192.0.2.1", "192.0.2.2").tcp(40'000, 7777);
    } else {
      packet.ipv4("192.0.2.2", "192.0.2.1").tcp(7777, 40'000);
    }
    truth.push_back({at, packet.seq(seq).ack(ack).payload(bytes).frame()});
  };
  segment(10 * kMs, true, 100, 500, "phone ");
  segment(11 * kMs, true, 110, 500, "2345678 of customers.\n");  // four bytes before it are missing …
  segment(12 * kMs, false, 500, 132, "");                        // … and the receiver has them
  truth.push_back(datagram(13 * kMs));
  segment(100 * kMs, true, 106, 500, "1381");
  segment(101 * kMs, true, 132, 500, "13812345678\n");
  const Ran ran = run_every_way(stamp(
      truth, [](size_t i, Nanoseconds at) { return kStart + at + (i == 1 || i == 6 ? 2 * kHour : 0); }));
  EXPECT_EQ(ran.result.totals.fragments.datagrams, 1u);
  EXPECT_EQ(ran.result.totals.fragments.timed_out, 0u);
  EXPECT_EQ(ran.result.totals.inspection().gap, 0u);
  EXPECT_EQ(ran.result.totals.tcp.late, 0u);
  EXPECT_EQ(ran.result.totals.clock.strays, 2u);
  EXPECT_EQ(ran.found(), (std::set<std::string>{"192.0.2.1:40000", "192.0.2.1:999"}));
}

}  // namespace
}  // namespace weir
