// Which packet belongs to which flow, and when a flow is over.
#include <map>
#include <string>
#include <vector>

#include "tests/harness/segmenter.h"
#include "tests/unit/sensor/flow/flow_table_fixture.h"

namespace weir {
namespace {

TEST_F(FlowTableTest, BothDirectionsAreOneFlow) {
  make();
  const auto first = put(packet("2001:db8::1", 1111, "2001:db8::2", 53, kStart));
  EXPECT_TRUE(first.created);
  EXPECT_EQ(first.direction, Direction::kFromInitiator);
  const auto answer = put(packet("2001:db8::2", 53, "2001:db8::1", 1111, kStart + 1));
  EXPECT_FALSE(answer.created);
  EXPECT_EQ(answer.flow, first.flow);
  EXPECT_EQ(answer.direction, Direction::kFromResponder);
  EXPECT_EQ(answer.flow->first_packet, kStart);
  EXPECT_EQ(answer.flow->last_packet, kStart + 1);
}

TEST_F(FlowTableTest, EveryPartOfTheKeyTellsFlowsApart) {
  make();
  const PacketView base = packet("192.0.2.1", 1111, "192.0.2.2", 53, kStart);
  put(base);
  PacketView other = base;
  other.key.tenant = 7;
  EXPECT_TRUE(put(other).created);
  other = base;
  other.key.protocol = kProtoTcp;
  EXPECT_TRUE(put(other).created);
  other = base;
  other.key.src_port = 1112;
  EXPECT_TRUE(put(other).created);
  other = base;
  std::swap(other.key.src_port, other.key.dst_port);  // ports the other way, addresses not
  EXPECT_TRUE(put(other).created);
  EXPECT_TRUE(put(packet("192.0.2.3", 1111, "192.0.2.2", 53, kStart)).created);
  EXPECT_FALSE(put(base).created);
  EXPECT_EQ(table().size(), 6u);
}

TEST_F(FlowTableTest, SameAddressAndPortOnBothEnds) {
  make();
  const PacketView same = packet("192.0.2.1", 500, "192.0.2.1", 500, kStart);
  EXPECT_TRUE(put(same).created);
  EXPECT_FALSE(put(same).created);
}

// Without a SYN: by the ports, whoever is seen first; where they say nothing, who is seen first.
TEST_F(FlowTableTest, IdleLongerThanTheTimeoutStartsAnew) {
  make();
  put(packet("192.0.2.1", 1111, "192.0.2.2", 53, kStart));
  EXPECT_FALSE(put(packet("192.0.2.2", 53, "192.0.2.1", 1111, kStart + 120 * kSecond)).created);
  EXPECT_TRUE(put(packet("192.0.2.2", 53, "192.0.2.1", 1111, kStart + 240 * kSecond + 1)).created);
  ASSERT_EQ(left_.size(), 1u);
  EXPECT_EQ(left_[0].why, FlowEnd::kIdle);
  EXPECT_EQ(left_[0].when, kStart + 240 * kSecond);
  EXPECT_EQ(left_[0].packets, 2);
}

// The same packets with and without timers, and with other flows driving the clock: the same flows.
TEST_F(FlowTableTest, TimersDoNotDecideWhatAFlowIs) {
  const auto run = [&](bool timers) {
    make();
    left_.clear();
    harness::Segmenter dice(7);
    Nanoseconds now = kStart;
    for (int i = 0; i < 5000; ++i) {
      now += static_cast<Nanoseconds>(dice.below(20 * kSecond));
      const auto host = static_cast<uint16_t>(dice.below(12));
      const PacketView view = packet("192.0.2.1", static_cast<uint16_t>(1000 + host), "192.0.2.2", 53, now);
      if (timers) table().advance(view.time);
      ++table().find_or_create(view, view.time).flow->state.packets;
    }
    table().flush(now);
    std::map<std::pair<uint16_t, Nanoseconds>, std::tuple<int, Nanoseconds>> flows;
    for (const Left& flow : left_) flows[{flow.key.src_port, flow.first}] = {flow.packets, flow.when};
    return flows;
  };
  const auto with = run(true);
  EXPECT_GT(with.size(), 100u);
  EXPECT_EQ(with, run(false));
}

TEST_F(FlowTableTest, TimersFreeIdleFlowsInTheOrderOfTheirDeadlines) {
  make();
  put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart));
  put(packet("192.0.2.1", 2, "192.0.2.2", 53, kStart + 1));
  put(packet("192.0.2.1", 3, "192.0.2.2", 53, kStart + 2));
  put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart + 3));
  table().advance(kStart + 120 * kSecond + 1);
  EXPECT_TRUE(left_.empty());
  table().advance(kStart + 1000 * kSecond);
  ASSERT_EQ(left_.size(), 3u);
  EXPECT_EQ(left_[0].key.src_port, 2);
  EXPECT_EQ(left_[1].key.src_port, 3);
  EXPECT_EQ(left_[2].key.src_port, 1);
  EXPECT_EQ(left_[2].when, kStart + 3 + 120 * kSecond);
  EXPECT_EQ(table().size(), 0u);
  EXPECT_EQ(table().counters().ended[static_cast<size_t>(FlowEnd::kIdle)], 3u);
}

