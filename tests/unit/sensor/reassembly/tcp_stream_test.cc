// Handshakes, order, ends: what a well-meant connection and a bad mirror make of it.
#include <algorithm>

#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

class TcpStream : public TcpFixture {};

TEST_F(TcpStream, PassesBothDirectionsInOrder) {
  open();
  EXPECT_TRUE(connection.handshake_seen());
  send(kI, kFirstI, "GET / ");
  send(kI, kFirstI + 6, "HTTP/1.1");
  send(kR, kFirstR, "200 OK", kTcpAck, kFirstI + 14);
  send(kI, kFirstI + 14, "", kTcpAck | kTcpFin, kFirstR + 6);
  EXPECT_TRUE(connection.ended(kI));
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished);
  send(kR, kFirstR + 6, "", kTcpAck | kTcpFin, kFirstI + 15);
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing);
  finish_and_check_memory();
  EXPECT_EQ(initiator().stream, "GET / HTTP/1.1");
  EXPECT_EQ(responder().stream, "200 OK");
  EXPECT_EQ(ledger.seen, 20u);
  EXPECT_EQ(ledger.duplicate, 0u);
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpStream, HandsInOrderPayloadOnWithoutACopy) {
  open();
  const std::string bytes = "zero copy";
  harness::Segment segment;
  segment.seq = kFirstI;
  PacketView view = harness::view_of(segment);
  view.payload = as_bytes(bytes);
  view.payload_wire = static_cast<uint32_t>(bytes.size());
  struct Where : StreamSink {
    const uint8_t* at = nullptr;
    void on_chunk(Direction, uint64_t, Bytes b, Nanoseconds) override { at = b.data(); }
    void on_gap(Direction, uint64_t, uint64_t, Nanoseconds) override {}
    void on_end(Direction, Nanoseconds) override {}
    void on_extra(ExtraKind, Direction, uint64_t, Bytes, const Surroundings&, Nanoseconds) override {}
  } where;
  Inspection own;
  TcpContext own_context{shared, own};
  connection.on_segment(view, kI, where, own_context);
  EXPECT_EQ(where.at, view.payload.data());
}

TEST_F(TcpStream, DataOnSynBelongsToTheStream) {
  send(kI, 1000, "early", kTcpSyn);
  send(kR, 5000, "", kTcpSyn | kTcpAck, 1006);
  send(kI, 1006, " bird");
  EXPECT_EQ(initiator().stream, "early bird");
}

TEST_F(TcpStream, SimultaneousOpenAndSplitHandshake) {
  send(kI, 1000, "", kTcpSyn);
  send(kR, 5000, "", kTcpSyn);
  EXPECT_EQ(connection.phase(), TcpPhase::kOpening);
  send(kR, 5001, "", kTcpAck, 1001);
  send(kI, 1001, "a", kTcpAck, 5001);
  send(kR, 5001, "b", kTcpAck, 1002);
  EXPECT_TRUE(connection.handshake_seen());
  EXPECT_EQ(initiator().stream, "a");
  EXPECT_EQ(responder().stream, "b");
}

TEST_F(TcpStream, PickedUpInTheMiddle) {
  send(kI, 777, "abc", kTcpAck, 9000);
  send(kR, 9000, "xyz", kTcpAck, 780);
  send(kI, 780, "def");
  EXPECT_FALSE(connection.handshake_seen());
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished);
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_EQ(responder().stream, "xyz");
}

TEST_F(TcpStream, PickedUpInTheMiddleWithThePacketBeforeComingLater) {
  send(kI, 780, "def", kTcpAck, 9000);
  send(kI, 777, "abc", kTcpAck, 9000);
  send(kI, 783, "ghi", kTcpAck, 9000);
  EXPECT_EQ(initiator().stream, "defghi");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kLate);
  EXPECT_EQ(initiator().extras[0].offset, 0u);
  EXPECT_EQ(initiator().extras[0].bytes, "abc");
}

