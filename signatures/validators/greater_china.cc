// The identity cards of Hong Kong (Immigration Department: one or two letters, six digits, a check character
// that is printed in brackets) and of Taiwan (letter of the place of registration, sex, serial, check digit).
#include <optional>

#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

constexpr int letter_value(char c) { return c - 'A' + 10; }

// The check character, out of its brackets, ASCII or full-width, always a pair; `bracketed` says which.
std::optional<char> hkid_check(std::string_view tail, bool* bracketed) {
  constexpr std::string_view kPairs[][2] = {{"(", ")"}, {"\uFF08", "\uFF09"}};
  *bracketed = false;
  for (const auto& [open, close] : kPairs) {
    if (tail.size() == open.size() + close.size() + 1 && tail.starts_with(open) && tail.ends_with(close)) {
      *bracketed = true;
      return tail[open.size()];
    }
  }
  if (tail.size() == 1) return tail[0];
  return std::nullopt;
}

// The two digits that each letter of a Taiwan identity number stands for, from A on (order of registration:
// I, O, W, Z were given out last).
constexpr int kTaiwanLetters[26] = {10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21,
                                    22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33};

}  // namespace

Frame frame_lower_case_id(std::string_view text, size_t begin, size_t) {
  return text[begin] >= 'a' && text[begin] <= 'z' ? Frame::kDoubts : Frame::kNone;
}

ValidatorResult validate_hk_hkid(std::string_view value, const ValidatorContext&) {
  size_t letters = 0;
  while (letters < value.size() && is_ascii_upper(value[letters])) ++letters;
  if (letters < 1 || letters > 2 || value.size() < letters + 7) return {};
  const std::string_view serial = value.substr(letters, 6);
  if (!all_ascii_digits(serial)) return {};
  bool bracketed = false;
  const std::optional<char> check = hkid_check(value.substr(letters + 6), &bracketed);
  if (!check || (!is_ascii_digit(*check) && *check != 'A')) return {};

  constexpr int kBlank = 36;  // a missing first letter counts as a space
  int sum = 9 * (letters == 2 ? letter_value(value[0]) : kBlank) + 8 * letter_value(value[letters - 1]);
  for (size_t i = 0; i < serial.size(); ++i) sum += (serial[i] - '0') * static_cast<int>(7 - i);
  sum += *check == 'A' ? 10 : *check - '0';
  if (sum % 11 != 0) return {};
  const unsigned form = bracketed ? unsigned{kEvidenceOwnMarks} : unsigned{kEvidenceNeedsKeyword};
  return {true, static_cast<uint8_t>(kEvidenceCheckDigit | form)};
}

ValidatorResult validate_tw_national_id(std::string_view value, const ValidatorContext&) {
  if (value.size() != 10 || !is_ascii_upper(value[0]) || !all_ascii_digits(value.substr(1))) return {};
  const char kind = value[1];  // 1, 2: nationals; 8, 9: residents without registration, foreigners (2021)
  if (kind != '1' && kind != '2' && kind != '8' && kind != '9') return {};
  const int letter = kTaiwanLetters[value[0] - 'A'];
  int sum = letter / 10 + letter % 10 * 9;
  for (size_t i = 1; i <= 8; ++i) sum += (value[i] - '0') * static_cast<int>(9 - i);
  sum += value[9] - '0';
  if (sum % 10 != 0) return {};
  return {true, kEvidenceCheckDigit};
}

}  // namespace weir
