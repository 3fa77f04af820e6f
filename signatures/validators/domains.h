// Top-level domains that an e-mail address may plausibly end in.
#pragma once

#include <string_view>

namespace weir {

// `label` (lower-case) is a country's domain, one of the generic ones that people have addresses under, or an
// internationalised one (xn--). Suffixes that name files first (png, js, css, zip, mov, …) are not.
bool is_plausible_tld(std::string_view label);

// A country's domain that is a file suffix too: md, py, rs, sh, …
bool is_file_like_tld(std::string_view label);

}  // namespace weir
