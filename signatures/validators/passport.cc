// Passports of the People's Republic (ordinary, old and new, diplomatic, service, public affairs) and of its
// special administrative regions. They carry no check digit outside their machine readable zone.
#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

// The second letter of the series that followed E99999999: I and O are left out, they look like digits.
bool is_series_letter(char c) { return is_ascii_upper(c) && c != 'I' && c != 'O'; }

}  // namespace

ValidatorResult validate_cn_passport(std::string_view value, const ValidatorContext&) {
  if (value.size() != 9) return {};
  const char first = value[0];
  const char second = value[1];
  if (!all_ascii_digits(value.substr(2))) return {};
  bool known = false;
  if (is_ascii_digit(second)) {
    known =
        first == 'E' || first == 'G' || first == 'K' || (first == '1' && (second == '4' || second == '5'));
  } else if (first == 'E') {
    known = is_series_letter(second);
  } else {
    known =
        (second == 'E' && (first == 'P' || first == 'S' || first == 'D')) || (first == 'M' && second == 'A');
  }
  return {known, 0};
}

}  // namespace weir
