// The product's validators as a filter: reads `name<TAB>value` lines, writes one line each: `1` valid, `0`
// not,
// `?` for a name that nobody has. Started by validators.py with the capture time, in seconds since 1970.
//
// Two names are not validators: calendar_date (YYYYMMDD) and plausible_time.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "signatures/validators/calendar.h"
#include "signatures/validators/checks.h"
#include "signatures/validators/validators.h"

namespace {

char judge(std::string_view name, std::string_view value, const weir::ValidatorContext& context) {
  if (name == "calendar_date") {
    weir::CalendarDate date;
    return weir::parse_date(value, &date) ? '1' : '0';
  }
  if (name == "plausible_time") {
    return weir::plausible_time(value, context.capture_time_s) != weir::TimeForm::kNone ? '1' : '0';
  }
  const weir::Validator validate = weir::find_validator(name);
  if (validate == nullptr) return '?';
  return validate(value, context).valid ? '1' : '0';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: oracle_validators CAPTURE_TIME < lines\n";
    return 2;
  }
  const weir::ValidatorContext context{std::strtoll(argv[1], nullptr, 10)};
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) {
      std::cout << "?\n";
      continue;
    }
    std::cout << judge(std::string_view(line).substr(0, tab), std::string_view(line).substr(tab + 1), context)
              << '\n';
  }
  return 0;
}
