// What an item says does not depend on how its bytes came, nor on where windows end: the same value is
// found at the same item offsets in every charset and escape, at every place around a window's end.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/parsers/codec/vectors.h"
#include "tests/unit/sensor/content/text_recorder.h"

namespace weir {
namespace {

ContentOptions small_windows() {
  ContentOptions options;
  options.window = 8192;
  options.max_carry = 4096;
  return options;
}

TEST(ItemText, PlainTextIsOneReading) {
  ContentBench bench;
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), "name: Zhang Wei, 11010519491231002X");
  ASSERT_EQ(item.windows.size(), 1u);
  EXPECT_EQ(item.windows[0].readings.size(), 1u);
  EXPECT_TRUE(item.windows[0].ends_run);
  EXPECT_EQ(item.find("11010519491231002X"), (std::pair<uint64_t, uint64_t>{17, 35}));
  EXPECT_EQ(item.facts.size, 35u);
  EXPECT_EQ(item.facts.decode_path, "http");
  EXPECT_EQ(bench.ledger.unread_total(), 0u);
}

TEST(ItemText, NothingChangesWithTheCut) {
  // Every charset vector, long enough for several windows, at many cuts.
  std::mt19937 random(1);
  for (const auto& row : vector_rows("charset.txt")) {
    std::string bytes = from_hex(row[1]);
    while (bytes.size() < 18000) bytes += bytes;
    std::string whole;
    for (int round = 0; round < 6; ++round) {
      std::vector<size_t> cuts;
      if (round == 1) {
        for (size_t i = 0; i < bytes.size(); ++i) cuts.push_back(i);
      } else if (round > 1) {
        for (size_t at = 0; at < bytes.size(); at += 1 + random() % 900) cuts.push_back(at);
      }
      ContentBench bench(small_windows());
      bench.one(meta_of(ItemKind::kBody, "text/plain; charset=" + row[0]), bytes, cuts);
      if (round == 0) {
        whole = bench.text.dump();
      } else {
        ASSERT_EQ(bench.text.dump(), whole) << row[0] << " round " << round;
      }
    }
  }
}

TEST(ItemText, CharsetTextComesOutWhole) {
  for (const auto& row : vector_rows("charset.txt")) {
    std::string bytes = from_hex(row[1]);
    std::string expected = from_hex(row[2]);
    while (bytes.size() < 18000) {
      bytes += bytes;
      expected += expected;
    }
    ContentBench bench(small_windows());
    const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "text/plain; charset=" + row[0]), bytes);
    EXPECT_GT(item.windows.size(), 2u);
    EXPECT_EQ(item.text(), expected) << row[0];
  }
}

struct Writing {
  const char* name;
  std::string bytes;  // a label and a number in some writing
};

std::string utf16(std::string_view ascii, bool big) {
  std::string out;
  for (const char c : ascii) {
    if (big) out += std::string(1, '\0') + c;
    if (!big) out += c + std::string(1, '\0');
  }
  return out;
}

// One value at every distance from a window's end. The text found is 身份证11010519491231002X.
TEST(ItemText, AValueIsFoundWhereverAWindowEnds) {
  const std::string digits = "11010519491231002X";
  std::string percent, twice, unicode, wide;
  for (const char c : digits) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "%02X", static_cast<unsigned>(c));
    percent += "%" + std::string(hex);
    twice += "%25" + std::string(hex);
    unicode += "\\u00" + std::string(hex);
    wide += c == 'X' ? std::string("X") : "\xef\xbc" + std::string(1, static_cast<char>(0x90 + (c - '0')));
  }
  const Writing writings[] = {
      {"utf-8", "身份证" + digits},
      {"gbk", "\xc9\xed\xb7\xdd\xd6\xa4" + digits},
      {"percent", "%E8%BA%AB%E4%BB%BD%E8%AF%81" + percent},
      {"percent gbk", "%C9%ED%B7%DD%D6%A4" + digits},
      {"percent twice", "%25E8%25BA%25AB%25E4%25BB%25BD%25E8%25AF%2581" + twice},
      {"unicode", "\\u8eab\\u4efd\\u8bc1" + unicode},
      {"wide", "身份证" + wide},
      {"wide percent", "%E8%BA%AB%E4%BB%BD%E8%AF%81%EF%BC%91%EF%BC%91010519491231002X"},
  };
  for (const Writing& writing : writings) {
    const bool gbk = std::string_view(writing.name) == "gbk";
    // Text around it in the same charset, so that the charset is known before.
    const std::string filler = gbk ? "\xb5\xc4\xd2\xbb,ab " : "的一, ab ";
    std::string before;
    while (before.size() < 8192 - 200) before += filler;
    for (size_t shift = 0; shift < 420; shift += 7) {
      const std::string head = before + std::string(shift, '-');
      std::string bytes = head + writing.bytes + "; ";
      bytes += filler + filler;
      while (bytes.size() < 9000) bytes += filler;
      ContentBench bench(small_windows());
      const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), bytes);
      const auto [begin, end] = item.find("身份证" + digits);
      ASSERT_EQ(begin, head.size()) << writing.name << shift;
      ASSERT_EQ(end, head.size() + writing.bytes.size()) << writing.name << shift;
    }
  }
}

