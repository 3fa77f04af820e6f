#include "signatures/validators/checks.h"

#include <cstring>

#include "signatures/validators/calendar.h"

namespace weir {
namespace {

constexpr int digit_value(char c) { return c - '0'; }

// 0-9, A-Z as 10-35; -1 for anything else.
constexpr int base36_value(char c) {
  if (is_ascii_digit(c)) return digit_value(c);
  if (is_ascii_upper(c)) return c - 'A' + 10;
  return -1;
}

// The remainder of `value` (letters as two digits) by 97, going on from `remainder`; -1 on a wrong character.
int mod97_remainder(std::string_view value, int remainder) {
  for (char c : value) {
    const int v = base36_value(c);
    if (v < 0) return -1;
    remainder = (remainder * (v < 10 ? 10 : 100) + v) % 97;
  }
  return remainder;
}

// GB 32100-2015: the alphabet without I, O, S, V, Z; a character's place is its value.
constexpr std::string_view kUsccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

// Ten years, leap days included, in seconds.
constexpr int64_t kTenYears = int64_t{3653} * 86400;
// What a number must lie between where the capture has no clock: 2000-01-01 and the end of 32-bit time.
constexpr int64_t kUnknownClockFirst = 946684800;
constexpr int64_t kUnknownClockLast = 2147483647;

// One of the seconds from `first` to `last`.
bool span_near_capture(int64_t first, int64_t last, int64_t capture_time_s) {
  if (capture_time_s < kEarliestCaptureTime) return last >= kUnknownClockFirst && first <= kUnknownClockLast;
  return first - capture_time_s <= kTenYears && last - capture_time_s >= -kTenYears;
}

bool near_capture(int64_t seconds, int64_t capture_time_s) {
  return span_near_capture(seconds, seconds, capture_time_s);
}

int64_t leading_number(std::string_view digits, size_t count) {
  int64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value * 10 + digit_value(digits[i]);
  return value;
}

}  // namespace

bool all_ascii_digits(std::string_view text) {
  if (text.empty()) return false;
  // Eight at a time, the last eight once more where they do not end there: digits are 0x30 to 0x39.
  const auto eight = [&](size_t at) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    constexpr uint64_t kTop = 0x8080808080808080u;
    return ((word + 0x4646464646464646u) | (word - 0x3030303030303030u) | word) & kTop;
  };
  if (text.size() >= 8) {
    uint64_t other = eight(text.size() - 8);
    for (size_t at = 0; at + 8 <= text.size(); at += 8) other |= eight(at);
    return other == 0;
  }
  for (char c : text) {
    if (!is_ascii_digit(c)) return false;
  }
  return true;
}

bool luhn(std::string_view digits) {
  if (digits.size() < 2) return false;
  if (!all_ascii_digits(digits)) return false;
  constexpr int kDoubled[] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
  int sum = 0;
  size_t i = digits.size();
  for (; i >= 2; i -= 2) sum += digit_value(digits[i - 1]) + kDoubled[digit_value(digits[i - 2])];
  if (i == 1) sum += digit_value(digits[0]);
  return sum % 10 == 0;
}

bool mod11_2(std::string_view value) {
  if (value.size() < 2) return false;
  int remainder = 0;
  for (char c : value.substr(0, value.size() - 1)) {
    if (!is_ascii_digit(c)) return false;
    remainder = (remainder + digit_value(c)) * 2 % 11;
  }
  const char last = value.back();
  if (!is_ascii_digit(last) && last != 'X') return false;
  const int check = last == 'X' ? 10 : digit_value(last);
  return (remainder + check) % 11 == 1;
}

bool mod97(std::string_view value) { return value.size() > 2 && mod97_remainder(value, 0) == 1; }

bool mod97_iban(std::string_view iban) {
  if (iban.size() < 5) return false;
  const int body = mod97_remainder(iban.substr(4), 0);
  return body >= 0 && mod97_remainder(iban.substr(0, 4), body) == 1;
}

