#include "sensor/token/token_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

TEST(TokenCache, GivesWhatTheTokenizerGives) {
  const Tokenizer tokenizer(TokenKey::random());
  TokenCache cache;
  // More values than it holds, three times over.
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5000; ++i) {
      const std::string value = "user" + std::to_string(i) + "@example.com";
      ASSERT_EQ(cache.token(tokenizer, 1, "net.email", value), tokenizer.token("net.email", value));
    }
  }
  EXPECT_EQ(cache.token(tokenizer, 1, "net.email", ""), tokenizer.token("net.email", ""));
}

TEST(TokenCache, TellsDetectorsApart) {
  const Tokenizer tokenizer(TokenKey::random());
  TokenCache cache;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(cache.token(tokenizer, 1, "us.ssn", "123456789"), tokenizer.token("us.ssn", "123456789"));
    EXPECT_EQ(cache.token(tokenizer, 2, "cn.passport", "123456789"),
              tokenizer.token("cn.passport", "123456789"));
  }
}

}  // namespace
}  // namespace weir
