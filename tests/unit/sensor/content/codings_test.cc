// Content codings: what Python coded is read at every split; what is broken, false, unknown or too much is
// counted, and what could be read is still read.
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "tests/harness/gzip.h"
#include "tests/unit/parsers/codec/vectors.h"
#include "tests/unit/sensor/content/text_recorder.h"

namespace weir {
namespace {

struct Body {
  std::string name, type, bytes, text;
  std::vector<std::string> codings;
};

std::vector<Body> bodies() {
  std::vector<Body> out;
  for (const auto& row : vector_rows("bodies.txt")) {
    Body body{row[0], row[1], from_hex(row[3]), from_hex(row[4]), {}};
    std::istringstream list(row[2] == "-" ? "" : row[2]);
    for (std::string coding; std::getline(list, coding, ',');) body.codings.push_back(coding);
    out.push_back(body);
  }
  return out;
}

Body body_named(const std::string& name) {
  for (const Body& body : bodies()) {
    if (body.name == name) return body;
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(Codings, EveryBodyIsReadWhateverTheCut) {
  std::mt19937 random(4);
  for (const Body& body : bodies()) {
    std::string whole;
    for (int round = 0; round < 12; ++round) {
      std::vector<size_t> cuts;
      if (round == 1) {
        for (size_t i = 0; i < body.bytes.size(); ++i) cuts.push_back(i);
      } else if (round > 1) {
        for (size_t at = 0; at < body.bytes.size(); at += 1 + random() % 300) cuts.push_back(at);
      }
      ContentBench bench;
      const RecordedItem& item =
          bench.one(meta_of(ItemKind::kBody, body.type, body.codings), body.bytes, cuts);
      if (round == 0) {
        EXPECT_EQ(item.text(), body.text) << body.name;
        EXPECT_EQ(item.facts.wire_bytes, body.bytes.size());
        EXPECT_EQ(bench.ledger.unread_total(), 0u) << body.name;
        whole = bench.text.dump();
      }
      ASSERT_EQ(bench.text.dump(), whole) << body.name << round;
    }
  }
}

TEST(Codings, ThePathTellsWhatWasUndone) {
  const std::pair<const char*, const char*> expected[] = {
      {"gzip", "http/gzip"},
      {"deflate_raw", "http/deflate"},
      {"deflate_in_gzip", "http/gzip/deflate"},
      {"three", "http/gzip/deflate/gzip"},
      {"identity", "http"},
      {"false_gzip", "http"},
      {"undeclared_gzip", "http/gzip"},
  };
  for (const auto& [name, path] : expected) {
    const Body body = body_named(name);
    ContentBench bench;
    EXPECT_EQ(bench.one(meta_of(ItemKind::kBody, body.type, body.codings), body.bytes).facts.decode_path,
              path);
  }
}

TEST(Codings, FalseDeclarationsAreCounted) {
  for (const char* name : {"false_gzip", "false_deflate", "false_br"}) {
    const Body body = body_named(name);
    ContentBench bench;
    bench.one(meta_of(ItemKind::kBody, body.type, body.codings), body.bytes);
    EXPECT_EQ(bench.context.counters().coding_false, 1u) << name;
  }
}

TEST(Codings, UnknownCodingsAreNotRead) {
  std::mt19937 random(11);  // as even as what brotli makes
  std::string brotli(5000, '\0');
  for (char& c : brotli) c = static_cast<char>(random());
  ContentBench bench;
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "text/html", {"br"}), brotli);
  EXPECT_TRUE(item.windows.empty());
  EXPECT_EQ(bench.unread(Unread::kUnsupported), brotli.size());
  EXPECT_EQ(item.facts.unread[static_cast<size_t>(Unread::kUnsupported)], brotli.size());
  // Within gzip: nothing of the body was read.
  ContentBench inner;
  const Body zipped = body_named("gzip_twice");  // its outer gzip holds bytes that are no text
  inner.one(meta_of(ItemKind::kBody, "text/html", {"zstd", "gzip"}), zipped.bytes);
  EXPECT_EQ(inner.unread(Unread::kUnsupported), zipped.bytes.size());
  EXPECT_EQ(inner.context.counters().coding_unknown, 1u);
}

TEST(Codings, TruncatedIsReadAsFarAsItGoes) {
  const Body body = body_named("gzip");
  ContentBench bench;
  const std::string half = body.bytes.substr(0, body.bytes.size() / 2);
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, body.type, body.codings), half);
  const std::string text = item.text();
  EXPECT_GT(text.size(), 100u);
  EXPECT_TRUE(body.text.starts_with(text.substr(0, text.size() - 3)));
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

// The message is whole by its length; what it holds is not.
TEST(Codings, AnEndThatNeverCameOrSaysOtherwiseIsTold) {
  for (const char* name : {"gzip", "deflate_raw", "three"}) {
    const Body body = body_named(name);
    const ContentMeta meta = meta_of(ItemKind::kBody, body.type, body.codings);
    ContentBench whole, cut;
    EXPECT_EQ(whole.one(meta, body.bytes).facts.end_reason, CloseReason::kComplete) << name;
    EXPECT_EQ(cut.one(meta, body.bytes.substr(0, body.bytes.size() - 1)).facts.end_reason,
              CloseReason::kTruncated)
        << name;
  }
  const Body body = body_named("gzip");
  std::string bytes = body.bytes;
  bytes[bytes.size() - 5] ^= 1;  // RFC 1952: CRC32, ISIZE
  ContentBench bench;
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, body.type, body.codings), bytes);
  EXPECT_EQ(item.facts.end_reason, CloseReason::kMalformed);
  EXPECT_EQ(item.text(), body.text);
}

