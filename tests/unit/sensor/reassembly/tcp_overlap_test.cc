// Retransmission and overlap under the policy "first": the first version is the stream, every other one is
// told.
#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

class TcpOverlap : public TcpFixture {
 protected:
  TcpOverlap() : TcpFixture(options_for(TargetPolicy::kFirst)) {}
  void SetUp() override { open(); }
};

TEST_F(TcpOverlap, SameSegmentAgain) {
  data(0, "abcdef");
  data(0, "abcdef");
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 6u);
  EXPECT_EQ(shared.counters().duplicates, 1u);
}

TEST_F(TcpOverlap, LongerRepeatOfSeveralSegments) {
  data(0, "abc");
  data(3, "def");
  data(0, "abcdefghi");
  EXPECT_EQ(initiator().stream, "abcdefghi");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 6u);
}

TEST_F(TcpOverlap, DifferentBytesAreAnExtraAndTheFirstVersionStays) {
  data(0, "decoy!");
  data(0, "secret");
  acknowledge(6);
  EXPECT_EQ(initiator().stream, "decoy!");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kConflict);
  EXPECT_EQ(initiator().extras[0].offset, 0u);
  EXPECT_EQ(initiator().extras[0].bytes, "secret");
  EXPECT_EQ(initiator().extras[0].time, now - kMs);
  EXPECT_EQ(ledger.duplicate, 0u);
}

TEST_F(TcpOverlap, DifferentThenNewBytes) {
  data(0, "aaa");
  data(0, "bbbccc");
  EXPECT_EQ(initiator().stream, "aaaccc");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].bytes, "bbb");
}

TEST_F(TcpOverlap, ShorterRepeatIsARepeat) {
  data(0, "abcdef");
  data(1, "bcd");
  data(5, "fgh");
  EXPECT_EQ(initiator().stream, "abcdefgh");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 4u);
}

TEST_F(TcpOverlap, WhatTheReceiverHasTakenItDoesNotTakeAgain) {
  data(0, "abcdef");
  acknowledge(6);
  data(1, "bcd");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 3u);
}

// A megabyte without an acknowledgement is comparable; what lies further back is read again.
TEST_F(TcpOverlap, WhatIsNoLongerKeptIsReadAgain) {
  harness::Segmenter dice(7);
  const std::string stream = dice.noise(2'000'000);
  for (uint32_t at = 0; at < stream.size(); at += 1000) data(at, stream.substr(at, 1000));
  EXPECT_LE(budget.used(), size_t{1} << 20);
  data(0, stream.substr(0, 500));
  data(1'999'000, stream.substr(1'999'000, 999));
  data(1'000'123, stream.substr(1'000'123, 777));
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kRepeat) << "it need not differ";
  EXPECT_EQ(initiator().extras[0].bytes, stream.substr(0, 500));
  EXPECT_EQ(ledger.duplicate, 999u + 777u);
  EXPECT_EQ(shared.counters().uncompared, 1u);
  std::string other = stream.substr(1'999'000, 100);
  other[57] ^= 1;
  data(1'999'000, other);
  ASSERT_EQ(initiator().extras.size(), 2u);
  EXPECT_EQ(initiator().extras[1].kind, ExtraKind::kConflict);
  acknowledge(2'000'000);
  EXPECT_EQ(budget.used(), 0u);
}

// Half of the budget is for what waits for its turn: copies of what was passed never take it.
TEST_F(TcpOverlap, CopiesLeaveRoomForWhatWaits) {
  MemoryBudget small(100'000);
  TcpShared narrow(small, TcpOptions{});
  TcpContext poor{narrow, ledger};
  std::vector<TcpConnection> connections(50);
  harness::Segment segment;
  segment.seq = 1;
  segment.bytes = std::string(4000, 'x');
  for (TcpConnection& c : connections) {
    sink = harness::StreamRecorder();
    segment.time = now += kMs;
    c.on_segment(harness::view_of(segment), kI, sink, poor);
  }
  EXPECT_LE(small.used(), 50'000u);
  EXPECT_GT(small.used(), 25'000u);
  connections.clear();
  EXPECT_EQ(small.used(), 0u);
  ledger = Inspection();
  sink = harness::StreamRecorder();
}

TEST_F(TcpOverlap, HeldVersionWinsOverALaterOne) {
  data(3, "DEF");
  data(0, "abcdefghi");
  EXPECT_EQ(initiator().stream, "abcDEFghi");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kConflict);
  EXPECT_EQ(initiator().extras[0].offset, 3u);
  EXPECT_EQ(initiator().extras[0].bytes, "def");
}

TEST_F(TcpOverlap, SegmentOverSeveralHeldPieces) {
  data(2, "cd");
  data(6, "gh");
  data(10, "kl");
  data(1, "bcdefghijklm");
  data(0, "a");
  EXPECT_EQ(initiator().stream, "abcdefghijklm");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 6u);
}

// Every way in which two segments can lie: the union comes out, the first version wins, nothing is lost.
TEST_F(TcpOverlap, EveryPairOfIntervals) {
  for (uint32_t a = 0; a < 6; ++a) {
    for (uint32_t a_end = a + 1; a_end <= 6; ++a_end) {
      for (uint32_t b = 0; b < 6; ++b) {
        for (uint32_t b_end = b + 1; b_end <= 6; ++b_end) {
          connection = TcpConnection();
          sink = harness::StreamRecorder();
          ledger = Inspection{};
          acks = {0, 0};
          open();
          std::string expected = "......";
          for (uint32_t i = b; i < b_end; ++i) expected[i] = 'b';
          for (uint32_t i = a; i < a_end; ++i) expected[i] = 'a';
          data(a, std::string(a_end - a, 'a'));
          data(b, std::string(b_end - b, 'b'));
          data(0, "......");
          EXPECT_EQ(initiator().stream, expected) << a << '-' << a_end << ' ' << b << '-' << b_end;
          EXPECT_EQ(ledger.seen, sink.delivered() + ledger.duplicate);
        }
      }
    }
  }
}

TEST_F(TcpOverlap, TinyHeldPiecesMetByManyLongSegmentsDoNotCostAStepEachForEver) {
  for (uint32_t i = 0; i < 1400; ++i) data(2 * i + 1, "x");
  const std::string over(2800, 'y');
  data(1, over);
  // What differs is told as the receiver of the other version reads it, each byte of it counted once.
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].bytes, std::string(2799, 'y'));
  EXPECT_EQ(initiator().extras[0].shared, 1399u);
  data(1, over);  // now one piece lies there
  EXPECT_EQ(initiator().extras.size(), 2u);
  // What was joined has the time of its last packet: the first of those over it, which filled the holes.
  const Nanoseconds filled = now - kMs;
  data(0, "0");
  ASSERT_GE(initiator().chunks.size(), 2u);
  EXPECT_EQ(initiator().chunks[1].time, filled);
  std::string expected = "0";
  for (int i = 0; i < 1400; ++i) expected += "xy";
  EXPECT_EQ(initiator().stream, expected);
  acknowledge(2801);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace weir
