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
  return {true, kEvidenceAssignedRange | kEvidenceCheckDigit};
}

}  // namespace weir