TEST_F(TcpStream, SynThatComesAfterItsDataFits) {
  send(kI, kFirstI, "abc", kTcpAck, kFirstR);
  send(kI, 1000, "", kTcpSyn);
  send(kI, kFirstI + 3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_TRUE(initiator().extras.empty());
}

TEST_F(TcpStream, AckBeforeAnythingElseOfTheOtherSide) {
  send(kR, 9000, "x", kTcpAck, 780);  // acknowledges bytes that come next
  send(kI, 777, "abc", kTcpAck, 9001);
  EXPECT_EQ(initiator().stream, "abc");
  EXPECT_TRUE(initiator().gaps.empty());
}

TEST_F(TcpStream, PutsThreeSegmentsInOrderWhateverTheirOrder) {
  const std::string text = "onetwothree";
  const std::array<std::pair<uint32_t, size_t>, 3> cuts = {{{0, 3}, {3, 3}, {6, 5}}};
  std::array<size_t, 3> order = {0, 1, 2};
  do {
    harness::StreamRecorder heard;
    TcpConnection fresh;
    std::swap(connection, fresh);
    sink = heard;
    ledger = Inspection{};
    acks = {0, 0};
    open();
    for (const size_t i : order)
      data(cuts[i].first, std::string_view(text).substr(cuts[i].first, cuts[i].second));
    EXPECT_EQ(initiator().stream, text);
    EXPECT_TRUE(initiator().gaps.empty());
    EXPECT_TRUE(initiator().extras.empty());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(TcpStream, HeldBytesKeepTheTimeOfTheirPacket) {
  open();
  data(3, "def");
  const Nanoseconds held = now;
  now += 50 * kMs;
  data(0, "abc");
  ASSERT_EQ(initiator().chunks.size(), 2u);
  EXPECT_EQ(initiator().chunks[0].time, now);
  EXPECT_EQ(initiator().chunks[1].time, held);
}

TEST_F(TcpStream, SequenceNumbersWrapInsideASegmentAndBetween) {
  send(kI, 0xfffffff0u - 1, "", kTcpSyn);
  send(kR, 5000, "", kTcpSyn | kTcpAck, 0xfffffff0u);
  send(kI, 4, "uvwxyz");
  send(kI, 0xfffffff0u, "0123456789abcdefghij");
  EXPECT_EQ(initiator().stream, "0123456789abcdefghijuvwxyz");
  send(kR, 5001, "", kTcpAck, 10);
  finish_and_check_memory();
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpStream, FinWaitsForTheBytesBeforeIt) {
  open();
  send(kI, kFirstI + 3, "def", kTcpAck | kTcpFin);
  EXPECT_FALSE(connection.ended(kI));
  data(0, "abc");
  EXPECT_TRUE(connection.ended(kI));
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_EQ(initiator().end_time, now);
}

TEST_F(TcpStream, FinSentAgainEndsOnce) {
  open();
  send(kI, kFirstI, "abc", kTcpAck | kTcpFin);
  send(kI, kFirstI, "abc", kTcpAck | kTcpFin);
  send(kI, kFirstI + 3, "", kTcpAck | kTcpFin);
  EXPECT_TRUE(connection.ended(kI));
  EXPECT_EQ(initiator().stream, "abc");
  EXPECT_EQ(ledger.duplicate, 3u);
}

TEST_F(TcpStream, FinOutOfWindowIsIgnored) {
  open();
  data(0, "abcdef");
  send(kI, kFirstI + 2, "", kTcpAck | kTcpFin);            // before what was passed on
  send(kI, kFirstI + 0x60000000u, "", kTcpAck | kTcpFin);  // beyond any window
  data(6, "ghi");
  EXPECT_FALSE(connection.ended(kI));
  EXPECT_EQ(initiator().stream, "abcdefghi");
  EXPECT_EQ(shared.counters().fins_ignored, 2u);
}

TEST_F(TcpStream, BytesBeyondAFinShowThatItWasNone) {
  open();
  send(kI, kFirstI + 10, "", kTcpAck | kTcpFin);  // forged, ahead
  data(0, "0123456789abcdef");
  EXPECT_FALSE(connection.ended(kI));
  EXPECT_EQ(initiator().stream, "0123456789abcdef");
}

TEST_F(TcpStream, FinBeforeBytesThatWereSeenOrTakenIsNone) {
  open();
  data(10, "klm");
  send(kI, kFirstI + 5, "", kTcpAck | kTcpFin);
  data(0, "abcdefghij");
  EXPECT_FALSE(connection.ended(kI));
  EXPECT_EQ(initiator().stream, "abcdefghijklm");
  acknowledge(20);
  send(kI, kFirstI + 13, "", kTcpAck | kTcpFin);
  EXPECT_FALSE(connection.ended(kI));
  data(13, "nopqrst");
  EXPECT_EQ(initiator().stream, "abcdefghijklmnopqrst");
  EXPECT_EQ(shared.counters().fins_ignored, 2u);
}

TEST_F(TcpStream, DataAfterTheEndIsStillRead) {
  open();
  send(kI, kFirstI, "abc", kTcpAck | kTcpFin);
  data(4, "beyond");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].bytes, "beyond");
}

TEST_F(TcpStream, ResetInWindowClosesAndDataThatStillComesIsRead) {
  open();
  data(0, "abc");
  send(kI, kFirstI + 3, "", kTcpRst);
  EXPECT_TRUE(connection.reset());
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing);
  EXPECT_FALSE(connection.ended(kI));
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  finish_and_check_memory();
  EXPECT_TRUE(initiator().ended);
  EXPECT_TRUE(responder().ended);
}

