// Who opened a connection, and which SYN begins another one.
#include "tests/unit/sensor/flow/flow_table_fixture.h"

namespace weir {
namespace {

TEST_F(FlowTableTest, InitiatorIsWhoSentSyn) {
  make();
  EXPECT_EQ(put(tcp(true, kTcpSyn, kStart, 100)).direction, Direction::kFromInitiator);
  make();
  const auto found = put(tcp(false, kTcpSyn | kTcpAck, kStart, 900, 101));
  EXPECT_EQ(found.direction, Direction::kFromResponder);
  EXPECT_EQ(found.flow->key.dst_port, 80);
  EXPECT_EQ(put(tcp(true, kTcpSyn, kStart + 1, 100)).direction, Direction::kFromInitiator);
}

TEST_F(FlowTableTest, InitiatorWhereTheBeginningWasNotSeen) {
  make();
  const auto answer = put(tcp(false, kTcpAck, kStart, 900, 101));
  EXPECT_EQ(answer.direction, Direction::kFromResponder);
  EXPECT_EQ(answer.flow->key.dst_port, 80);
  EXPECT_EQ(opener_of(*answer.flow), Opener::kUnknown) << "a guess";
  EXPECT_EQ(put(tcp(true, kTcpAck, kStart + 1, 101, 901)).direction, Direction::kFromInitiator);
  make();
  EXPECT_EQ(put(tcp(true, kTcpAck, kStart, 101, 901)).direction, Direction::kFromInitiator);
  struct Ports {
    uint16_t src, dst;
    bool answers;
  };
  for (const Ports& p : {Ports{3306, 50'000, true}, Ports{50'000, 3306, false}, Ports{40'000, 40'001, false},
                         Ports{800, 2049, false}, Ports{2049, 800, false}, Ports{22, 1023, false}}) {
    make();
    PacketView view = packet("192.0.2.1", p.src, "198.51.100.7", p.dst, kStart, kProtoTcp);
    view.tcp_flags = kTcpAck;
    EXPECT_EQ(put(view).direction == Direction::kFromResponder, p.answers) << p.src << " to " << p.dst;
    view.key.protocol = kProtoUdp;
    EXPECT_EQ(put(view).direction, Direction::kFromInitiator)
        << "datagrams have no beginning that was missed";
  }
}

TEST_F(FlowTableTest, TheHandshakeTellsWhoOpenedIt) {
  make();
  EXPECT_EQ(opener_of(*put(tcp(true, kTcpSyn, kStart, 100)).flow), Opener::kInitiator);
  make();
  EXPECT_EQ(opener_of(*put(tcp(false, kTcpSyn | kTcpAck, kStart, 900, 101)).flow), Opener::kInitiator);
  // The SYN comes a packet late, behind one for which the ports said nothing, or the wrong thing.
  const auto late = [&](bool client_first, uint8_t flags, bool by_client) {
    make();
    const auto of = [&](PacketView view) {
      (view.key.src_port == 80 ? view.key.src_port : view.key.dst_port) = 40'001;
      return view;
    };
    put(of(client_first ? tcp(true, kTcpAck, kStart, 101, 901) : tcp(false, kTcpAck, kStart, 901, 101)));
    const bool answer = (flags & kTcpAck) != 0;
    const auto found = put(of(tcp(by_client, flags, kStart + 1, by_client ? 100 : 900, answer ? 101 : 0)));
    EXPECT_FALSE(found.created);
    return opener_of(*found.flow);
  };
  EXPECT_EQ(late(true, kTcpSyn, true), Opener::kInitiator);
  EXPECT_EQ(late(true, kTcpSyn | kTcpAck, false), Opener::kInitiator);
  EXPECT_EQ(late(false, kTcpSyn, true), Opener::kResponder);
  EXPECT_EQ(late(false, kTcpSyn | kTcpAck, false), Opener::kResponder);
}

TEST_F(FlowTableTest, PortReuseAfterTheConnectionClosed) {
  make();
  auto found = put(tcp(true, kTcpSyn, kStart, 100));
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpClosing);
  EXPECT_FALSE(put(tcp(true, kTcpSyn, kStart + 1, 100)).created);  // the same SYN again
  const auto reused = put(tcp(true, kTcpSyn, kStart + 2, 7000));
  EXPECT_TRUE(reused.created);
  ASSERT_EQ(left_.size(), 1u);
  EXPECT_EQ(left_[0].why, FlowEnd::kReplaced);
  EXPECT_EQ(left_[0].when, kStart + 2);
}

TEST_F(FlowTableTest, PortReuseWithTheRolesTurned) {
  make();
  auto found = put(tcp(true, kTcpSyn, kStart, 100));
  put(tcp(false, kTcpSyn | kTcpAck, kStart + 1, 900, 101));
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpClosing);
  const auto reused = put(tcp(false, kTcpSyn, kStart + 2, 7000));
  EXPECT_TRUE(reused.created);
  EXPECT_EQ(reused.direction, Direction::kFromInitiator);
  EXPECT_EQ(reused.flow->key.src_port, 80);
}

