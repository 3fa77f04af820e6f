#include "sensor/match/metadata_digits.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "sensor/match/characters.h"

namespace weir {

namespace {

double value_of(uint32_t code) {
  if (code < 0x80) return is_digit(static_cast<char>(code)) ? code - '0' : -1;
  if (code >= 0xE0030 && code <= 0xE0039) return code - 0xE0030;  // tags: ASCII that is not shown
  switch (code) {  // said where numbers are read out; Unicode gives the others their value
    case 0x6D1E:   // 洞
      return 0;
    case 0x5E7A:  // 幺
      return 1;
    case 0x4E24:  // 两
    case 0x5169:  // 兩
      return 2;
    case 0x62D0:  // 拐
      return 7;
    case 0x52FE:  // 勾
      return 9;
    default:
      return u_getNumericValue(static_cast<UChar32>(code));  // U_NO_NUMERIC_VALUE is below 0
  }
}

enum class Class : uint8_t { kDigit, kSeparator, kLetter };

Class class_of(uint32_t code) {
  if (code < 0x80) {
    const auto c = static_cast<char>(code);
    return is_digit(c) ? Class::kDigit : is_letter(c) ? Class::kLetter : Class::kSeparator;
  }
  if (is_numeral(code)) return Class::kDigit;
  // Letters that modify (ー among them) stand between digits as dashes do.
  const auto c = static_cast<UChar32>(code);
  return u_isalpha(c) != 0 && u_charType(c) != U_MODIFIER_LETTER && u_charType(c) != U_NON_SPACING_MARK &&
                 u_charType(c) != U_COMBINING_SPACING_MARK
             ? Class::kLetter
             : Class::kSeparator;
}

// The A that stands for ten behind the six digits of a Hong Kong identity card, alone.
bool is_check_letter(std::string_view text, size_t pos, size_t length, uint32_t code) {
  if (code != 'A' && code != 'a' && code != 0xFF21 && code != 0xFF41) return false;
  size_t next = 0;
  return pos + length >= text.size() ||
         class_of(code_point_at(text, pos + length, &next)) == Class::kSeparator;
}

}  // namespace

bool is_numeral(uint32_t code) {
  const double value = value_of(code);
  return value >= 0 && value == std::floor(value);
}

int numeral_value(uint32_t code) {
  const double value = value_of(code);
  return value >= 0 && value <= 9 && value == std::floor(value) ? static_cast<int>(value) : -1;
}

void find_digit_runs(const MetadataReading& reading, std::vector<DigitRun>* runs) {
  runs->clear();
  const std::string_view text = reading.text;
  DigitRun run;
  size_t digits = 0;
  size_t kept = 0;  // of run.digits, to the last digit
  const auto finish = [&] {
    run.digits.resize(kept);
    if (digits >= kDigitRun) runs->push_back(run);
    run.digits.clear();
    digits = kept = 0;
  };
  for (size_t pos = 0; pos < text.size();) {
    size_t length = 0;
    const uint32_t code = code_point_at(text, pos, &length);
    const MetadataOrigin& origin = reading.origins[pos];
    Class what = class_of(code);
    if (what == Class::kSeparator && (!reading.joined || (reading.fragments && code == 0xFFFD))) {
      what = Class::kLetter;
    }
    if (digits + 1 == kDigitRun && is_check_letter(text, pos, length, code)) what = Class::kDigit;
    if (what == Class::kLetter) {
      finish();
    } else if (what == Class::kDigit || origin.odd) {
      if (run.digits.empty()) run.begin = pos;
      run.digits.push_back(origin);
      kept = run.digits.size();
      digits += what == Class::kDigit ? 1 : 0;
      run.end = pos + length;
    } else if (!run.digits.empty() && origin.end - origin.begin > length) {
      run.digits.push_back(origin);  // an escaped separator
    }
    pos += length;
  }
  finish();
}

}  // namespace weir
