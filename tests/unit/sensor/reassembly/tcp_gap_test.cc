// Holes: how long they are waited for, what is told of them, and what comes late.
#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

using Gap = harness::StreamRecorder::Gap;
using Gaps = std::vector<Gap>;

class TcpGap : public TcpFixture {
 protected:
  void SetUp() override { open(); }
};

TEST_F(TcpGap, UnacknowledgedHoleIsWaitedForThroughMorePacketsAndTime) {
  data(3, "def");
  for (int i = 0; i < 1000; ++i) acknowledge(0);
  now += 10'000 * kMs;
  acknowledge(0);
  EXPECT_TRUE(initiator().stream.empty());
  EXPECT_EQ(connection.deadline(shared), kNothingWaits);
  data(0, "abc");  // the sender's retransmission
  EXPECT_EQ(initiator().stream, "abcdef");
}

TEST_F(TcpGap, AcknowledgedHoleIsGivenUpAfter128MorePackets) {
  now += 5 * kMs;
  data(3, "def");
  acknowledge(6);
  const Nanoseconds acknowledged = now;
  const Nanoseconds held = now - kMs;
  // Packets as quick as they come: the count decides, not the time.
  const auto quick = [&] {
    now -= kMs;
    acknowledge(6);
  };
  for (int i = 0; i < 127; ++i) quick();
  EXPECT_TRUE(initiator().gaps.empty());
  quick();
  EXPECT_EQ(initiator().gaps, (Gaps{{0, 3, acknowledged}}));
  EXPECT_EQ(initiator().stream, "???def");
  ASSERT_EQ(initiator().chunks.size(), 1u);
  EXPECT_EQ(initiator().chunks[0].time, held);
  EXPECT_EQ(ledger.gap, 3u);
}

TEST_F(TcpGap, AcknowledgedHoleIsGivenUpAfter200Milliseconds) {
  data(3, "def");
  acknowledge(6);
  const Nanoseconds acknowledged = now;
  EXPECT_EQ(connection.deadline(shared), acknowledged + 200 * kMs);
  now = acknowledged + 199 * kMs;
  acknowledge(6);  // exactly 200 ms later: still waited for
  EXPECT_TRUE(initiator().gaps.empty());
  acknowledge(6);
  EXPECT_EQ(initiator().gaps, (Gaps{{0, 3, acknowledged}}));
}