TEST_F(FlowTableTest, NewAttemptWhileOpening) {
  make();
  put(tcp(true, kTcpSyn, kStart, 100));
  EXPECT_FALSE(put(tcp(false, kTcpSyn | kTcpAck, kStart + 1, 900, 101)).created);
  EXPECT_FALSE(put(tcp(false, kTcpSyn | kTcpAck, kStart + 2, 900, 101)).created);
  EXPECT_FALSE(put(tcp(true, kTcpSyn, kStart + 3, 5555)).created) << "it may be a decoy";
  EXPECT_TRUE(put(tcp(false, kTcpSyn | kTcpAck, kStart + 4, 7000, 5556)).created) << "it is not";
}

TEST_F(FlowTableTest, NewAttemptBeforeAnAnswer) {
  make();
  put(tcp(true, kTcpSyn, kStart, 100));
  EXPECT_TRUE(put(tcp(true, kTcpSyn, kStart + 3, 5555)).created);
}

TEST_F(FlowTableTest, SimultaneousOpenIsOneFlow) {
  make();
  put(tcp(true, kTcpSyn, kStart, 100));
  EXPECT_FALSE(put(tcp(false, kTcpSyn, kStart + 1, 900)).created);
  EXPECT_FALSE(put(tcp(true, kTcpSyn | kTcpAck, kStart + 2, 100, 901)).created);
}

TEST_F(FlowTableTest, ForgedSynDoesNotCutAnEstablishedConnection) {
  make();
  auto found = put(tcp(true, kTcpSyn, kStart, 100));
  put(tcp(false, kTcpSyn | kTcpAck, kStart + 1, 900, 101));
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpEstablished);
  EXPECT_FALSE(put(tcp(true, kTcpSyn, kStart + 2, 5000)).created);
  EXPECT_FALSE(put(tcp(false, kTcpAck, kStart + 3, 901, 101)).created);  // a challenge, RFC 5961
  EXPECT_FALSE(put(tcp(true, kTcpAck, kStart + 4, 101, 901)).created);
  EXPECT_FALSE(put(tcp(true, kTcpAck, kStart + 5, 5001, 901)).created);  // forged as well
}

TEST_F(FlowTableTest, AnsweredSynOnAnEstablishedConnectionIsANewOne) {
  make();
  auto found = put(tcp(true, kTcpSyn, kStart, 100));
  put(tcp(false, kTcpSyn | kTcpAck, kStart + 1, 900, 101));
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpEstablished);
  put(tcp(true, kTcpSyn, kStart + 2, 5000));
  const auto answered = put(tcp(false, kTcpSyn | kTcpAck, kStart + 3, 70000, 5001));
  EXPECT_TRUE(answered.created);
  EXPECT_EQ(answered.direction, Direction::kFromResponder);
  ASSERT_EQ(left_.size(), 1u);
  EXPECT_EQ(left_[0].why, FlowEnd::kReplaced);
}

TEST_F(FlowTableTest, OneDirectionOnlyTakesTheFirstDataAsAnswer) {
  make();
  auto found = put(tcp(true, kTcpSyn, kStart, 100));
  put(tcp(true, kTcpAck, kStart + 1, 101, 901));
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpEstablished);
  EXPECT_FALSE(put(tcp(true, kTcpSyn, kStart + 2, 5000)).created);
  EXPECT_TRUE(put(tcp(true, kTcpAck, kStart + 3, 5001, 77)).created);
}

TEST_F(FlowTableTest, SynThatComesOnePacketLateBelongsToItsConnection) {
  make();
  auto found = put(tcp(true, kTcpAck, kStart, 101, 901));
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpEstablished);
  EXPECT_FALSE(put(tcp(true, kTcpSyn, kStart + 1, 100)).created);
  EXPECT_FALSE(put(tcp(false, kTcpSyn | kTcpAck, kStart + 2, 900, 101)).created);
}

TEST_F(FlowTableTest, ASecondSynBehindTheAnswerMustProveItself) {
  make();
  const auto flow = put(tcp(true, kTcpSyn, kStart, 100)).flow;
  put(tcp(false, kTcpSyn | kTcpAck, kStart + 1, 500, 101));
  EXPECT_FALSE(put(tcp(true, kTcpSyn, kStart + 2, 9000)).created) << "a decoy";
  const auto data = put(tcp(true, kTcpAck, kStart + 3, 101, 501));
  EXPECT_EQ(data.flow, flow);
  EXPECT_FALSE(data.created);
}

TEST_F(FlowTableTest, ASynWithAWrongChecksumStartsNothingAnew) {
  make();
  put(tcp(true, kTcpSyn, kStart, 100));
  PacketView decoy = tcp(true, kTcpSyn, kStart + 1, 9000);
  decoy.checksum = Checksum::kWrong;
  EXPECT_FALSE(put(decoy).created);
  decoy.checksum = Checksum::kGood;
  EXPECT_TRUE(put(decoy).created);
}

}  // namespace
}  // namespace weir
