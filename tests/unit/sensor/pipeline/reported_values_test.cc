#include "sensor/pipeline/reported_values.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Token token_of(uint32_t n) {
  Token token;
  for (size_t i = 0; i < sizeof n; ++i) token.bytes[i] = static_cast<uint8_t>(n >> (8 * i));
  return token;
}

TEST(ReportedValues, RemembersEachOnceForAsManyAsAGeneration) {
  ReportedValues values;
  EXPECT_FALSE(values.contains(1, token_of(0)));
  for (uint32_t n = 0; n < ReportedValues::kGeneration; ++n) {
    values.add(1, token_of(n));
    values.add(1, token_of(n));
  }
  EXPECT_EQ(values.size(), ReportedValues::kGeneration);
  for (uint32_t n = 0; n < ReportedValues::kGeneration; ++n) {
    ASSERT_TRUE(values.contains(1, token_of(n))) << n;
    ASSERT_FALSE(values.contains(1, token_of(n + ReportedValues::kGeneration))) << n;
    ASSERT_FALSE(values.contains(2, token_of(n))) << n;
  }
  EXPECT_EQ(values.forgotten(), 0u);
}

// Whatever comes, the latest generation is known, memory is bounded, and what is forgotten is counted; a
// value that never came is never known.
TEST(ReportedValues, ForgetsTheOldestCounted) {
  ReportedValues values;
  constexpr uint32_t kAll = 5 * ReportedValues::kGeneration + 123;
  for (uint32_t n = 0; n < kAll; ++n) {
    ASSERT_FALSE(values.contains(3, token_of(n)));
    values.add(3, token_of(n));
    ASSERT_LE(values.memory(), 4 * ReportedValues::kGeneration * sizeof(uint64_t));
  }
  for (uint32_t n = kAll - ReportedValues::kGeneration; n < kAll; ++n) {
    ASSERT_TRUE(values.contains(3, token_of(n))) << n;
  }
  EXPECT_EQ(values.forgotten() + values.size(), kAll);
  EXPECT_FALSE(values.contains(3, token_of(0)));
}

TEST(ReportedValues, TheSameTokenOfTwoDetectorsIsTwo) {
  ReportedValues values;
  values.add(1, token_of(7));
  values.add(2, token_of(7));
  EXPECT_EQ(values.size(), 2u);
  EXPECT_TRUE(values.contains(1, token_of(7)) && values.contains(2, token_of(7)));
  // Tokens that fall into one slot and differ behind their first bytes.
  Token other = token_of(7);
  other.bytes[15] = 1;
  EXPECT_FALSE(values.contains(1, other));
  values.add(1, other);
  EXPECT_TRUE(values.contains(1, other) && values.contains(1, token_of(7)));
}

}  // namespace
}  // namespace weir