TEST(ItemText, Utf16WithoutADeclaration) {
  for (const bool big : {false, true}) {
    const std::string bytes = utf16("id 11010519491231002X, and more of this text", big);
    ContentBench bench;
    const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), bytes);
    EXPECT_EQ(item.text(), "id 11010519491231002X, and more of this text");
    EXPECT_EQ(item.facts.charset, big ? "UTF-16BE" : "UTF-16LE");
    EXPECT_EQ(item.find("11010519491231002X"), (std::pair<uint64_t, uint64_t>{6, 42}));
  }
}

TEST(ItemText, LateCharsetDecisionChangesNothingBeforeIt) {
  // ASCII for more than a window, then GBK.
  std::string bytes(20000, 'a');
  bytes += "\xd0\xd5\xc3\xfb\xa3\xba\xd5\xc5\xce\xb0\xa3\xac\xca\xd6\xbb\xfa\xba\xc5\xc2\xeb 13812345678";
  ContentBench bench(small_windows());
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), bytes);
  EXPECT_EQ(item.text(), std::string(20000, 'a') + "姓名：张伟，手机号码 13812345678");
  EXPECT_EQ(item.facts.charset, "GB18030");
}

TEST(ItemText, WronglyDeclaredGivesBothReadings) {
  const std::string gbk =
      "\xd0\xd5\xc3\xfb\xa3\xba\xd5\xc5\xce\xb0\xa3\xac\xca\xd6\xbb\xfa\xba\xc5\xc2\xeb\xca\xc7 13812345678";
  for (const char* declared : {"utf-8", "iso-8859-1", "utf-16"}) {
    ContentBench bench;
    const RecordedItem& item =
        bench.one(meta_of(ItemKind::kBody, std::string("text/html; charset=") + declared), gbk);
    EXPECT_TRUE(item.says("姓名：张伟，手机号码是 13812345678")) << declared;
    ASSERT_EQ(item.windows.size(), 1u);
    EXPECT_GE(item.windows[0].readings.size(), 2u);
  }
}

TEST(ItemText, ShortTextIsReadInBothPossibleCharsets) {
  ContentBench bench;
  const RecordedItem& item = bench.one(meta_of(ItemKind::kDatagram), "\xd5\xc5\xce\xb0");
  ASSERT_EQ(item.windows.size(), 1u);
  EXPECT_EQ(item.windows[0].readings.size(), 2u);
  EXPECT_TRUE(item.says("张伟"));
}

TEST(ItemText, EscapesAddReadingsAndReplaceNone) {
  ContentBench bench;
  // Percent-decoding eats the first two digits.
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), "%110101199003078670 and \\u0041");
  ASSERT_EQ(item.windows.size(), 1u);
  EXPECT_TRUE(item.says("%110101199003078670"));
  EXPECT_TRUE(item.says("and A"));
  EXPECT_FALSE(item.windows[0].readings[0].derived);
  for (size_t i = 1; i < item.windows[0].readings.size(); ++i)
    EXPECT_TRUE(item.windows[0].readings[i].derived);
}

TEST(ItemText, PlusIsASpaceInFormsOnly) {
  for (const bool form : {false, true}) {
    ContentMeta meta = meta_of(ItemKind::kUrl);
    meta.escapes = form ? Escapes::kForm : Escapes::kAny;
    ContentBench bench;
    const RecordedItem& item = bench.one(meta, "/?q=138+1234+5678");
    EXPECT_EQ(item.says("138 1234 5678"), form);
  }
  ContentBench bench;
  const RecordedItem& item = bench.one(
      meta_of(ItemKind::kBody, "application/x-www-form-urlencoded; charset=utf-8"), "a=138+1234+5678");
  EXPECT_TRUE(item.says("138 1234 5678"));
}

