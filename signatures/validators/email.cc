// E-mail addresses (RFC 5321, dot-atoms of RFC 5322) under a plausible top-level domain. What looks like one
// in code and file names is kept out: icon@2x.png, lib@1.2.3.tgz, @scope/package, %3Dname before decoding.
#include <array>

#include "signatures/validators/checks.h"
#include "signatures/validators/domains.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

constexpr size_t kMaxLocal = 64;     // RFC 5321, 4.5.3.1.1
constexpr size_t kMaxAddress = 254;  // RFC 5321, 4.5.3.1.3, without the angle brackets
constexpr size_t kMaxLabel = 63;     // RFC 1035, 2.3.4

constexpr char to_lower(char c) { return is_ascii_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_letter(char c) { return is_ascii_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_hex(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_atom_character(char c) {
  return is_letter(c) || is_ascii_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_local_part(std::string_view local) {
  if (local.empty() || local.size() > kMaxLocal || local.front() == '.' || local.back() == '.') return false;
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '.') {
      if (local[i + 1] == '.') return false;
      continue;
    }
    if (!is_atom_character(local[i])) return false;
    // A percent escape that is still to be undone: its own reading has the address.
    if (local[i] == '%' && i + 2 < local.size() && is_hex(local[i + 1]) && is_hex(local[i + 2])) return false;
  }
  return true;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
  for (char c : label) {
    if (!is_letter(c) && !is_ascii_digit(c) && c != '-') return false;
  }
  return true;
}

bool is_domain(std::string_view domain) {
  size_t labels = 0;
  size_t numeric = 0;              // labels of digits only: 163.com has one, a version number more
  size_t leading_digit_first = 0;  // among the first two
  std::string_view first;
  std::string_view label;
  for (std::string_view rest = domain;;) {
    const size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (!is_label(label)) return false;
    if (labels == 0) first = label;
    if (all_ascii_digits(label)) ++numeric;
    if (labels < 2 && is_ascii_digit(label[0])) ++leading_digit_first;
    ++labels;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (labels < 2 || numeric > 1 || leading_digit_first > 1) return false;

  std::array<char, kMaxLabel> lower{};
  for (size_t i = 0; i < label.size(); ++i) lower[i] = to_lower(label[i]);
  const std::string_view tld(lower.data(), label.size());
  if (!is_plausible_tld(tld)) return false;
  // icon@2x.ai, logo@3x.ps: pictures for dense screens.
  const bool scale =
      labels == 2 && first.size() == 2 && is_ascii_digit(first[0]) && to_lower(first[1]) == 'x';
  return !(scale && is_file_like_tld(tld));
}

}  // namespace

ValidatorResult validate_net_email(std::string_view value, const ValidatorContext&) {
  if (value.size() > kMaxAddress) return {};
  const size_t at = value.find('@');
  if (at == std::string_view::npos || !is_local_part(value.substr(0, at))) return {};
  return {is_domain(value.substr(at + 1)), 0};
}

std::string_view canonical_net_email(std::string_view value, std::span<char> buffer) {
  CanonicalWriter writer(buffer);
  for (char c : value) writer.put(to_lower(c));
  return writer.result();
}

}  // namespace weir
