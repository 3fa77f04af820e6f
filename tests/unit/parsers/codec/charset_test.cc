// Conversions agree with Python's codecs at every split, their maps with the bytes; detection tells the
// charsets of Chinese text apart.
#include "parsers/codec/charset.h"

#include <gtest/gtest.h>

#include <random>

#include "parsers/codec/text_scan.h"
#include "tests/unit/parsers/codec/vectors.h"

namespace weir {
namespace {

// Converts in two pieces, as windows do: what the first leaves is given again before the second.
std::string convert(const Charset* charset, const std::string& bytes, size_t cut) {
  MappedText first;
  const ExactCopy head(bytes.substr(0, cut));
  const Conversion done = to_utf8(charset, head.get(), false, &first);
  MappedText second;
  const ExactCopy rest(bytes.substr(done.consumed));
  EXPECT_EQ(to_utf8(charset, rest.get(), true, &second).consumed, rest.get().size());
  return std::string(first.text()) + std::string(second.text());
}

// Every character of the text maps to bytes that are that character.
void check_map(const Charset* charset, const std::string& bytes) {
  MappedText text;
  to_utf8(charset, as_bytes(bytes), true, &text);
  const std::string_view utf8 = text.text();
  size_t at = 0;
  size_t source = 0;
  while (at < utf8.size()) {
    size_t length;
    utf8_at(reinterpret_cast<const uint8_t*>(utf8.data()) + at, &length);
    ASSERT_EQ(text.source(at), source) << at;
    const size_t next = text.source(at + length);
    ASSERT_GT(next, source);
    MappedText one;
    to_utf8(charset, as_bytes(bytes).subspan(source, next - source), true, &one);
    ASSERT_EQ(one.text(), utf8.substr(at, length)) << at;
    at += length;
    source = next;
  }
  EXPECT_EQ(source, bytes.size());
}

TEST(Charset, VectorsAtEverySplit) {
  for (const auto& row : vector_rows("charset.txt")) {
    SCOPED_TRACE(row[0]);
    const Charset* charset = find_charset(row[0]);
    ASSERT_NE(charset, nullptr);
    const std::string bytes = from_hex(row[1]);
    const std::string expected = from_hex(row[2]);
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
      ASSERT_EQ(convert(charset, bytes, cut), expected) << cut;
    }
    check_map(charset, bytes);
  }
}

TEST(Charset, EveryHanCharacter) {
  for (const char* name : {"han.gb18030", "quads.gb18030", "han.big5"}) {
    const std::string file(name);
    const std::string bytes = vector_file(file + ".bin");
    const Charset* charset = file.ends_with("big5") ? charset_big5() : charset_gb18030();
    MappedText text;
    const Conversion done = to_utf8(charset, as_bytes(bytes), true, &text);
    EXPECT_EQ(done.invalid, 0u) << name;
    EXPECT_EQ(text.text(), vector_file(file + ".utf8")) << name;
  }
}

TEST(Charset, Labels) {
  EXPECT_EQ(find_charset("GB2312"), charset_gb18030());
  EXPECT_EQ(find_charset("\"utf-8\""), charset_utf8());
  EXPECT_EQ(find_charset(" Big5 "), charset_big5());
  EXPECT_EQ(name_of(find_charset("iso-8859-1")), "windows-1252");
  EXPECT_EQ(name_of(find_charset("sjis")), "Shift_JIS");
  // Shift states, EBCDIC, and what is no name at all.
  for (const char* label : {"iso-2022-jp", "hz-gb-2312", "utf-7", "ibm-37", "", "   ", "no such charset",
                            "../../etc/x", "utf-8,version=1", "x"}) {
    EXPECT_EQ(find_charset(label), nullptr) << label;
  }
  EXPECT_EQ(find_charset(std::string(1000, 'a')), nullptr);
}

std::string read(const Charset* charset, std::string_view bytes) {
  MappedText text;
  to_utf8(charset, as_bytes(bytes), true, &text);
  return std::string(text.text());
}

// Expectations: Unicode 15 3.9 (U+FFFD for each maximal subpart), table 3-8.
TEST(Charset, BrokenUtf8) {
  const std::string fffd = "\xef\xbf\xbd";
  EXPECT_EQ(read(charset_utf8(), "\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"),
            "a" + fffd + fffd + fffd + "b" + fffd + "c" + fffd + fffd + "d");
  EXPECT_EQ(read(charset_utf8(), "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
            fffd + fffd + fffd + fffd + fffd + fffd + fffd + fffd + "A");
  EXPECT_EQ(read(charset_utf8(), "\xed\xa0\x80\xf4\x91\x92\x93\xff\x41"),
            fffd + fffd + fffd + fffd + fffd + fffd + fffd + fffd + "A");
  EXPECT_EQ(read(charset_utf8(), "1\xe8\xba"), "1" + fffd);
}

// An ASCII byte is never swallowed by the fault before it (WHATWG Encoding 10.2.1, 13.2.1).
TEST(Charset, BrokenMultiByte) {
  const std::string fffd = "\xef\xbf\xbd";
  EXPECT_EQ(read(charset_gb18030(), "\xd6\x31\x32"), fffd + "12");
  EXPECT_EQ(read(charset_gb18030(), "\x81\x31\x81\x41"), fffd + "1" + "\xe4\xb8\x84");
  EXPECT_EQ(read(charset_gb18030(), "\xff\x41"), fffd + "A");
  EXPECT_EQ(read(charset_gb18030(), "\x80"), "\xe2\x82\xac");
  EXPECT_EQ(read(charset_gb18030(), "\xd6"), fffd);
  EXPECT_EQ(read(charset_big5(), "\xa4\x31"), fffd + "1");
  EXPECT_EQ(read(charset_utf16le(), std::string_view("1\0\x00\xd8\x32\0", 6)), "1" + fffd + "2");
  EXPECT_EQ(read(charset_utf16be(), std::string_view("\xdc\x00\0001\0", 5)), fffd + "1" + fffd);
}

// A four-byte code holds digits that are no digits of the text.
TEST(Charset, FourByteCodesInventNoDigits) {
  const std::string text = read(charset_gb18030(), "\x82\x31\x84\x36\x82\x30\x82\x33");
  for (const char c : text) EXPECT_FALSE(c >= '0' && c <= '9');
}

TEST(Charset, BinaryKeepsItsLength) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::string text = read(charset_binary(), bytes);
  ASSERT_EQ(text.size(), 256u);
  for (size_t i = 0; i < 256; ++i) EXPECT_EQ(text[i], i < 128 ? static_cast<char>(i) : '\x1a');
}

CharsetDetector::Guess guess(std::string_view bytes) {
  CharsetDetector detector;
  detector.feed(0, as_bytes(bytes));
  return detector.decide();
}

TEST(Detect, ChineseTextInEveryCharset) {
  int tried = 0;
  for (const auto& row : vector_rows("charset.txt")) {
    const Charset* charset = find_charset(row[0]);
    static const std::string_view kOwn[] = {"UTF-8",    "GB18030",  "Big5",    "UTF-16LE",
                                            "UTF-16BE", "UTF-32LE", "UTF-32BE"};
    if (std::find(std::begin(kOwn), std::end(kOwn), name_of(charset)) == std::end(kOwn)) continue;
    ++tried;
    const std::string bytes = from_hex(row[1]);
    const auto got = guess(bytes);
    EXPECT_EQ(name_of(got.first), name_of(charset)) << row[0];
    // A short piece is found too, though perhaps as one of two.
    const auto start = guess(bytes.substr(0, bytes.size() / 4 / 4 * 4));
    EXPECT_TRUE(start.first == charset || start.second == charset) << row[0];
  }
  EXPECT_GE(tried, 12);
}

TEST(Detect, WhatStaysPossibleIsGivenTwice) {
  // 张伟 in GBK is also Big5: two characters tell nothing.
  const auto got = guess("\xd5\xc5\xce\xb0");
  ASSERT_NE(got.second, nullptr);
  EXPECT_TRUE((got.first == charset_gb18030() && got.second == charset_big5()) ||
              (got.first == charset_big5() && got.second == charset_gb18030()));
}

TEST(Detect, PlainAndBinary) {
  EXPECT_EQ(guess("").first, charset_utf8());
  EXPECT_EQ(guess("plain ASCII, nothing else").first, charset_utf8());
  // A NUL between strings does not make them UTF-16.
  EXPECT_EQ(guess(std::string_view("name\0value\0other\0text here", 26)).first, charset_utf8());
  std::mt19937 random(3);
  std::string noise(4096, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(guess(noise).first, charset_binary());
  // One broken character in good text.
  const std::string text = vector_file("han.gb18030.utf8").substr(0, 900) + "\xff" + "abc";
  EXPECT_EQ(guess(text).first, charset_utf8());
}

TEST(Detect, SplitsOfTheSampleDoNotMatter) {
  for (const char* name : {"han.gb18030.bin", "han.big5.bin", "quads.gb18030.bin"}) {
    const std::string bytes = vector_file(name).substr(0, 3000);
    const auto whole = guess(bytes);
    for (size_t cut = 0; cut < bytes.size(); cut += 7) {
      CharsetDetector detector;
      detector.feed(0, as_bytes(bytes).first(cut));
      detector.feed(cut, as_bytes(bytes).subspan(cut));
      ASSERT_EQ(detector.decide().first, whole.first) << name << cut;
    }
  }
}

TEST(Detect, Marks) {
  EXPECT_EQ(charset_of_mark(as_bytes("\xef\xbb\xbfx")), charset_utf8());
  EXPECT_EQ(charset_of_mark(as_bytes("\xff\xfe"
                                     "1")),
            charset_utf16le());
  EXPECT_EQ(charset_of_mark(as_bytes("\xfe\xff"
                                     "1")),
            charset_utf16be());
  EXPECT_EQ(charset_of_mark(as_bytes(std::string_view("\xff\xfe\0\0", 4))), charset_utf32le());
  EXPECT_EQ(charset_of_mark(as_bytes(std::string_view("\0\0\xfe\xff", 4))), charset_utf32be());
  EXPECT_EQ(charset_of_mark(as_bytes("\x84\x31\x95\x33")), charset_gb18030());
  EXPECT_EQ(charset_of_mark(as_bytes("text")), nullptr);
}

}  // namespace
}  // namespace weir
