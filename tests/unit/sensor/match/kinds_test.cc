// Which of several values over the same bytes is told.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

std::vector<std::string> ids(std::string_view text) {
  std::vector<std::string> out;
  for (const Finding& f : scan_whole(text).findings) out.push_back(id_of(f));
  return out;
}
using Ids = std::vector<std::string>;

TEST(Kinds, AnAddressDoesNotHideWhatACheckOrALabelBacks) {
  EXPECT_EQ(ids("身份证110101199003078670@qq.com"), (Ids{"cn.resident_id", "net.email"}));
  EXPECT_EQ(ids("110101199003078670@qq.com"), (Ids{"cn.resident_id", "net.email"}));
  EXPECT_EQ(ids("手机13812345678@qq.com"), (Ids{"cn.mobile", "net.email"}));
  // A bare number is an address's local part.
  EXPECT_EQ(ids("13812345678@qq.com"), Ids{"net.email"});
}

TEST(Kinds, OfNumbersOverTheSameDigitsTheLongestIsTold) {
  EXPECT_EQ(ids("卡号 6222 0212 3456 7890 128"), Ids{"payment.card"});
  // Of one span: the residence permit, which is the narrower.
  EXPECT_EQ(ids("810000199408230021"), Ids{"cn.hmt_residence_permit"});
}

}  // namespace
}  // namespace weir
