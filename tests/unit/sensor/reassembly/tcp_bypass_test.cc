// A bypassed direction is handed to nobody and still counted to the byte: what came once is unread, what came
// again is duplicate, what never came is gap. The expectation is the generator's own coverage of its stream.
#include <algorithm>

#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

using harness::ConversationOptions;
using harness::Segment;
using harness::Segmenter;
using harness::StreamRecorder;

constexpr auto kEncrypted = static_cast<size_t>(Unread::kEncrypted);

class TcpBypass : public TcpFixture {
 protected:
  void bypass(Direction d) { connection.bypass(d, Unread::kEncrypted, now, sink, context); }
};

TEST_F(TcpBypass, OneDirectionIsCountedAndTheOtherRead) {
  open();
  data(0, "hello");
  bypass(kI);
  data(5, "secret");
  send(kR, kFirstR, "answer");
  finish_and_check_memory();
  EXPECT_EQ(initiator().stream, "hello");
  EXPECT_EQ(responder().stream, "answer");
  EXPECT_TRUE(initiator().ended);
  EXPECT_EQ(ledger.unread[kEncrypted], 6u);
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpBypass, WhatWaitedIsCountedAndItsHoleIsAGapUntilItComes) {
  open();
  data(4, "wxyz");
  EXPECT_GT(budget.used(), 0u);
  bypass(kI);
  EXPECT_EQ(ledger.unread[kEncrypted], 4u);
  EXPECT_EQ(ledger.gap, 4u);
  data(0, "stuv");
  EXPECT_EQ(ledger.unread[kEncrypted], 8u);
  EXPECT_EQ(ledger.gap, 0u);
  EXPECT_EQ(connection.deadline(shared), kNothingWaits);
  finish_and_check_memory();
  EXPECT_TRUE(initiator().chunks.empty());
  EXPECT_TRUE(initiator().gaps.empty());
  EXPECT_TRUE(initiator().extras.empty());
}

TEST_F(TcpBypass, NothingIsHeldOrRemembered) {
  open();
  bypass(kI);
  for (uint32_t i = 0; i < 1000; ++i) data(i * 10, "0123456789");
  EXPECT_EQ(budget.used(), 0u) << "in order: no hash, no copy";
  data(10'010, "ahead");
  EXPECT_LT(budget.used(), 1024u) << "a hole is a note";
  data(0, "0123456789");
  EXPECT_EQ(ledger.duplicate, 10u);
  EXPECT_EQ(ledger.gap, 10u);
}

TEST_F(TcpBypass, AForgedSegmentFarAheadDoesNotSwallowWhatFollows) {
  open();
  bypass(kI);
  data(400'000'000, "decoy");
  for (uint32_t i = 0; i < 200; ++i) data(i * 4, "real");
  finish_and_check_memory();
  EXPECT_EQ(ledger.unread[kEncrypted], 5u + 800u);
  EXPECT_EQ(ledger.gap, 400'000'000u - 800u);
  EXPECT_EQ(ledger.duplicate, 0u);
}

TEST_F(TcpBypass, BytesThatTheCaptureCutOffStayWithTheirReason) {
  open();
  bypass(kI);
  cut = 3;
  for (uint32_t i = 0; i < 100; ++i) data(i * 10, "0123456789");
  data(50, "0123456789");
  EXPECT_LT(budget.used(), 1024u);
  finish_and_check_memory();
  EXPECT_EQ(ledger.unread[kEncrypted], 300u);
  EXPECT_EQ(ledger.unread[static_cast<size_t>(Unread::kSnaplen)], 707u);
  EXPECT_EQ(ledger.duplicate, 3u);
  EXPECT_EQ(ledger.gap, 0u);
}

TEST_F(TcpBypass, TheEndIsStillTold) {
  open();
  bypass(kI);
  bypass(kR);
  data(0, "abc");
  send(kI, kFirstI + 3, "", kTcpFin | kTcpAck);
  EXPECT_TRUE(initiator().ended);
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished);
  send(kR, kFirstR, "", kTcpFin | kTcpAck);
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing);
}

// From any point on, whatever the network does.
TEST(TcpBypassProperty, EveryByteIsCountedOnce) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Segmenter dice(seed);
    const std::array<std::string, 2> streams = {dice.noise(1 + dice.below(20'000)),
                                                dice.noise(1 + dice.below(20'000))};
    ConversationOptions options;
    options.initiator_isn = dice.chance(0.5) ? 0xffffffffu - static_cast<uint32_t>(dice.below(20'000)) : 1;
    options.most = dice.chance(0.3) ? 8 : 1500;
    options.overlap = dice.chance(0.5) ? 0.2 : 0.0;
    std::vector<Segment> segments = dice.conversation(streams[0], streams[1], options);
    if (dice.chance(0.7)) dice.repeat(segments, 0.2);
    if (dice.chance(0.8)) dice.reorder(segments, 1 + dice.below(20));
    if (dice.chance(0.5)) dice.lose(segments, 0.01);
    harness::stamp(segments, 1'700'000'000'000'000'000, 10'000);
    const size_t from = 3 + dice.below(segments.size() - 3);

    MemoryBudget budget{size_t{64} << 20};
    TcpShared shared(budget, TcpOptions{});
    Inspection ledger;
    TcpContext context{shared, ledger};
    StreamRecorder sink;
    TcpConnection connection;
    std::array<std::vector<bool>, 2> came{std::vector<bool>(streams[0].size()),
                                          std::vector<bool>(streams[1].size())};
    uint64_t seen = 0;
    for (size_t i = 0; i < segments.size(); ++i) {
      const Segment& s = segments[i];
      if (i == from) {
        for (const Direction d : {kI, kR}) connection.bypass(d, Unread::kEncrypted, s.time, sink, context);
      }
      seen += s.bytes.size();
      for (size_t k = 0; k < s.bytes.size(); ++k) came[index_of(s.from)][s.offset + k] = true;
      connection.on_segment(harness::view_of(s), s.from, sink, context);
    }
    connection.finish(segments.back().time, sink, context);

    uint64_t once = 0;
    for (const auto& side : came) once += static_cast<uint64_t>(std::count(side.begin(), side.end(), true));
    const uint64_t missing = streams[0].size() + streams[1].size() - once;
    EXPECT_EQ(ledger.seen, seen) << "seed " << seed;
    EXPECT_EQ(ledger.seen, sink.delivered() + ledger.duplicate + ledger.unread_total()) << "seed " << seed;
    // Before the bypass a repeat that cannot be compared is handed on as an extra: it counts as delivered.
    uint64_t again = 0;
    for (const Direction d : {kI, kR}) {
      for (const auto& extra : sink[d].extras)
        again += extra.kind == ExtraKind::kLate ? 0 : extra.bytes.size();
    }
    EXPECT_EQ(sink.delivered() - again + ledger.unread[kEncrypted], once) << "seed " << seed;
    EXPECT_EQ(ledger.gap, missing) << "seed " << seed;
    for (const std::string& error : sink.errors()) ADD_FAILURE() << "seed " << seed << ": " << error;
    EXPECT_TRUE(sink[kI].ended && sink[kR].ended);
    EXPECT_EQ(budget.used(), 0u);
  }
}

}  // namespace
}  // namespace weir