TEST_F(TcpStream, ResetOutOfWindowIsIgnored) {
  open();
  data(0, "abc");
  acknowledge(3);
  send(kI, kFirstI + 2, "", kTcpRst);
  send(kI, kFirstI + 3 + 0x50000000u, "", kTcpRst);
  EXPECT_FALSE(connection.reset());
  EXPECT_EQ(shared.counters().resets_ignored, 2u);
}

TEST_F(TcpStream, RefusedConnectionIsClosing) {
  send(kI, 1000, "", kTcpSyn);
  send(kR, 0, "", kTcpRst | kTcpAck, 1001);
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing);
  finish_and_check_memory();
  EXPECT_TRUE(initiator().stream.empty());
}

TEST_F(TcpStream, UrgentBytesStayInTheStream) {
  open();
  send(kI, kFirstI, "abc", kTcpAck | kTcpUrg);
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_EQ(shared.counters().urgent, 1u);
}

TEST_F(TcpStream, KeepAliveIsARepeat) {
  open();
  data(0, "abc");
  acknowledge(3);
  data(2, std::string_view("\0", 1));  // one garbage byte before the window
  data(2, "");
  acknowledge(3);
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 1u);
}

TEST_F(TcpStream, ZeroWindowProbeIsDataAndItsRepeatIsNot) {
  open();
  data(0, "abc");
  acknowledge(3);
  data(3, "d");     // the probe: a byte that the receiver has no room for
  acknowledge(3);   // … and does not take
  data(3, "defg");  // sent again with what follows
  acknowledge(7);
  EXPECT_EQ(initiator().stream, "abcdefg");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 1u);
}

TEST_F(TcpStream, OneDirectionOnly) {
  send(kI, 1000, "", kTcpSyn);
  send(kI, kFirstI, "abc", kTcpAck, kFirstR);
  send(kI, kFirstI + 6, "ghi");
  send(kI, kFirstI + 3, "def");
  send(kI, kFirstI + 9, "", kTcpAck | kTcpFin);
  EXPECT_EQ(initiator().stream, "abcdefghi");
  EXPECT_TRUE(initiator().gaps.empty());
  EXPECT_TRUE(connection.ended(kI));
  finish_and_check_memory();
  EXPECT_TRUE(responder().ended);
}

TEST_F(TcpStream, SegmentFromAnotherConnectionIsReadAsAnExtra) {
  open();
  data(0, "abc");
  acknowledge(3);
  data(0x70000000u, "somewhere else");
  data(0u - 0x10000000u, "long before");
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  ASSERT_EQ(initiator().extras.size(), 2u);
  EXPECT_EQ(initiator().extras[0].bytes, "somewhere else");
  EXPECT_EQ(initiator().extras[1].bytes, "long before");
  EXPECT_EQ(shared.counters().unplaced, 2u);
}

TEST_F(TcpStream, IdleForHoursGoesOn) {
  open();
  data(0, "abc");
  acknowledge(3);
  now += Nanoseconds{5} * 3600 * 1'000'000'000;
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
}

TEST_F(TcpStream, TimeGoingBackwardsChangesNoByte) {
  open();
  data(3, "def");
  now -= 3600 * kMs;
  data(0, "abc");
  now -= 3600 * kMs;
  data(6, "ghi");
  EXPECT_EQ(initiator().stream, "abcdefghi");
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpStream, HotStateStaysSmall) {
  // A million idle connections: what each costs without anything open (performance.md goal 10).
  EXPECT_LE(sizeof(TcpConnection), 112u);
  open();
  data(0, "abc");
  acknowledge(3);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace weir
