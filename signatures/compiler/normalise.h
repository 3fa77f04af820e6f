// A value as written, made into what validators see. Called by the compiler for samples and by the matcher
// for every candidate: no allocation.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "signatures/compiler/pattern_set.h"

namespace weir {

// `written` without the detector's separators, letters in upper case (as they stand where the anchor is
// at_sign). The result lies in `buffer`, or is `written` itself; empty when the buffer is too short
// (kMaxValueBytes always suffices).
std::string_view normalise_value(const DetectorSpec& detector, std::string_view written,
                                 std::span<char> buffer);

// Runs the detector's validators: valid when all are, the evidence of all together. A detector without
// validators takes every value.
ValidatorResult validate_value(const DetectorSpec& detector, std::string_view normalised,
                               const ValidatorContext& context);

// The one spelling that tokens are made of; `normalised` itself where the detector's validators have none.
std::string_view canonical_value(const DetectorSpec& detector, std::string_view normalised,
                                 std::span<char> buffer);

}  // namespace weir
