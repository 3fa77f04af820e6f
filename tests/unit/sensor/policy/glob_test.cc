#include "sensor/policy/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

// Expectations for ASCII: Python's fnmatch over lower-cased texts.
TEST(Glob, MatchesAsShellsDo) {
  EXPECT_TRUE(glob_match("*.partner.example", "api.PARTNER.example"));
  EXPECT_TRUE(glob_match("*.partner.example", "a.b.partner.example"));
  EXPECT_FALSE(glob_match("*.partner.example", "partner.example"));
  EXPECT_FALSE(glob_match("*.partner.example", "api.partner.example.evil.test"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_TRUE(glob_match("a?c*", "abcdef"));
  EXPECT_FALSE(glob_match("a?c*", "abdc"));
  EXPECT_TRUE(glob_match("*ab*ab", "abxabab"));
  EXPECT_FALSE(glob_match("*ab*abc", "abxabab"));
  EXPECT_TRUE(glob_match("***", "x"));
}

TEST(Glob, AQuestionMarkIsOneCharacterOfAnyScript) {
  EXPECT_TRUE(glob_match("张?.xlsx", "张三.xlsx"));
  EXPECT_FALSE(glob_match("张?.xlsx", "张三丰.xlsx"));
  EXPECT_TRUE(glob_match("?", "😀"));
  EXPECT_TRUE(glob_match("?", "\xff"));
}

TEST(Glob, ManyStarsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(4096, 'a')));
}

}  // namespace
}  // namespace weir
