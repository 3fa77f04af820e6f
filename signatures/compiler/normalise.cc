#include "signatures/compiler/normalise.h"

#include <array>

#include "signatures/validators/checks.h"

namespace weir {

namespace {

// Bytes of the separator at `pos`, 0 when there is none.
size_t separator_at(const DetectorSpec& detector, std::string_view written, size_t pos) {
  for (const std::string& separator : detector.separators) {
    if (separator[0] != written[pos]) continue;
    if (separator.size() == 1 || written.substr(pos).starts_with(separator)) return separator.size();
  }
  return 0;
}

// By byte: itself for a digit or a capital, the capital for a small letter, 0 for what may be a separator.
constexpr std::array<char, 256> kPlain = [] {
  std::array<char, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = static_cast<char>(c - 'a' + 'A');
  return table;
}();

}  // namespace

std::string_view normalise_value(const DetectorSpec& detector, std::string_view written,
                                 std::span<char> buffer) {
  // Most often nothing but digits: there is nothing to do.
  if (all_ascii_digits(written)) {
    return written.size() <= buffer.size() ? written : std::string_view();
  }
  const bool upper = detector.anchor != AnchorKind::kAtSign;
  if (!upper && detector.separators.empty()) {
    return written.size() <= buffer.size() ? written : std::string_view();
  }
  size_t n = 0;
  for (size_t i = 0; i < written.size();) {
    const char c = written[i];
    // Letters and digits are never separators (the pack reader sees to it).
    if (const char plain = kPlain[static_cast<unsigned char>(c)]; plain != 0) {
      if (n == buffer.size()) return {};
      buffer[n++] = upper ? plain : c;
      ++i;
      continue;
    }
    if (const size_t skip = separator_at(detector, written, i); skip != 0) {
      i += skip;
      continue;
    }
    if (n == buffer.size()) return {};
    // A multiplication sign or a Cyrillic letter for the X of a check character.
    if (static_cast<signed char>(c) < 0 && upper) {
      const std::string_view sign = written.substr(i, 2);
      if (sign == "\u00D7" || sign == "\u0445" || sign == "\u0425") {
        buffer[n++] = 'X';
        i += 2;
        continue;
      }
    }
    buffer[n++] = c;
    ++i;
  }
  return {buffer.data(), n};
}

ValidatorResult validate_value(const DetectorSpec& detector, std::string_view normalised,
                               const ValidatorContext& context) {
  ValidatorResult all{true, 0};
  for (const NamedValidator* validator : detector.validators) {
    const ValidatorResult one = validator->validate(normalised, context);
    if (!one.valid) return {};
    all.evidence = static_cast<uint8_t>(all.evidence | one.evidence);
  }
  return all;
}

std::string_view canonical_value(const DetectorSpec& detector, std::string_view normalised,
                                 std::span<char> buffer) {
  for (const NamedValidator* validator : detector.validators) {
    if (validator->canonical == nullptr) continue;
    const std::string_view canonical = validator->canonical(normalised, buffer);
    if (!canonical.empty()) return canonical;
  }
  return normalised;
}

}  // namespace weir
