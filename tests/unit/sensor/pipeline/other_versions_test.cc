// Items beside the stream: what stands in them is found whole, whatever the order in which versions came.
#include "sensor/pipeline/other_versions.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

constexpr Direction kOut = Direction::kFromInitiator;

struct Item {
  ContentMeta meta;
  std::string bytes;
  bool closed = false;
  // Its own bytes: without what stands around.
  std::string own() const {
    return bytes.substr(meta.context,
                        meta.own_end == UINT64_MAX ? std::string::npos : meta.own_end - meta.context);
  }
};

class Sink : public TimedContentSink {
 public:
  void set_time(Nanoseconds) override {}
  ItemId open(ContentMeta meta, ItemId) override {
    items.push_back({std::move(meta), "", false});
    return static_cast<ItemId>(items.size());
  }
  void data(ItemId item, uint64_t offset, Bytes bytes) override {
    EXPECT_FALSE(items.at(item - 1).closed);
    EXPECT_EQ(offset, items.at(item - 1).bytes.size());
    items.at(item - 1).bytes += as_text(bytes);
  }
  void gap(ItemId, uint64_t, uint64_t) override { ADD_FAILURE(); }
  void meta(ItemId item, const ContentMeta& update) override {
    EXPECT_EQ(update.own_end, items.at(item - 1).bytes.size()) << "told before what follows";
    items.at(item - 1).meta.own_end = update.own_end;
  }
  void close(ItemId item, CloseReason) override {
    EXPECT_FALSE(items.at(item - 1).closed);
    items.at(item - 1).closed = true;
  }
  void unread(Direction, Unread, uint64_t) override {}

  std::vector<Item> items;
};

class OtherVersionsTest : public ::testing::Test {
 protected:
  void stream(std::string_view text) {
    versions.on_chunk(kOut, at, as_bytes(text), sink);
    at += text.size();
  }
  void gap(uint64_t n) {
    versions.on_gap(kOut, at, n);
    at += n;
  }
  void extra(uint64_t offset, std::string_view text, std::string_view before = {},
             std::string_view after = {}, ExtraKind kind = ExtraKind::kConflict) {
    versions.on_extra(kind, kOut, offset, as_bytes(text), {as_bytes(before), as_bytes(after)}, sink);
  }
  void TearDown() override {
    versions.on_end(kOut, sink);
    EXPECT_EQ(versions.open_items(), 0u);
    for (const Item& item : sink.items) EXPECT_TRUE(item.closed);
  }

  OtherVersions versions;
  Sink sink;
  uint64_t at = 0;
};

TEST_F(OtherVersionsTest, NothingIsKeptOfAnOrdinaryStream) {
  for (int i = 0; i < 100; ++i) stream("abcdefgh");
  EXPECT_TRUE(sink.items.empty());
  EXPECT_EQ(versions.recent(kOut).size(), 256u);
}

TEST_F(OtherVersionsTest, StandsBetweenWhatTheStreamHasAroundIt) {
  stream("card 4111 1111 ");
  stream("9999 ");
  extra(15, "1111 ", "1111 ");
  stream("1111 please");
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 1u);
  EXPECT_EQ(sink.items[0].bytes, "1111 1111 1111 please");
  EXPECT_EQ(sink.items[0].own(), "1111 ");
  EXPECT_EQ(sink.items[0].meta.kind, ItemKind::kConflict);
  EXPECT_TRUE(sink.items[0].meta.differs);
}

TEST_F(OtherVersionsTest, ARepeatIsNotSaidToDiffer) {
  stream("abc");
  extra(1, "b", "a", "c", ExtraKind::kRepeat);
  versions.on_end(kOut, sink);
  EXPECT_EQ(sink.items.at(0).bytes, "abc");
  EXPECT_FALSE(sink.items[0].meta.differs);
}

// Each true segment behind its decoy: the truth in one piece.
TEST_F(OtherVersionsTest, VersionsThatContinueEachOtherAreOneItem) {
  const std::string truth = "the card number is 4111111111111111, valid";
  for (size_t i = 0; i < truth.size(); i += 3) {
    const std::string part = truth.substr(i, 3);
    stream(std::string(part.size(), '#'));
    extra(i, part, i == 0 ? "" : "###");
  }
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 1u);
  EXPECT_EQ(sink.items[0].own(), truth);
}