TEST(Codings, DamageIsReadUpToItAndCounted) {
  const Body body = body_named("stored");
  std::string bytes = body.bytes;
  // Stored data of RFC 1951 3.2.4: the second member's block says a length that its complement denies.
  bytes += std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x05\0\x00\x00garbage that follows", 36);
  std::string whole;
  for (const size_t step : {100'000u, 1u, 13u}) {
    ContentBench bench;
    std::vector<size_t> cuts;
    for (size_t at = step; at < bytes.size(); at += step) cuts.push_back(at);
    const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, body.type, body.codings), bytes, cuts);
    EXPECT_EQ(item.text(), body.text);
    EXPECT_EQ(bench.context.counters().coding_corrupt, 1u);
    EXPECT_GT(bench.unread(Unread::kUndecodable), 10u);
    EXPECT_LT(bench.unread(Unread::kUndecodable), 40u);
    if (whole.empty()) whole = bench.text.dump();
    EXPECT_EQ(bench.text.dump(), whole) << "the same whatever the cut";
  }
}

// What zlib makes of gzip data up to its fault.
std::string inflated_by_zlib(const std::string& bytes) {
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, 31), Z_OK);
  std::string out(1 << 20, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  inflate(&z, Z_FINISH);
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

// … and what came before the damage is read: as much as zlib gives of it.
TEST(Codings, DamageAnywhereIsTheSameWhateverTheCut) {
  std::mt19937 random(17);
  const Body body = body_named("gzip");
  size_t read = 0;
  for (int i = 0; i < 60; ++i) {
    std::string bytes = body.bytes;
    bytes[10 + random() % (bytes.size() - 10)] ^= static_cast<char>(1 + random() % 255);
    std::string whole;
    for (const size_t step : {100'000u, 1u, 7u, 129u}) {
      ContentBench bench;
      std::vector<size_t> cuts;
      for (size_t at = step; at < bytes.size(); at += step) cuts.push_back(at);
      bench.one(meta_of(ItemKind::kBody, body.type, body.codings), bytes, cuts);
      if (whole.empty()) {
        whole = bench.text.dump();
        const std::string before = inflated_by_zlib(bytes);
        const RecordedItem& item = *bench.text.items[0];
        EXPECT_GE(item.facts.size + 64, before.size()) << i << ": zlib gave more";
        // What is true of it is read as it is, whatever the damage made of the rest.
        const auto true_to =
            static_cast<size_t>(std::ranges::mismatch(before, body.text).in1 - before.begin());
        const std::string truth =
            before.substr(0, std::max<size_t>(true_to, 3) - 3);  // a character may be cut
        EXPECT_TRUE(truth.empty() || item.reads(truth))
            << i << ": of " << before.size() << " bytes " << true_to << " are true";
        read += truth.size();
      }
      ASSERT_EQ(bench.text.dump(), whole) << i << " " << step;
    }
  }
  EXPECT_GT(read, 10'000u);
}

TEST(Codings, WhatFollowsTheCodedDataIsText) {
  const Body body = body_named("gzip");
  ContentBench bench;
  const std::string bytes = body.bytes + "hidden 13812345678";
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, body.type, body.codings), bytes);
  EXPECT_EQ(item.runs().back(), "hidden 13812345678");
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

TEST(Codings, NothingIsReadBehindAHole) {
  const Body body = body_named("gzip");
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, meta_of(ItemKind::kBody, body.type, body.codings));
  bench.feed(id, body.bytes.substr(0, 300), {}, 0);
  bench.flow->gap(id, 300, 50);
  bench.feed(id, body.bytes.substr(350), {}, 350);
  bench.flow->close(id, CloseReason::kComplete);
  EXPECT_EQ(bench.unread(Unread::kUndecodable), body.bytes.size() - 350);
  const std::string text = bench.text.items[0]->text();
  EXPECT_GT(text.size(), 100u);
  EXPECT_TRUE(body.text.starts_with(text.substr(0, text.size() - 3)));
}

TEST(Codings, ARangeFromTheMiddleCannotBeDecoded) {
  const Body body = body_named("gzip");
  ContentMeta meta = meta_of(ItemKind::kBody, body.type, body.codings);
  meta.range = "bytes 100-999/1000";
  ContentBench bench;
  bench.one(meta, body.bytes.substr(100));
  EXPECT_EQ(bench.unread(Unread::kUndecodable), body.bytes.size() - 100);
  meta.range = "bytes 0-999/1000";
  ContentBench other;
  EXPECT_EQ(other.one(meta, body.bytes).text(), body.text);
}

TEST(Codings, BombsStopAtTheLimits) {
  const std::string bomb = vector_file("zeros_10mb.zlib");
  ContentOptions options;
  options.max_output = 1'000'000;
  options.max_ratio = 100'000;
  {
    ContentBench bench(options);
    const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "text/plain", {"deflate"}), bomb);
    EXPECT_EQ(item.facts.size, 1'000'000u);
    EXPECT_EQ(bench.context.counters().coding_limit, 1u);
    EXPECT_GT(bench.unread(Unread::kUndecodable), bomb.size() / 2);
    EXPECT_LT(bench.unread(Unread::kUndecodable), bomb.size());
  }
  options = ContentOptions();
  options.max_ratio = 100;
  options.ratio_from = 1024 * 1024;
  {
    ContentBench bench(options);
    const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "text/plain", {"deflate"}), bomb);
    EXPECT_GE(item.facts.size, options.ratio_from);
    EXPECT_LT(item.facts.size, options.ratio_from + 100'000);
    EXPECT_EQ(bench.context.counters().coding_limit, 1u);
  }
}