TEST_F(FlowTableTest, TimeoutClasses) {
  make();
  auto found = put(tcp(true, kTcpSyn, kStart, 100));
  EXPECT_EQ(found.flow->timeout_class, TimeoutClass::kTcpOpening);
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpEstablished);
  EXPECT_FALSE(put(tcp(true, kTcpAck, kStart + 3000 * kSecond, 101)).created);
  table().set_timeout_class(*found.flow, TimeoutClass::kTcpClosing);
  table().advance(kStart + 3010 * kSecond);
  EXPECT_TRUE(left_.empty());
  table().advance(kStart + 3010 * kSecond + 1);
  ASSERT_EQ(left_.size(), 1u);
  EXPECT_EQ(left_[0].when, kStart + 3010 * kSecond);
}

TEST_F(FlowTableTest, TimeGoingBackwards) {
  make();
  put(packet("192.0.2.1", 1111, "192.0.2.2", 53, kStart));
  const Nanoseconds back = kStart - 500 * kSecond;
  const auto earlier = put(packet("192.0.2.1", 1111, "192.0.2.2", 53, back));
  EXPECT_FALSE(earlier.created);
  EXPECT_EQ(earlier.flow->last_packet, kStart);
  EXPECT_FALSE(put(packet("192.0.2.1", 1111, "192.0.2.2", 53, back + 120 * kSecond)).created);
  const auto idle = put(packet("192.0.2.1", 1111, "192.0.2.2", 53, back + 241 * kSecond));
  EXPECT_TRUE(idle.created) << "silence counts by the clock that runs";
  EXPECT_EQ(idle.flow->first_packet, back + 241 * kSecond) << "and the time that is told is the packet's";
}

// A flow that is made while the packets' times are behind the clock has its whole time-out before it.
TEST_F(FlowTableTest, AFlowIsNotBornIdle) {
  make();
  put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart));
  PacketView late = packet("192.0.2.1", 2, "192.0.2.2", 53, kStart - 7200 * kSecond);
  ASSERT_TRUE(table().find_or_create(late, kStart + 5).created);
  table().advance(kStart + 5 + 120 * kSecond);
  EXPECT_EQ(table().size(), 1u);
  EXPECT_FALSE(table().find_or_create(late, kStart + 5 + 120 * kSecond).created);
}

TEST_F(FlowTableTest, ASilenceEndsWhoWasNotHeardInIt) {
  make();
  put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart));
  const auto before = put(packet("192.0.2.1", 2, "192.0.2.2", 53, kStart + kSecond));
  put(packet("192.0.2.1", 3, "192.0.2.2", 53, kStart + kSecond + 1));
  table().age({kStart + kSecond, 100 * kSecond});
  table().advance(kStart + 3 * kSecond);
  EXPECT_TRUE(left_.empty()) << "100 s are less than their time-out";
  EXPECT_FALSE(
      table().find_or_create(packet("192.0.2.1", 2, "192.0.2.2", 53, 0), kStart + 3 * kSecond).created);
  EXPECT_EQ(before.flow->last_packet, kStart + 3 * kSecond);
  table().age({kStart + 2 * kSecond, 100 * kSecond});
  table().advance(kStart + 4 * kSecond);
  ASSERT_EQ(left_.size(), 1u) << "the second silence was long enough for one of them";
  EXPECT_EQ(left_[0].key.src_port, 1);
  EXPECT_EQ(left_[0].why, FlowEnd::kIdle);
  EXPECT_EQ(left_[0].when, kStart + 120 * kSecond - 200 * kSecond);
  EXPECT_EQ(table().size(), 2u);
  table().advance(kStart + kSecond + 22 * kSecond);
  EXPECT_EQ(table().size(), 1u) << "the third, 100 s older than the clock tells";
  EXPECT_EQ(left_.back().key.src_port, 3);
}

