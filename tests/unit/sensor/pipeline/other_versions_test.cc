// Items beside the stream: what stands in them is found whole, whatever the order in which versions came.
#include "sensor/pipeline/other_versions.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir {
namespace {

constexpr Direction kOut = Direction::kFromInitiator;

struct Item {
  ContentMeta meta;
  std::string bytes;
  bool closed = false;
  uint64_t elsewhere = 0;  // of its own bytes, those that are counted with another item
  // Its own bytes: without what stands around.
  std::string own() const {
    return bytes.substr(meta.context,
                        meta.own_end == UINT64_MAX ? std::string::npos : meta.own_end - meta.context);
  }
};

class Sink : public TimedContentSink {
 public:
  void set_time(Nanoseconds) override {}
  ItemId open(ContentMeta&& meta, ItemId) override {
    if (refuse) return kNoItem;
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
    ContentMeta& meta = items.at(item - 1).meta;
    if (update.own_end != UINT64_MAX) {
      EXPECT_EQ(update.own_end, items.at(item - 1).bytes.size()) << "told before what follows";
      meta.own_end = update.own_end;
    }
    if (!update.host.empty()) meta.host = update.host;
  }
  void counted_elsewhere(ItemId item, uint64_t n) override { items.at(item - 1).elsewhere += n; }
  bool message_at(Direction, uint64_t offset, ContentMeta* meta) const override {
    if (offset < known_from || offset >= known_to) return false;
    meta->host = "shop.example";
    return true;
  }
  void close(ItemId item, CloseReason) override {
    EXPECT_FALSE(items.at(item - 1).closed);
    items.at(item - 1).closed = true;
  }
  void unread(Direction, Unread why, uint64_t n) override { not_read[static_cast<size_t>(why)] += n; }

  // The items' own bytes, each counted where it is counted.
  uint64_t own() const {
    uint64_t n = 0;
    for (const Item& item : items) n += item.own().size() - item.elsewhere;
    return n;
  }

  std::vector<Item> items;
  std::array<uint64_t, kUnreadReasons> not_read{};
  bool refuse = false;
  uint64_t known_from = 0;  // stream offsets of which a message is known
  uint64_t known_to = 0;
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
             std::string_view after = {}, ExtraKind kind = ExtraKind::kConflict, size_t shared = 0) {
    versions.on_extra(kind, kOut, offset, as_bytes(text), {as_bytes(before), as_bytes(after), shared}, sink);
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

// Urgent bytes that follow each other soon are out of one reading, however it is cut; far apart they have one
// each.
TEST_F(OtherVersionsTest, SeveralUrgentBytesAreAllOutOfOneReading) {
  const std::string text = "123U456U789U0end";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    versions = OtherVersions();
    sink.items.clear();
    at = 0;
    for (const uint64_t offset : {uint64_t{3}, uint64_t{7}, uint64_t{11}}) versions.on_urgent(kOut, offset);
    stream(text.substr(0, cut));
    stream(text.substr(cut));
    versions.on_end(kOut, sink);
    ASSERT_EQ(sink.items.size(), 1u) << cut;
    EXPECT_EQ(sink.items[0].bytes, "1234567890end") << cut;
    EXPECT_EQ(sink.items[0].meta.context, 3u);
    EXPECT_EQ(sink.own(), 0u) << "all of it is the stream's";
  }
  versions = OtherVersions();
  sink.items.clear();
  at = 0;
  const std::string far(300, '-');
  versions.on_urgent(kOut, 3);
  versions.on_urgent(kOut, 304);
  stream("123U" + far + "U456");
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 2u);
  EXPECT_EQ(sink.items[1].bytes, std::string(256, '-') + "456");
}

TEST_F(OtherVersionsTest, PiecesWithALittleOfTheStreamBetweenThemAreOneItem) {
  stream("card 1111 2222 3333 4444 ok");
  extra(5, "4111", "card ", " 2222");
  extra(15, "5555", "card 1111 2222 ", " 4444 ok");
  extra(20, "6666", "card 1111 2222 3333 ", " ok");
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 1u);
  EXPECT_EQ(sink.items[0].bytes, "card 4111 2222 5555 6666 ok");
  EXPECT_EQ(sink.own(), 12u) << "what lies between is counted with the stream";
}

