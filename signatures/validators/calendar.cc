#include "signatures/validators/calendar.h"

#include "signatures/validators/checks.h"

namespace weir {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

constexpr bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

int two_digits(std::string_view text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

}  // namespace

bool is_real_date(CalendarDate date) {
  return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
         date.day <= days_in_month(date.year, date.month);
}

int64_t days_since_epoch(CalendarDate date) {
  // Years counted from March, so that the leap day is a year's last day.
  const int64_t year = date.month > 2 ? date.year : date.year - 1;
  const int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  const int64_t leap_days = year / 4 - year / 100 + year / 400;
  constexpr int64_t kDaysToEpoch = 719468;  // from 0000-03-01 to 1970-01-01
  return year * 365 + leap_days + (153 * month + 2) / 5 + date.day - 1 - kDaysToEpoch;
}

bool parse_date(std::string_view yyyymmdd, CalendarDate* date) {
  if (yyyymmdd.size() != 8 || !all_ascii_digits(yyyymmdd)) return false;
  const CalendarDate parsed{two_digits(yyyymmdd) * 100 + two_digits(yyyymmdd.substr(2)),
                            two_digits(yyyymmdd.substr(4)), two_digits(yyyymmdd.substr(6))};
  if (!is_real_date(parsed)) return false;
  *date = parsed;
  return true;
}

bool is_future(CalendarDate date, int64_t capture_time_s) {
  if (capture_time_s < kEarliestCaptureTime) return false;
  return days_since_epoch(date) > capture_time_s / kSecondsPerDay;
}

}  // namespace weir