TEST(ItemText, StackedEscapes) {
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"%5Cu0031%5Cu0032", "12"},    // \u in percent
      {"\\u00253132", "132"},        // percent in \u: %31 32
      {"%255Cu0031", "1"},           // \u in percent in percent
      {"%EF%BC%91%EF%BC%92", "12"},  // wide digits in percent
      {"\\uff11\\uff12", "12"},      // wide digits in \u
      {"\\\\u0031", "\\1"},          // JSON in JSON
  };
  for (const auto& c : cases) {
    ContentBench bench;
    EXPECT_TRUE(bench.one(meta_of(ItemKind::kBody), c.text).says(c.says)) << c.text;
  }
}

TEST(ItemText, BinaryIsScannedAsBytesAndNotToldAsRead) {
  std::mt19937 random(9);
  std::string jpeg("\xff\xd8\xff\xe0\0\x10JFIF\0", 11);
  while (jpeg.size() < 6000) jpeg.push_back(static_cast<char>(random()));
  jpeg += "owner 13812345678 ";
  while (jpeg.size() < 18000) jpeg.push_back(static_cast<char>(random()));
  ContentBench bench(small_windows());
  const RecordedItem& item = bench.one(meta_of(ItemKind::kBody, "image/jpeg"), jpeg);
  EXPECT_EQ(item.facts.charset, "binary");
  EXPECT_EQ(item.find("13812345678"), (std::pair<uint64_t, uint64_t>{6006, 6017}));
  EXPECT_EQ(bench.unread(Unread::kUnsupported), jpeg.size());
  EXPECT_EQ(bench.context.counters().binary_items, 1u);
}

TEST(ItemText, TextThatClaimsToBeAnImageIsText) {
  ContentBench bench;
  const RecordedItem& item =
      bench.one(meta_of(ItemKind::kBody, "image/png"), "姓名：张伟，手机号码 13812345678，身份证号");
  EXPECT_TRUE(item.says("手机号码 13812345678"));
}

TEST(ItemText, ContainersSayThatTheyWereNotRead) {
  ContentBench bench;
  std::string zip("PK\x03\x04\x14\0\0\0\x08\0\xff\xfe\xfd\xfc", 14);
  bench.one(meta_of(ItemKind::kBody, "application/zip"), zip);
  EXPECT_EQ(bench.unread(Unread::kUnsupported), zip.size());
}

TEST(ItemText, FlushGivesWhatWaits) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kRawStream, {});
  bench.feed(id, "hello 138", {});
  EXPECT_TRUE(bench.flow->pending());
  bench.flow->flush(5);
  EXPECT_FALSE(bench.flow->pending());
  ASSERT_EQ(bench.text.items.size(), 1u);
  ASSERT_EQ(bench.text.items[0]->windows.size(), 1u);
  EXPECT_FALSE(bench.text.items[0]->windows[0].ends_run);
  // A character cut in half waits on, and does not keep the flow awake.
  bench.feed(id, "12345678 \xe8\xba", {}, 9);
  bench.flow->flush(6);
  EXPECT_FALSE(bench.flow->pending());
  bench.feed(id, "\xab", {}, 20);
  bench.flow->finish();
  EXPECT_EQ(bench.text.items[0]->text(), "hello 13812345678 身");
  EXPECT_EQ(bench.text.items[0]->facts.end_reason, CloseReason::kFlowEnd);
}

TEST(ItemText, FlushesChangeNothingButTheWindows) {
  for (const auto& row : vector_rows("charset.txt")) {
    const std::string bytes = from_hex(row[1]);
    ContentBench bench;
    const ItemId id = bench.open(ItemKind::kBody, meta_of(ItemKind::kBody, "text/plain; charset=" + row[0]));
    for (size_t i = 0; i < bytes.size(); ++i) {
      bench.feed(id, bytes.substr(i, 1), {}, i);
      if (i % 5 == 0) bench.flow->flush(1);
    }
    bench.flow->finish();
    EXPECT_EQ(bench.text.items[0]->text(), from_hex(row[2])) << row[0];
  }
}

