#include <algorithm>
#include <iterator>

#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"
#include "signatures/validators/validators.h"

namespace weir {
namespace {

// Sorted by name.
constexpr NamedValidator kValidators[] = {
    {"cn_foreign_permanent_resident", validate_cn_foreign_permanent_resident, canonical_alphanumeric},
    {"cn_hmt_residence_permit", validate_cn_hmt_residence_permit, canonical_alphanumeric},
    {"cn_landline", validate_cn_landline, canonical_cn_landline, nullptr, frame_cn_telephone},
    {"cn_mobile", validate_cn_mobile, canonical_cn_mobile, nullptr, frame_cn_telephone},
    {"cn_passport", validate_cn_passport, canonical_alphanumeric},
    {"cn_resident_id", validate_cn_resident_id, canonical_alphanumeric},
    {"cn_resident_id_15", validate_cn_resident_id_15, canonical_alphanumeric},
    {"cn_uscc", validate_cn_uscc, canonical_alphanumeric},
    {"hk_hkid", validate_hk_hkid, canonical_alphanumeric, nullptr, frame_lower_case_id},
    {"net_email", validate_net_email, canonical_net_email, longest_net_email, frame_net_email},
    {"payment_card", validate_payment_card, canonical_alphanumeric, nullptr, frame_payment_card},
    {"payment_iban", validate_payment_iban, canonical_alphanumeric},
    {"tw_national_id", validate_tw_national_id, canonical_alphanumeric, nullptr, frame_lower_case_id},
    {"us_ssn", validate_us_ssn, canonical_alphanumeric},
};

static_assert(std::is_sorted(std::begin(kValidators), std::end(kValidators),
                             [](const NamedValidator& a, const NamedValidator& b) {
                               return a.name < b.name;
                             }));

}  // namespace

std::string_view canonical_alphanumeric(std::string_view value, std::span<char> buffer) {
  CanonicalWriter writer(buffer);
  for (char c : value) {
    if (is_ascii_digit(c) || is_ascii_upper(c)) {
      writer.put(c);
    } else if (c >= 'a' && c <= 'z') {
      writer.put(static_cast<char>(c - 'a' + 'A'));
    }
  }
  return writer.result();
}

const NamedValidator* find_named_validator(std::string_view name) {
  const auto* it = std::lower_bound(std::begin(kValidators), std::end(kValidators), name,
                                    [](const NamedValidator& v, std::string_view n) { return v.name < n; });
  return it != std::end(kValidators) && it->name == name ? it : nullptr;
}

Validator find_validator(std::string_view name) {
  const NamedValidator* entry = find_named_validator(name);
  return entry != nullptr ? entry->validate : nullptr;
}

std::span<const NamedValidator> all_validators() { return kValidators; }

}  // namespace weir
