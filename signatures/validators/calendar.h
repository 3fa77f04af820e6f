// Calendar dates inside identifiers (Gregorian, proleptic), and "not in the future".
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

struct CalendarDate {
  int year = 0;
  int month = 0;  // 1-12
  int day = 0;    // 1-31
};

// A day that the calendar has, years 1 to 9999.
bool is_real_date(CalendarDate date);

// Days since 1970-01-01 of a real date; negative before.
int64_t days_since_epoch(CalendarDate date);

// `yyyymmdd`: exactly eight digits of a real date, written to `date`; false otherwise.
bool parse_date(std::string_view yyyymmdd, CalendarDate* date);

// Capture times before this moment (1990-01-01 UTC) are not believed: nothing was captured then.
inline constexpr int64_t kEarliestCaptureTime = 631152000;

// The day is after the UTC day of `capture_time_s`. False where the capture time is not believed.
bool is_future(CalendarDate date, int64_t capture_time_s);

}  // namespace weir
