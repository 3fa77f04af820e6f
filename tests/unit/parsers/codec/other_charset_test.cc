// What stands in another charset than the rest is found; what holds is left alone.
#include "parsers/codec/other_charset.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "parsers/codec/aws_chunked.h"
#include "parsers/codec/charset.h"
#include "parsers/codec/legible.h"
#include "tests/unit/parsers/codec/vectors.h"

namespace weir {
namespace {

std::string noise(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

std::string wide(std::u32string_view text, size_t width, bool big) {
  std::string out;
  for (const char32_t c : text) {
    for (size_t k = 0; k < width; ++k) {
      out += static_cast<char>(static_cast<uint32_t>(c) >> 8 * (big ? width - 1 - k : k));
    }
  }
  return out;
}

TEST(WideRuns, AreFoundAtEveryPlaceInEveryForm) {
  const std::string around = noise(300, 5);
  const std::u32string text = U"张伟: id 13812345678, 李娜";
  const std::string number = "13812345678";
  for (const size_t width : {2u, 4u}) {
    for (const bool big : {false, true}) {
      const std::string run = wide(text, width, big);
      for (size_t at = 0; at <= around.size(); ++at) {
        const std::string bytes = around.substr(0, at) + run + around.substr(at);
        MappedText out;
        ASSERT_TRUE(wide_runs(as_bytes(bytes), 0, {}, &out)) << at;
        const std::string_view said = out.text();
        const size_t found = said.find("张伟: id 13812345678, 李娜");
        ASSERT_NE(found, std::string_view::npos) << width << big << at << said;
        const size_t digits = said.find(number, found);
        // Seven characters stand before the number.
        ASSERT_EQ(out.source(digits), at + 7 * width);
        ASSERT_EQ(out.source(digits + number.size()), at + (7 + number.size()) * width);
      }
    }
  }
}

TEST(WideRuns, WhatIsReadAnyhowIsLeftOut) {
  const std::string bytes = wide(U"one 13812345678", 2, false) + wide(U"two 13812345678", 2, true);
  MappedText out;
  ASSERT_TRUE(wide_runs(as_bytes(bytes), 0, {charset_utf16le(), nullptr}, &out));
  EXPECT_EQ(out.text().find("one"), std::string_view::npos);
  EXPECT_NE(out.text().find("wo 13812345678"), std::string_view::npos);
  EXPECT_FALSE(wide_runs(as_bytes(bytes), 0, {charset_utf16le(), charset_utf16be()}, &out));
  ASSERT_TRUE(wide_runs(as_bytes(bytes), 1, {charset_utf16le(), nullptr}, &out)) << "not where it has units";
  EXPECT_NE(out.text().find("one 13812345678"), std::string_view::npos);
}

TEST(WideRuns, NothingIsFoundWhereNothingIs) {
  MappedText out;
  EXPECT_FALSE(wide_runs({}, 0, {}, &out));
  EXPECT_FALSE(wide_runs(as_bytes(std::string(5000, '\0')), 0, {}, &out));
  EXPECT_FALSE(wide_runs(as_bytes(std::string(5000, 'a')), 0, {}, &out));
  EXPECT_FALSE(wide_runs(as_bytes(noise(100'000, 6)), 0, {}, &out));
  EXPECT_FALSE(wide_runs(as_bytes(std::string("a\0b\0c", 5)), 0, {}, &out)) << "three characters";
}

TEST(OtherCharset, TextThatHoldsIsLeftAlone) {
  for (const auto& row : vector_rows("charset.txt")) {
    const Charset* charset = find_charset(row[0]);
    if (!is_wide(charset) && charset != charset_utf8() && charset != charset_gb18030() &&
        charset != charset_big5()) {
      continue;
    }
    std::string bytes = from_hex(row[1]);
    while (bytes.size() < 16'000) bytes += bytes;
    MappedText out;
    const Conversion done = to_utf8(charset, as_bytes(bytes), false, &out);
    EXPECT_EQ(other_charset(charset, 0, as_bytes(bytes), done.invalid), nullptr) << row[0];
  }
}

TEST(SaysText, TextDoesAndWhatCompressionMakesDoesNot) {
  EXPECT_TRUE(says_text(as_bytes("{\"身份证\":\"110101199003078670\",\"姓名\":\"王芳\"}")));
  EXPECT_TRUE(says_text(as_bytes("id=1")));
  for (const auto& row : vector_rows("charset.txt")) {
    const Charset* charset = find_charset(row[0]);
    if (charset != charset_utf8() && charset != charset_gb18030() && charset != charset_big5()) continue;
    const std::string bytes = from_hex(row[1]);
    EXPECT_TRUE(bytes.size() < kLeastSample || says_text(as_bytes(bytes))) << row[0];
  }
  for (uint32_t seed = 0; seed < 200; ++seed) {
    for (const size_t n : {24u, 40u, 200u, 4096u})
      EXPECT_FALSE(says_text(as_bytes(noise(n, seed)))) << seed << " " << n;
  }
}

// Chunks as the S3 documentation has them: sizes, signatures, the last one, trailers.
TEST(AwsChunked, IsUndoneAtEverySplit) {
  const std::string signature = ";chunk-signature=" + std::string(64, 'c');
  const std::string coded = "a" + signature + "\r\n0123456789\r\n3" + signature + "\r\nabc\r\n0" + signature +
                            "\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
  for (size_t cut = 0; cut <= coded.size(); ++cut) {
    AwsChunkedDecoder decoder;
    std::string out;
    std::string rest;
    for (const std::string& piece : {coded.substr(0, cut), coded.substr(cut)}) {
      std::array<uint8_t, 4> room{};
      size_t at = 0;
      while (true) {
        const DecodeStep step = decoder.decode(as_bytes(piece).subspan(at), room);
        at += step.consumed;
        out.append(reinterpret_cast<const char*>(room.data()), step.produced);
        ASSERT_NE(step.status, DecodeStatus::kCorrupt) << cut;
        if (step.status == DecodeStatus::kEnd || (at == piece.size() && step.produced < room.size())) break;
      }
      if (decoder.complete()) rest += piece.substr(at);
    }
    EXPECT_EQ(out, "0123456789abc") << cut;
    EXPECT_EQ(rest, "x-amz-checksum-crc32:AAAA\r\n\r\n") << cut;
  }
  // Nothing but sizes and signatures is left out.
  for (const std::string_view other : {"3;name=13812345678\r\nabc", "3;chunk-signature=13812345678\r\nabc",
                                       "\r\n", "zz\r\n", ";chunk-signature=\r\n", "11111111111111111\r\n"}) {
    AwsChunkedDecoder decoder;
    std::array<uint8_t, 64> room{};
    EXPECT_EQ(decoder.decode(as_bytes(other), room).status, DecodeStatus::kCorrupt) << other;
  }
}

}  // namespace
}  // namespace weir
