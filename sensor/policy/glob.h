// Globs over host names, file names, users: `*` stands for any run of characters, `?` for one; letters of
// ASCII match in either case. Pattern from the configuration, text from the wire (any bytes).
#pragma once

#include <string_view>

namespace weir {

// Time is at most |pattern| × |text|; no memory.
bool glob_match(std::string_view pattern, std::string_view text);

// What globs over hosts are asked with: "shop.example:8080" and "shop.example." → "shop.example",
// "[2001:db8::1]:443" → "2001:db8::1".
std::string_view without_port(std::string_view host);

}  // namespace weir
