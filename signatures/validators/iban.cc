// International bank account numbers (ISO 13616-1): country, check digits by ISO 7064 MOD 97-10, and a
// national part whose build each country has registered with SWIFT.
#include <algorithm>
#include <iterator>

#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

struct CountryFormat {
  std::string_view country;
  // Runs of a count and a kind: n digits, a upper-case letters, c both. "4a14n": four letters, 14 digits.
  std::string_view body;
};

// The IBAN registry. Sorted by country.
constexpr CountryFormat kFormats[] = {
    {"AD", "8n12c"},    {"AE", "19n"},      {"AL", "8n16c"},    {"AT", "16n"},     {"AZ", "4a20c"},
    {"BA", "16n"},      {"BE", "12n"},      {"BG", "4a6n8c"},   {"BH", "4a14c"},   {"BI", "23n"},
    {"BR", "23n1a1c"},  {"BY", "4c4n16c"},  {"CH", "5n12c"},    {"CR", "18n"},     {"CY", "8n16c"},
    {"CZ", "20n"},      {"DE", "18n"},      {"DJ", "23n"},      {"DK", "14n"},     {"DO", "4c20n"},
    {"EE", "16n"},      {"EG", "25n"},      {"ES", "20n"},      {"FI", "14n"},     {"FK", "2a12n"},
    {"FO", "14n"},      {"FR", "10n11c2n"}, {"GB", "4a14n"},    {"GE", "2a16n"},   {"GI", "4a15c"},
    {"GL", "14n"},      {"GR", "7n16c"},    {"GT", "24c"},      {"HN", "4a20n"},   {"HR", "17n"},
    {"HU", "24n"},      {"IE", "4a14n"},    {"IL", "19n"},      {"IQ", "4a15n"},   {"IS", "22n"},
    {"IT", "1a10n12c"}, {"JO", "4a4n18c"},  {"KW", "4a22c"},    {"KZ", "3n13c"},   {"LB", "4n20c"},
    {"LC", "4a24c"},    {"LI", "5n12c"},    {"LT", "16n"},      {"LU", "3n13c"},   {"LV", "4a13c"},
    {"LY", "21n"},      {"MC", "10n11c2n"}, {"MD", "20c"},      {"ME", "18n"},     {"MK", "3n10c2n"},
    {"MN", "16n"},      {"MR", "23n"},      {"MT", "4a5n18c"},  {"MU", "4a19n3a"}, {"NI", "4a20n"},
    {"NL", "4a10n"},    {"NO", "11n"},      {"OM", "3n16c"},    {"PK", "4a16c"},   {"PL", "24n"},
    {"PS", "4a21c"},    {"PT", "21n"},      {"QA", "4a21c"},    {"RO", "4a16c"},   {"RS", "18n"},
    {"RU", "14n15c"},   {"SA", "2n18c"},    {"SC", "4a20n3a"},  {"SD", "14n"},     {"SE", "20n"},
    {"SI", "15n"},      {"SK", "20n"},      {"SM", "1a10n12c"}, {"SO", "19n"},     {"ST", "21n"},
    {"SV", "4a20n"},    {"TL", "19n"},      {"TN", "20n"},      {"TR", "6n16c"},   {"UA", "6n19c"},
    {"VA", "18n"},      {"VG", "4a16n"},    {"XK", "16n"},      {"YE", "4a4n18c"},
};

constexpr bool by_country(const CountryFormat& a, const CountryFormat& b) { return a.country < b.country; }
static_assert(std::is_sorted(std::begin(kFormats), std::end(kFormats), by_country));

bool matches(std::string_view body, std::string_view format) {
  size_t at = 0;
  size_t count = 0;
  for (char f : format) {
    if (is_ascii_digit(f)) {
      count = count * 10 + static_cast<size_t>(f - '0');
      continue;
    }
    if (body.size() - at < count) return false;
    for (; count > 0; --count, ++at) {
      const bool digit = is_ascii_digit(body[at]);
      const bool letter = is_ascii_upper(body[at]);
      if (!(f == 'n' ? digit : f == 'a' ? letter : digit || letter)) return false;
    }
  }
  return at == body.size();
}

}  // namespace

ValidatorResult validate_payment_iban(std::string_view value, const ValidatorContext&) {
  if (value.size() < 15) return {};
  const CountryFormat wanted{value.substr(0, 2), {}};
  const auto* format = std::lower_bound(std::begin(kFormats), std::end(kFormats), wanted, by_country);
  if (format == std::end(kFormats) || format->country != wanted.country) return {};
  const std::string_view check = value.substr(2, 2);
  if (!all_ascii_digits(check)) return {};
  // 98 minus a remainder lies in 02-98; 00, 01 and 99 would pass the sum and are never given out.
  if (check == "00" || check == "01" || check == "99") return {};
  if (!matches(value.substr(4), format->body) || !mod97_iban(value)) return {};
  return {true, kEvidenceStrongCheck};
}

}  // namespace weir
