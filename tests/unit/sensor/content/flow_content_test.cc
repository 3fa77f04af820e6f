// The tree of items: ordinals, metadata of parents, holes, limits, refusals, the ledger.
#include "sensor/content/flow_content.h"

#include <gtest/gtest.h>

#include "tests/unit/sensor/content/text_recorder.h"

namespace weir {
namespace {

TEST(FlowContent, ChildrenKnowTheirParents) {
  ContentBench bench;
  ContentMeta message;
  message.method = "POST";
  message.host = "shop.example:8080";
  message.path = "/order?id=7";
  message.user = "li";
  message.forwarded_for = {"192.0.2.7"};
  message.status = 200;
  message.file_name = "list.csv";
  message.codings = {"gzip"};
  const ItemId parent = bench.open(ItemKind::kMessage, message);
  ContentMeta body;
  body.host = "other.example";
  const ItemId child = bench.open(ItemKind::kBody, body, parent);
  const ItemId headers = bench.open(ItemKind::kHeaders, {}, parent);
  bench.feed(headers, "Host: x\r\n");
  bench.feed(child, "text");
  ContentMeta late;
  late.path = "/later";
  late.host = "late.example";
  bench.flow->meta(parent, late);
  bench.flow->close(child, CloseReason::kComplete);
  bench.flow->close(headers, CloseReason::kComplete);
  bench.flow->close(parent, CloseReason::kComplete);
  ASSERT_EQ(bench.text.items.size(), 2u) << "a message has no text";
  const ItemFacts& h = bench.text.items[0]->facts;
  const ItemFacts& b = bench.text.items[1]->facts;
  EXPECT_EQ(b.meta.method, "POST");
  EXPECT_EQ(b.meta.host, "other.example") << "its own stays";
  EXPECT_EQ(b.meta.path, "/later");
  EXPECT_EQ(b.meta.file_name, "list.csv");
  EXPECT_EQ(b.meta.user, "li");
  EXPECT_EQ(b.meta.status, 200);
  EXPECT_EQ(b.meta.forwarded_for, std::vector<std::string>{"192.0.2.7"});
  EXPECT_EQ(b.top_kind, ItemKind::kMessage);
  EXPECT_EQ(b.ordinal, 2u);
  EXPECT_EQ(h.ordinal, 3u);
  EXPECT_EQ(h.meta.host, "late.example");
  EXPECT_TRUE(h.meta.codings.empty()) << "only the body is coded";
  EXPECT_EQ(h.meta.file_name, "");
}

TEST(FlowContent, OrdinalsCountByDirection) {
  ContentBench bench;
  ContentMeta response;
  response.direction = Direction::kFromResponder;
  for (int i = 0; i < 3; ++i) {
    bench.feed(bench.open(ItemKind::kBody, {}), "a");
    bench.feed(bench.open(ItemKind::kBody, response), "b");
  }
  bench.flow->finish();
  ASSERT_EQ(bench.text.items.size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(bench.text.items[i]->facts.ordinal, i / 2 + 1);
}

TEST(FlowContent, AnItemWithoutBytesIsNotHeardOf) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, {});
  bench.flow->close(id, CloseReason::kComplete);
  EXPECT_TRUE(bench.text.items.empty());
}

TEST(FlowContent, AnExcludedHostIsNotRead) {
  ContentOptions options;
  options.excluded_host = [](std::string_view host) { return host == "health.example"; };
  ContentBench bench(options);
  for (const char* host : {"health.example", "shop.example"}) {
    ContentMeta meta;
    meta.host = host;
    const ItemId message = bench.open(ItemKind::kMessage, meta);
    ContentMeta body;
    body.codings = {"gzip"};
    for (const ItemId item :
         {bench.open(ItemKind::kHeaders, {}, message), bench.open(ItemKind::kBody, body, message)}) {
      bench.feed(item, "a: 1\r\n");
      bench.flow->gap(item, 6, 4);
      bench.flow->close(item, CloseReason::kComplete);
    }
    bench.flow->close(message, CloseReason::kComplete);
  }
  EXPECT_EQ(bench.unread(Unread::kExcluded), 12u);
  ASSERT_EQ(bench.text.items.size(), 4u);
  EXPECT_TRUE(bench.text.items[0]->windows.empty() && bench.text.items[1]->windows.empty());
  EXPECT_FALSE(bench.text.items[2]->windows.empty()) << "the other host is read";
}

TEST(FlowContent, ALateItemsContextIsNotCounted) {
  ContentBench bench;
  ContentMeta meta;
  meta.context = 5;
  const RecordedItem& late = bench.one(meta, "stood came", {3, 7});
  EXPECT_EQ(late.facts.wire_bytes, 5u);
  EXPECT_EQ(late.runs(), std::vector<std::string>{"stood came"});
}

TEST(FlowContent, StaleIdsDoNothing) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, {});
  bench.flow->close(id, CloseReason::kComplete);
  const ItemId other = bench.open(ItemKind::kBody, {});
  EXPECT_NE(id, other) << "a slot is used again under another name";
  bench.feed(id, "lost");
  bench.flow->gap(id, 4, 10);
  bench.flow->close(id, CloseReason::kComplete);
  EXPECT_EQ(bench.flow->open_items(), 1u);
  EXPECT_EQ(bench.unread(Unread::kMemory), 4u);
  EXPECT_TRUE(bench.text.items.empty());
}

