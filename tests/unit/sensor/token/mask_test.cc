#include "sensor/token/mask.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Mask, ShowsHeadAndTail) {
  EXPECT_EQ(mask("110101199003078670", {3, 1, false}), "110**************0");
  EXPECT_EQ(mask("4111111111111111", {0, 4, false}), "************1111");
  EXPECT_EQ(mask("abcdefghijklmnop", {0, 0, false}), "****************");
}

TEST(Mask, NeverMoreThanFourOrAQuarter) {
  EXPECT_EQ(mask("110101199003078670", {4, 4, false}), "**************8670");
  EXPECT_EQ(mask("13812345678", {3, 4, false}), "*********78");
  EXPECT_EQ(mask("E12345678", {1, 1, false}), "E*******8");
  EXPECT_EQ(mask("1234567", {1, 1, false}), "******7");
  EXPECT_EQ(mask("123", {2, 2, false}), "***");
  EXPECT_EQ(mask("", {2, 2, false}), "");
}

TEST(Mask, CountsCharactersNotBytes) {
  EXPECT_EQ(mask("京A1234学", {1, 1, false}), "******学");
  EXPECT_EQ(mask("军字第2001988号", {1, 1, false}), "军*********号");
}

TEST(Mask, AnAddressKeepsItsDomainAndHidesItsLength) {
  EXPECT_EQ(mask("zhang.san@qq.com", {1, 0, true}), "z***@qq.com");
  EXPECT_EQ(mask("li@example.cn", {1, 0, true}), "***@example.cn");
  EXPECT_EQ(mask("averylongname.indeed@example.cn", {1, 0, true}), "a***@example.cn");
  EXPECT_EQ(mask("@example.cn", {1, 0, true}), "@example.cn");
  EXPECT_EQ(mask("nodomain", {1, 0, true}), "n*******");
}

}  // namespace
}  // namespace weir
