// Who gets a flow's bytes: probing, claiming, giving up, the raw way, late and conflicting pieces.
#include "sensor/pipeline/flow_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace weir {
namespace {

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;

// Keeps every item's bytes; a hole is written as '?'.
class ItemsSink : public TimedContentSink {
 public:
  struct Item {
    ContentMeta meta;
    std::string bytes;
    bool closed = false;
    CloseReason why = CloseReason::kComplete;
    Nanoseconds opened_at = 0;
    uint64_t own_end = UINT64_MAX;
  };
  void set_time(Nanoseconds time) override { time_ = time; }
  ItemId open(ContentMeta&& meta, ItemId) override {
    items.push_back({std::move(meta), "", false, CloseReason::kComplete, time_});
    return static_cast<ItemId>(items.size());
  }
  void data(ItemId item, uint64_t offset, Bytes bytes) override {
    Item& it = items.at(item - 1);
    EXPECT_FALSE(it.closed);
    EXPECT_EQ(offset, it.bytes.size());
    it.bytes += as_text(bytes);
  }
  void gap(ItemId item, uint64_t offset, uint64_t n) override {
    Item& it = items.at(item - 1);
    EXPECT_EQ(offset, it.bytes.size());
    it.bytes.append(n, '?');
  }
  void meta(ItemId item, const ContentMeta& update) override { items.at(item - 1).own_end = update.own_end; }
  void close(ItemId item, CloseReason why) override {
    Item& it = items.at(item - 1);
    EXPECT_FALSE(it.closed);
    it.closed = true;
    it.why = why;
  }
  void unread(Direction, Unread why, uint64_t n) override { unread_bytes[why] += n; }
  void cut_short(Direction direction, Unread why) override { cut[direction] = why; }

  std::vector<Item> items;
  std::map<Direction, Unread> cut;
  std::map<Unread, uint64_t> unread_bytes;

 private:
  Nanoseconds time_ = 0;
};

// Speaks a protocol that begins with "HELLO": an item a direction with all its bytes. "STOP" at a chunk's
// begin makes it give up, "DONE" makes it say that it needs no more.
class HelloParser : public Parser {
 public:
  ParseStatus on_data(Direction d, Bytes bytes, ContentSink& sink) override {
    if (as_text(bytes).starts_with("STOP")) return ParseStatus::kGaveUp;
    const size_t i = index_of(d);
    if (item_[i] == kNoItem) {
      ContentMeta meta;
      meta.kind = ItemKind::kBody;
      meta.direction = d;
      meta.protocol = "hello";
      item_[i] = sink.open(std::move(meta), kNoItem);
    }
    sink.data(item_[i], at_[i], bytes);
    at_[i] += bytes.size();
    return as_text(bytes).starts_with("DONE") ? ParseStatus::kDone : ParseStatus::kOk;
  }
  ParseStatus on_gap(Direction d, uint64_t n, ContentSink& sink) override {
    const size_t i = index_of(d);
    if (item_[i] != kNoItem) sink.gap(item_[i], at_[i], n);
    at_[i] += n;
    return ParseStatus::kOk;
  }
  void on_end(Direction d, ContentSink& sink) override {
    const size_t i = index_of(d);
    if (item_[i] != kNoItem) sink.close(item_[i], CloseReason::kComplete);
    item_[i] = kNoItem;
  }

 private:
  std::array<ItemId, 2> item_{};
  std::array<uint64_t, 2> at_{};
};

ProbeResult hello_probe(const ProbeView& view) {
  constexpr std::string_view kWord = "HELLO";
  const std::string_view head = as_text(view.head[0]);
  if (head.starts_with(kWord)) return ProbeResult::kCertain;
  return kWord.starts_with(head) && !view.finished[0] ? ProbeResult::kMore : ProbeResult::kNo;
}
std::unique_ptr<Parser> make_hello(bool) { return std::make_unique<HelloParser>(); }

const ParserInfo kParsers[] = {{"hello", Transport::kTcp, {}, hello_probe, make_hello}};

struct Fixture {
  explicit Fixture(uint64_t depth = 0) : reader(kParsers, Transport::kTcp, 7, false, depth) {}
  FlowReader reader;
  ItemsSink sink;
  std::array<uint64_t, 2> at{};

