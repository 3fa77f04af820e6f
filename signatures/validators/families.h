// The validators behind the registry, a file a family. Packs and the matcher go through validators.h; unit
// tests and the registry include this. Each function follows the contract of `Validator` or `Canonical`
// there.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "signatures/validators/validators.h"

namespace weir {

// Building a canonical value in a caller's buffer without allocating; too long makes it empty.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(std::span<char> buffer) : buffer_(buffer) {}
  void put(char c) {
    if (size_ < buffer_.size()) buffer_[size_] = c;
    ++size_;
  }
  void put(std::string_view text) {
    for (char c : text) put(c);
  }
  std::string_view result() const {
    return size_ <= buffer_.size() ? std::string_view(buffer_.data(), size_) : std::string_view();
  }

 private:
  std::span<char> buffer_;
  size_t size_ = 0;
};

// Letters (as upper-case) and digits only: what is left of a value without brackets, hyphens and spaces.
std::string_view canonical_alphanumeric(std::string_view value, std::span<char> buffer);

// resident_id.cc: GB 11643-1999 and the residence permit for people from Hong Kong, Macao and Taiwan (2018).
ValidatorResult validate_cn_resident_id(std::string_view value, const ValidatorContext& context);
ValidatorResult validate_cn_resident_id_15(std::string_view value, const ValidatorContext& context);
ValidatorResult validate_cn_hmt_residence_permit(std::string_view value, const ValidatorContext& context);

// foreign_resident.cc: the permanent residence card for foreigners, as it is since 2023 and as it was.
ValidatorResult validate_cn_foreign_permanent_resident(std::string_view value,
                                                       const ValidatorContext& context);

// phone.cc
// The number of another country: +1 1877 …, +49 1577 …
Frame frame_cn_telephone(std::string_view text, size_t begin, size_t end);
ValidatorResult validate_cn_mobile(std::string_view value, const ValidatorContext& context);
std::string_view canonical_cn_mobile(std::string_view value, std::span<char> buffer);
ValidatorResult validate_cn_landline(std::string_view value, const ValidatorContext& context);
std::string_view canonical_cn_landline(std::string_view value, std::span<char> buffer);

// payment_card.cc, iban.cc
ValidatorResult validate_payment_card(std::string_view value, const ValidatorContext& context);
// Track 1 and 2 of a magnetic stripe (ISO/IEC 7813), track 2 equivalent data of a chip (EMV, tag 57).
Frame frame_payment_card(std::string_view text, size_t begin, size_t end);
ValidatorResult validate_payment_iban(std::string_view value, const ValidatorContext& context);

// passport.cc
ValidatorResult validate_cn_passport(std::string_view value, const ValidatorContext& context);

// greater_china.cc: the identity cards of Hong Kong and Taiwan.
// A lower-case letter before digits is a code or a hash as well.
Frame frame_lower_case_id(std::string_view text, size_t begin, size_t end);
ValidatorResult validate_hk_hkid(std::string_view value, const ValidatorContext& context);
ValidatorResult validate_tw_national_id(std::string_view value, const ValidatorContext& context);

// organisation.cc: GB 32100-2015.
ValidatorResult validate_cn_uscc(std::string_view value, const ValidatorContext& context);

// email.cc
ValidatorResult validate_net_email(std::string_view value, const ValidatorContext& context);
std::string_view canonical_net_email(std::string_view value, std::span<char> buffer);
size_t longest_net_email(std::string_view value, std::span<const uint16_t> ends,
                         const ValidatorContext& context);
// The user of a URL (RFC 3986, 3.2.1), the user and host of scp's host:path.
Frame frame_net_email(std::string_view text, size_t begin, size_t end);

// us_ssn.cc
ValidatorResult validate_us_ssn(std::string_view value, const ValidatorContext& context);

}  // namespace weir