// Whatever the packets say of their times: two hours ahead, two hours back.
TEST_F(TcpGap, TheAllowanceRunsByTheWorkersClock) {
  data(3, "def");
  acknowledge(6);
  const Nanoseconds acknowledged = now;
  const auto packet_of = [&](Nanoseconds time, Nanoseconds clock) {
    harness::Segment segment;
    segment.time = time;
    segment.from = kR;
    segment.seq = kFirstR;
    segment.ack = kFirstI + 6;
    context.now = clock;
    connection.on_segment(harness::view_of(segment), kR, sink, context);
  };
  packet_of(acknowledged + 7200'000 * kMs, acknowledged + 10 * kMs);
  packet_of(acknowledged - 7200'000 * kMs, acknowledged + 200 * kMs);
  EXPECT_TRUE(initiator().gaps.empty());
  EXPECT_EQ(connection.deadline(shared), acknowledged + 200 * kMs);
  packet_of(acknowledged - 7200'000 * kMs, acknowledged + 200 * kMs + 1);
  EXPECT_EQ(initiator().gaps, (Gaps{{0, 3, acknowledged}})) << "told by the packets' times";
}

// The timer and the next packet must come to the same end, told with the same times.
TEST_F(TcpGap, TimerAndPacketAgree) {
  data(3, "def");
  send(kI, kFirstI + 6, "", kTcpAck | kTcpFin);
  acknowledge(7);
  const Nanoseconds acknowledged = now;
  connection.expire(acknowledged + 200 * kMs, sink, context);
  EXPECT_TRUE(initiator().gaps.empty());
  connection.expire(acknowledged + 200 * kMs + 1, sink, context);
  EXPECT_EQ(initiator().gaps, (Gaps{{0, 3, acknowledged}}));
  EXPECT_TRUE(initiator().ended);
  const Nanoseconds end_by_timer = initiator().end_time;

  connection = TcpConnection();
  sink = harness::StreamRecorder();
  ledger = Inspection{};
  acks = {0, 0};
  const Nanoseconds shift = now;
  open();
  data(3, "def");
  send(kI, kFirstI + 6, "", kTcpAck | kTcpFin);
  acknowledge(7);
  const Nanoseconds again = now;
  now += 5000 * kMs;
  acknowledge(7);
  EXPECT_EQ(initiator().gaps, (Gaps{{0, 3, again}}));
  EXPECT_EQ(initiator().end_time - again, end_by_timer - acknowledged);
  EXPECT_GT(shift, 0);
}

TEST_F(TcpGap, EveryHoleHasItsOwnAllowance) {
  data(3, "def");
  acknowledge(6);
  now += 150 * kMs;
  data(9, "jkl");
  acknowledge(12);
  now += 60 * kMs;
  acknowledge(12);
  EXPECT_EQ(initiator().stream, "???def");
  now += 140 * kMs;
  acknowledge(12);
  EXPECT_EQ(initiator().stream, "???def???jkl");
  EXPECT_EQ(ledger.gap, 6u);
}

TEST_F(TcpGap, PieceInsideAHoleDoesNotRenewItsAllowance) {
  data(9, "jkl");
  acknowledge(12);
  const Nanoseconds acknowledged = now;
  now += 100 * kMs;
  data(4, "ef");
  EXPECT_EQ(connection.deadline(shared), acknowledged + 200 * kMs);
  connection.expire(acknowledged + 201 * kMs, sink, context);
  EXPECT_EQ(initiator().stream, "????ef???jkl");

  acknowledge(100);  // the same for a tail
  const Nanoseconds tail = now;
  now += 100 * kMs;
  data(20, "u");
  EXPECT_EQ(connection.deadline(shared), tail + 200 * kMs);
  finish_and_check_memory();
}

TEST_F(TcpGap, SteadyLossDoesNotPileUp) {
  // Every tenth segment is lost at the mirror; all is acknowledged as it goes.
  uint32_t offset = 0;
  size_t most = 0;
  for (int i = 0; i < 5000; ++i, offset += 100) {
    if (i % 10 != 3) data(offset, std::string(100, 'x'));
    if (i % 2 == 0) acknowledge(offset + 100);
    now -= kMs;  // packets only, no time
    most = std::max(most, budget.used());
  }
  EXPECT_LE(most, 128u * 400);
  finish_and_check_memory();
  EXPECT_EQ(ledger.gap, 500u * 100);
  EXPECT_EQ(initiator().gaps.size(), 500u);
}

TEST_F(TcpGap, AckBeforeItsDataIsNoLoss) {
  acknowledge(6);
  acknowledge(12);
  data(0, "abcdef");
  data(6, "ghijkl");
  EXPECT_EQ(initiator().stream, "abcdefghijkl");
  EXPECT_EQ(connection.deadline(shared), kNothingWaits);
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpGap, LostTailIsToldWhenTheAllowanceIsOver) {
  data(0, "abc");
  acknowledge(3);
  acknowledge(100);
  const Nanoseconds acknowledged = now;
  connection.expire(acknowledged + 201 * kMs, sink, context);
  EXPECT_EQ(initiator().gaps, (Gaps{{3, 97, acknowledged}}));
  data(100, "def");
  EXPECT_EQ(initiator().stream.substr(100), "def");
}

TEST_F(TcpGap, AcknowledgedFinThatWasLostIsNoHole) {
  data(0, "abc");
  acknowledge(4);
  now += 1000 * kMs;
  acknowledge(4);
  EXPECT_TRUE(initiator().gaps.empty());
  finish_and_check_memory();
  EXPECT_EQ(ledger.gap, 0u);
  EXPECT_TRUE(initiator().ended);
}

TEST_F(TcpGap, LostByteBeforeDataIsAHole) {
  data(0, "abc");
  acknowledge(4);
  data(4, "e");
  acknowledge(5);
  now += 1000 * kMs;
  acknowledge(5);
  EXPECT_EQ(initiator().stream, "abc?e");
  EXPECT_EQ(ledger.gap, 1u);
}

TEST_F(TcpGap, LostTailBeforeFinEndsTheDirection) {
  data(0, "abc");
  acknowledge(3);
  acknowledge(10);  // six bytes and FIN: lost, then FIN comes
  send(kI, kFirstI + 9, "", kTcpAck | kTcpFin);
  EXPECT_FALSE(connection.ended(kI));
  now += 300 * kMs;
  acknowledge(10);
  EXPECT_EQ(initiator().stream, "abc??????");
  EXPECT_TRUE(connection.ended(kI));
  EXPECT_EQ(ledger.gap, 6u);
}

TEST_F(TcpGap, WhatComesLateIsAnExtraAndTheGapShrinks) {
  data(10, "klm");
  acknowledge(13);
  now += 300 * kMs;
  acknowledge(13);
  EXPECT_EQ(ledger.gap, 10u);
  data(4, "efg");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kLate);
  EXPECT_EQ(initiator().extras[0].offset, 4u);
  EXPECT_EQ(initiator().extras[0].bytes, "efg");
  EXPECT_EQ(ledger.gap, 7u);
  data(4, "efg");  // once is enough
  EXPECT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(ledger.duplicate, 3u);
  data(0, "abcdefghij");
  ASSERT_EQ(initiator().extras.size(), 3u);
  EXPECT_EQ(initiator().extras[1].bytes, "abcd");
  EXPECT_EQ(initiator().extras[2].bytes, "hij");
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpGap, EndTellsEveryHole) {
  data(3, "def");
  data(9, "jkl");
  const Nanoseconds second = now;
  finish_and_check_memory();
  EXPECT_EQ(initiator().gaps, (Gaps{{0, 3, second - kMs}, {6, 3, second}}));
  EXPECT_EQ(initiator().stream, "???def???jkl");
  EXPECT_EQ(ledger.gap, 6u);
}

TEST_F(TcpGap, EndTellsAnAcknowledgedTail) {
  data(0, "abc");
  acknowledge(8);
  finish_and_check_memory();
  EXPECT_EQ(initiator().gaps, (Gaps{{3, 5, now}}));
}

TEST_F(TcpGap, SnaplenIsAHoleOfItsOwnKind) {
  cut = 4;
  data(0, "abcdefgh");
  data(8, "ijklmnop");
  cut = 100;
  data(16, "q");
  EXPECT_EQ(initiator().stream, "abcd????ijkl????q");
  EXPECT_EQ(ledger.gap, 0u);
  EXPECT_EQ(ledger.unread[static_cast<size_t>(Unread::kSnaplen)], 8u);
  EXPECT_EQ(ledger.seen, 17u);
}

TEST_F(TcpGap, SnaplenOutOfOrderAndRepeated) {
  cut = 4;
  data(8, "ijklmnop");
  data(0, "abcdefgh");
  data(0, "abcdefgh");
  EXPECT_EQ(initiator().stream, "abcd????ijkl????");
  EXPECT_EQ(ledger.gap, 0u);
  EXPECT_EQ(ledger.duplicate, 4u);
  EXPECT_EQ(ledger.unread[static_cast<size_t>(Unread::kSnaplen)], 12u);
  cut = 100;
  data(0, "abcdefgh");  // sent again, captured whole
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kLate);
  EXPECT_EQ(initiator().extras[0].bytes, "efgh");
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpGap, WholePayloadCutOff) {
  cut = 0;
  data(0, "abcdef");
  cut = 100;
  data(6, "g");
  EXPECT_EQ(initiator().stream, "??????g");
  EXPECT_EQ(ledger.unread_total(), 6u);
}

TEST_F(TcpGap, FullConnectionGoesOnWithoutWhatIsMissing) {
  TcpShared narrow{budget, TcpOptions{.hold_limit = 2000}};
  TcpContext small{narrow, ledger};
  const std::string block(500, 'x');
  for (uint32_t i = 0; i < 10; ++i) {
    harness::Segment segment;
    segment.time = now += kMs;
    segment.seq = kFirstI + 100 + i * 600;  // a hole before each
    segment.ack = kFirstR;
    segment.bytes = block;
    connection.on_segment(harness::view_of(segment), kI, sink, small);
    EXPECT_LE(budget.used(), 8000u);
  }
  connection.finish(now, sink, small);
  EXPECT_EQ(initiator().gaps.size(), 10u);
  EXPECT_EQ(ledger.gap, 10u * 100);
  EXPECT_GT(narrow.counters().hold_refused, 0u);
  EXPECT_EQ(ledger.unread_total(), 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(TcpGap, FullBudgetLosesOrderNotBytes) {
  MemoryBudget none{0};
  TcpShared poor{none, TcpOptions{}};
  TcpContext context_without{poor, ledger};
  const auto put = [&](uint32_t offset, std::string_view bytes) {
    harness::Segment segment;
    segment.time = now += kMs;
    segment.seq = kFirstI + offset;
    segment.ack = kFirstR;
    segment.bytes = bytes;
    connection.on_segment(harness::view_of(segment), kI, sink, context_without);
  };
  put(3, "def");
  put(0, "abc");
  put(6, "ghi");
  connection.finish(now, sink, context_without);
  EXPECT_EQ(initiator().stream, "???defghi");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].bytes, "abc");
  EXPECT_EQ(none.peak(), 0u);
}

TEST_F(TcpGap, FiftyThousandOneByteSegmentsOutOfOrder) {
  // Every other byte, backwards, forwards and once more: bounded memory, nothing lost.
  for (uint32_t i = 0; i < 50'000; ++i) data(100'000 - 2 * i, "x");
  EXPECT_LE(budget.peak(), (size_t{8} << 20) + 100'000);
  for (uint32_t i = 0; i < 50'000; ++i) data(100'001 + 2 * i, "y");
  finish_and_check_memory();
  EXPECT_EQ(ledger.seen, 100'000u);
  EXPECT_LE(budget.peak(), (size_t{8} << 20) + 100'000);
}

TEST_F(TcpGap, FiftyThousandOneByteSegmentsThenTheFirst) {
  std::string expected = "0";
  for (uint32_t i = 50'000; i > 0; --i) data(i, "z");
  expected.append(50'000, 'z');
  data(0, "0");
  EXPECT_EQ(initiator().stream, expected);
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpGap, OneDirectionWithLossDoesNotWaitForAcknowledgements) {
  connection = TcpConnection();
  sink = harness::StreamRecorder();
  ledger = Inspection{};
  send(kI, 1000, "", kTcpSyn);
  data(0, "abc");
  data(6, "ghi");
  const Nanoseconds held = now;
  EXPECT_EQ(connection.deadline(shared), held + 200 * kMs);
  connection.expire(held + 201 * kMs, sink, context);
  EXPECT_EQ(initiator().stream, "abc???ghi");
}

TEST_F(TcpGap, MoreHolesThanAreRememberedAreStillRead) {
  // 100 holes given up, the oldest forgotten: what comes late for it is read, not taken for a repeat.
  for (uint32_t i = 0; i < 100; ++i) data(10 + 20 * i, "0123456789");
  acknowledge(2000);
  now += 300 * kMs;
  acknowledge(2000);
  EXPECT_EQ(ledger.gap, 1000u);
  data(0, "late bytes");
  data(1980, "late bytes");
  ASSERT_EQ(initiator().extras.size(), 2u);
  EXPECT_EQ(initiator().extras[0].bytes, "late bytes");
  EXPECT_EQ(initiator().extras[1].bytes, "late bytes");
  EXPECT_EQ(initiator().extras[1].kind, ExtraKind::kLate);
  EXPECT_EQ(ledger.duplicate, 0u);
}

}  // namespace
}  // namespace weir