TEST(Codings, WithoutMemoryItSaysSo) {
  const Body body = body_named("gzip");
  ContentBench bench({}, 40 * 1024);  // an inflate state is larger
  bench.one(meta_of(ItemKind::kBody, body.type, body.codings), body.bytes);
  EXPECT_EQ(bench.unread(Unread::kMemory), body.bytes.size());
  EXPECT_EQ(bench.context.counters().coding_memory, 1u);
}

TEST(Codings, TooManyCodings) {
  ContentBench bench;
  const std::vector<std::string> codings(9, "gzip");
  const Body body = body_named("gzip");
  bench.one(meta_of(ItemKind::kBody, body.type, codings), body.bytes);
  EXPECT_EQ(bench.unread(Unread::kUndecodable), body.bytes.size());
}

TEST(Codings, RandomBytesUnderEveryDeclaration) {
  std::mt19937 random(23);
  for (int i = 0; i < 300; ++i) {
    std::string bytes(1 + random() % 700, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (i % 3 == 0)
      bytes.replace(0, std::min<size_t>(3, bytes.size()),
                    std::string("\x1f\x8b\x08").substr(0, std::min<size_t>(3, bytes.size())));
    for (const char* coding : {"gzip", "deflate", "br", "base64", "quoted-printable"}) {
      ContentBench bench;
      const RecordedItem& item =
          bench.one(meta_of(ItemKind::kBody, "text/plain", {coding}), bytes, {bytes.size() / 2});
      ASSERT_LE(bench.ledger.unread_total(), bytes.size());
      ASSERT_EQ(item.facts.wire_bytes, bytes.size());
      uint64_t unread = 0;
      for (const uint64_t n : item.facts.unread) unread += n;
      ASSERT_EQ(unread, bench.ledger.unread_total());
      // Bytes of which nothing came out were not read. (Base64 leaves out what is none of it.)
      if (item.windows.empty() && std::string_view(coding) != "base64") {
        ASSERT_EQ(unread, bytes.size()) << i << coding;
      }
    }
  }
}

TEST(Codings, BlanksBeforeATextAreReadThrough) {
  const std::string value = "{\"id\": \"11010519491231002X\"}";
  const std::string text = std::string(5 << 20, ' ') + value;
  ContentBench bench({}, size_t{64} << 20);
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "application/json", {"gzip"}), gzipped(text));
  EXPECT_EQ(item.facts.size, text.size());
  EXPECT_EQ(item.find(value).first, text.size() - value.size());
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

