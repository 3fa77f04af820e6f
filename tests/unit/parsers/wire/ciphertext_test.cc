// Text in the charsets of this world is told from what a cipher makes. The ciphertext is a generator's whose
// bytes are independent and even, which is what a cipher's output is held to.
#include "parsers/wire/ciphertext.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace weir {
namespace {

std::string repeated(const std::string& text, size_t n) {
  std::string all;
  while (all.size() < n) all += text;
  return all.substr(0, n);
}

TEST(Ciphertext, TextIsNone) {
  const std::string utf16 = [] {
    std::string s;
    for (const char c : std::string("name,phone,id\r\nuser0,18844248249,320102197212277576\r\n"))
      s += {c, '\0'};
    return s;
  }();
  const struct {
    const char* what;
    std::string text;
    size_t least;
  } kTexts[] = {
      {"a table", "name,phone,id\nuser0,18844248249,320102197212277576\n", 16},
      {"JSON", "{\"phone\":\"13812345678\",\"name\":\"王小芳\"},\r\n", 16},
      {"Chinese in UTF-8", "中华人民共和国居民身份证号码以及移动电话号码，姓名与住址。", 16},
      // 中华人民共和国居民身份证号码以及移动电话号码
      {"GBK",
       "\xd6\xd0\xbb\xaa\xc8\xcb\xc3\xf1\xb9\xb2\xba\xcd\xb9\xfa\xbe\xd3\xc3\xf1\xc9\xed\xb7\xdd\xd6\xa4\xba"
       "\xc5"
       "\xc2\xeb\xd2\xd4\xbc\xb0\xd2\xc6\xb6\xaf\xb5\xe7\xbb\xb0",
       64},
      {"UTF-16", utf16, 64},
      {"zeros", std::string(64, '\0'), 64},
      {"base64", "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZw", 16},
  };
  for (const auto& t : kTexts) {
    for (size_t n = t.least; n < 1600; n += n < 200 ? 1 : 97) {
      EXPECT_FALSE(may_be_ciphertext(as_bytes(repeated(t.text, n)))) << t.what << ", " << n << " bytes";
    }
  }
}

TEST(Ciphertext, WhatACipherMakesIsAndSoAreAFewBytes) {
  std::mt19937_64 random(1);
  std::string bytes(1460, '\0');
  for (int round = 0; round < 20'000; ++round) {
    for (size_t i = 0; i < bytes.size(); i += 4) {
      const auto word = static_cast<uint32_t>(random());
      for (size_t k = 0; k < 4; ++k) bytes[i + k] = static_cast<char>(word >> (8 * k));
    }
    for (const size_t n : {size_t{24}, size_t{40}, size_t{64}, size_t{100}, size_t{128}, size_t{1460}}) {
      ASSERT_TRUE(may_be_ciphertext(as_bytes(bytes).first(n))) << "round " << round << ", " << n << " bytes";
    }
  }
  EXPECT_TRUE(may_be_ciphertext(as_bytes("a few bytes")));
  EXPECT_TRUE(may_be_ciphertext({}));
}

// Text behind ciphertext, and before it, in one segment.
TEST(Ciphertext, BothEndsAreLookedAt) {
  std::mt19937 random(2);
  std::string cipher(700, '\0');
  for (char& c : cipher) c = static_cast<char>(random());
  const std::string text = repeated("name,phone,id\nuser0,18844248249\n", 700);
  EXPECT_FALSE(may_be_ciphertext(as_bytes(cipher + text)));
  EXPECT_FALSE(may_be_ciphertext(as_bytes(text + cipher)));
}

}  // namespace
}  // namespace weir
