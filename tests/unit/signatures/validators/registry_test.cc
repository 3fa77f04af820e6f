#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/signatures/validators/vectors.h"

namespace weir {
namespace {

TEST(Registry, TheFourteenDetectorsHaveTheirs) {
  const std::set<std::string_view> wanted = {"cn_resident_id",
                                             "cn_resident_id_15",
                                             "cn_hmt_residence_permit",
                                             "cn_mobile",
                                             "cn_landline",
                                             "payment_card",
                                             "payment_iban",
                                             "cn_passport",
                                             "hk_hkid",
                                             "tw_national_id",
                                             "cn_uscc",
                                             "net_email",
                                             "us_ssn",
                                             "cn_foreign_permanent_resident"};
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

// A value of each kind that the standards or the issuers call valid, and its one spelling.
struct Known {
  std::string_view validator, value, canonical;
};
constexpr Known kKnown[] = {
    {"cn_resident_id", "11010519491231002X", "11010519491231002X"},  // GB 11643-1999, annex
    {"cn_resident_id_15", "610104620927690", "610104620927690"},
    {"cn_hmt_residence_permit", "810000199408230021", "810000199408230021"},
    {"cn_foreign_permanent_resident", "91184019900307009X", "91184019900307009X"},
    {"cn_mobile", "+8613812345678", "13812345678"},
    {"cn_landline", "+861062345678", "01062345678"},
    {"payment_card", "4111111111111111", "4111111111111111"},
    {"payment_iban", "GB82WEST12345698765432", "GB82WEST12345698765432"},  // ISO 13616
    {"cn_passport", "E12345678", "E12345678"},
    {"hk_hkid", "G123456(A)", "G123456A"},
    {"tw_national_id", "A123456789", "A123456789"},
    {"cn_uscc", "91350100M000100Y43", "91350100M000100Y43"},
    {"net_email", "Li.Si@QQ.com", "li.si@qq.com"},
    {"us_ssn", "536-90-4399", "536904399"},
};

TEST(Registry, EveryKindHasOneSpellingThatFitsExactly) {
  ASSERT_EQ(std::size(kKnown), all_validators().size());
  for (const Known& known : kKnown) {
    const NamedValidator* entry = find_named_validator(known.validator);
    ASSERT_NE(entry, nullptr) << known.validator;
    EXPECT_TRUE(entry->validate(known.value, kIn2025).valid) << known.validator;
    EXPECT_TRUE(entry->validate(known.canonical, kIn2025).valid) << known.validator;
    for (size_t size = 0; size <= known.canonical.size(); ++size) {
      // A heap block of its own: a sanitizer sees a byte too far.
      std::vector<char> buffer(size);
      const std::string_view text = entry->canonical(known.value, buffer);
      EXPECT_EQ(text, size < known.canonical.size() ? std::string_view() : known.canonical)
          << known.validator << " in " << size;
    }
  }
}

// One look over a value with many ends must say what a look at each of them says.
TEST(Registry, TheLongestEndIsTheLastThatIsValid) {
  std::mt19937 random(20261130);
  constexpr std::string_view kPieces[] = {"a",   "@",   ".",   ".cn",   ".com", ".zz", "-", "2x",
                                          ".ai", ".md", "163", ".xn--", "ab",   "_",   "1", "%31"};
  size_t several = 0, none = 0;
  for (int round = 0; round < 30000; ++round) {
    std::string value = round % 2 == 0 ? "a@" : "";
    for (size_t n = random() % 12; n > 0; --n) value += kPieces[random() % std::size(kPieces)];
    if (round % 50 == 0) value += "@" + std::string(random() % 70, 'b') + ".cn" + std::string(200, '.');
    std::vector<uint16_t> ends;
    for (size_t end = 1; end <= value.size(); ++end) {
      if (random() % 4 != 0) ends.push_back(static_cast<uint16_t>(end));
    }
    for (const NamedValidator& entry : all_validators()) {
      if (entry.longest == nullptr) continue;
      size_t last = 0, valid = 0;
      for (const uint16_t end : ends) {
        if (!entry.validate(std::string_view(value).substr(0, end), kIn2025).valid) continue;
        last = end;
        ++valid;
      }
      EXPECT_EQ(entry.longest(value, ends, kIn2025), last) << entry.name << " " << value;
      several += valid > 1 ? 1 : 0;
      none += valid == 0 ? 1 : 0;
    }
  }
  EXPECT_GT(several, 300u);
  EXPECT_GT(none, 300u);
}

}  // namespace
}  // namespace weir