  void say(Direction d, std::string_view text, Nanoseconds time = 1) {
    reader.on_chunk(d, at[index_of(d)], as_bytes(text), time, sink);
    at[index_of(d)] += text.size();
  }
  void lose(Direction d, uint64_t n) {
    reader.on_gap(d, at[index_of(d)], n, 1, sink);
    at[index_of(d)] += n;
  }
};

TEST(FlowReader, ParserGetsAllBytesWhereverTheyAreCut) {
  const std::string text = "HELLO world";
  for (size_t cut = 1; cut < text.size(); ++cut) {
    Fixture f;
    f.say(kOut, text.substr(0, cut));
    f.say(kBack, "welcome");
    f.say(kOut, text.substr(cut));
    f.reader.finish(9, f.sink);
    ASSERT_EQ(f.sink.items.size(), 2u) << cut;
    EXPECT_EQ(f.reader.protocol(), "hello");
    for (const auto& item : f.sink.items) {
      EXPECT_EQ(item.bytes, item.meta.direction == kOut ? text : "welcome") << cut;
      EXPECT_TRUE(item.closed);
    }
  }
}

TEST(FlowReader, UnknownTalkGoesTheRawWayWhole) {
  for (const std::string text : {"HELP me", "x", "HELL"}) {
    Fixture f;
    for (const char c : text) f.say(kOut, std::string(1, c), 5);
    f.reader.finish(9, f.sink);
    ASSERT_EQ(f.sink.items.size(), 1u);
    EXPECT_EQ(f.reader.protocol(), "raw");
    EXPECT_EQ(f.sink.items[0].meta.kind, ItemKind::kRawStream);
    EXPECT_EQ(f.sink.items[0].bytes, text);
    EXPECT_EQ(f.sink.items[0].opened_at, 5) << "held bytes keep their own time";
    EXPECT_TRUE(f.sink.items[0].closed);
  }
}

// A protocol that nobody can tell before the probe's limit, and what its probe was shown in all.
uint64_t shown = 0;
ProbeResult slow_probe(const ProbeView& view) {
  shown += view.head[0].size() + view.head[1].size();
  return ProbeResult::kMore;
}
const ParserInfo kSlow[] = {{"slow", Transport::kTcp, {}, slow_probe, make_hello}};

TEST(FlowReader, ProbesSeeAByteAFewTimesHoweverSmallThePieces) {
  for (const size_t directions : {1u, 2u}) {
    shown = 0;
    uint64_t fed = 0;
    FlowReader reader(kSlow, Transport::kTcp, 7, true);
    ItemsSink sink;
    std::array<uint64_t, 2> at{};
    // Probed again after each hole, and no more often for that.
    for (int round = 0; round < 20; ++round) {
      for (size_t i = 0; i + 1 < kProbeLimit; ++i) {
        for (size_t d = 0; d < directions; ++d) {
          reader.on_chunk(d == 0 ? kOut : kBack, at[d]++, as_bytes("x"), 1, sink);
          ++fed;
        }
      }
      reader.on_gap(kOut, at[0], 5, 1, sink);
      at[0] += 5;
    }
    reader.finish(9, sink);
    EXPECT_GE(shown, fed / 2) << "they are asked";
    EXPECT_LE(shown, 5 * fed) << directions;
    size_t read = 0;
    for (const auto& item : sink.items) read += static_cast<size_t>(std::ranges::count(item.bytes, 'x'));
    EXPECT_EQ(read, fed);
  }
}

TEST(FlowReader, ProbesAreAskedAgainWhenTheOtherSideSpeaks) {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.say(kBack, "x");
  f.say(kOut, "HELLO");
  EXPECT_EQ(f.reader.protocol(), "hello");
}

// Counts what it is told, and gives up at a "!".
std::array<int, 2> ends{};
std::array<bool, 2> data_behind_end{};
std::string heard;  // in order: the data, and ( ) for the ends
class CountingParser final : public Parser {
 public:
  ParseStatus on_data(Direction d, Bytes bytes, ContentSink&) override {
    EXPECT_FALSE(bytes.empty());
    data_behind_end[index_of(d)] |= ends[index_of(d)] != 0;
    heard += as_text(bytes);
    return as_text(bytes).ends_with('!') ? ParseStatus::kGaveUp : ParseStatus::kOk;
  }
  ParseStatus on_gap(Direction, uint64_t n, ContentSink&) override {
    return n == 7 ? ParseStatus::kGaveUp : ParseStatus::kOk;
  }
  void on_end(Direction d, ContentSink&) override {
    ++ends[index_of(d)];
    heard += d == kOut ? '(' : ')';
  }
};
// "A" from the initiator is certain, "a" is so when the responder has said "B".
ProbeResult counting_probe(const ProbeView& view) {
  const std::string_view out = as_text(view.head[0]);
  const std::string_view back = as_text(view.head[1]);
  if (out.starts_with('A') || back.starts_with('B')) return ProbeResult::kCertain;
  return view.finished[0] && view.finished[1] ? ProbeResult::kMaybe : ProbeResult::kMore;
}
const ParserInfo kCounting[] = {
    {"counting", Transport::kTcp, {}, counting_probe, [](bool) -> std::unique_ptr<Parser> {
       return std::make_unique<CountingParser>();
     }}};

// Each letter of a talk is a call: A, a, B, ! are data (B and b from the responder, ? its "!"), ( ) the ends
// of initiator and responder, 1 a hole of the initiator, 7 one of the responder, 0 an empty chunk.
TEST(FlowReader, AParserHearsOfEachEndOnce) {
  for (const std::string talk :
       {"Ab()", "A!", "A(?)", "A(?", "Ab)!(", "a(B)", "a(B", "a()", "a)(", "a(Bb?)", "a(0B0)", "A1(7)",
        "A(7)", "A7()", "(B)", ")A(", "A(b7?", "a1A(b)", "a(7B)"}) {
    ends = {};
    data_behind_end = {};
    heard.clear();
    FlowReader reader(kCounting, Transport::kTcp, 7, false);
    ItemsSink sink;
    std::array<uint64_t, 2> at{};
    for (const char c : talk) {
      const Direction d = c == 'B' || c == 'b' || c == '?' || c == ')' ? kBack : kOut;
      const std::string said(1, c == '?' ? '!' : c);
      if (c == '(' || c == ')') {
        reader.on_end(d, 1, sink);
      } else if (c == '1') {
        reader.on_gap(kOut, at[0], 1, 1, sink);
        at[0] += 1;
      } else if (c == '7') {
        reader.on_gap(kBack, at[1], 7, 1, sink);
        at[1] += 7;
      } else if (c == '0') {
        reader.on_chunk(kBack, at[1], {}, 1, sink);
      } else {
        reader.on_chunk(d, at[index_of(d)], as_bytes(said), 1, sink);
        ++at[index_of(d)];
      }
    }
    reader.finish(9, sink);
    EXPECT_EQ(ends, (std::array<int, 2>{1, 1})) << talk;
    EXPECT_EQ(data_behind_end, (std::array<bool, 2>{})) << talk;
    // Without holes and giving up it hears all, in order.
    const bool plain = talk.find_first_of("017!?") == std::string::npos && talk.ends_with(')');
    EXPECT_TRUE(!plain || heard == talk) << talk << " was heard as " << heard;
    for (const auto& item : sink.items) EXPECT_TRUE(item.closed) << talk;
  }
}

TEST(FlowReader, ResponderAloneIsReadRaw) {
  Fixture f;
  f.say(kBack, "220 ready");  // the initiator might still say HELLO
  EXPECT_EQ(f.reader.held_bytes(), 9u);
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 1u);
  EXPECT_EQ(f.sink.items[0].bytes, "220 ready");
}

