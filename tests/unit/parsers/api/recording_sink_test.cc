// The harness that all parser tests stand on: it sees every breach of the contract, and differences between
// cuts.
#include "tests/harness/recording_sink.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "tests/harness/parser_driver.h"

namespace weir::harness {
namespace {

ContentMeta meta_of(ItemKind kind, Direction direction = Direction::kFromInitiator) {
  ContentMeta meta;
  meta.kind = kind;
  meta.direction = direction;
  meta.protocol = "test";
  return meta;
}

// How many breaches `calls` make.
int breaches(const std::function<void(RecordingSink&)>& calls) {
  int count = 0;
  RecordingSink sink([&count](const std::string&) { ++count; });
  calls(sink);
  return count;
}

TEST(RecordingSink, SeesBreaches) {
  EXPECT_EQ(breaches([](RecordingSink& s) {
              const ItemId m = s.open(meta_of(ItemKind::kMessage), kNoItem);
              const ItemId b = s.open(meta_of(ItemKind::kBody), m);
              s.data(b, 0, as_bytes("ab"));
              s.gap(b, 2, 3);
              s.data(b, 5, as_bytes("c"));
              s.close(b, CloseReason::kComplete);
              s.close(m, CloseReason::kComplete);
              s.data(kNoItem, 7, as_bytes("refused"));
            }),
            0);
  const auto with_body = [](const std::function<void(RecordingSink&, ItemId, ItemId)>& calls) {
    return breaches([&](RecordingSink& s) {
      const ItemId m = s.open(meta_of(ItemKind::kMessage), kNoItem);
      const ItemId b = s.open(meta_of(ItemKind::kBody), m);
      s.data(b, 0, as_bytes("ab"));
      calls(s, m, b);
    });
  };
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId b) { s.data(b, 1, as_bytes("x")); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId b) { s.data(b, 3, as_bytes("x")); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId b) { s.data(b, 2, {}); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId b) { s.gap(b, 1, 1); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId b) { s.gap(b, 2, 0); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId m, ItemId) { s.data(m, 0, as_bytes("x")); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId m, ItemId) { s.close(m, CloseReason::kComplete); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId) { s.close(77, CloseReason::kComplete); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId) { s.open(meta_of(ItemKind::kBody), 77); }), 1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId m, ItemId) {
              s.open(meta_of(ItemKind::kBody, Direction::kFromResponder), m);
            }),
            1);
  EXPECT_EQ(with_body([](RecordingSink& s, ItemId, ItemId b) {
              s.close(b, CloseReason::kComplete);
              s.data(b, 2, as_bytes("x"));
              s.close(b, CloseReason::kComplete);
            }),
            2);
  EXPECT_EQ(breaches([](RecordingSink& s) { s.open(ContentMeta(), kNoItem); }), 1);
  EXPECT_EQ(breaches([](RecordingSink& s) {
              ContentMeta meta = meta_of(ItemKind::kMessage);
              meta.host.assign(kMaxMetaLength + 1, 'h');
              s.open(ContentMeta(meta), kNoItem);
            }),
            1);
}

TEST(RecordingSink, DumpsTellItemsApart) {
  const auto dump = [](std::string_view host, std::string_view bytes, uint64_t hole, CloseReason why) {
    RecordingSink sink;
    ContentMeta meta = meta_of(ItemKind::kBody);
    meta.host = host;
    const ItemId item = sink.open(ContentMeta(meta), kNoItem);
    sink.data(item, 0, as_bytes(bytes));
    if (hole > 0) sink.gap(item, bytes.size(), hole);
    sink.close(item, why);
    return sink.dump();
  };
  const std::string base = dump("h", "abc", 0, CloseReason::kComplete);
  EXPECT_EQ(base, dump("h", "abc", 0, CloseReason::kComplete));
  EXPECT_NE(base, dump("i", "abc", 0, CloseReason::kComplete));
  EXPECT_NE(base, dump("h", "abd", 0, CloseReason::kComplete));
  EXPECT_NE(base, dump("h", "abc", 1, CloseReason::kComplete));
  EXPECT_NE(base, dump("h", "abc", 0, CloseReason::kTruncated));
}

// An item for each call: what a parser must not do.
class CutParser : public Parser {
 public:
  ParseStatus on_data(Direction d, Bytes bytes, ContentSink& sink) override {
    if (bytes.empty()) return ParseStatus::kOk;
    const ItemId item = sink.open(meta_of(ItemKind::kBody, d), kNoItem);
    sink.data(item, 0, bytes);
    sink.close(item, CloseReason::kComplete);
    return ParseStatus::kOk;
  }
  ParseStatus on_gap(Direction, uint64_t, ContentSink&) override { return ParseStatus::kOk; }
  void on_end(Direction, ContentSink&) override {}
};

TEST(ParserDriver, SeesThatACutChangesTheResult) {
  ParserInfo info;
  info.name = "cut";
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<CutParser>(); };
  EXPECT_NONFATAL_FAILURE(drive_every_split(info, Script().out("abc")), "different when cut byte by byte");
  drive_every_split(info, Script().out("a").back("b"));  // nothing to cut: no failure
}

// Takes an empty piece for something, or a hole behind a piece for another one than a hole at once.
template <bool kHoles>
class TouchyParser : public Parser {
 public:
  ParseStatus on_data(Direction d, Bytes bytes, ContentSink& sink) override {
    if (!kHoles && bytes.empty()) message(d, sink);
    pieces_ += bytes.empty() ? 0 : 1;
    return ParseStatus::kOk;
  }
  ParseStatus on_gap(Direction d, uint64_t, ContentSink& sink) override {
    if (kHoles && pieces_ > 1) message(d, sink);
    return ParseStatus::kOk;
  }
  void on_end(Direction, ContentSink&) override {}

 private:
  static void message(Direction d, ContentSink& sink) {
    sink.close(sink.open(meta_of(ItemKind::kMessage, d), kNoItem), CloseReason::kComplete);
  }
  int pieces_ = 0;
};

TEST(ParserDriver, GivesEmptyPiecesAndHolesEverywhere) {
  ParserInfo info;
  info.name = "touchy";
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<TouchyParser<false>>(); };
  EXPECT_NONFATAL_FAILURE(drive_every_split(info, Script().out("a")), "different when cut in crumbs");
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<TouchyParser<true>>(); };
  EXPECT_NONFATAL_FAILURE(drive_every_split(info, Script().out("abc")), "with a hole at byte 2 of step 0");
}

}  // namespace
}  // namespace weir::harness