TEST(FlowContent, TooManyItemsAreRefusedAndCounted) {
  ContentOptions options;
  options.max_open_items = 3;
  ContentBench bench(options);
  for (int i = 0; i < 3; ++i) EXPECT_NE(bench.open(ItemKind::kBody, {}), kNoItem);
  const ItemId refused = bench.open(ItemKind::kBody, {});
  EXPECT_EQ(refused, kNoItem);
  bench.feed(refused, "unread");
  bench.flow->close(refused, CloseReason::kComplete);
  EXPECT_EQ(bench.unread(Unread::kMemory), 6u);
  EXPECT_EQ(bench.context.counters().items_refused, 1u);
}

TEST(FlowContent, AFullBudgetIsCountedAndPasses) {
  ContentBench bench({}, 30 * 1024);
  std::vector<ItemId> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(bench.open(ItemKind::kBody, {}));
    bench.feed(ids.back(), std::string(1000, 'x'));
  }
  EXPECT_GT(bench.unread(Unread::kMemory), 0u);
  EXPECT_LE(bench.budget.peak(), 30u * 1024);
  for (const ItemId id : ids) bench.flow->close(id, CloseReason::kComplete);
  uint64_t scanned = 0;
  for (const auto& item : bench.text.items) scanned += item->text().size();
  EXPECT_EQ(scanned + bench.unread(Unread::kMemory), 40'000u);
  const ItemId again = bench.open(ItemKind::kBody, {});
  bench.feed(again, "after");
  bench.flow->finish();
  EXPECT_EQ(bench.text.items.back()->text(), "after");
}

TEST(FlowContent, EverythingIsGivenBack) {
  MemoryBudget budget(size_t{64} << 20);
  {
    TextRecorder text;
    FlowFacts facts;
    Inspection ledger;
    ContentContext context({}, budget);
    {
      FlowContent flow(facts, ledger, text, context);
      ContentMeta meta = meta_of(ItemKind::kBody, "multipart/form-data; boundary=b", {"gzip"});
      flow.data(flow.open(meta, kNoItem), 0, as_bytes("\x1f\x8b"));
      flow.finish();
    }
    EXPECT_EQ(text.open_items(), 0u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(FlowContent, AHoleEndsTheRun) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, {});
  bench.feed(id, "110105194912", {}, 0);
  bench.flow->gap(id, 12, 100);
  bench.feed(id, "31002X", {}, 112);
  bench.flow->close(id, CloseReason::kTruncated);
  const RecordedItem& item = *bench.text.items[0];
  ASSERT_EQ(item.runs(), (std::vector<std::string>{"110105194912", "31002X"}));
  EXPECT_FALSE(item.windows[0].break_before);
  EXPECT_TRUE(item.windows[1].break_before);
  EXPECT_EQ(item.windows[1].begin, 112u);
  EXPECT_EQ(item.facts.gap_bytes, 100u);
  EXPECT_EQ(item.facts.wire_bytes, 18u);
  EXPECT_EQ(item.facts.end_reason, CloseReason::kTruncated);
}

TEST(FlowContent, AJumpCountsAsAHole) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, {});
  bench.feed(id, "abc", {}, 0);
  bench.feed(id, "def", {}, 10);
  bench.flow->finish();
  EXPECT_EQ(bench.text.items[0]->runs(), (std::vector<std::string>{"abc", "def"}));
  EXPECT_EQ(bench.text.items[0]->facts.gap_bytes, 7u);
}

