#include "signatures/validators/payment_card.h"

#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

constexpr uint32_t lengths(int first, int last) {
  uint32_t bits = 0;
  for (int n = first; n <= last; ++n) bits |= uint32_t{1} << n;
  return bits;
}

constexpr size_t kArticleDigits = 13;

struct PrefixRange {
  uint16_t first;  // of the first four digits
  uint16_t last;
  CardNetwork network;
  uint32_t lengths;  // bit n: n digits are legal
};

// Sorted, without overlap.
constexpr PrefixRange kRanges[] = {
    {2221, 2720, CardNetwork::kMastercard, lengths(16, 16)},
    {3000, 3059, CardNetwork::kDiners, lengths(14, 19)},
    {3090, 3099, CardNetwork::kDiners, lengths(14, 19)},
    {3400, 3499, CardNetwork::kAmex, lengths(15, 15)},
    {3528, 3589, CardNetwork::kJcb, lengths(16, 19)},
    {3600, 3699, CardNetwork::kDiners, lengths(14, 19)},
    {3700, 3799, CardNetwork::kAmex, lengths(15, 15)},
    {3800, 3999, CardNetwork::kDiners, lengths(14, 19)},
    {4000, 4999, CardNetwork::kVisa, lengths(13, 13) | lengths(16, 16) | lengths(19, 19)},
    {5000, 5099, CardNetwork::kMaestro, lengths(13, 19)},
    {5100, 5599, CardNetwork::kMastercard, lengths(16, 16)},
    {5600, 6010, CardNetwork::kMaestro, lengths(13, 19)},
    {6011, 6011, CardNetwork::kDiscover, lengths(16, 19)},
    {6012, 6199, CardNetwork::kMaestro, lengths(13, 19)},
    {6200, 6299, CardNetwork::kUnionPay, lengths(16, 19)},
    {6300, 6399, CardNetwork::kMaestro, lengths(13, 19)},
    {6440, 6599, CardNetwork::kDiscover, lengths(16, 19)},
    {6600, 6999, CardNetwork::kMaestro, lengths(13, 19)},
};

}  // namespace

CardNetwork card_network(std::string_view digits) {
  if (digits.size() < 13 || digits.size() > 19) return CardNetwork::kNone;
  int prefix = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (!is_ascii_digit(digits[i])) return CardNetwork::kNone;
    prefix = prefix * 10 + (digits[i] - '0');
  }
  for (const PrefixRange& range : kRanges) {
    if (prefix > range.last) continue;
    const bool fits = prefix >= range.first && (range.lengths >> digits.size() & 1u) != 0;
    return fits ? range.network : CardNetwork::kNone;
  }
  return CardNetwork::kNone;
}

std::string_view name_of(CardNetwork network) {
  constexpr std::string_view kNames[] = {"",    "UnionPay",    "Visa",     "Mastercard", "American Express",
                                         "JCB", "Diners Club", "Discover", "Maestro"};
  return kNames[static_cast<size_t>(network)];
}

ValidatorResult validate_payment_card(std::string_view value, const ValidatorContext&) {
  if (card_network(value) == CardNetwork::kNone || !luhn(value)) return {};
  uint8_t evidence = kEvidenceAssignedRange | kEvidenceCheckDigit;
  // As long as an article number (GTIN), whose check digit is Luhn's once in ten. Hardly any card has so few.
  if (value.size() == kArticleDigits) evidence |= kEvidenceNeedsKeyword;
  return {true, evidence};
}

Frame frame_payment_card(std::string_view text, size_t begin, size_t end) {
  const auto at = [&](size_t pos) { return pos < text.size() ? text[pos] : '\0'; };
  const char before = begin > 0 ? text[begin - 1] : '\0';
  const char after = at(end);
  if (after == '^') {
    // %B, the number, ^, the name.
    const bool format = before == 'B' || before == 'b';
    const char sentinel = begin > 1 ? text[begin - 2] : '%';
    return format && !is_ascii_alphanumeric(sentinel) ? Frame::kConfirms : Frame::kNone;
  }
  if (is_ascii_alphanumeric(before)) return Frame::kNone;
  if (after != '=' && after != 'D' && after != 'd') return Frame::kNone;
  // ;number=YYMM, the service code, what the issuer likes.
  constexpr size_t kDigits = 7;
  for (size_t i = 1; i <= kDigits; ++i) {
    if (!is_ascii_digit(at(end + i))) return Frame::kNone;
  }
  const int month = (text[end + 3] - '0') * 10 + (text[end + 4] - '0');
  return month >= 1 && month <= 12 ? Frame::kConfirms : Frame::kNone;
}

}  // namespace weir
