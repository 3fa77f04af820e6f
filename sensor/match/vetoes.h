// Reasons why something with a detector's shape is none: it is part of a decimal fraction, a UUID, a hash, a
// hexadecimal or base64 run. Looks no further than kContextBack characters before it and kContextOn after it.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// The value, text[begin, end), is the fraction of a decimal number (0.4111…), or inside a longer token of
// another kind. For values that are found by their digits.
bool inside_other_token(std::string_view text, size_t begin, size_t end, bool strong);

}  // namespace weir
