// The tree of items: ordinals, metadata of parents, holes, limits, refusals, the ledger.
#include "sensor/content/flow_content.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/harness/gzip.h"
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

// What stands between another version's own bytes is the stream's.
TEST(FlowContent, BytesThatAreCountedElsewhereAreReadAndNotCounted) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kConflict, {});
  bench.flow->data(id, 0, as_bytes("own "));
  bench.flow->counted_elsewhere(id, 7);
  bench.flow->data(id, 4, as_bytes("shared and own"));
  bench.flow->close(id, CloseReason::kComplete);
  EXPECT_EQ(bench.text.items.at(0)->facts.wire_bytes, 11u);
  EXPECT_EQ(bench.text.items.at(0)->text(), "own shared and own");
}

// Requests of one connection: bytes of each are known to be its own, also after it has ended.
TEST(FlowContent, MessagesAreKnownByThePlaceOfTheirBytes) {
  ContentBench bench;
  constexpr Direction kOut = Direction::kFromInitiator;
  const auto host_at = [&](uint64_t offset) {
    ContentMeta meta;
    return bench.flow->message_at(kOut, offset, &meta) ? meta.host + meta.path : std::string("-");
  };
  EXPECT_EQ(host_at(0), "-");
  // Message i has the bytes [100 i, 100 i + 100), which come in two chunks.
  for (uint64_t i = 0; i < 6; ++i) {
    ContentMeta meta;
    meta.host = "h" + std::to_string(i);
    bench.flow->set_place(kOut, 100 * i);
    const ItemId message = bench.open(ItemKind::kMessage, meta);
    meta.path = "/p";
    bench.flow->meta(message, meta);
    EXPECT_EQ(host_at(100 * i + 99), meta.host + "/p") << "while it is open";
    bench.flow->set_place(kOut, 100 * i + 50);
    bench.flow->close(message, CloseReason::kComplete);
  }
  for (uint64_t i = 2; i < 6; ++i) {
    EXPECT_EQ(host_at(100 * i), "h" + std::to_string(i) + "/p");
    EXPECT_EQ(host_at(100 * i + 50), "h" + std::to_string(i) + "/p");
  }
  EXPECT_EQ(host_at(0), "-") << "forgotten, and not taken for another's";
  EXPECT_EQ(host_at(700), "-");
  ContentMeta meta;
  EXPECT_FALSE(bench.flow->message_at(Direction::kFromResponder, 500, &meta));
  bench.flow->finish();
  EXPECT_EQ(host_at(500), "-");
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

// Roles follow who asks: what is open and what comes turns, what it is counted by does not.
TEST(FlowContent, WhoAsksBecomesTheInitiator) {
  ContentBench bench;
  bench.flow_facts.initiator.port = 80;
  bench.flow_facts.initiator.mac = {2, 0, 0, 0, 0, 80};
  bench.flow_facts.responder.port = 50'000;
  ContentMeta answer;  // first seen, so from the initiator as it seemed
  const ItemId before = bench.open(ItemKind::kBody, answer);
  bench.feed(before, "a");
  const uint32_t revision = bench.text.items[0]->facts.meta_revision;
  bench.flow->cut_short(Direction::kFromResponder, Unread::kDepth);
  bench.flow->asks(Direction::kFromResponder);
  bench.flow->asks(Direction::kFromInitiator);  // the first word counts
  ContentMeta request;
  request.direction = Direction::kFromResponder;
  const ItemId after = bench.open(ItemKind::kBody, request);
  bench.feed(after, "b");
  bench.feed(bench.open(ItemKind::kBody, answer), "c");
  bench.flow->finish();
  EXPECT_EQ(bench.flow_facts.initiator.port, 50'000);
  EXPECT_EQ(bench.flow_facts.responder.port, 80);
  EXPECT_EQ(bench.flow_facts.responder.mac[5], 80) << "an address keeps its card";
  ASSERT_EQ(bench.text.items.size(), 3u);
  const ItemFacts& a = bench.text.items[0]->facts;
  const ItemFacts& b = bench.text.items[1]->facts;
  const ItemFacts& c = bench.text.items[2]->facts;
  EXPECT_EQ(a.meta.direction, Direction::kFromResponder);
  EXPECT_EQ(b.meta.direction, Direction::kFromInitiator);
  EXPECT_EQ(c.meta.direction, Direction::kFromResponder);
  EXPECT_GT(a.meta_revision, revision) << "policies are asked again";
  EXPECT_EQ(a.ordinal, 1u);
  EXPECT_EQ(b.ordinal, 1u);
  EXPECT_EQ(c.ordinal, 2u) << "counted with the first";
  EXPECT_EQ(b.cut_by, Unread::kDepth) << "the direction that was cut short";
  EXPECT_EQ(a.cut_by, std::nullopt);
}

TEST(FlowContent, WhoOpenedTheFlowStaysWhereThatWasSeen) {
  ContentBench bench;
  bench.flow_facts.initiator.port = 80;
  bench.flow_facts.roles.opener_seen = true;
  bench.flow->asks(Direction::kFromResponder);
  bench.feed(bench.open(ItemKind::kBody, {}), "a");
  bench.flow->finish();
  EXPECT_EQ(bench.flow_facts.initiator.port, 80);
  EXPECT_TRUE(bench.flow_facts.roles.responder_asks);
  EXPECT_EQ(bench.text.items[0]->facts.meta.direction, Direction::kFromInitiator);
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
      flow.data(flow.open(std::move(meta), kNoItem), 0, as_bytes("\x1f\x8b"));
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

// A file whose last delimiter waits in the coding's block: flush() by silence decodes it, and closes the
// file while the flow's items are walked. With nowhere to keep it, the file's item is gone at once.
TEST(FlowContent, AFlushThatClosesAFileTouchesNothingThatIsGone) {
  const std::string form =
      "--b\r\nContent-Disposition: form-data; name=f; filename=a.csv\r\n\r\nfirst,13812345678\r\n--b--\r\n";
  for (const uint32_t kept : {0u, 1u, 256u}) {
    ContentOptions options;
    options.items_kept = kept;
    ContentBench bench(options);
    std::vector<ItemId> many;
    for (int i = 0; i < 300; ++i) many.push_back(bench.open(ItemKind::kBody, {}));
    const ItemId body =
        bench.open(ItemKind::kBody, meta_of(ItemKind::kBody, "multipart/form-data; boundary=b", {"gzip"}));
    for (size_t i = 1; i < many.size(); ++i) bench.flow->close(many[i], CloseReason::kComplete);
    const std::string coded = gzipped(std::string(20'000, ' ') + "\r\n" + form);
    bench.feed(body, coded.substr(0, coded.size() - 20));
    bench.flow->flush(1);
    bench.flow->close(many[0], CloseReason::kComplete);
    bench.feed(body, coded.substr(coded.size() - 20), {}, coded.size() - 20);
    bench.flow->flush(2);
    bench.flow->finish();
    ASSERT_EQ(bench.text.items.size(), 2u);
    EXPECT_EQ(bench.text.items[1]->text(), "first,13812345678");
  }
}

// Whatever ends a body ends its parts, however deep, in whatever state, and nothing is walked over that is
// gone.
TEST(FlowContent, PartsEndWithTheirBodyInEveryWay) {
  const std::string inner =
      "--i\r\nContent-Disposition: attachment; filename=x.csv\r\n\r\ninner,13812345678\r\n";
  const std::string outer =
      "--o\r\nContent-Type: multipart/mixed; boundary=i\r\nContent-Disposition: attachment; "
      "filename=m\r\n\r\n" +
      inner;
  const std::string coded = gzipped(outer + std::string(3000, 'x') + "\r\n--i--\r\n--o--\r\n");
  for (const uint32_t kept : {0u, 1u, 256u}) {
    for (int way = 0; way < 7; ++way) {
      ContentOptions options;
      options.items_kept = kept;
      ContentBench bench(options);
      const ItemId message = bench.open(ItemKind::kMessage);
      ContentMeta meta = meta_of(ItemKind::kBody, "multipart/mixed; boundary=o", {"gzip"});
      const ItemId body = bench.open(ItemKind::kBody, meta, message);
      const size_t half = coded.size() - 25;
      bench.feed(body, coded.substr(0, half));
      bench.flow->flush(1);  // three deep
      ASSERT_EQ(bench.flow->open_items(), 4u);
      ContentMeta late;
      late.path = "/late";
      bench.flow->meta(message, late);
      switch (way) {
        case 0:
          bench.flow->finish();
          break;
        case 1:
          bench.flow->close(message, CloseReason::kTruncated);
          break;
        case 2:
          bench.flow->gap(body, half, 10);  // the coding fails
          bench.flow->finish();
          break;
        case 3:
          bench.feed(body, std::string(30, '\xff'), {}, half);  // broken, seen in a flush
          bench.flow->flush(2);
          bench.flow->finish();
          break;
        case 4:
          bench.feed(body, coded.substr(half), {}, half);
          bench.flow->flush(2);
          ASSERT_EQ(bench.flow->open_items(), 2u);
          bench.flow->finish();
          break;
        case 5: {
          ContentMeta conflict;
          conflict.differs = true;
          bench.open(ItemKind::kConflict, conflict);
          bench.flow->close(body, CloseReason::kComplete);
          bench.flow->finish();
          break;
        }
        case 6:
          bench.flow.reset();  // let go without a word
          EXPECT_EQ(bench.text.items.size(), 3u);
          bench.text.forget();
          continue;
      }
      EXPECT_EQ(bench.flow->open_items(), 0u);
      ASSERT_GE(bench.text.items.size(), 3u) << way;
      const RecordedItem& file = *bench.text.items[2];
      EXPECT_TRUE(file.ended);
      EXPECT_EQ(file.facts.meta.path, "/late");
      EXPECT_EQ(file.facts.meta.file_name, "x.csv");
      EXPECT_TRUE(file.text().starts_with("inner,13812345678"));
      EXPECT_EQ(file.facts.contested, way == 5);
    }
  }
}

// Match has a bound for its work: what it gave up of a window is unread, in the item and in the ledger, once.
TEST(FlowContent, WhatMatchGivesUpIsUnread) {
  class Tired final : public TextSink {
   public:
    void on_item_begin(ItemId, const ItemFacts&) override {}
    uint64_t on_window(ItemId, const ItemFacts&, const TextWindow& window) override {
      given_up_ = std::min<uint64_t>(100, window.item_end - window.item_begin);
      return window.item_end;
    }
    uint64_t given_up() override { return std::exchange(given_up_, 0); }
    void on_item_end(ItemId, const ItemFacts& facts) override { ended.push_back(facts); }
    std::vector<ItemFacts> ended;

   private:
    uint64_t given_up_ = 0;
  };
  constexpr auto kTimeout = static_cast<size_t>(Unread::kTimeout);
  MemoryBudget budget(size_t{16} << 20);
  ContentContext context({}, budget);
  FlowFacts facts;
  Inspection ledger;
  Tired sink;
  FlowContent flow(facts, ledger, sink, context);
  const auto read = [&](ContentMeta meta, const std::string& bytes) {
    meta.protocol = "http";
    const ItemId item = flow.open(std::move(meta), kNoItem);
    flow.data(item, 0, as_bytes(bytes));
    flow.close(item, CloseReason::kComplete);
    return sink.ended.back().unread[kTimeout];
  };
  ContentMeta body;
  body.kind = ItemKind::kBody;
  body.declared_type = "text/plain";
  EXPECT_EQ(read(body, std::string(10, 'a')), 10u) << "never more than there is";
  EXPECT_EQ(ledger.unread[kTimeout], 10u);
  EXPECT_EQ(read(body, std::string(40'000, 'a')), 300u) << "three windows";
  EXPECT_EQ(ledger.unread[kTimeout], 310u);
  // Of a part the body's bytes, and of both together no more than were sent.
  ContentMeta form = body;
  form.declared_type = "multipart/form-data; boundary=b";
  const std::string part = "--b\r\nContent-Disposition: form-data; name=f; filename=a.txt\r\n\r\n" +
                           std::string(500, 'a') + "\r\n--b--\r\n";
  read(form, part);
  EXPECT_GE(ledger.unread[kTimeout], 410u);
  EXPECT_LE(ledger.unread_total(), 10u + 40'000u + part.size());
}

}  // namespace
}  // namespace weir
