// Resident identity numbers: GB 11643-1999 (18 characters), its 15-digit forerunner (GB 11643-1989), and the
// residence permit for people from Hong Kong, Macao and Taiwan, which has the same build.
#include "signatures/validators/calendar.h"
#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"
#include "signatures/validators/regions.h"

namespace weir {
namespace {

bool has_resident_id_alphabet(std::string_view value) {
  return value.size() == 18 && value[0] != '0' && all_ascii_digits(value.substr(0, 17)) &&
         (is_ascii_digit(value[17]) || value[17] == 'X');
}

// Places 7-14, a day from 1800 on that has come.
bool has_birth_date(std::string_view value, const ValidatorContext& context) {
  CalendarDate birth;
  return parse_date(value.substr(6, 8), &birth) && birth.year >= 1800 && birth.year <= 2099 &&
         !is_future(birth, context.capture_time_s);
}

constexpr uint8_t kFullEvidence = kEvidenceRegion | kEvidenceDate | kEvidenceCheckDigit;

}  // namespace

ValidatorResult validate_cn_resident_id(std::string_view value, const ValidatorContext& context) {
  if (!has_resident_id_alphabet(value) || !is_cn_province_code(value.substr(0, 2)) ||
      !has_birth_date(value, context) || !mod11_2(value)) {
    return {};
  }
  return {true, kFullEvidence};
}

ValidatorResult validate_cn_resident_id_15(std::string_view value, const ValidatorContext& context) {
  if (value.size() != 15 || !all_ascii_digits(value) || !is_cn_province_code(value.substr(0, 2))) return {};
  // The century is 19 for all but the centenarians of 1984 (serial 996-999); 1800 and 1900 are both no leap
  // years, so the calendar is the same for them.
  char date[8] = {'1', '9'};
  for (size_t i = 0; i < 6; ++i) date[i + 2] = value[6 + i];
  CalendarDate birth;
  if (!parse_date(std::string_view(date, 8), &birth) || is_future(birth, context.capture_time_s)) return {};
  return {true, kEvidenceRegion | kEvidenceDate};
}

ValidatorResult validate_cn_hmt_residence_permit(std::string_view value, const ValidatorContext& context) {
  if (!has_resident_id_alphabet(value)) return {};
  const std::string_view region = value.substr(0, 6);
  if (region != "810000" && region != "820000" && region != "830000") return {};
  if (!has_birth_date(value, context) || !mod11_2(value)) return {};
  return {true, kFullEvidence};
}

}  // namespace weir