TEST_F(FlowTableTest, AlarmsRingOnceAndInOrder) {
  make();
  auto one = put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart));
  auto two = put(packet("192.0.2.1", 2, "192.0.2.2", 53, kStart));
  table().set_alarm(*one.flow, kStart + 200);
  table().set_alarm(*two.flow, kStart + 100);
  table().advance(kStart + 100);
  EXPECT_TRUE(rung_.empty());
  table().advance(kStart + 101);
  ASSERT_EQ(rung_.size(), 1u);
  EXPECT_EQ(rung_[0], (std::pair<uint16_t, Nanoseconds>{2, kStart + 101}));
  EXPECT_EQ(two.flow->alarm, kNever);
  table().advance(kStart + 1000);
  table().advance(kStart + 2000);
  EXPECT_EQ(rung_.size(), 2u);
  EXPECT_EQ(table().size(), 2u);
}

TEST_F(FlowTableTest, AlarmCanBeSetAgainAndTurnedOff) {
  make();
  auto flow = put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart)).flow;
  next_alarm_ = kStart + 5000;
  table().set_alarm(*flow, kStart + 100);
  table().advance(kStart + 200);
  EXPECT_EQ(rung_.size(), 1u);
  next_alarm_ = kNever;
  table().advance(kStart + 5001);
  EXPECT_EQ(rung_.size(), 2u);
  table().set_alarm(*flow, kStart + 9000);
  table().set_alarm(*flow, kNever);
  table().advance(kStart + 10'000);
  EXPECT_EQ(rung_.size(), 2u);
}

TEST_F(FlowTableTest, EvictsTheLongestIdleFlowWhenFull) {
  FlowTableOptions few;
  few.max_flows = 3;
  make(few);
  for (uint16_t port = 1; port <= 3; ++port) {
    put(packet("192.0.2.1", port, "192.0.2.2", 53, kStart + port * 2 * kSecond));
  }
  put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart + 20 * kSecond));
  EXPECT_TRUE(put(packet("192.0.2.1", 4, "192.0.2.2", 53, kStart + 30 * kSecond)).created);
  ASSERT_EQ(left_.size(), 1u);
  EXPECT_EQ(left_[0].key.src_port, 2);
  EXPECT_EQ(left_[0].why, FlowEnd::kEvicted);
  EXPECT_EQ(table().size(), 3u);
  EXPECT_EQ(table().counters().ended[static_cast<size_t>(FlowEnd::kEvicted)], 1u);
}

TEST_F(FlowTableTest, AFloodDoesNotEvictAFlowThatIsInUse) {
  FlowTableOptions few;
  few.max_flows = 100;
  make(few);
  const auto used = put(packet("192.0.2.9", 9, "192.0.2.2", 53, kStart)).flow;
  for (int i = 1; i <= 20'000; ++i) {
    const Nanoseconds now = kStart + i * 100'000;  // the table turns over every 10 ms
    PacketView flood = packet("10.0.0.0", 1, "192.0.2.2", 53, now);
    flood.key.src.bytes[14] = static_cast<uint8_t>(i >> 8);
    flood.key.src.bytes[15] = static_cast<uint8_t>(i);
    put(flood);
    if (i % 50 == 0) {
      const auto found = put(packet("192.0.2.9", 9, "192.0.2.2", 53, now));
      ASSERT_FALSE(found.created);
      ASSERT_EQ(found.flow, used);
    }
  }
  EXPECT_GT(table().counters().ended[static_cast<size_t>(FlowEnd::kEvicted)], 19'000u);
}

TEST_F(FlowTableTest, AMillionSynsStayWithinTheBudget) {
  make({}, size_t{1} << 20);
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    PacketView view = tcp(true, kTcpSyn, kStart + i * 1000, i);
    view.key.src.bytes[13] = static_cast<uint8_t>(i >> 16);
    view.key.src.bytes[14] = static_cast<uint8_t>(i >> 8);
    view.key.src.bytes[15] = static_cast<uint8_t>(i);
    table().advance(view.time);
    const auto found = table().find_or_create(view, view.time);
    ASSERT_TRUE(found.created);
    if (left_.size() > 1000) left_.clear();
  }
  EXPECT_EQ(table().counters().created, 1'000'000u);
  EXPECT_LE(budget_->peak(), size_t{1} << 20);
  EXPECT_GT(table().size(), 3000u);
  EXPECT_EQ(State::alive, static_cast<int>(table().size()));
}

