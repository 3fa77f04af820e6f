// What comes again: the same bytes, however they are cut, are repeats and nothing else; a byte that differs
// is another version, wherever it stands. Held against what the test itself laid out.
#include <algorithm>
#include <vector>

#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

using harness::Segmenter;
using harness::StreamRecorder;

// One direction of a connection, and which of its bytes the capture has seen.
struct Truth {
  explicit Truth(std::string bytes) : stream(std::move(bytes)), seen(stream.size(), false) {}

  std::string stream;
  std::vector<bool> seen;
  uint64_t sent = 0;
  uint64_t again = 0;

  std::string take(size_t at, size_t length) {
    for (size_t i = at; i < at + length; ++i) {
      again += seen[i] ? 1 : 0;
      seen[i] = true;
    }
    sent += length;
    return stream.substr(at, length);
  }
  size_t first_missing() const {
    return static_cast<size_t>(std::find(seen.begin(), seen.end(), false) - seen.begin());
  }
};

class TcpRepeat : public TcpFixture {
 protected:
  // Sends `truth` in segments of any length, in any order within a window, much of it again and again with
  // other cuts. The receiver acknowledges what is in order after a share of the packets, or never.
  void talk(Truth& truth, Segmenter& dice, double acknowledged) {
    size_t frontier = 0;
    while (frontier < truth.stream.size()) {
      const size_t most = dice.chance(0.2) ? 20 : 4000;
      size_t at = frontier;
      if (dice.chance(0.4)) at = frontier - std::min<size_t>(frontier, dice.below(60'000));
      if (dice.chance(0.2)) at = std::min<size_t>(frontier + dice.below(3000), truth.stream.size() - 1);
      const size_t length = 1 + dice.below(std::min(most, truth.stream.size() - at));
      data(static_cast<uint32_t>(at), truth.take(at, length));
      frontier = std::max(frontier, truth.first_missing());
      if (dice.chance(acknowledged)) acknowledge(static_cast<uint32_t>(frontier));
      if (dice.chance(0.05)) frontier = truth.first_missing();
    }
  }
  void restart() {
    connection = TcpConnection();
    sink = StreamRecorder();
    ledger = Inspection();
    acks = {0, 0};
  }
};

TEST_F(TcpRepeat, AnyCutOfTheSameBytesIsARepeat) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Segmenter dice(seed);
    restart();
    const bool captured_both = seed % 3 != 0;
    if (captured_both) {
      open();
    } else {
      send(kI, 1000, "", kTcpSyn);
    }
    Truth truth(dice.noise(30'000 + dice.below(150'000)));
    // Slowly, so that nothing that waits is given up.
    talk(truth, dice, captured_both ? static_cast<double>(seed % 4) * 0.2 : 0);
    finish();
    if (captured_both) {
      ASSERT_EQ(initiator().stream, truth.stream) << seed;
      ASSERT_EQ(initiator().extras.size(), 0u) << seed;
      EXPECT_EQ(ledger.duplicate, truth.again) << seed;
    } else {
      // Without the receiver a hole is soon given up: what comes for it is late, once.
      uint64_t late = 0;
      for (const StreamRecorder::Extra& extra : initiator().extras) {
        ASSERT_EQ(extra.kind, ExtraKind::kLate) << seed;
        ASSERT_EQ(extra.bytes, truth.stream.substr(extra.offset, extra.bytes.size()));
        late += extra.bytes.size();
      }
      uint64_t passed = 0;
      for (const StreamRecorder::Chunk& chunk : initiator().chunks) passed += chunk.bytes.size();
      EXPECT_EQ(passed + late, truth.stream.size()) << seed;
      EXPECT_EQ(ledger.duplicate, truth.again) << seed;
    }
    EXPECT_EQ(ledger.gap, 0u) << seed;
    EXPECT_EQ(shared.counters().uncompared, 0u) << seed;
    EXPECT_EQ(shared.counters().conflicts, 0u) << seed;
  }
}

// One byte is another, anywhere in a segment that is cut otherwise than before: passed on, held, in part
// both.
TEST_F(TcpRepeat, OneByteThatDiffersIsAnotherVersion) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Segmenter dice(seed);
    restart();
    open();
    const std::string stream = dice.noise(20'000);
    std::vector<bool> there(stream.size(), false);
    for (int i = 0; i < 40; ++i) {
      // The first piece is missing in every second talk: everything waits.
      const size_t at = i == 0 && seed % 2 == 0 ? 0 : 1 + dice.below(stream.size() - 1);
      const size_t length = 1 + dice.below(std::min<size_t>(2000, stream.size() - at));
      data(static_cast<uint32_t>(at), stream.substr(at, length));
      std::fill_n(there.begin() + static_cast<std::ptrdiff_t>(at), length, true);
    }
    ASSERT_TRUE(initiator().extras.empty());
    const size_t at = 1 + dice.below(stream.size() - 3001);
    std::string again = stream.substr(at, 1 + dice.below(3000));
    const size_t place = dice.below(again.size());
    again[place] = static_cast<char>(again[place] ^ 0x20);
    data(static_cast<uint32_t>(at), again);
    finish();
    if (!there[at + place]) {
      EXPECT_TRUE(initiator().extras.empty()) << seed << ": it is the first to come";
      continue;
    }
    // By the policy either the byte that came or the one that was there is told.
    ASSERT_EQ(initiator().extras.size(), 1u) << seed;
    const StreamRecorder::Extra& extra = initiator().extras[0];
    EXPECT_EQ(extra.kind, ExtraKind::kConflict);
    ASSERT_LE(extra.offset, at + place);
    ASSERT_GT(extra.offset + extra.bytes.size(), at + place);
  }
}

