// Globs over host names, file names, users: `*` stands for any run of characters, `?` for one; letters of
// ASCII match in either case. Pattern from the configuration, text from the wire (any bytes).
#pragma once

#include <string_view>

namespace weir {

// Time is at most |pattern| × |text|; no memory.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace weir