// The connections that are there stay, whatever the flood: also when nothing was heard of them since.
TEST_F(FlowTableTest, AMillionSynsDoNotPushOutEstablishedConnections) {
  make({}, size_t{1} << 20);
  constexpr uint16_t kEstablished = 2000;
  for (uint16_t port = 1; port <= kEstablished; ++port) {
    PacketView first = packet("192.0.2.1", port, "198.51.100.7", 80, kStart, kProtoTcp);
    first.tcp_flags = kTcpSyn;
    table().set_timeout_class(*table().find_or_create(first, first.time).flow, TimeoutClass::kTcpEstablished);
  }
  uint64_t half_open = 0;
  PacketView view = tcp(true, kTcpSyn, kStart);
  view.key.src.bytes[12] = 10;
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    view.time = kStart + i * 1000;
    view.tcp_seq = i;
    view.key.src.bytes[13] = static_cast<uint8_t>(i >> 16);
    view.key.src.bytes[14] = static_cast<uint8_t>(i >> 8);
    view.key.src.bytes[15] = static_cast<uint8_t>(i);
    table().advance(view.time);
    ASSERT_TRUE(table().find_or_create(view, view.time).created);
    for (const Left& left : left_) {
      ASSERT_NE(left.key.dst_port == 80 && left.key.src_port <= kEstablished, true);
      half_open += left.why == FlowEnd::kEvicted ? 1 : 0;
    }
    left_.clear();
  }
  EXPECT_GT(half_open, 990'000u);
  EXPECT_EQ(table().counters().evicted_half_open, half_open);
  for (uint16_t port = 1; port <= kEstablished; ++port) {
    PacketView later = packet("192.0.2.1", port, "198.51.100.7", 80, kStart + 2 * kSecond, kProtoTcp);
    later.tcp_flags = kTcpAck;
    ASSERT_FALSE(table().find_or_create(later, later.time).created) << port;
  }
}

// The reverse: idle connections do not keep new ones from opening.
TEST_F(FlowTableTest, ATableFullOfEstablishedConnectionsTakesNewOnes) {
  FlowTableOptions few;
  few.max_flows = 160;
  make(few);
  const auto connect = [&](uint16_t port, Nanoseconds time) {
    PacketView view = packet("192.0.2.1", port, "198.51.100.7", 80, time, kProtoTcp);
    view.tcp_flags = kTcpSyn;
    return table().find_or_create(view, view.time).flow;
  };
  for (uint16_t port = 1; port <= 160; ++port) {
    table().set_timeout_class(*connect(port, kStart + port), TimeoutClass::kTcpEstablished);
  }
  // Ten at once may be opening: a sixteenth.
  for (uint16_t port = 201; port <= 210; ++port) connect(port, kStart + 1000 + port);
  ASSERT_EQ(left_.size(), 10u);
  for (uint16_t i = 0; i < 10; ++i) EXPECT_EQ(left_[i].key.src_port, i + 1) << "the longest idle ones";
  for (uint16_t port = 211; port <= 230; ++port) connect(port, kStart + 1000 + port);
  ASSERT_EQ(left_.size(), 30u);
  EXPECT_EQ(left_[10].key.src_port, 11);
  for (uint16_t i = 11; i < 30; ++i) EXPECT_EQ(left_[i].key.src_port, 201 + i - 11);
  EXPECT_EQ(table().counters().evicted_half_open, 19u);
}

TEST_F(FlowTableTest, AnEvictionTakesWhatMayNeverHaveOpenedFirst) {
  FlowTableOptions few;
  few.max_flows = 3;
  make(few);
  PacketView syn = tcp(true, kTcpSyn, kStart);
  table().set_timeout_class(*put(syn).flow, TimeoutClass::kTcpEstablished);
  put(packet("192.0.2.1", 5, "192.0.2.2", 53, kStart + 1));
  syn.key.src_port = 3;
  syn.time = kStart + 2;
  put(syn);
  put(packet("192.0.2.1", 6, "192.0.2.2", 53, kStart + 3));
  put(packet("192.0.2.1", 7, "192.0.2.2", 53, kStart + 4));
  ASSERT_EQ(left_.size(), 2u);
  EXPECT_EQ(left_[0].key.src_port, 5);
  EXPECT_EQ(left_[1].key.src_port, 3);
  EXPECT_EQ(table().counters().evicted_half_open, 1u);
}

// Of two SYNs before the answer the later one counts; behind the answer one that nobody takes changes
// nothing.
TEST_F(FlowTableTest, RefusesABudgetForNothing) {
  MemoryBudget nothing{1000};
  EXPECT_THROW(FlowTable<State>({}, {1, 2}, nothing, *this), std::runtime_error);
}