TEST(FlowContent, UtfSixteenFindsItsPairsBehindAHole) {
  ContentBench bench;
  ContentMeta meta = meta_of(ItemKind::kBody, "text/plain; charset=utf-16le");
  const ItemId id = bench.open(ItemKind::kBody, meta);
  bench.feed(id, std::string_view("a\0b\0c\0", 6), {}, 0);
  bench.flow->gap(id, 6, 3);
  bench.feed(id, std::string_view("\0d\0e\0", 5), {}, 9);
  bench.flow->finish();
  EXPECT_EQ(bench.text.items[0]->runs(), (std::vector<std::string>{"abc", "de"}));
}

TEST(FlowContent, RawStreamsAreCutAndGoOn) {
  ContentOptions options;
  options.raw_cut = 20'000;
  for (const size_t step : {50'001u, 1000u, 37u}) {
    ContentBench bench(options);
    std::string bytes(20'000 - 9, '.');
    bytes += "11010519491231002X";  // over the first cut
    bytes += std::string(30'000, '.');
    const ItemId id = bench.open(ItemKind::kRawStream, {});
    std::vector<size_t> cuts;
    for (size_t at = step; at < bytes.size(); at += step) cuts.push_back(at);
    bench.feed(id, bytes, cuts);
    bench.flow->finish();
    ASSERT_EQ(bench.text.items.size(), 3u);
    for (uint32_t i = 0; i < 3; ++i) {
      const ItemFacts& facts = bench.text.items[i]->facts;
      EXPECT_EQ(facts.ordinal, 1u);
      EXPECT_EQ(facts.part, i);
      EXPECT_EQ(facts.continues, i > 0);
      EXPECT_EQ(facts.end_reason, i < 2 ? CloseReason::kCut : CloseReason::kFlowEnd);
      EXPECT_EQ(facts.wire_bytes, i < 2 ? 20'000u : bytes.size() - 40'000);
    }
    EXPECT_EQ(bench.text.items[1]->find("11010519491231002X"),
              (std::pair<uint64_t, uint64_t>{19'991, 20'009}));
  }
}

TEST(FlowContent, FinishClosesChildrenFirst) {
  ContentBench bench;
  const ItemId message = bench.open(ItemKind::kMessage, {});
  bench.feed(bench.open(ItemKind::kBody, {}, message), "body");
  bench.flow->finish();
  EXPECT_EQ(bench.flow->open_items(), 0u);
  ASSERT_EQ(bench.text.items.size(), 1u);
  EXPECT_TRUE(bench.text.items[0]->ended);
}

TEST(FlowContent, ParsersUnreadGoesIntoTheLedger) {
  ContentBench bench;
  bench.flow->unread(Direction::kFromInitiator, Unread::kEncrypted, 500);
  EXPECT_EQ(bench.unread(Unread::kEncrypted), 500u);
}

TEST(FlowContent, ManyItemsAtOnceStayApart) {
  ContentBench bench;
  std::vector<ItemId> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(bench.open(ItemKind::kBody, {}));
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < ids.size(); ++i) {
      bench.feed(ids[i], std::to_string(i) + ",", {},
                 static_cast<uint64_t>(round) * (std::to_string(i).size() + 1));
    }
  }
  bench.flow->finish();
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string once = std::to_string(i) + ",";
    EXPECT_EQ(bench.text.items[i]->text(), once + once + once);
  }
}

}  // namespace
}  // namespace weir
