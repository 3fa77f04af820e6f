// Any two streams, cut, reordered, repeated and overlapped at random, come out as they went in; with loss,
// the same without exactly the bytes that no surviving segment carries.
#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

using harness::ConversationOptions;
using harness::Segment;
using harness::Segmenter;
using harness::StreamRecorder;

struct Outcome {
  MemoryBudget budget{size_t{64} << 20};
  StreamRecorder sink;
  Inspection ledger;
};

enum class Timers { kNone, kEveryPacket, kRandom };

void feed(const std::vector<Segment>& segments, Timers timers, uint64_t seed, Outcome& run) {
  TcpShared shared(run.budget, TcpOptions{});
  TcpContext context{shared, run.ledger};
  TcpConnection connection;
  Segmenter dice(seed + 99);
  for (const Segment& segment : segments) {
    if (timers == Timers::kEveryPacket || (timers == Timers::kRandom && dice.chance(0.3))) {
      if (connection.deadline(shared) < segment.time) connection.expire(segment.time, run.sink, context);
    }
    // An exact heap block, gone right after the call: a sanitizer sees what is kept or over-read.
    const std::vector<uint8_t> block(segment.bytes.begin(), segment.bytes.end());
    PacketView view = harness::view_of(segment);
    view.payload = block;
    connection.on_segment(view, segment.from, run.sink, context);
  }
  connection.finish(segments.back().time, run.sink, context);
  EXPECT_EQ(run.budget.used(), 0u);
  EXPECT_EQ(run.ledger.seen, run.sink.delivered() + run.ledger.duplicate + run.ledger.unread_total());
  for (const std::string& error : run.sink.errors()) ADD_FAILURE() << error;
}

uint64_t payload_of(const std::vector<Segment>& segments) {
  uint64_t sum = 0;
  for (const Segment& segment : segments) sum += segment.bytes.size();
  return sum;
}