TEST_F(OtherVersionsTest, AVersionBeforeAnotherEndsWithItsBegin) {
  stream("id 110101 XXXX YYYY end");
  extra(15, "0011", "YYYY");
  extra(10, "9003 ", "0101 ", "YYYY");
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 2u);
  EXPECT_EQ(sink.items[1].bytes, "0101 9003 0011");
  EXPECT_EQ(sink.items[1].own(), "9003 ");
}

TEST_F(OtherVersionsTest, ALatePieceHasBothEdgesOfItsHole) {
  stream("begin ");
  gap(4);
  stream(" en");
  stream("d of it");
  extra(6, "late", {}, {}, ExtraKind::kLate);
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 1u);
  EXPECT_EQ(sink.items[0].bytes, "begin late end of it");
  EXPECT_EQ(sink.items[0].own(), "late");
  EXPECT_EQ(sink.items[0].meta.kind, ItemKind::kLate);
}

TEST_F(OtherVersionsTest, NothingIsJoinedAcrossAHole) {
  stream("abc");
  gap(5);
  EXPECT_TRUE(versions.recent(kOut).empty());
  stream("xyz");
  EXPECT_EQ(as_text(versions.recent(kOut)), "xyz");
}

// 4111 11[U]11 …: who takes the urgent byte out reads the number.
TEST_F(OtherVersionsTest, WithoutUrgentBytes) {
  const std::string text = "card 411111111#1111111 ok";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    versions = OtherVersions();
    sink.items.clear();
    at = 0;
    versions.on_urgent(kOut, 14);
    versions.on_urgent(kOut, 14);  // told again by the next segment
    stream(text.substr(0, cut));
    stream(text.substr(cut));
    versions.on_end(kOut, sink);
    ASSERT_EQ(sink.items.size(), 1u) << cut;
    EXPECT_EQ(sink.items[0].bytes, "card 4111111111111111 ok") << cut;
    EXPECT_EQ(sink.items[0].own(), "") << "a value must lie across the place";
    EXPECT_EQ(sink.items[0].meta.context, 14u);
  }
}

TEST_F(OtherVersionsTest, SeveralUrgentBytesAreAllOutOfEachReading) {
  for (const uint64_t offset : {uint64_t{3}, uint64_t{7}, uint64_t{11}}) versions.on_urgent(kOut, offset);
  stream("123U");
  stream("456U789");
  stream("U0end");
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 3u);
  for (const Item& item : sink.items) EXPECT_EQ(item.bytes, "1234567890end");
  EXPECT_EQ(sink.items[0].meta.context, 3u);
  EXPECT_EQ(sink.items[1].meta.context, 6u);
  EXPECT_EQ(sink.items[2].meta.context, 9u);
}

TEST_F(OtherVersionsTest, ManyOfAllKindsStayBounded) {
  for (uint64_t i = 0; i < 5000; ++i) {
    versions.on_urgent(kOut, at + i % 7);
    versions.on_urgent(kOut, at + 1'000'000 + i);
    stream("abcdefghij");
    extra(at - 5, "FGH", "abcde", "ij");
    if (i % 10 == 0) gap(3);
    ASSERT_LE(versions.open_items(), 8u);
  }
  EXPECT_GT(sink.items.size(), 9000u);
}

// The stream's own items come first with what both have: an item waits for a window of the match.
TEST_F(OtherVersionsTest, ClosesWhenTheStreamHasGoneOn) {
  stream("abc");
  extra(1, "B", "a", "c");
  stream(std::string(30'000, '.'));
  EXPECT_FALSE(sink.items.at(0).closed);
  stream(std::string(3'000, '.'));
  EXPECT_TRUE(sink.items[0].closed);
  EXPECT_EQ(sink.items[0].bytes.substr(0, 5), "aBc..");
}

}  // namespace
}  // namespace weir