TEST(Codings, ThousandsOfMembersAndEmptyOnesBefore) {
  std::string bytes;
  std::string text;
  for (int i = 0; i < 2000; ++i) bytes += gzipped("");
  for (int i = 0; i < 3000; ++i) {
    const std::string event = "{\"n\":" + std::to_string(i) + "}\n";
    bytes += gzipped(event);
    text += event;
  }
  ContentBench bench;
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "application/json", {"gzip"}), bytes);
  EXPECT_EQ(item.text(), text);
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
  EXPECT_EQ(bench.context.counters().coding_checksum, 0u);
}

const char kList[] =
    "name,phone,id\nuser0,13812345678,11010519491231002X\nuser1,13812345679,110101199003078670\n";

std::vector<size_t> every(size_t step, size_t size) {
  std::vector<size_t> cuts;
  for (size_t at = step; at < size; at += step) cuts.push_back(at);
  return cuts;
}

// Digits that go on as they are were never written as =XX; who writes them so writes all of them so.
TEST(Codings, ANumberBehindAnEqualsSignIsNotQuoted) {
  const auto read = [](std::string_view bytes, std::string_view text) {
    ContentBench bench;
    EXPECT_TRUE(bench.one(meta_of(ItemKind::kBody, "text/plain", {"quoted-printable"}), bytes).says(text))
        << bytes;
  };
  for (const char* text : {"sfz=440106199003070012&x=1", "card=6222021234567894\n", "tel=51381234567",
                           "id=310104199003070012", "id=720104199003070012", "card=4026123456789010"}) {
    read(text, text);
  }
  // As Python's quopri writes them, and with every byte coded.
  read("=E7=8E=8B 13812345678=20\n", "王 13812345678");
  read("=31=33=38=31=32=33=34=35=36=37=38", "13812345678");
  read("=74=65=6C 13812345678, =31=33=39=31=32=33=34=35=36=37=38", "tel 13812345678, 13912345678");
  // RFC 4155: mail writes the F of a line that begins with "From " so.
  read("id=3D440106199003070012, x=40163.com, =5F12", "id=440106199003070012, x@163.com, _12");
  read("=46rom here on =E7=8E=8B says\n", "From here on 王");
}