ConversationOptions random_options(Segmenter& dice) {
  ConversationOptions options;
  // Half of the streams wrap.
  options.initiator_isn = dice.chance(0.5) ? 0xffffffffu - static_cast<uint32_t>(dice.below(20'000))
                                           : static_cast<uint32_t>(dice.below(1ull << 32));
  options.responder_isn = dice.chance(0.5) ? 0xffffffffu - static_cast<uint32_t>(dice.below(20'000))
                                           : static_cast<uint32_t>(dice.below(1ull << 32));
  options.most = dice.chance(0.3) ? 1 + dice.below(8) : 1 + dice.below(3000);
  options.overlap = dice.chance(0.5) ? 0.2 : 0.0;
  return options;
}

TEST(TcpProperty, AnyStreamComesOutAsItWentIn) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Segmenter dice(seed);
    const std::string request = dice.noise(dice.below(20'000));
    const std::string response = dice.noise(dice.below(20'000));
    std::vector<Segment> segments = dice.conversation(request, response, random_options(dice));
    if (dice.chance(0.7)) dice.repeat(segments, 0.2);
    if (dice.chance(0.9)) dice.reorder(segments, 1 + dice.below(30));
    harness::stamp(segments, 1'700'000'000'000'000'000, 10'000);
    Outcome run;
    feed(segments, Timers::kRandom, seed, run);
    ASSERT_EQ(run.sink[kI].stream, request) << "seed " << seed;
    ASSERT_EQ(run.sink[kR].stream, response) << "seed " << seed;
    EXPECT_EQ(run.ledger.gap, 0u) << "seed " << seed;
    EXPECT_EQ(run.ledger.seen, payload_of(segments));
    EXPECT_TRUE(run.sink[kI].ended && run.sink[kR].ended);
    for (const Direction side : {kI, kR}) {
      const std::string& truth = side == kI ? request : response;
      for (const StreamRecorder::Extra& extra : run.sink[side].extras) {
        EXPECT_EQ(extra.bytes, truth.substr(extra.offset, extra.bytes.size()));
      }
    }
  }
}

TEST(TcpProperty, WithLossOnlyTheLostBytesAreMissing) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Segmenter dice(seed + 1000);
    const std::array<std::string, 2> truth = {dice.noise(dice.below(40'000)), dice.noise(dice.below(40'000))};
    std::vector<Segment> segments = dice.conversation(truth[0], truth[1], random_options(dice));
    if (dice.chance(0.5)) dice.repeat(segments, 0.2);
    dice.lose(segments, dice.chance(0.5) ? 0.02 : 0.3);
    if (dice.chance(0.9)) dice.reorder(segments, 1 + dice.below(30));
    const Nanoseconds step = dice.chance(0.5) ? 10'000 : 5 * kMs;
    harness::stamp(segments, 1'700'000'000'000'000'000, step);

    std::array<std::string, 2> came = {std::string(truth[0].size(), '\0'),
                                       std::string(truth[1].size(), '\0')};
    for (const Segment& segment : segments) {
      std::string& marks = came[index_of(segment.from)];
      for (size_t i = 0; i < segment.bytes.size(); ++i) marks[segment.offset + i] = 1;
    }
    uint64_t missing = 0;
    for (const std::string& marks : came)
      missing += static_cast<uint64_t>(std::count(marks.begin(), marks.end(), '\0'));

    Outcome run;
    feed(segments, Timers::kRandom, seed, run);
    for (const Direction side : {kI, kR}) {
      const std::string& whole = truth[index_of(side)];
      std::string heard(whole.size(), '\0');
      const auto take = [&](uint64_t offset, const std::string& bytes) {
        ASSERT_LE(offset + bytes.size(), whole.size()) << "seed " << seed;
        ASSERT_EQ(bytes, whole.substr(offset, bytes.size())) << "seed " << seed;
        std::fill_n(heard.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), '\1');
      };
      for (const StreamRecorder::Chunk& chunk : run.sink[side].chunks) take(chunk.offset, chunk.bytes);
      for (const StreamRecorder::Extra& extra : run.sink[side].extras) take(extra.offset, extra.bytes);
      EXPECT_TRUE(heard == came[index_of(side)]) << "seed " << seed;
      EXPECT_EQ(run.sink[side].stream.size(), whole.size()) << "seed " << seed;
      EXPECT_TRUE(run.sink[side].ended);
    }
    EXPECT_EQ(run.ledger.gap, missing) << "seed " << seed;
  }
}

// Timers change nothing of what is told, nor the order within a direction.
TEST(TcpProperty, TimersDoNotChangeTheStory) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Segmenter dice(seed + 5000);
    std::vector<Segment> segments =
        dice.conversation(dice.noise(20'000), dice.noise(20'000), random_options(dice));
    dice.lose(segments, 0.1);
    dice.reorder(segments, 20);
    harness::stamp(segments, 1'700'000'000'000'000'000, 30 * kMs);
    Outcome without;
    Outcome with;
    feed(segments, Timers::kNone, seed, without);
    feed(segments, Timers::kEveryPacket, seed + 1, with);
    for (const Direction side : {kI, kR}) {
      ASSERT_EQ(without.sink[side].stream, with.sink[side].stream);
      ASSERT_EQ(without.sink[side].gaps, with.sink[side].gaps);
      ASSERT_EQ(without.sink[side].chunks.size(), with.sink[side].chunks.size());
      for (size_t i = 0; i < with.sink[side].chunks.size(); ++i) {
        ASSERT_EQ(without.sink[side].chunks[i].time, with.sink[side].chunks[i].time);
      }
      EXPECT_EQ(without.sink[side].extras.size(), with.sink[side].extras.size());
      EXPECT_EQ(without.sink[side].end_time, with.sink[side].end_time);
    }
  }
}

// Every split of a small stream, whole, byte by byte and each two pieces, in both orders.
TEST(TcpProperty, EverySplit) {
  const std::string text = "a small stream, cut everywhere";
  for (size_t at = 0; at <= text.size(); ++at) {
    for (const bool swapped : {false, true}) {
      std::vector<Segment> segments(2);
      segments[0].bytes = text.substr(0, at);
      segments[1].bytes = text.substr(at);
      segments[1].seq = static_cast<uint32_t>(at);
      if (swapped) std::swap(segments[0], segments[1]);
      Segment syn;
      syn.seq = 0xffffffffu;
      syn.flags = kTcpSyn;
      segments.insert(segments.begin(), syn);
      harness::stamp(segments, 1, 1);
      Outcome run;
      feed(segments, Timers::kNone, 1, run);
      EXPECT_EQ(run.sink[kI].stream, text);
    }
  }
}

}  // namespace
}  // namespace weir
