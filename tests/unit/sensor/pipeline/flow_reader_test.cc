// Who gets a flow's bytes: probing, claiming, giving up, the raw way, late and conflicting pieces.
#include "sensor/pipeline/flow_reader.h"

#include <gtest/gtest.h>

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
  ItemId open(ContentMeta meta, ItemId) override {
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
      item_[i] = sink.open(meta, kNoItem);
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

TEST(FlowReader, ResponderAloneIsReadRaw) {
  Fixture f;
  f.say(kBack, "220 ready");  // the initiator might still say HELLO
  EXPECT_EQ(f.reader.held_bytes(), 9u);
  f.reader.finish(9, f.sink);
  ASSERT_EQ(f.sink.items.size(), 1u);
  EXPECT_EQ(f.sink.items[0].bytes, "220 ready");
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
