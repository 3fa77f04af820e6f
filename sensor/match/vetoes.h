// Reasons why something with a detector's shape is none: it is part of a decimal fraction, a UUID, a hash, a
// hexadecimal or base64 run. Looks no further than the place's context.
#pragma once

#include "sensor/match/context.h"

namespace weir {

// The value is the fraction of a decimal number (0.4111…), or inside a longer token of another kind. For
// values that are found by their digits.
bool inside_other_token(const ValuePlace& place);

}  // namespace weir