TEST(ItemText, TimesTellWhenBytesCame) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kRawStream, {});
  bench.flow->set_time(100);
  bench.feed(id, "aaaa", {}, 0);
  bench.flow->set_time(200);
  bench.feed(id, "bb", {}, 4);
  bench.feed(id, "cc", {}, 6);
  bench.flow->set_time(300);
  bench.feed(id, "d", {}, 8);
  bench.flow->finish();
  const RecordedWindow& w = bench.text.items[0]->windows.at(0);
  ASSERT_EQ(w.times.size(), 3u);
  EXPECT_EQ(w.times[0].item_offset, 0u);
  EXPECT_EQ(w.times[0].time, 100);
  EXPECT_EQ(w.times[1].item_offset, 4u);
  EXPECT_EQ(w.times[1].time, 200);
  EXPECT_EQ(w.times[2].item_offset, 8u);
  EXPECT_EQ(w.times[2].time, 300);
  EXPECT_EQ(bench.text.items[0]->facts.first_byte, 100);
  EXPECT_EQ(bench.text.items[0]->facts.last_byte, 300);
}

TEST(ItemText, ManyTimesStayBounded) {
  ContentBench bench;
  const ItemId id = bench.open(ItemKind::kRawStream, {});
  for (int i = 0; i < 20000; ++i) {
    bench.flow->set_time(i);
    bench.feed(id, "x", {}, static_cast<uint64_t>(i));
  }
  bench.flow->finish();
  for (const RecordedWindow& w : bench.text.items[0]->windows) EXPECT_LE(w.times.size(), 256u);
}

TEST(ItemText, IdleItemsKeepLittle) {
  ContentBench bench;
  std::vector<ItemId> ids;
  for (int i = 0; i < 400; ++i) {
    ids.push_back(bench.open(ItemKind::kBody, {}));
    bench.feed(ids.back(), std::string(3000, 'a'));
  }
  bench.flow->flush(1);
  // 128 characters of carry each: a small buffer, not a window. Some free windows are kept.
  EXPECT_LT(bench.budget.used(), 400u * 3500u + 32u * 21000u);
  for (const ItemId id : ids) bench.flow->close(id, CloseReason::kComplete);
  EXPECT_EQ(bench.flow->open_items(), 0u);
}

// "身份证" and a number in some charset, as lines of a list.
struct Spoken {
  const char* name;
  std::string line;
  bool wide;
};

std::string wide_of(std::u32string_view text, size_t width, bool big) {
  std::string out;
  for (const char32_t c : text) {
    for (size_t k = 0; k < width; ++k) {
      out += static_cast<char>(static_cast<uint32_t>(c) >> 8 * (big ? width - 1 - k : k));
    }
  }
  return out;
}

const std::vector<Spoken>& spoken() {
  const std::u32string line = U"1,身份证11010519491231002X,手机13812345678\n";
  static const std::vector<Spoken> all = {
      {"ascii", "1,id,11010519491231002X,13812345678\n", false},
      {"utf-8", "1,身份证11010519491231002X,手机13812345678\n", false},
      {"gbk",
       "1,\xc9\xed\xb7\xdd\xd6\xa4"
       "11010519491231002X,\xca\xd6\xbb\xfa"
       "13812345678\n",
       false},
      {"utf-16le", wide_of(line, 2, false), true},
      {"utf-16be", wide_of(line, 2, true), true},
      {"utf-32le", wide_of(line, 4, false), true},
      {"utf-32be", wide_of(line, 4, true), true},
  };
  return all;
}

std::string lines_of(const Spoken& s, size_t size) {
  std::string out;
  while (out.size() < size) out += s.line;
  return out;
}

bool is_ascii(const Spoken& s) { return std::string_view(s.name) == "ascii"; }

// The marks of Unicode 15 2.13, before what they do not mark.
TEST(ItemText, AMarkDecidesNothingThatContradictsIt) {
  for (const std::string& mark :
       {std::string("\xff\xfe"), std::string("\xfe\xff"), std::string("\xef\xbb\xbf"),
        std::string("\xff\xfe\0\0", 4), std::string("\0\0\xfe\xff", 4)}) {
    for (const Spoken& s : spoken()) {
      for (const size_t size : {1u, 2000u, 40'000u}) {
        ContentBench bench;
        const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), mark + lines_of(s, size));
        EXPECT_TRUE(item.says("11010519491231002X")) << s.name << mark.size() << " " << size;
        if (size == 1 || is_ascii(s) || s.wide) continue;
        EXPECT_TRUE(item.says("身份证11010519491231002X")) << s.name << mark.size() << " " << size;
      }
    }
  }
}

