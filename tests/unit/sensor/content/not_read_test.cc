// "Read" is said of what was read: bytes in which nothing shows, and formats that hide their text, are given
// to match and counted as unread.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/parsers/codec/vectors.h"
#include "tests/unit/sensor/content/text_recorder.h"

namespace weir {
namespace {

std::string random_bytes(size_t n, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

uint64_t unread_of(const RecordedItem& item, Unread why) {
  return item.facts.unread[static_cast<size_t>(why)];
}

TEST(NotRead, RandomBytesAreScannedAndUndecodable) {
  for (const size_t size : {40u, 300u, 3000u, 100'000u}) {
    for (const ItemKind kind : {ItemKind::kRawStream, ItemKind::kDatagram, ItemKind::kBody}) {
      ContentBench bench;
      const std::string bytes = random_bytes(size);
      const RecordedItem& item = bench.one(meta_of(kind, "application/octet-stream"), bytes);
      EXPECT_EQ(unread_of(item, Unread::kUndecodable), size) << size;
      EXPECT_EQ(bench.unread(Unread::kUndecodable), size);
      size_t scanned = 0;
      for (const RecordedWindow& w : item.windows) scanned = std::max<size_t>(scanned, w.end);
      EXPECT_EQ(scanned, size) << "nothing is scanned less";
    }
  }
}

TEST(NotRead, TheSameWhateverTheCut) {
  const std::string text(5000, 'a');
  const std::string bytes = text + random_bytes(9000) + text + random_bytes(300, 7) + text;
  std::string whole;
  for (const size_t step : {100'000u, 1u, 77u, 1448u}) {
    ContentBench bench;
    std::vector<size_t> cuts;
    for (size_t at = step; at < bytes.size(); at += step) cuts.push_back(at);
    bench.one(meta_of(ItemKind::kRawStream), bytes, cuts);
    if (whole.empty()) {
      whole = bench.text.dump();
      // In pieces of 2 KiB from multiples on, finer where some shows.
      EXPECT_GE(bench.unread(Unread::kUndecodable), 9000u - 2 * 2048);
      EXPECT_LE(bench.unread(Unread::kUndecodable), 9000u + 300);
    }
    EXPECT_EQ(bench.text.dump(), whole) << step;
  }
}

TEST(NotRead, TextIsRead) {
  for (const auto& row : vector_rows("charset.txt")) {
    std::string bytes = from_hex(row[1]);
    while (bytes.size() < 20'000) bytes += bytes;
    ContentBench bench;
    bench.one(meta_of(ItemKind::kBody, "text/plain; charset=" + row[0]), bytes);
    EXPECT_EQ(bench.ledger.unread_total(), 0u) << row[0];
  }
}

TEST(NotRead, WhatFlushesGiveIsJudgedWithWhatStandsBefore) {
  ContentBench bench;
  const std::string bytes = random_bytes(400);
  const ItemId id = bench.open(ItemKind::kRawStream);
  for (size_t at = 0; at < bytes.size(); at += 20) {
    bench.feed(id, bytes.substr(at, 20), {}, at);
    bench.flow->flush(static_cast<Nanoseconds>(at));
  }
  bench.flow->finish();
  EXPECT_GE(bench.unread(Unread::kUndecodable), 380u);
}

TEST(NotRead, OnlyItsOwnBytes) {
  ContentBench bench;
  ContentMeta meta = meta_of(ItemKind::kLate);
  meta.context = 100;
  const std::string bytes = random_bytes(400);
  const ItemId id = bench.open(ItemKind::kLate, meta);
  bench.feed(id, bytes.substr(0, 300));
  ContentMeta end;
  end.own_end = 300;
  bench.flow->meta(id, end);
  bench.feed(id, bytes.substr(300), {}, 300);
  bench.flow->close(id, CloseReason::kComplete);
  EXPECT_EQ(bench.text.items[0]->facts.wire_bytes, 200u);
  EXPECT_EQ(bench.unread(Unread::kUndecodable), 200u);
}

TEST(NotRead, APieceOfAnEndlessItemCountsItsOwn) {
  ContentOptions options;
  options.raw_cut = 20'000;
  ContentBench bench(options);
  const std::string bytes = random_bytes(50'000);
  bench.one(meta_of(ItemKind::kRawStream), bytes);
  ASSERT_EQ(bench.text.items.size(), 3u);
  for (const auto& item : bench.text.items) {
    EXPECT_EQ(unread_of(*item, Unread::kUndecodable), item->facts.wire_bytes);
  }
  EXPECT_EQ(bench.unread(Unread::kUndecodable), bytes.size());
}

TEST(NotRead, FormatsThatHideTheirText) {
  struct Case {
    std::string head;
    bool declared_image;
  };
  const Case cases[] = {{"\xff\xd8\xff\xe0", true},
                        {std::string("PK\x03\x04\x14\0\0\0", 8), false},
                        {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", false}};
  for (const Case& c : cases) {
    for (const std::vector<std::string>& codings : {std::vector<std::string>{}, {"base64"}}) {
      const std::string plain = c.head + random_bytes(30'000);
      // 3.5 of RFC 4648, by the table.
      std::string bytes = plain;
      if (!codings.empty()) {
        const char* kTable = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        bytes.clear();
        for (size_t i = 0; i + 2 < plain.size(); i += 3) {
          const uint32_t v = uint32_t{static_cast<uint8_t>(plain[i])} << 16 |
                             uint32_t{static_cast<uint8_t>(plain[i + 1])} << 8 |
                             static_cast<uint8_t>(plain[i + 2]);
          for (int shift = 18; shift >= 0; shift -= 6) bytes.push_back(kTable[v >> shift & 63]);
        }
      }
      ContentBench bench;
      const char* type = c.declared_image ? "image/jpeg" : "application/octet-stream";
      bench.one(meta_of(ItemKind::kBody, type, codings), bytes);
      EXPECT_EQ(bench.unread(Unread::kUnsupported), bytes.size()) << c.head.substr(0, 4);
    }
  }
  // A text that only begins as one of them is read.
  ContentBench bench;
  bench.one(meta_of(ItemKind::kBody, "text/csv"), "BZh\xe5\xbc\xa0\xe4\xbc\x9f,11010519491231002X\n");
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

TEST(NotRead, AFilesDigestIsOfAllItsBytes) {
  ContentBench bench;
  ContentMeta meta = meta_of(ItemKind::kBody, "application/octet-stream");
  meta.file_name = "keys.bin";
  EXPECT_TRUE(bench.one(meta, random_bytes(5000)).facts.sha256.has_value());
}

}  // namespace
}  // namespace weir