// What stood before its first byte is not known: no alert on it may say that it was complete.
TEST(FlowReader, AStreamWithoutItsBeginningIsNoWhole) {
  for (const bool midstream : {false, true}) {
    FlowReader reader(kParsers, Transport::kTcp, 7, midstream);
    ItemsSink sink;
    reader.on_chunk(kOut, 0, as_bytes("HELP"), 1, sink);
    reader.on_gap(kBack, 0, 100, 1, sink);
    reader.on_chunk(kBack, 100, as_bytes("the rest"), 1, sink);
    reader.finish(9, sink);
    ASSERT_EQ(sink.items.size(), 2u);
    for (const auto& item : sink.items) {
      const bool whole = item.meta.direction == kOut && !midstream;
      EXPECT_EQ(item.why, whole ? CloseReason::kFlowEnd : CloseReason::kTruncated) << midstream;
    }
  }
}

TEST(FlowReader, HoldsNoMoreThanTheProbeLimit) {
  Fixture f;
  f.say(kBack, std::string(kProbeLimit - 1, 'a'));
  EXPECT_EQ(f.reader.held_bytes(), kProbeLimit - 1);
  f.say(kBack, std::string(3000, 'b'));
  EXPECT_EQ(f.reader.held_bytes(), 0u);
  ASSERT_EQ(f.sink.items.size(), 1u);
  EXPECT_EQ(f.sink.items[0].bytes.size(), kProbeLimit - 1 + 3000);
}

