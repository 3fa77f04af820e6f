// Sessions on a budget: who is put to rest, who has to leave, what is refused; what a rest keeps.
#include "sensor/pipeline/flow_sessions.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

namespace weir {
namespace {

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;
constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

// What a request that waits for its answer takes.
constexpr size_t kLittle = 100;

class FlowSessionsTest : public ::testing::Test {
 protected:
  explicit FlowSessionsTest(size_t room = 2)
      : sessions(context, room * (FlowSession::least_memory() + kLittle), [this](WorkerFlow& flow) {
          evicted.push_back(&flow);
          leave(flow);
        }) {
    for (WorkerFlow& flow : flows) {
      flow.key.protocol = kProtoTcp;
      flow.key.src_port = 40'000;
      flow.key.dst_port = 80;
    }
  }
  ~FlowSessionsTest() override {
    for (WorkerFlow& flow : flows) leave(flow);
    EXPECT_EQ(sessions.memory().budget().used(), 0u);
  }
  void leave(WorkerFlow& flow) {
    context.now = now;
    if (flow.state.session) flow.state.session->finish(now);
    sessions.leave(flow);
    flow.state.session.reset();
    flow.state.rest = {};
  }
  // As the worker does for a packet. False: refused.
  bool say(WorkerFlow& flow, Direction direction, std::string_view text, const PacketView* packet = nullptr) {
    flow.last_packet = context.now = ++now;
    sessions.make_room(flow);
    FlowSession* session = sessions.of(flow, packet);
    if (session == nullptr) return false;
    uint64_t& at = offsets[static_cast<size_t>(&flow - flows.data())][index_of(direction)];
    session->on_chunk(direction, at, as_bytes(text), now);
    at += text.size();
    sessions.charge(flow);
    return true;
  }
  void exchange(WorkerFlow& flow) {
    say(flow, kOut, kGet);
    say(flow, kBack, kOk);
  }

  SessionContext context = [] {
    SessionContext c;
    c.depth = Depth::kParse;
    return c;
  }();
  std::array<WorkerFlow, 4> flows;
  std::array<std::array<uint64_t, 2>, 4> offsets{};
  std::vector<WorkerFlow*> evicted;
  Nanoseconds now = 0;
  FlowSessions sessions;
};

TEST_F(FlowSessionsTest, WhereItIsFullAFlowBetweenMessagesRests) {
  exchange(flows[0]);
  exchange(flows[1]);
  exchange(flows[2]);
  EXPECT_TRUE(evicted.empty());
  EXPECT_FALSE(flows[0].state.session);
  EXPECT_TRUE(flows[0].state.rest.resting());
  EXPECT_EQ(row_of(flows[0].state), "http");
  EXPECT_TRUE(flows[1].state.session);
  exchange(flows[0]);  // goes on; now it is the second's turn
  EXPECT_TRUE(flows[0].state.session);
  EXPECT_FALSE(flows[0].state.rest.resting());
  EXPECT_EQ(flows[0].state.session->protocol(), "http");
  EXPECT_FALSE(flows[1].state.session);
  EXPECT_EQ(sessions.memory().size(), 2u);
  EXPECT_EQ(sessions.evicted() + sessions.refused(), 0u);
}

TEST_F(FlowSessionsTest, OneInTheMiddleOfSomethingLeaves) {
  say(flows[0], kOut, kGet);
  say(flows[1], kOut, kGet);
  say(flows[0], kBack, "HTTP/1.1 200 OK\r\n");  // flow 1 has been silent longer
  say(flows[2], kOut, kGet);
  EXPECT_EQ(evicted, std::vector<WorkerFlow*>{&flows[1]});
  EXPECT_TRUE(flows[0].state.session);
  EXPECT_TRUE(flows[2].state.session);
  EXPECT_EQ(sessions.evicted(), 1u);
}

TEST_F(FlowSessionsTest, WhatASessionHoldsIsCharged) {
  exchange(flows[0]);
  say(flows[1], kOut, "GET /" + std::string(1000, 'a'));  // no line end yet: held
  EXPECT_GE(sessions.memory().budget().used(), FlowSession::least_memory() + 1000);
  EXPECT_FALSE(flows[0].state.session) << "made room";
}

TEST_F(FlowSessionsTest, ARestKeepsWhatOnlyPacketsTold) {
  PacketView packet;
  packet.key = flows[0].key;
  packet.has_mac = true;
  packet.src_mac = {2, 0, 0, 0, 0, 1};
  packet.dst_mac = {2, 0, 0, 0, 0, 2};
  packet.vlan_count = 1;
  packet.vlans[0] = 7;
  say(flows[0], kOut, kGet, &packet);
  say(flows[0], kBack, kOk);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(flows[0].state.session->may_rest());
    sessions.put_to_rest(flows[0]);
    const RestingFlow& rest = flows[0].state.rest;
    EXPECT_TRUE(rest.has_mac);
    EXPECT_EQ(rest.initiator_mac, packet.src_mac);
    EXPECT_EQ(rest.responder_mac, packet.dst_mac);
    ASSERT_TRUE(rest.rare);
    EXPECT_EQ(rest.rare->vlans, std::vector<uint16_t>{7});
    EXPECT_EQ(sessions.memory().budget().used(), rest.rare->memory());
    exchange(flows[0]);
  }
}

TEST_F(FlowSessionsTest, ASessionThatSawTwoVersionsStays) {
  exchange(flows[0]);
  EXPECT_TRUE(flows[0].state.session->may_rest());
  flows[0].state.session->on_extra(ExtraKind::kConflict, kOut, 4, as_bytes("/b"), {}, ++now);
  EXPECT_FALSE(flows[0].state.session->may_rest()) << "what stands around may still be needed";
}

class NoRoom : public FlowSessionsTest {
 protected:
  NoRoom() : FlowSessionsTest(0) {}
};

TEST_F(NoRoom, WhatFindsNoRoomIsRefusedAndCounted) {
  EXPECT_FALSE(say(flows[0], kOut, kGet));
  EXPECT_FALSE(say(flows[0], kBack, kOk));
  EXPECT_FALSE(say(flows[1], kOut, kGet));
  EXPECT_EQ(sessions.refused(), 2u);
  EXPECT_EQ(row_of(flows[0].state), "undecided");
  EXPECT_EQ(row_of(flows[2].state), "no payload");
}

}  // namespace
}  // namespace weir
