// Values with their verdicts, checked through the registry as a pack would use it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "signatures/validators/validators.h"

namespace weir {

inline constexpr ValidatorContext kIn2025{1748503543};  // 2025-05-29 07:25:43 UTC

inline ValidatorResult judge(std::string_view validator, std::string_view value,
                             const ValidatorContext& context = kIn2025) {
  const Validator validate = find_validator(validator);
  EXPECT_NE(validate, nullptr) << validator;
  return validate == nullptr ? ValidatorResult{} : validate(value, context);
}

inline void expect_all(std::string_view validator, bool valid,
                       std::initializer_list<std::string_view> values) {
  for (std::string_view value : values) {
    const ValidatorResult result = judge(validator, value);
    EXPECT_EQ(result.valid, valid) << validator << " " << value;
    EXPECT_TRUE(valid || result.evidence == 0) << validator << " " << value;
  }
}

inline std::string canonical(std::string_view validator, std::string_view value) {
  const NamedValidator* entry = find_named_validator(validator);
  EXPECT_NE(entry, nullptr) << validator;
  std::array<char, kMaxCanonicalValue> buffer{};
  return entry == nullptr ? std::string() : std::string(entry->canonical(value, buffer));
}

}  // namespace weir