TEST(FlowReader, WhatFollowsAParserThatGaveUpIsReadRaw) {
  Fixture f;
  f.say(kOut, "HELLO");
  f.say(kOut, "STOP");
  f.say(kOut, "secret");
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 2u);
  EXPECT_EQ(f.sink.items[0].bytes, "HELLO");
  EXPECT_EQ(f.sink.items[1].meta.kind, ItemKind::kRawStream);
  EXPECT_EQ(f.sink.items[1].bytes, "secret");
}

TEST(FlowReader, WhatFollowsADoneParserIsCountedOnly) {
  Fixture f;
  f.say(kOut, "HELLO");
  f.say(kOut, "DONE");
  f.say(kOut, "12345678");
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 1u);
  EXPECT_EQ(f.sink.unread_bytes[Unread::kUnsupported], 8u);
}

TEST(FlowReader, SaysThatNothingMoreIsNeeded) {
  Fixture f;
  f.say(kOut, "HELLO");
  EXPECT_FALSE(f.reader.skipped(kOut));
  f.say(kOut, "DONE");
  EXPECT_EQ(f.reader.skipped(kOut), Unread::kUnsupported);
  EXPECT_EQ(f.reader.skipped(kBack), Unread::kUnsupported);
  EXPECT_EQ(f.reader.protocol(), "hello");
}

TEST(FlowReader, WhatIsExcludedIsNotLookedAt) {
  Fixture f;
  f.reader.skip_all(Unread::kExcluded);
  EXPECT_EQ(f.reader.skipped(kBack), Unread::kExcluded);
  f.say(kOut, "HELLO");
  f.lose(kOut, 5);
  f.say(kBack, "welcome");
  f.reader.finish(9, f.sink);
  EXPECT_TRUE(f.sink.items.empty());
  EXPECT_EQ(f.sink.unread_bytes[Unread::kExcluded], 12u);
  EXPECT_EQ(f.reader.protocol(), "excluded");
}

TEST(FlowReader, TheDepthIsHeldToTheByteHoweverItIsCut) {
  const std::string text = "HELLO 0123456789 and on and on";
  constexpr size_t kDepth = 12;
  for (size_t cut = 1; cut < text.size(); ++cut) {
    Fixture f(kDepth);
    f.say(kOut, text.substr(0, cut));
    EXPECT_EQ(f.reader.skipped(kOut).has_value(), cut >= kDepth) << cut;
    f.say(kBack, "welcome");
    f.say(kOut, text.substr(cut));
    EXPECT_EQ(f.reader.skipped(kOut), Unread::kDepth);
    EXPECT_FALSE(f.reader.skipped(kBack));
    f.reader.finish(9, f.sink);
    ASSERT_EQ(f.sink.items.size(), 2u) << cut;
    EXPECT_EQ(f.sink.items[0].bytes, text.substr(0, kDepth)) << cut;
    EXPECT_EQ(f.sink.items[1].bytes, "welcome");
    EXPECT_TRUE(f.sink.items[0].closed && f.sink.items[1].closed);
    EXPECT_EQ(f.sink.unread_bytes[Unread::kDepth], text.size() - kDepth);
    EXPECT_EQ(f.sink.cut, (std::map<Direction, Unread>{{kOut, Unread::kDepth}}));
  }
}