bool mod31(std::string_view value) {
  if (value.size() != 18) return false;
  int sum = 0;
  int weight = 1;
  for (size_t i = 0; i < 17; ++i) {
    const size_t v = kUsccAlphabet.find(value[i]);
    if (v == std::string_view::npos) return false;
    sum += static_cast<int>(v) * weight;
    weight = weight * 3 % 31;
  }
  return kUsccAlphabet[static_cast<size_t>((31 - sum % 31) % 31)] == value[17];
}

bool ean13(std::string_view digits) {
  if (digits.size() != 13 || !all_ascii_digits(digits)) return false;
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) sum += digit_value(digits[i]) * (i % 2 == 0 ? 1 : 3);
  return sum % 10 == 0;
}

bool all_digits_equal(std::string_view value) {
  char first = 0;
  size_t seen = 0;
  for (char c : value) {
    if (!is_ascii_digit(c)) continue;
    if (seen++ == 0) first = c;
    if (c != first) return false;
  }
  return seen >= 2;
}

bool sequential_digits(std::string_view value, bool has_check_digit) {
  if (has_check_digit) {
    const auto closes = [](char c) { return !is_ascii_digit(c) && !is_ascii_upper(c); };
    while (!value.empty() && closes(value.back())) value.remove_suffix(1);
    if (!value.empty()) value.remove_suffix(1);
  }
  bool up = true;
  bool down = true;
  int before = -1;
  size_t seen = 0;
  for (char c : value) {
    if (!is_ascii_digit(c)) continue;
    const int v = digit_value(c);
    if (seen++ > 0) {
      const int step = (v - before + 10) % 10;
      up = up && step == 1;
      down = down && step == 9;
      if (!up && !down) return false;
    }
    before = v;
  }
  return seen >= 4;
}

TimeForm plausible_time(std::string_view digits, int64_t capture_time_s) {
  constexpr uint32_t kLengths = 1u << 10 | 1u << 13 | 1u << 14 | 1u << 16 | 1u << 18 | 1u << 19;
  if (digits.size() > 19 || (kLengths >> digits.size() & 1) == 0) return TimeForm::kNone;
  // Ticks of our time begin with a 6.
  if (digits.size() == 18 && digits[0] != '6') return TimeForm::kNone;
  if (!all_ascii_digits(digits)) return TimeForm::kNone;
  TimeForm form = TimeForm::kNone;
  switch (digits.size()) {
    case 10:
      form = TimeForm::kSeconds;
      break;
    case 13:
      form = TimeForm::kMilliseconds;
      break;
    case 16:
      form = TimeForm::kMicroseconds;
      break;
    case 19:
      form = TimeForm::kNanoseconds;
      break;
    case 18: {
      // Eleven of the digits are seconds.
      constexpr int64_t kYearOneToUnix = 62135596800;
      const int64_t seconds = leading_number(digits, 11) - kYearOneToUnix;
      return near_capture(seconds, capture_time_s) ? TimeForm::kTicks : TimeForm::kNone;
    }
    case 14: {
      CalendarDate date;
      if (!parse_date(digits.substr(0, 8), &date)) return TimeForm::kNone;
      const int64_t hour = leading_number(digits.substr(8), 2);
      const int64_t minute = leading_number(digits.substr(10), 2);
      const int64_t second = leading_number(digits.substr(12), 2);
      if (hour > 23 || minute > 59 || second > 60) return TimeForm::kNone;  // 60: a leap second
      const int64_t seconds = days_since_epoch(date) * 86400 + hour * 3600 + minute * 60 + second;
      return near_capture(seconds, capture_time_s) ? TimeForm::kDateTime : TimeForm::kNone;
    }
    default:
      return TimeForm::kNone;
  }
  // Ten years before and after begin with few digits: most numbers are told by their first.
  constexpr int64_t kOfFirstDigit = 1'000'000'000;
  const int64_t least = digit_value(digits[0]) * kOfFirstDigit;
  if (!span_near_capture(least, least + kOfFirstDigit - 1, capture_time_s)) return TimeForm::kNone;
  return near_capture(leading_number(digits, 10), capture_time_s) ? form : TimeForm::kNone;
}

}  // namespace weir
