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

TEST_F(TcpOverlap, ShorterRepeatThatCannotBeComparedIsReadAgain) {
  data(0, "abcdef");
  data(1, "bcd");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kRepeat) << "it need not differ";
  EXPECT_EQ(initiator().extras[0].offset, 1u);
  EXPECT_EQ(initiator().extras[0].bytes, "bcd");
}

TEST_F(TcpOverlap, WhatTheReceiverHasTakenItDoesNotTakeAgain) {
  data(0, "abcdef");
  acknowledge(6);
  data(1, "bcd");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 3u);
}

TEST_F(TcpOverlap, MoreUnacknowledgedSegmentsThanAreRememberedAreReadAgain) {
  const std::string first(10, 'a');
  const std::string other(10, 'b');
  for (uint32_t i = 0; i < 400; ++i) data(i * 10, first);
  data(0, other);     // long forgotten
  data(3990, other);  // still known
  data(3980, first);  // known and the same
  EXPECT_EQ(initiator().extras.size(), 2u);
  EXPECT_EQ(ledger.duplicate, 10u);
  acknowledge(4000);
  EXPECT_EQ(budget.used(), 0u);
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
  EXPECT_EQ(shared.counters().conflicts, 1400u);
  data(1, over);  // now one piece lies there
  EXPECT_LE(shared.counters().conflicts, 1402u);
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