// A mark, a magic or a header before a text decides nothing that the text contradicts.
TEST(Codings, WhatIsNotInItsCodingIsReadAsItIs) {
  const std::string list = kList;
  const std::string chinese = "{\"身份证号\":\"11010519491231002X\",\"姓名\":\"张伟\"}";
  const std::string gbk =
      "\xc9\xed\xb7\xdd\xd6\xa4\xba\xc5,\xd0\xd5\xc3\xfb\n11010519491231002X,\xd5\xc5\xce\xb0\n";
  struct Case {
    std::string bytes;
    std::vector<std::string> codings;
  };
  std::vector<Case> cases;
  // Headers with a name, an extra field, a comment without end; reserved flags; and bare data.
  for (const char flags : {'\x08', '\x04', '\x10', '\x6e', '\0'}) {
    for (const auto& codings : {std::vector<std::string>{}, std::vector<std::string>{"gzip"}}) {
      cases.push_back({std::string("\x1f\x8b\x08", 3) + flags + list, codings});
      cases.push_back(
          {std::string("\x1f\x8b\x08", 3) + flags + std::string("\0\0\0\0\0\x03", 6) + list, codings});
      cases.push_back(
          {std::string("\x1f\x8b\x08", 3) + flags + std::string("\0\0\0\0\0\x03", 6) + 'b' + list, codings});
    }
  }
  cases.push_back({"\x78\x9c" + list, {"deflate"}});
  cases.push_back({"11010519491231002X\n110101199003078670\n13812345678\n", {"base64"}});
  cases.push_back({"id=11010519491231002X", {"quoted-printable"}});
  cases.push_back({std::string(9000, 'a') + "\nid=11010519491231002X\n", {"quoted-printable"}});
  for (const char* coding : {"deflate", "gzip", "br", "zstd", "compress", "base64", "UTF-8", "gbk", "none",
                             "8bit", "chunked", "binary", "identity", "x-unheard-of"}) {
    for (const std::string& text : {list, chinese, gbk}) cases.push_back({text, {coding}});
  }
  for (const Case& c : cases) {
    for (const size_t step : {100'000u, 1u, 7u}) {
      ContentBench bench;
      const std::string name = (c.codings.empty() ? "none" : c.codings[0]) + " " + c.bytes.substr(0, 30);
      const RecordedItem& item =
          bench.one(meta_of(ItemKind::kBody, "text/csv", c.codings), c.bytes, every(step, c.bytes.size()));
      EXPECT_TRUE(item.says("11010519491231002X")) << name << step;
      EXPECT_EQ(bench.ledger.unread_total(), 0u) << name << step;
      EXPECT_EQ(item.facts.wire_bytes, c.bytes.size());
    }
  }
}

TEST(Codings, PackedTwiceAndDeclaredOnceIsUnpackedTwice) {
  std::string text;
  while (text.size() < 50'000) text += kList + std::to_string(text.size() * 7919);
  for (const std::string& t : {std::string(kList), text}) {
    const std::string bytes = gzipped(gzipped(t));
    for (const auto& codings : {std::vector<std::string>{}, std::vector<std::string>{"gzip"}}) {
      for (const size_t step : {100'000u, 1u, 999u}) {
        ContentBench bench;
        const RecordedItem& item =
            bench.one(meta_of(ItemKind::kBody, "text/csv", codings), bytes, every(step, bytes.size()));
        EXPECT_EQ(item.text(), t);
        EXPECT_EQ(item.facts.decode_path, "http/gzip/gzip");
        EXPECT_EQ(bench.ledger.unread_total(), 0u);
      }
    }
  }
  // However often it was packed: read, or not said to be.
  std::string often = text;
  for (int i = 0; i < 12; ++i) often = gzipped(often);
  ContentBench bench;
  bench.one(meta_of(ItemKind::kBody, "text/csv", {"gzip"}), often);
  EXPECT_GT(bench.ledger.unread_total(), often.size() / 2);
}

// A coding that nobody reads, and text behind it.
TEST(Codings, TextAmongWhatNobodyReadsIsRead) {
  std::mt19937 random(12);
  std::string bytes(3 * 4096, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  const size_t coded = bytes.size();
  while (bytes.size() < coded + 4000) bytes += kList;
  ContentBench bench;
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "text/csv", {"br"}), bytes);
  EXPECT_TRUE(item.says("11010519491231002X"));
  EXPECT_EQ(bench.unread(Unread::kUnsupported), coded);
}

TEST(Codings, ABeginningOfWhichNothingComesIsUnread) {
  // Nothing that was whole is not unread.
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kBody, meta_of(ItemKind::kBody, "text/csv", {"gzip"}));
  bench.feed(id, gzipped(""));
  bench.flow->close(id, CloseReason::kComplete);
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

}  // namespace
}  // namespace weir
