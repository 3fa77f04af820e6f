#include "signatures/validators/checks.h"

#include <gtest/gtest.h>

#include "signatures/validators/calendar.h"

namespace weir {
namespace {

TEST(Luhn, StandardVectors) {
  EXPECT_TRUE(luhn("79927398713"));  // the worked example of the algorithm
  for (char c : std::string_view("012456789")) {
    EXPECT_FALSE(luhn(std::string("7992739871") + c)) << c;
  }
  EXPECT_TRUE(luhn("4111111111111111"));
  EXPECT_TRUE(luhn("18"));
  EXPECT_FALSE(luhn("0"));
  EXPECT_FALSE(luhn(""));
  EXPECT_FALSE(luhn("411111111111111a"));
}

TEST(Mod11_2, StandardVectors) {
  EXPECT_TRUE(mod11_2("07940"));
  EXPECT_TRUE(mod11_2("079X"));  // the worked example in circulation for ISO 7064
  EXPECT_FALSE(mod11_2("0794"));
  EXPECT_TRUE(mod11_2("11010519491231002X"));  // GB 11643-1999
  EXPECT_TRUE(mod11_2("440524188001010014"));
  EXPECT_TRUE(mod11_2("0000000121032683"));  // an ISNI, the same system
  EXPECT_FALSE(mod11_2("0000000121032684"));
  EXPECT_FALSE(mod11_2("11010519491231002x"));  // upper-case only
  EXPECT_FALSE(mod11_2("1101051949123100XX"));
  EXPECT_FALSE(mod11_2("X"));
  EXPECT_FALSE(mod11_2(""));
}

TEST(Mod97, StandardVectors) {
  EXPECT_TRUE(mod97("3214282912345698765432161182"));  // GB82 WEST…, as digits in ISO 13616 order
  EXPECT_TRUE(mod97_iban("GB82WEST12345698765432"));
  EXPECT_FALSE(mod97_iban("GB82WEST12345698765431"));
  EXPECT_FALSE(mod97_iban("gb82WEST12345698765432"));
  EXPECT_FALSE(mod97_iban("GB82"));
  EXPECT_FALSE(mod97(""));
}

TEST(Mod31, StandardVectors) {
  EXPECT_TRUE(mod31("91350100M000100Y43"));  // an example in circulation for GB 32100-2015
  EXPECT_TRUE(mod31("91110000600037341L"));
  EXPECT_FALSE(mod31("91110000600037341N"));
  EXPECT_FALSE(mod31("91110000600037341"));
  EXPECT_FALSE(mod31("9111000060003IOZSV"));
  EXPECT_FALSE(mod31("91350100m000100y43"));
}

TEST(Digits, AllEqual) {
  EXPECT_TRUE(all_digits_equal("11111111111111111"));
  EXPECT_TRUE(all_digits_equal("000-00-0000"));
  EXPECT_FALSE(all_digits_equal("1111111111111112"));
  EXPECT_FALSE(all_digits_equal("2111111111111111"));
  EXPECT_FALSE(all_digits_equal("name@host.cn"));
  EXPECT_FALSE(all_digits_equal("7"));
}

TEST(Digits, Sequential) {
  EXPECT_TRUE(sequential_digits("123456789", false));
  EXPECT_TRUE(sequential_digits("890123456", false));
  EXPECT_TRUE(sequential_digits("987654321", false));
  EXPECT_TRUE(sequential_digits("321098765", false));
  EXPECT_TRUE(sequential_digits("123-45-6789", false));
  EXPECT_TRUE(sequential_digits("A123456789", true));
  EXPECT_TRUE(sequential_digits("1234567890123458", true));
  EXPECT_TRUE(sequential_digits("G123456(A)", true));
  EXPECT_TRUE(sequential_digits("A123456（3）", true));
  EXPECT_FALSE(sequential_digits("1234567890123458", false));
  EXPECT_FALSE(sequential_digits("123454321", false));
  EXPECT_FALSE(sequential_digits("1111", false));
  EXPECT_FALSE(sequential_digits("13579", false));
  EXPECT_FALSE(sequential_digits("123", false));
  EXPECT_FALSE(sequential_digits("", true));
}

// Bar codes of GS1's and Wikipedia's examples.
TEST(Ean13, Vectors) {
  for (std::string_view text : {"4006381333931", "5901234123457", "9780201379624"})
    EXPECT_TRUE(ean13(text)) << text;
  for (std::string_view text : {"4006381333932", "400638133393", "40063813339310", "400638133393x", ""}) {
    EXPECT_FALSE(ean13(text)) << text;
  }
}

// Moments from `date -u -d @1748503543`.
TEST(PlausibleTime, EveryForm) {
  constexpr int64_t kNow = 1748503543;
  EXPECT_EQ(plausible_time("1748503543", kNow), TimeForm::kSeconds);
  EXPECT_EQ(plausible_time("1748503543012", kNow), TimeForm::kMilliseconds);
  EXPECT_EQ(plausible_time("1748503543012345", kNow), TimeForm::kMicroseconds);
  EXPECT_EQ(plausible_time("1748503543012345678", kNow), TimeForm::kNanoseconds);
  EXPECT_EQ(plausible_time("20250529072543", kNow), TimeForm::kDateTime);
  // 719,162 days from 0001-01-01 to 1970-01-01 (.NET's DateTime.UnixEpoch.Ticks is 621355968000000000).
  EXPECT_EQ(plausible_time("638841003430000000", kNow), TimeForm::kTicks);
  EXPECT_EQ(plausible_time("621355968000000000", kNow), TimeForm::kNone);
  EXPECT_EQ(plausible_time("20160101000000", kNow), TimeForm::kDateTime);
  EXPECT_EQ(plausible_time("20350101000000", kNow), TimeForm::kDateTime);
}

// Ten years are 3653 days, 315,619,200 seconds; a capture without a clock takes 2000-01-01 to 2038-01-19.
TEST(PlausibleTime, EndsTenYearsAwayWhateverTheFirstDigit) {
  constexpr int64_t kLate = 1900000000, kEarly = 1100000000, kNoClock = 0;
  for (std::string_view text : {"1584380800", "1999999999", "2000000000", "2215619200"}) {
    EXPECT_EQ(plausible_time(text, kLate), TimeForm::kSeconds) << text;
  }
  for (std::string_view text : {"0784380800", "0999999999", "1000000000", "1415619200"}) {
    EXPECT_EQ(plausible_time(text, kEarly), TimeForm::kSeconds) << text;
  }
  for (std::string_view text : {"0946684800", "0999999999", "1999999999", "2147483647"}) {
    EXPECT_EQ(plausible_time(text, kNoClock), TimeForm::kSeconds) << text;
  }
  for (std::string_view text : {"1584380799", "2215619201", "0999999999", "3000000000"}) {
    EXPECT_EQ(plausible_time(text, kLate), TimeForm::kNone) << text;
  }
  for (std::string_view text : {"0784380799", "1415619201", "2000000000"}) {
    EXPECT_EQ(plausible_time(text, kEarly), TimeForm::kNone) << text;
  }
  for (std::string_view text : {"0946684799", "2147483648", "3000000000"}) {
    EXPECT_EQ(plausible_time(text, kNoClock), TimeForm::kNone) << text;
  }
}

TEST(PlausibleTime, NotATime) {
  constexpr int64_t kNow = 1748503543;
  for (std::string_view text : {"4111111111111111", "6222021234567890128", "1390000000", "2100000000",
                                "20140101000000", "20250229120000", "20250529240000", "20250529076043",
                                "20250529072561", "17485035430", "174850354x", ""}) {
    EXPECT_EQ(plausible_time(text, kNow), TimeForm::kNone) << text;
  }
}

TEST(PlausibleTime, TenYearsEachWayOfTheCapture) {
  constexpr int64_t kNow = 1748503543;
  EXPECT_EQ(plausible_time("1433000000", kNow), TimeForm::kSeconds);  // 2015-05-30
  EXPECT_EQ(plausible_time("1432700000", kNow), TimeForm::kNone);     // 2015-05-27
  EXPECT_EQ(plausible_time("2064000000", kNow), TimeForm::kSeconds);  // 2035-05-28
  EXPECT_EQ(plausible_time("2064300000", kNow), TimeForm::kNone);     // 2035-06-01
}

TEST(PlausibleTime, CaptureWithoutAClock) {
  EXPECT_EQ(plausible_time("1748503543", 0), TimeForm::kSeconds);
  EXPECT_EQ(plausible_time("2200000000", 0), TimeForm::kNone);
  EXPECT_EQ(plausible_time("19991231235959", 0), TimeForm::kNone);
}

TEST(Calendar, RealDates) {
  for (std::string_view text : {"20240229", "20000229", "19491231", "18800101", "00010101", "99991231"}) {
    CalendarDate date;
    EXPECT_TRUE(parse_date(text, &date)) << text;
  }
  for (std::string_view text : {"20230229", "19000229", "18000229", "21000229", "19990431", "19990000",
                                "19991301", "19991232", "00000101", "1999010", "199901011", "1999010X"}) {
    CalendarDate date;
    EXPECT_FALSE(parse_date(text, &date)) << text;
  }
}

// Days from `date -u -d <day> +%s` divided by 86400.
TEST(Calendar, DaysSinceEpoch) {
  EXPECT_EQ(days_since_epoch({1970, 1, 1}), 0);
  EXPECT_EQ(days_since_epoch({1969, 12, 31}), -1);
  EXPECT_EQ(days_since_epoch({2000, 2, 29}), 11016);
  EXPECT_EQ(days_since_epoch({2000, 3, 1}), 11017);
  EXPECT_EQ(days_since_epoch({2025, 5, 29}), 20237);
  EXPECT_EQ(days_since_epoch({1900, 3, 1}), -25508);
  EXPECT_EQ(days_since_epoch({1800, 1, 1}), -62091);
}

TEST(Calendar, Future) {
  constexpr int64_t kLastSecond = 1748563199;  // 2025-05-29 23:59:59
  EXPECT_FALSE(is_future({2025, 5, 29}, kLastSecond));
  EXPECT_TRUE(is_future({2025, 5, 30}, kLastSecond));
  EXPECT_FALSE(is_future({2025, 5, 30}, kLastSecond + 1));
  EXPECT_FALSE(is_future({2099, 1, 1}, 0));
  EXPECT_FALSE(is_future({2099, 1, 1}, kEarliestCaptureTime - 1));
  EXPECT_TRUE(is_future({2099, 1, 1}, kEarliestCaptureTime));
}

}  // namespace
}  // namespace weir
