#include "signatures/compiler/word_index.h"

#include <gtest/gtest.h>
#include <hs/hs.h>

#include <set>

namespace weir {
namespace {

WordIndex make(std::initializer_list<const char*> words) {
  WordIndex index;
  for (const char* word : words) index.add(word, 1, false);
  index.finish();
  return index;
}

// Where words stand, as "word@begin-end".
std::set<std::string> words_in(const WordIndex& index, std::string_view text) {
  std::set<std::string> out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!index.starts_at(text, i)) continue;
    index.match_at(text, i, [&](size_t word, size_t end) {
      out.insert(index.word(word).text + "@" + std::to_string(i) + "-" + std::to_string(end));
    });
  }
  return out;
}

using Set = std::set<std::string>;

TEST(WordIndex, LatinWordsAreWhole) {
  const WordIndex index = make({"tel", "id card"});
  EXPECT_EQ(words_in(index, "tel: 1"), Set{"tel@0-3"});
  EXPECT_EQ(words_in(index, "TEL1"), Set{"tel@0-3"});
  EXPECT_EQ(words_in(index, "hotel tell telly"), Set{});
  EXPECT_EQ(words_in(index, "1tel2"), Set{"tel@1-4"});
  EXPECT_EQ(words_in(index, "家tel号"), Set{"tel@3-6"});
}

TEST(WordIndex, GapsAndCaseAreWrittenInManyWays) {
  const WordIndex index = make({"id card"});
  for (const char* text : {"id card", "idCard", "id_card", "ID-CARD", "IdCard", "IDCARD", "idcard"}) {
    EXPECT_EQ(words_in(index, text).size(), 1u) << text;
  }
  EXPECT_EQ(words_in(index, "userIDCardNo"), Set{"id card@4-10"});
  EXPECT_EQ(words_in(index, "id  card"), Set{});
  EXPECT_EQ(words_in(index, "paid card"), Set{});
  EXPECT_EQ(words_in(index, "idcards"), Set{});
}

TEST(WordIndex, HanWordsAreSubstrings) {
  const WordIndex index = make({"手机", "手机号"});
  EXPECT_EQ(words_in(index, "他的手机号码"), (Set{"手机@6-12", "手机号@6-15"}));
  EXPECT_EQ(words_in(index, "机手"), Set{});
}

TEST(WordIndex, OneWordOfManyDetectorsIsOne) {
  WordIndex index;
  index.add("Phone", 1, false);
  index.add("phone", 2, false);
  index.add("phone", 3, true);
  index.finish();
  ASSERT_EQ(index.size(), 1u);
  EXPECT_TRUE(index.word(0).keyword_of[1] && index.word(0).keyword_of[2] && index.word(0).contrary_to[3]);
  EXPECT_FALSE(index.word(0).keyword_of[3]);
}

TEST(WordIndex, AHanWordOfManyDetectorsIsOneToo) {
  WordIndex index;
  index.add("手机", 1, false);
  index.add("手机", 2, false);
  index.finish();
  ASSERT_EQ(index.size(), 1u);
  EXPECT_TRUE(index.word(0).keyword_of[1] && index.word(0).keyword_of[2]);
}

TEST(WordIndex, AWordThatAnotherOnesSpellingsCoverIsNotFoundItself) {
  const WordIndex index = make({"id card", "idcard"});
  EXPECT_TRUE(index.word(0).found);
  EXPECT_FALSE(index.word(1).found);
  EXPECT_EQ(words_in(index, "idcard"), Set{"id card@0-6"});
}

// Hyperscan must report the end of every place where the trie finds a word.
TEST(WordIndex, ExpressionsFindAllThatTheTrieFinds) {
  const WordIndex index = make({"id card", "e mail", "手机", "QQ号", "c++", "a.b"});
  const std::string text = "idcard id_card e-mail EMAIL 手机 qq号 QQ号 C++ a.b axb";
  for (size_t i = 0; i < index.size(); ++i) {
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    ASSERT_EQ(hs_compile(index.expression(i).c_str(), HS_FLAG_CASELESS | HS_FLAG_DOTALL, HS_MODE_BLOCK,
                         nullptr, &database, &error),
              HS_SUCCESS)
        << index.expression(i);
    hs_scratch_t* scratch = nullptr;
    ASSERT_EQ(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
    std::set<size_t> ends;
    hs_scan(
        database, text.data(), static_cast<unsigned>(text.size()), 0, scratch,
        [](unsigned, unsigned long long, unsigned long long to, unsigned, void* c) {
          static_cast<std::set<size_t>*>(c)->insert(static_cast<size_t>(to));
          return 0;
        },
        &ends);
    std::set<size_t> expected;
    for (size_t pos = 0; pos < text.size(); ++pos) {
      index.match_at(text, pos, [&](size_t word, size_t end) {
        if (word == i) expected.insert(end);
      });
    }
    EXPECT_EQ(ends, expected) << index.word(i).text;
    EXPECT_FALSE(expected.empty()) << index.word(i).text;
    hs_free_scratch(scratch);
    hs_free_database(database);
  }
}

}  // namespace
}  // namespace weir
