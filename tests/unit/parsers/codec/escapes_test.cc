// Escapes agree with Python's urllib and json at every split; digits of other scripts with Python's
// unicodedata; the scan of a window with what the slow steps would find.
#include "parsers/codec/escapes.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "parsers/codec/text_scan.h"
#include "tests/unit/parsers/codec/vectors.h"

namespace weir {
namespace {

using Step = std::function<bool(std::string_view, bool final, MappedText*)>;

Step percent(bool plus) {
  return [plus](std::string_view text, bool final, MappedText* out) {
    MappedText scratch;
    return undo_percent(text, plus, final, &scratch, out);
  };
}

// The text in two windows, the second from where the first stopped.
std::string in_two(const Step& step, const std::string& text, size_t cut) {
  MappedText first;
  const ExactCopy head(text.substr(0, cut));
  step(as_text(head.get()), false, &first);
  const size_t stop = first.source(first.text().size());
  EXPECT_LE(stop, cut);
  EXPECT_LE(cut - stop, 12u) << "an escape has at most twelve characters";
  MappedText second;
  const ExactCopy rest(text.substr(stop));
  step(as_text(rest.get()), true, &second);
  EXPECT_EQ(second.text().empty() ? stop : stop + second.source(second.text().size()), text.size());
  return std::string(first.text()) + std::string(second.text());
}

std::string whole(const Step& step, std::string_view text) {
  MappedText out;
  const bool changed = step(text, true, &out);
  EXPECT_EQ(changed, out.text() != text) << text;
  return std::string(out.text());
}

// Characters of a text that a cut at `at` would not split.
bool boundary(const std::string& text, size_t at) {
  return at >= text.size() || (static_cast<uint8_t>(text[at]) & 0xc0) != 0x80;
}

TEST(Percent, VectorsAtEverySplit) {
  for (const auto& row : vector_rows("percent.txt")) {
    const std::string text = from_hex(row[0]);
    const std::string expected = from_hex(row[2]);
    const Step step = percent(row[1] == "1");
    MappedText out;
    step(text, true, &out);
    ASSERT_EQ(out.text(), expected) << text;
    // A run that a window cuts is read by itself on either side: GBK is told from UTF-8 by the whole run.
    const bool gbk = text.find("%E8%BA") == std::string::npos && text.find("%C9%ED") != std::string::npos;
    if (gbk || text.starts_with("%E9F") || text.starts_with("%81")) continue;
    for (size_t cut = 0; cut <= text.size(); ++cut) ASSERT_EQ(in_two(step, text, cut), expected) << cut;
  }
}

TEST(Percent, GbkWhereUtf8Fails) {
  // 身份证 as a GBK form escapes it, digits beside it, and a character whose trail is an ASCII letter.
  EXPECT_EQ(whole(percent(true), "%C9%ED%B7%DD%D6%A4=1101"), "身份证=1101");
  EXPECT_EQ(whole(percent(false), "%E9F%81A"), "镕丄");
  // Digits are no trails.
  EXPECT_EQ(whole(percent(false), "%C911"),
            "\xef\xbf\xbd"
            "11");
  EXPECT_EQ(whole(percent(false), "%FF%C0"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(whole(percent(false), "身%C9%ED份"), "身身份");
}

TEST(Percent, OnceAtATime) {
  EXPECT_EQ(whole(percent(false), "%2531"), "%31");
  EXPECT_EQ(whole(percent(false), "%31"), "1");
  EXPECT_EQ(whole(percent(false), "100%"), "100%");
  EXPECT_EQ(whole(percent(false), "%4"), "%4");
  EXPECT_EQ(whole(percent(false), "%zz%%31"), "%zz%1");
  EXPECT_EQ(whole(percent(false), "a+b"), "a+b");
  EXPECT_EQ(whole(percent(true), "a+b%2Bc"), "a b+c");
}

TEST(Percent, MapsBack) {
  const std::string text = "id=%31%31%30&x=%E8%BA%AB+%C9%EDz";
  MappedText scratch;
  MappedText out;
  ASSERT_TRUE(undo_percent(text, true, true, &scratch, &out));
  ASSERT_EQ(out.text(), "id=110&x=身 身z");
  EXPECT_EQ(out.source(3), 3u);  // the first %31
  EXPECT_EQ(out.source(4), 6u);
  EXPECT_EQ(out.source(5), 9u);
  EXPECT_EQ(out.source(6), 12u);   // &
  EXPECT_EQ(out.source(9), 15u);   // 身
  EXPECT_EQ(out.source(10), 15u);  // inside it
  EXPECT_EQ(out.source(12), 24u);  // the space
  EXPECT_EQ(out.source(13), 25u);  // 身 in GBK
  EXPECT_EQ(out.source(16), 31u);  // z
  EXPECT_EQ(out.source(17), 32u);
}

TEST(UnicodeEscapes, VectorsAtEverySplit) {
  for (const auto& row : vector_rows("unicode.txt")) {
    const std::string text = from_hex(row[0]);
    const std::string expected = from_hex(row[1]);
    MappedText out;
    undo_unicode_escapes(text, true, &out);
    ASSERT_EQ(out.text(), expected);
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      ASSERT_EQ(in_two(undo_unicode_escapes, text, cut), expected) << cut;
    }
  }
}

TEST(UnicodeEscapes, Odd) {
  EXPECT_EQ(whole(undo_unicode_escapes, "\\u0031\\u0"), "1\\u0");
  EXPECT_EQ(whole(undo_unicode_escapes, "C:\\users\\uabc"), "C:\\users\\uabc");
  EXPECT_EQ(whole(undo_unicode_escapes, "\\ud83d!"), "\xef\xbf\xbd!");
  EXPECT_EQ(whole(undo_unicode_escapes, "\\ude00\\ud83d"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(whole(undo_unicode_escapes, "\\\\u0031"), "\\1");
  MappedText out;
  ASSERT_TRUE(undo_unicode_escapes("a\\ud83d\\ude00b", true, &out));
  EXPECT_EQ(out.text(), "a😀b");
  EXPECT_EQ(out.source(1), 1u);
  EXPECT_EQ(out.source(5), 13u);
}

TEST(Digits, FoldedByValue) {
  EXPECT_EQ(whole(fold_forms, "１３８１２３４５６７８"), "13812345678");
  // Arabic-Indic, Devanagari, mathematical bold: unicodedata.decimal() in Python.
  EXPECT_EQ(whole(fold_forms, "\xd9\xa1\xd9\xa2\xd9\xa3 \xe0\xa5\xa9 \xf0\x9d\x9f\x8f"), "123 3 1");
  EXPECT_EQ(whole(fold_forms, "①二Ⅳ½"), "①二Ⅳ½");
}

TEST(Digits, NothingBetweenThemThatShowsNothing) {
  const std::string zwsp = "\xe2\x80\x8b";
  const std::string shy = "\xc2\xad";
  const std::string bom = "\xef\xbb\xbf";
  const std::string vs = "\xef\xb8\x8f\xe2\x83\xa3";
  EXPECT_EQ(whole(fold_forms, "1" + zwsp + "3" + shy + "8" + bom + "1" + vs + "2"), "13812");
  EXPECT_EQ(whole(fold_forms, "1" + zwsp + zwsp + "２"), "12");
  EXPECT_EQ(whole(fold_forms, "a" + zwsp + "1" + zwsp + "b"), "a" + zwsp + "1" + zwsp + "b");
  const std::string text = "１" + zwsp + "2" + shy + "x" + zwsp + "9" + bom + bom + "８";
  const std::string expected = "12" + shy + "x" + zwsp + "98";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    if (!boundary(text, cut)) continue;
    // The second window begins behind a digit that it does not see: the first keeps the invisible ones.
    MappedText first;
    fold_forms(text.substr(0, cut), false, &first);
    ASSERT_TRUE(expected.starts_with(first.text()) ||
                first.text() == std::string_view(expected).substr(0, first.text().size()))
        << cut << first.text();
  }
}

// unicodedata.category() of Python: Zs, Pd; U+2212 is Sm. The full-width forms are ASCII 0xFEE0 further on.
TEST(Forms, SpacesDashesAndWideCharacters) {
  for (const uint32_t cp : {0xA0u, 0x1680u, 0x2000u, 0x2007u, 0x200Au, 0x202Fu, 0x205Fu, 0x3000u}) {
    char utf8[4];
    const std::string text = "139" + std::string(utf8, put_utf8(utf8, cp)) + "0000";
    EXPECT_EQ(whole(fold_forms, text), "139 0000") << cp;
    EXPECT_TRUE(scan_text(as_bytes(text)).special) << cp;
  }
  for (const uint32_t cp :
       {0x2010u, 0x2011u, 0x2012u, 0x2013u, 0x2014u, 0x2015u, 0x2212u, 0xFE63u, 0xFF0Du}) {
    char utf8[4];
    const std::string text = "139" + std::string(utf8, put_utf8(utf8, cp)) + "0000";
    EXPECT_EQ(whole(fold_forms, text), "139-0000") << cp;
    EXPECT_TRUE(scan_text(as_bytes(text)).special) << cp;
  }
  std::string wide;
  std::string ascii;
  for (uint32_t cp = 0xFF01; cp <= 0xFF5E; ++cp) {
    char utf8[4];
    wide.append(utf8, put_utf8(utf8, cp));
    ascii += static_cast<char>(cp - 0xFEE0);
  }
  EXPECT_EQ(whole(fold_forms, wide), ascii);
  // What text is full of is no reason to read it another way.
  for (const char* plain :
       {"第一，第二：（甲）。", "2024年——2025年", "“引号”…", "5 – 7", "a×b", "价格　十元", "１"}) {
    EXPECT_EQ(scan_text(as_bytes(std::string_view(plain))).special, std::string_view(plain) == "１") << plain;
  }
}

// At every place of a block, and over its edges: the wide scan says what one character after the other says.
TEST(Forms, ScanFindsThemAtEveryPlace) {
  for (const char* value :
       {"139\u20110000", "139\u22120000", "139\u30000000", "139\u00a00000", "\uff21", "\uff4d", "\uff20"}) {
    for (size_t before = 0; before < 70; ++before) {
      const std::string text = "é" + std::string(before, 'a') + value + std::string(70 - before, 'b');
      const ExactCopy copy(text);
      ASSERT_TRUE(scan_text(copy.get()).special) << text;
    }
  }
}

// html.unescape() of Python.
TEST(Entities, AsBrowsersReadThem) {
  EXPECT_EQ(whole(undo_entities, "wang&#064;example&#46;net"), "wang@example.net");
  EXPECT_EQ(whole(undo_entities, "&#x31;&#X32;&#51&#52;&#00053;"), "12345");
  EXPECT_EQ(whole(undo_entities, "139&nbsp;0000&ndash;1"), "139\u00a00000\u20131");
  EXPECT_EQ(whole(undo_entities, "a&commat;b&period;cn &lt;x&gt;"), "a@b.cn <x>");
  EXPECT_EQ(whole(undo_entities, "&amp;#49;"), "&#49;") << "one at a time";
  EXPECT_EQ(whole(undo_entities, "&#36523;&#20221;&#35777;"), "身份证");
  EXPECT_EQ(whole(undo_entities, "&#0;&#xD800;&#x110000;"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(whole(undo_entities, "a=1&b=2&nosuch;&;&#;&#x;&"), "a=1&b=2&nosuch;&;&#;&#x;&");
}

TEST(Entities, AtEverySplit) {
  const std::string text = "a&#x31;b&nbsp;&ZeroWidthSpace;c&#49;d&unknown;&amp;#51;&#5";
  const std::string expected = whole(undo_entities, text);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    MappedText first, second;
    undo_entities(text.substr(0, cut), false, &first);
    const size_t stop = first.source(first.text().size());
    EXPECT_LE(cut - stop, kLongestEntity);
    undo_entities(text.substr(stop), true, &second);
    ASSERT_EQ(std::string(first.text()) + std::string(second.text()), expected) << cut;
  }
}

TEST(Entities, OnlyWhereAValueCouldBe) {
  for (const char* matters :
       {"13&#56;0", "139&nbsp;0000", "a&commat;b", "&#36523;", "&amp;#49;", "d&#39;amico@b.cn"})
    EXPECT_TRUE(has_entity(matters)) << matters;
  for (const char* markup : {"a=1&b=2", "&lt;b&gt; &quot;x&quot;", "don&#39;t", "Item&nbsp;x", "x &mdash; y",
                             "&amp;b=1", "&#8217;s", "&copy; 2024", "R&D"})
    EXPECT_FALSE(has_entity(markup)) << markup;
}

TEST(Scan, TellsWhichStepsAreNeeded) {
  const auto scan = [](std::string_view text) { return scan_text(as_bytes(text)); };
  EXPECT_TRUE(scan("plain").ascii);
  EXPECT_EQ(scan("plain").valid, 5u);
  EXPECT_TRUE(scan("50%").percent);
  EXPECT_TRUE(scan("a\\b").backslash);
  EXPECT_TRUE(scan("a+b").plus);
  EXPECT_FALSE(scan("身份证，号码：“是”—…").special);
  EXPECT_TRUE(scan("１").special);
  EXPECT_TRUE(scan("\xc2\xad").special);
  EXPECT_TRUE(scan("\xe2\x80\x8b").special);
  EXPECT_TRUE(scan("\xf3\xa0\x84\x80").special);
  EXPECT_FALSE(scan("é€😀𠮷").special);
  EXPECT_TRUE(scan("ab\xe8\xba").cut);
  EXPECT_EQ(scan("ab\xe8\xba").valid, 2u);
  EXPECT_FALSE(scan("ab\xe8zz").cut);
}

// Against a slow reading of the same bytes, over all lengths and alignments that vectors have.
TEST(Scan, FlagsAtEveryPlace) {
  for (size_t n : {1u, 15u, 16u, 17u, 31u, 33u, 63u, 64u, 65u, 127u, 130u, 200u}) {
    for (size_t at = 0; at < n; ++at) {
      for (const char c : {'%', '\\', '+', '\x80', '\0'}) {
        std::string text(n, 'a');
        text[at] = c;
        const ExactCopy copy(text);
        const TextScan scan = scan_text(copy.get());
        ASSERT_EQ(scan.percent, c == '%') << n << " " << at;
        ASSERT_EQ(scan.backslash, c == '\\');
        ASSERT_EQ(scan.plus, c == '+');
        ASSERT_EQ(scan.valid, c == '\x80' ? at : n);
        ASSERT_EQ(find_not_ascii(copy.get()), c == '\x80' ? at : n);
        ASSERT_EQ(find_not_plain(copy.get()), c == '\x80' || c == '\0' ? at : n);
      }
    }
  }
}

TEST(Scan, RandomTextGoesTheSameWayAsCharacterByCharacter) {
  std::mt19937 random(5);
  const std::string alphabet[] = {"a", "1",    "%",    "身",       "１", "é", "\xe2\x80\x8b",
                                  "😀", "\xff", "\xe8", "\xf0\x9f", "+"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t k = random() % 40; k > 0; --k) text += alphabet[random() % std::size(alphabet)];
    const ExactCopy copy(text);
    const TextScan scan = scan_text(copy.get());
    size_t valid = 0;
    bool special = false;
    bool cut = false;
    while (valid < text.size()) {
      size_t subpart;
      size_t length = utf8_length(copy.get().data() + valid, text.size() - valid, &subpart, &cut);
      if (length == 0) break;
      const uint32_t cp = utf8_at(copy.get().data() + valid, &length);
      special |= cp == 0xff11 || cp == 0x200b;
      valid += length;
    }
    ASSERT_EQ(scan.valid, valid);
    ASSERT_EQ(scan.special, special);
    ASSERT_EQ(scan.cut, valid < text.size() && cut);
  }
}

}  // namespace
}  // namespace weir
