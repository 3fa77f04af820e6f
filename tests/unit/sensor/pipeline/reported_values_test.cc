#include "sensor/pipeline/reported_values.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

ValueName name_of_value(uint32_t n) {
  ValueName name;
  for (size_t i = 0; i < sizeof n; ++i) name.bytes[i] = static_cast<uint8_t>(n >> (8 * i));
  return name;
}

TEST(ReportedValues, RemembersEachOnceForAsManyAsAGeneration) {
  ReportedValues values;
  EXPECT_FALSE(values.contains(1, name_of_value(0)));
  for (uint32_t n = 0; n < ReportedValues::kGeneration; ++n) {
    values.add(1, name_of_value(n));
    values.add(1, name_of_value(n));
  }
  EXPECT_EQ(values.size(), ReportedValues::kGeneration);
  for (uint32_t n = 0; n < ReportedValues::kGeneration; ++n) {
    ASSERT_TRUE(values.contains(1, name_of_value(n))) << n;
    ASSERT_FALSE(values.contains(1, name_of_value(n + ReportedValues::kGeneration))) << n;
    ASSERT_FALSE(values.contains(2, name_of_value(n))) << n;
  }
  EXPECT_EQ(values.forgotten(), 0u);
}

// Whatever comes, the latest generation is known, memory is bounded, and what is forgotten is counted; a
// value that never came is never known.
TEST(ReportedValues, ForgetsTheOldestCounted) {
  ReportedValues values;
  constexpr uint32_t kAll = 5 * ReportedValues::kGeneration + 123;
  for (uint32_t n = 0; n < kAll; ++n) {
    ASSERT_FALSE(values.contains(3, name_of_value(n)));
    values.add(3, name_of_value(n));
    ASSERT_LE(values.memory(), 4 * ReportedValues::kGeneration * sizeof(uint64_t));
  }
  for (uint32_t n = kAll - ReportedValues::kGeneration; n < kAll; ++n) {
    ASSERT_TRUE(values.contains(3, name_of_value(n))) << n;
  }
  EXPECT_EQ(values.forgotten() + values.size(), kAll);
  EXPECT_FALSE(values.contains(3, name_of_value(0)));
}

TEST(ReportedValues, TheSameNameOfTwoDetectorsIsTwo) {
  ReportedValues values;
  values.add(1, name_of_value(7));
  values.add(2, name_of_value(7));
  EXPECT_EQ(values.size(), 2u);
  EXPECT_TRUE(values.contains(1, name_of_value(7)) && values.contains(2, name_of_value(7)));
  // Names that fall into one slot and differ behind their first bytes.
  ValueName other = name_of_value(7);
  other.bytes[15] = 1;
  EXPECT_FALSE(values.contains(1, other));
  values.add(1, other);
  EXPECT_TRUE(values.contains(1, other) && values.contains(1, name_of_value(7)));
}

}  // namespace
}  // namespace weir