TEST_F(TcpRepeat, ALatePieceThatComesAgainIsARepeat) {
  send(kI, 1000, "", kTcpSyn);  // the receiver is not captured
  const std::string text = "0123456789abcdefghijklmnopqrstuvwxyz";
  data(0, text.substr(0, 10));
  data(20, text.substr(20, 10));
  connection.expire(now + 300 * kMs, sink, context);
  EXPECT_EQ(ledger.gap, 10u);
  data(12, text.substr(12, 4));
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kLate);
  data(12, text.substr(12, 4));
  data(13, text.substr(13, 2));
  EXPECT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(ledger.duplicate, 6u);
  data(0, text);  // everything, in one segment: the rest of the hole is late, the end is new
  ASSERT_EQ(initiator().extras.size(), 3u);
  EXPECT_EQ(initiator().extras[1].bytes, "ab");
  EXPECT_EQ(initiator().extras[2].bytes, "ghij");
  EXPECT_EQ(ledger.gap, 0u);
  EXPECT_EQ(ledger.duplicate, 6u + 10 + 4 + 10);
  data(5, text.substr(5, 25));
  EXPECT_EQ(initiator().extras.size(), 3u);
  EXPECT_EQ(initiator().stream, text.substr(0, 10) + "??????????" + text.substr(20));
}

TEST_F(TcpRepeat, KeepAlivesAreRepeats) {
  open();
  data(0, "hello");
  acknowledge(5);
  const std::string garbage(1, '\0');
  send(kI, kFirstI + 4, garbage);
  send(kI, kFirstI + 4, "o");  // the byte itself
  send(kI, kFirstI + 4, "");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 2u);
  data(5, "world");
  send(kI, kFirstI + 9, garbage);
  EXPECT_EQ(initiator().extras.size(), 1u) << "nobody probes a peer that has not taken everything";
  restart();
  send(kI, 1000, "", kTcpSyn);  // where the receiver is not captured nobody knows
  data(0, "hello");
  send(kI, kFirstI + 4, garbage);
  send(kI, kFirstI + 4, "o");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 2u);
}

TEST_F(TcpRepeat, AfterItsAcknowledgementEveryCutIsARepeat) {
  open();
  data(0, "abcdef");
  acknowledge(3);
  data(1, "bcdefgh");
  acknowledge(8);
  data(2, "cdefgh");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 5u + 6u);
}

// A doubtful segment that lies over many pieces is read in one, and does not leave as many more.
TEST_F(TcpRepeat, DoubtfulSegmentsOverManyPiecesAreReadInOne) {
  open();
  for (uint32_t i = 0; i < 700; ++i) data(2 * i + 1, "x");
  std::string text(1400, '.');
  const uint64_t before = budget.used();
  ttl = 3;
  for (size_t round = 0; round < 50; ++round) {
    for (size_t i = 0; i < text.size(); i += 2) text[i] = static_cast<char>('a' + (i + round) % 26);
    data(1, text);
  }
  ttl = 64;
  EXPECT_LE(initiator().extras.size(), 100u);
  EXPECT_LE(budget.used(), before + 20 * 200) << "a few pieces more";
  // Each of them can be read as it was sent, but for its end, where it says what is there.
  const StreamRecorder::Extra& last = initiator().extras.back();
  EXPECT_EQ(last.bytes, text.substr(last.offset - 1, last.bytes.size()));
  EXPECT_GE(last.bytes.size(), 1300u);
  data(0, "0");
  finish();
  EXPECT_EQ(initiator().stream.size(), 1400u);
}

// Pieces that wait are cut up from either end and in the middle by versions that replace them.
TEST_F(TcpRepeat, APieceCutUpGivesEveryByteOnce) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Segmenter dice(seed);
    TcpShared own(budget, options_for(TargetPolicy::kLast));
    TcpContext last{own, ledger};
    restart();
    std::string expected(3000, 'a');
    uint64_t sent = 0;
    const auto put = [&](size_t at, const std::string& bytes) {
      harness::Segment segment;
      segment.time = now += kMs;
      segment.seq = static_cast<uint32_t>(at);
      segment.bytes = bytes;
      connection.on_segment(harness::view_of(segment), kI, sink, last);
      sent += bytes.size();
    };
    harness::Segment syn;
    syn.seq = 0xffffffffu;
    syn.flags = kTcpSyn;
    connection.on_segment(harness::view_of(syn), kI, sink, last);
    harness::Segment answer;
    answer.from = kR;
    answer.flags = kTcpSyn | kTcpAck;
    connection.on_segment(harness::view_of(answer), kR, sink, last);
    put(1, expected.substr(1));
    for (int i = 0; i < 200; ++i) {
      const size_t at = 1 + dice.below(2999);
      const std::string bytes(1 + dice.below(std::min<size_t>(dice.chance(0.1) ? 500 : 3, 3000 - at)),
                              static_cast<char>('b' + i % 20));
      put(at, bytes);
      expected.replace(at, bytes.size(), bytes);
    }
    put(0, "a");
    connection.finish(now, sink, last);
    ASSERT_EQ(initiator().stream, expected) << seed;
    EXPECT_EQ(ledger.seen, sent);
    EXPECT_EQ(ledger.seen, sink.delivered() + ledger.duplicate);
    connection = TcpConnection();
    EXPECT_EQ(budget.used(), 0u);
  }
}

}  // namespace
}  // namespace weir
