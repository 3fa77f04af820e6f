// The permanent residence card for foreigners: 18 characters since 2023 (GA 2102-2023: a 9, the province, the
// country, the date of birth, a serial, MOD 11-2), three letters and twelve digits before (country, area,
// date of birth, serial, the check digit 7-3-1 of ICAO 9303).
#include <algorithm>
#include <iterator>

#include "signatures/validators/calendar.h"
#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"
#include "signatures/validators/regions.h"

namespace weir {
namespace {

// ISO 3166-1 numeric.
constexpr uint16_t kCountries[] = {
    4,   8,   10,  12,  16,  20,  24,  28,  31,  32,  36,  40,  44,  48,  50,  51,  52,  56,  60,  64,  68,
    70,  72,  74,  76,  84,  86,  90,  92,  96,  100, 104, 108, 112, 116, 120, 124, 132, 136, 140, 144, 148,
    152, 156, 158, 162, 166, 170, 174, 175, 178, 180, 184, 188, 191, 192, 196, 203, 204, 208, 212, 214, 218,
    222, 226, 231, 232, 233, 234, 238, 239, 242, 246, 248, 250, 254, 258, 260, 262, 266, 268, 270, 275, 276,
    288, 292, 296, 300, 304, 308, 312, 316, 320, 324, 328, 332, 334, 336, 340, 344, 348, 352, 356, 360, 364,
    368, 372, 376, 380, 384, 388, 392, 398, 400, 404, 408, 410, 414, 417, 418, 422, 426, 428, 430, 434, 438,
    440, 442, 446, 450, 454, 458, 462, 466, 470, 474, 478, 480, 484, 492, 496, 498, 499, 500, 504, 508, 512,
    516, 520, 524, 528, 531, 533, 534, 535, 540, 548, 554, 558, 562, 566, 570, 574, 578, 580, 581, 583, 584,
    585, 586, 591, 598, 600, 604, 608, 612, 616, 620, 624, 626, 630, 634, 638, 642, 643, 646, 652, 654, 659,
    660, 662, 663, 666, 670, 674, 678, 682, 686, 688, 690, 694, 702, 703, 704, 705, 706, 710, 716, 724, 728,
    729, 732, 740, 744, 748, 752, 756, 760, 762, 764, 768, 772, 776, 780, 784, 788, 792, 795, 796, 798, 800,
    804, 807, 818, 826, 831, 832, 833, 834, 840, 850, 854, 858, 860, 862, 876, 882, 887, 894,
};
static_assert(std::is_sorted(std::begin(kCountries), std::end(kCountries)));

bool is_country(std::string_view digits) {
  const int code = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  return std::binary_search(std::begin(kCountries), std::end(kCountries), code);
}

ValidatorResult validate_new(std::string_view value, const ValidatorContext& context) {
  if (value[0] != '9' || !all_ascii_digits(value.substr(0, 17)) || !is_cn_province_code(value.substr(1, 2)))
    return {};
  CalendarDate birth;
  if (!parse_date(value.substr(6, 8), &birth) || birth.year < 1800 ||
      is_future(birth, context.capture_time_s) || !mod11_2(value)) {
    return {};
  }
  // States come and go: an unknown country is no reason to drop the number.
  if (!is_country(value.substr(3, 3)))
    return {true, kEvidenceDate | kEvidenceCheckDigit | kEvidenceSoftFailed};
  return {true, kEvidenceRegion | kEvidenceDate | kEvidenceCheckDigit};
}

bool right_731(std::string_view value) {
  constexpr int kWeights[] = {7, 3, 1};
  int sum = 0;
  for (size_t i = 0; i + 1 < value.size(); ++i) {
    sum += kWeights[i % 3] * (is_ascii_digit(value[i]) ? value[i] - '0' : value[i] - 'A' + 10);
  }
  return sum % 10 == value.back() - '0';
}

ValidatorResult validate_old(std::string_view value, const ValidatorContext& context) {
  if (!std::ranges::all_of(value.substr(0, 3), is_ascii_upper) || !all_ascii_digits(value.substr(3)))
    return {};
  // Of either century.
  char date[8] = {'1', '9'};
  for (size_t i = 0; i < 6; ++i) date[i + 2] = value[7 + i];
  CalendarDate birth;
  if (!parse_date(std::string_view(date, 8), &birth)) {
    date[0] = '2';
    date[1] = '0';
    if (!parse_date(std::string_view(date, 8), &birth) || is_future(birth, context.capture_time_s)) return {};
  }
  if (!right_731(value)) return {};
  return {true, kEvidenceDate | kEvidenceCheckDigit | kEvidenceNeedsKeyword};
}

}  // namespace

ValidatorResult validate_cn_foreign_permanent_resident(std::string_view value,
                                                       const ValidatorContext& context) {
  if (value.size() == 18) return validate_new(value, context);
  if (value.size() == 15) return validate_old(value, context);
  return {};
}

}  // namespace weir
