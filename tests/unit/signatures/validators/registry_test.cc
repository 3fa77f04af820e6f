#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/signatures/validators/vectors.h"

namespace weir {
namespace {

TEST(Registry, TheThirteenDetectorsHaveTheirs) {
  const std::set<std::string_view> wanted = {"cn_resident_id", "cn_resident_id_15", "cn_hmt_residence_permit",
                                             "cn_mobile",      "cn_landline",       "payment_card",
                                             "payment_iban",   "cn_passport",       "hk_hkid",
                                             "tw_national_id", "cn_uscc",           "net_email",
                                             "us_ssn"};
  std::set<std::string_view> there;
  for (const NamedValidator& entry : all_validators()) {
    there.insert(entry.name);
    EXPECT_EQ(find_validator(entry.name), entry.validate);
    EXPECT_EQ(find_named_validator(entry.name), &entry);
    EXPECT_NE(entry.canonical, nullptr) << entry.name;
  }
  EXPECT_EQ(there, wanted);
}

TEST(Registry, UnknownNames) {
  for (std::string_view name : {"", "cn", "cn_resident_i", "cn_resident_idx", "zz", "CN_MOBILE"}) {
    EXPECT_EQ(find_validator(name), nullptr) << name;
    EXPECT_EQ(find_named_validator(name), nullptr) << name;
  }
}

TEST(Registry, CanonicalValuesFitTheirBuffer) {
  const std::string longest(kMaxCanonicalValue, 'a');
  const std::string too_long(kMaxCanonicalValue + 1, 'a');
  EXPECT_EQ(canonical("net_email", longest), longest);
  EXPECT_EQ(canonical("net_email", too_long), "");
  EXPECT_EQ(canonical("hk_hkid", "G123456(A)"), "G123456A");
  EXPECT_EQ(canonical("us_ssn", "536-90-4399"), "536904399");
  EXPECT_EQ(canonical("payment_card", "4111 1111 1111 1111"), "4111111111111111");
  EXPECT_EQ(canonical("cn_resident_id", "11010519491231002x"), "11010519491231002X");
}

// Whatever the wire holds: every validator and every canonical form takes any bytes of any length. Each value
// stands in a heap block of its own size, so that the sanitizer sees a read past it. A valid value must
// survive its own canonical form: it is valid again, and its canonical form is itself.
TEST(Registry, AnyBytes) {
  std::mt19937 random(20250529);
  const std::string_view alphabet = "0123456789ABCEGKMXPSD()+-@.x%\xEF\xBC\x88\xEF\xBC\x89\x00z";
  std::array<char, kMaxCanonicalValue> buffer{};
  size_t valid = 0;
  for (int round = 0; round < 60000; ++round) {
    std::vector<char> value(random() % 24);
    const bool digits_only = round % 2 == 0;
    for (char& c : value) c = digits_only ? alphabet[random() % 10] : alphabet[random() % alphabet.size()];
    value.shrink_to_fit();
    const std::string_view view(value.data(), value.size());
    for (const NamedValidator& entry : all_validators()) {
      const ValidatorResult result = entry.validate(view, kIn2025);
      const std::string_view text = entry.canonical(view, buffer);
      EXPECT_LE(text.size(), value.size() + 1);  // +86 10… gains its 0
      if (!result.valid) {
        EXPECT_EQ(result.evidence, 0);
        continue;
      }
      ++valid;
      const std::string once(text);
      EXPECT_TRUE(entry.validate(once, kIn2025).valid) << entry.name << " " << once;
      EXPECT_EQ(entry.canonical(once, buffer), once) << entry.name;
    }
  }
  EXPECT_GT(valid, 500u);
}

TEST(Registry, ShortBuffersGiveNothing) {
  std::array<char, 4> small{};
  for (const NamedValidator& entry : all_validators()) {
    EXPECT_EQ(entry.canonical("01062345678", small), "") << entry.name;
  }
}

}  // namespace
}  // namespace weir