// What stands first decides nothing of what follows, wherever it changes.
TEST(ItemText, TextThatGoesOnInAnotherCharsetIsRead) {
  for (const Spoken& first : spoken()) {
    for (const Spoken& then : spoken()) {
      if (&first == &then) continue;
      for (const size_t size : {700u, 6000u, 33'000u}) {
        std::string head = lines_of(first, size);
        // No value before the change: it must be the second's that is found.
        for (char& c : head) {
          if (c == '1' || c == '3') c = '7';
        }
        const std::string bytes = head + lines_of(then, 3000);
        std::string whole;
        for (const size_t step : {1'000'000u, 1448u}) {
          std::vector<size_t> cuts;
          for (size_t at = step; at < bytes.size(); at += step) cuts.push_back(at);
          ContentBench bench;
          const RecordedItem& item = bench.one(meta_of(ItemKind::kBody), bytes, cuts);
          EXPECT_TRUE(item.says("11010519491231002X")) << first.name << " " << then.name << " " << size;
          if (whole.empty()) whole = bench.text.dump();
          EXPECT_EQ(bench.text.dump(), whole);
        }
      }
    }
  }
}

TEST(ItemText, ADeclaredCharsetIsNotBelieved) {
  for (const char* label :
       {"utf-8", "utf-16", "utf-16be", "utf-32", "gbk", "big5", "windows-1252", "koi8-r"}) {
    for (const Spoken& s : spoken()) {
      for (const size_t size : {1u, 9000u}) {
        ContentBench bench;
        const RecordedItem& item =
            bench.one(meta_of(ItemKind::kBody, "text/csv; charset=" + std::string(label)), lines_of(s, size));
        EXPECT_TRUE(item.says("11010519491231002X")) << label << " " << s.name << " " << size;
        if (size == 1 || is_ascii(s)) continue;
        EXPECT_TRUE(item.says("身份证11010519491231002X")) << label << " " << s.name << " " << size;
      }
    }
    // Escapes are undone in every reading, of a part's charset, too.
    for (const std::string escaped : {"id=%31%31%30%31%30%35%31%39%34%39%31%32%33%31%30%30%32%58",
                                      "{\"id\":\"\\u0031\\u0031\\u0030105194912310\\u0030\\u0032X\"}"}) {
      ContentBench bench;
      const std::string type = "application/x-www-form-urlencoded; charset=" + std::string(label);
      EXPECT_TRUE(bench.one(meta_of(ItemKind::kBody, type), escaped).says("11010519491231002X"))
          << label << escaped;
      ContentBench parts;
      const std::string body =
          "--B\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: text/plain; charset=" +
          std::string(label) + "\r\n\r\n" + escaped + "\r\n--B--\r\n";
      const RecordedItem& form = parts.one(meta_of(ItemKind::kBody, "multipart/form-data; boundary=B"), body);
      EXPECT_TRUE(form.says("11010519491231002X")) << label << escaped;
    }
  }
}

// A value of wide characters between random bytes, at every place around a window's end.
TEST(ItemText, WideTextInBinaryIsFoundWhereverItStands) {
  std::mt19937 random(3);
  std::string noise(20'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const std::u32string value = U"'11010519491231002X'";
  for (const size_t width : {2u, 4u}) {
    for (const bool big : {false, true}) {
      const std::string text = wide_of(value, width, big);
      for (size_t at = 8192 - 110; at < 8192 + 20; at += 3) {
        const std::string bytes = noise.substr(0, at) + text + noise.substr(at);
        ContentBench bench(small_windows());
        const RecordedItem& item = bench.one(meta_of(ItemKind::kRawStream), bytes, {777, 5001, 8100});
        const auto [begin, end] = item.find("11010519491231002X");
        // Where a zero happens to stand behind it, it may as well be the other way round.
        ASSERT_GE(begin, at + width) << width << big << at;
        ASSERT_LT(begin, at + 2 * width) << width << big << at;
        ASSERT_EQ(end, begin + 18 * width) << width << big << at;
      }
    }
  }
}

}  // namespace
}  // namespace weir