TEST(FlowReader, TheDepthCountsHolesAndHoldsForTheRawWay) {
  Fixture f(20);
  f.say(kOut, "no greeting");
  f.lose(kOut, 100);
  f.say(kOut, "deep");
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 1u);
  EXPECT_EQ(f.sink.items[0].bytes, "no greeting?????????");
  EXPECT_EQ(f.sink.unread_bytes[Unread::kDepth], 4u);
}

TEST(FlowReader, ADatagramBeyondTheDepthIsNotRead) {
  FlowReader reader(kParsers, Transport::kUdp, 7, false, 8);
  ItemsSink sink;
  for (const std::string text : {"first", "second", "third"})
    reader.on_datagram(kOut, as_bytes(text), 1, sink);
  reader.on_datagram(kBack, as_bytes("answer"), 2, sink);
  reader.finish(9, sink);
  ASSERT_EQ(sink.items.size(), 3u);
  EXPECT_EQ(sink.items[1].bytes, "second") << "a datagram is read whole or not";
  EXPECT_EQ(sink.items[2].bytes, "answer");
  EXPECT_EQ(sink.unread_bytes[Unread::kDepth], 5u);
}

TEST(FlowReader, WhatALatePieceBeginsWithIsNotCountedAgain) {
  Fixture f;
  f.say(kOut, "no greeting");
  f.lose(kOut, 4);
  f.reader.on_extra(ExtraKind::kLate, kOut, 11, as_bytes("late"), {}, 3, f.sink);
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 2u);
  const ItemsSink::Item& late = f.sink.items[1];
  EXPECT_EQ(late.meta.kind, ItemKind::kLate);
  EXPECT_EQ(late.bytes, "no greetinglate");
  EXPECT_EQ(late.meta.context, 11u);
}

TEST(FlowReader, AnUnclaimedFlowIsProbedAgainAfterAHole) {
  Fixture f;
  f.say(kOut, "garbage of a flow whose begin was lost");
  f.lose(kOut, 10);
  f.say(kOut, "HELLO again");
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 2u);
  EXPECT_EQ(f.sink.items[0].bytes, "garbage of a flow whose begin was lost??????????");
  EXPECT_TRUE(f.sink.items[0].closed);
  EXPECT_EQ(f.sink.items[1].bytes, "HELLO again");
}

TEST(FlowReader, RawTalkGoesOnAfterAHole) {
  Fixture f;
  f.say(kOut, "abc");
  f.lose(kOut, 2);
  f.say(kOut, "fgh");
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 1u);
  EXPECT_EQ(f.sink.items[0].bytes, "abc??fgh");
}

TEST(FlowReader, ALatePieceBeginsWithWhatStoodBeforeItsHole) {
  Fixture f;
  f.say(kOut, "HELLO card 4111 ");
  f.lose(kOut, 5);
  f.say(kOut, "tail");
  f.reader.on_extra(ExtraKind::kLate, kOut, 16, as_bytes("12345"), {}, 3, f.sink);
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 2u);
  EXPECT_EQ(f.sink.items[1].meta.kind, ItemKind::kLate);
  EXPECT_EQ(f.sink.items[1].bytes, "HELLO card 4111 12345tail");
  EXPECT_EQ(f.sink.items[1].meta.context, 16u);
  EXPECT_EQ(f.sink.items[1].own_end, 21u);
  EXPECT_TRUE(f.sink.items[1].closed);
}

TEST(FlowReader, ADatagramIsOneItem) {
  FlowReader reader(kParsers, Transport::kUdp, 514, false);
  ItemsSink sink;
  reader.on_datagram(kOut, as_bytes("first"), 1, sink);
  reader.on_datagram(kBack, as_bytes("second"), 2, sink);
  reader.finish(3, sink);
  ASSERT_EQ(sink.items.size(), 2u);
  EXPECT_EQ(sink.items[0].bytes, "first");
  EXPECT_EQ(sink.items[1].bytes, "second");
  EXPECT_EQ(sink.items[1].meta.direction, kBack);
  EXPECT_TRUE(sink.items[0].closed && sink.items[1].closed);
}

}  // namespace
}  // namespace weir