TEST_F(FlowTableTest, FlushInTheOrderOfFirstPacketThenKey) {
  make();
  put(packet("192.0.2.9", 9, "192.0.2.2", 53, kStart));
  put(packet("192.0.2.1", 7, "192.0.2.2", 53, kStart + 5));
  put(packet("192.0.2.1", 8, "192.0.2.2", 53, kStart));
  table().flush(kStart + 10);
  ASSERT_EQ(left_.size(), 3u);
  EXPECT_EQ(left_[0].key.src_port, 8);
  EXPECT_EQ(left_[1].key.src_port, 9);
  EXPECT_EQ(left_[2].key.src_port, 7);
  EXPECT_EQ(left_[0].why, FlowEnd::kShutdown);
  EXPECT_EQ(left_[0].when, kStart + 10);
  EXPECT_EQ(table().size(), 0u);
}

TEST_F(FlowTableTest, ATableThatWasFlushedBeginsAnew) {
  make();
  for (uint16_t port = 1; port <= 3000; ++port)
    put(packet("192.0.2.1", port, "192.0.2.2", 53, kStart + port));
  table().flush(kStart + kSecond);
  ASSERT_EQ(left_.size(), 3000u);
  left_.clear();
  for (uint16_t port = 1; port <= 3000; ++port) {
    ASSERT_TRUE(put(packet("192.0.2.1", port, "192.0.2.2", 53, kStart + 2 * kSecond + port)).created);
    ASSERT_FALSE(put(packet("192.0.2.2", 53, "192.0.2.1", port, kStart + 2 * kSecond + port)).created);
  }
  EXPECT_EQ(table().size(), 3000u);
  table().advance(kStart + 3600 * kSecond);
  EXPECT_EQ(table().size(), 0u);
  EXPECT_EQ(left_.size(), 3000u);
  EXPECT_EQ(left_[0].why, FlowEnd::kIdle);
}

TEST_F(FlowTableTest, RemoveTakesAFlowOut) {
  make();
  auto found = put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart));
  table().remove(*found.flow, FlowEnd::kClosed, kStart + 1);
  EXPECT_EQ(table().size(), 0u);
  EXPECT_EQ(left_.at(0).why, FlowEnd::kClosed);
  EXPECT_TRUE(put(packet("192.0.2.1", 1, "192.0.2.2", 53, kStart + 2)).created);
}

// Against a map: many flows come, go and come back; the index grows and shrinks under them; the key of the
// hash changes nothing.
TEST_F(FlowTableTest, AgreesWithAMap) {
  std::vector<std::vector<uint32_t>> histories;
  for (const HashKey key : {HashKey{1, 2}, HashKey{0xdeadbeef, 0xfeedface}}) {
    make({}, size_t{64} << 20, key);
    left_.clear();
    harness::Segmenter dice(3);
    std::map<uint32_t, Flow<State>*> model;
    std::vector<uint32_t> history;
    for (int i = 0; i < 120'000; ++i) {
      const auto n = static_cast<uint32_t>(dice.below(30'000));
      PacketView view = packet("10.0.0.0", static_cast<uint16_t>(n), "10.9.9.9", 53, kStart + i);
      view.key.src.bytes[15] = static_cast<uint8_t>(n >> 16);
      if (dice.chance(0.5)) {
        std::swap(view.key.src, view.key.dst);
        std::swap(view.key.src_port, view.key.dst_port);
      }
      const auto found = table().find_or_create(view, view.time);
      const auto known = model.find(n);
      ASSERT_EQ(found.created, known == model.end());
      if (!found.created) {
        ASSERT_EQ(found.flow, known->second);
      }
      model[n] = found.flow;
      if (dice.chance(0.3)) {
        table().remove(*found.flow, FlowEnd::kClosed, view.time);
        model.erase(n);
      }
      ASSERT_EQ(table().size(), model.size());
    }
    table().flush(kStart + kSecond);
    for (const Left& flow : left_) history.push_back(flow.key.src_port);
    histories.push_back(history);
  }
  EXPECT_EQ(histories[0], histories[1]);
}

TEST_F(FlowTableTest, PrefetchingChangesNothing) {
  make();
  const PacketView view = packet("192.0.2.1", 1, "192.0.2.2", 53, kStart);
  const uint64_t hash = table().hash(view.key);
  table().prefetch_index(hash);
  table().prefetch_flow(hash);
  EXPECT_TRUE(table().find_or_create(view, hash, view.time).created);
  table().prefetch_flow(hash);
  EXPECT_FALSE(table().find_or_create(view, hash, view.time).created);
}

}  // namespace
}  // namespace weir