TEST_F(OtherVersionsTest, WhatAPieceSharesIsCountedElsewhere) {
  stream("abcdefgh");
  extra(1, "BcdeF", "a", "gh", ExtraKind::kConflict, 3);
  versions.on_end(kOut, sink);
  EXPECT_EQ(sink.items.at(0).bytes, "aBcdeFgh");
  EXPECT_EQ(sink.own(), 2u);
}

// However many pieces of all kinds: few are open, each byte is read or counted as unread, and the items are
// those that the flow's own bytes pay for.
TEST_F(OtherVersionsTest, ManyOfAllKindsStayBounded) {
  uint64_t sent = 0;
  for (uint64_t i = 0; i < 30'000; ++i) {
    versions.on_urgent(kOut, at + i % 7);
    versions.on_urgent(kOut, at + 1'000'000 + i);
    stream("abcdefghij");
    extra(at - 5, "FGH", "abcde", "ij");
    sent += 3;
    if (i % 10 == 0) gap(3);
    ASSERT_LE(versions.open_items(), 8u);
  }
  versions.on_end(kOut, sink);
  const uint64_t conflict = sink.not_read[static_cast<size_t>(Unread::kConflict)];
  EXPECT_EQ(sink.own() + conflict, sent);
  EXPECT_GT(conflict, 0u);
  EXPECT_GE(sink.items.size(), 1024u);
  // 1,024 at first, and one for each 128 bytes that came, each piece and urgent byte with 64 for its packet.
  EXPECT_LE(sink.items.size(), 1024u + 30'000u * (10 + 3 + 1 + 2 * 64) / 128 + 1);
}

// What is past the budget is one thing; a second version as long as a segment is read all the same.
TEST_F(OtherVersionsTest, TinyPiecesDoNotKeepALongOneFromBeingRead) {
  for (uint64_t i = 0; i < 5000; ++i) extra(10'000'000 + 1000 * (i % 20), "x");
  ASSERT_GT(sink.not_read[static_cast<size_t>(Unread::kConflict)], 0u);
  const std::string secret = "card 4111111111111111 " + std::string(1200, '.');
  for (uint64_t i = 0; i < 20; ++i) {
    extra(i * 5000, secret);
    EXPECT_EQ(sink.items.back().bytes, secret) << i;
    for (uint64_t k = 0; k < 15; ++k) extra(20'000'000 + 1000 * ((i + k) % 20), "x");
  }
}

// Of late bytes there is no other version; what can no longer be compared may be late.
TEST_F(OtherVersionsTest, WhatIsLateIsAlwaysRead) {
  for (uint64_t i = 0; i < 20'000; ++i) {
    extra(1000 * (i % 20), "x", {}, {}, i % 2 == 0 ? ExtraKind::kLate : ExtraKind::kRepeat);
  }
  versions.on_end(kOut, sink);
  EXPECT_EQ(sink.own(), 20'000u);
}

TEST_F(OtherVersionsTest, ARefusedItemIsCountedOnce) {
  sink.refuse = true;
  stream("abcdefgh");
  extra(1, "BcdeF", "a", "gh", ExtraKind::kConflict, 3);
  stream("more");
  versions.on_end(kOut, sink);
  EXPECT_EQ(sink.not_read[static_cast<size_t>(Unread::kMemory)], 2u);
}

TEST_F(OtherVersionsTest, TellsWhoseBytesItReplaces) {
  stream("undecided");
  extra(3, "X", "und", "c");
  versions.flow_is("http");
  sink.known_from = 9;
  sink.known_to = 100;
  stream("GET / HTTP/1.1");
  extra(500, "Y");   // before its message is known
  extra(1000, "Z");  // whose never will be
  extra(13, "/secret", "GET ", " HTTP");
  sink.known_to = 600;
  versions.on_end(kOut, sink);
  ASSERT_EQ(sink.items.size(), 4u);
  EXPECT_EQ(sink.items[0].meta.protocol, "raw");
  EXPECT_EQ(sink.items[0].meta.host, "");
  for (size_t i : {1u, 2u, 3u}) EXPECT_EQ(sink.items[i].meta.protocol, "http");
  EXPECT_EQ(sink.items[1].meta.host, "shop.example");
  EXPECT_EQ(sink.items[2].meta.host, "");
  EXPECT_EQ(sink.items[3].meta.host, "shop.example");
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
