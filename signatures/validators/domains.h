// Top-level domains that an e-mail address may plausibly end in.
#pragma once

#include <string_view>

namespace weir {

// `label` (lower-case) is delegated in the root zone (IANA's list, of the day that top_level_domains.inc
// tells), as it stands there (xn--) or as people write it (公司, рф). Those that name files first (zip, mov,
// map) are not.
bool is_plausible_tld(std::string_view label);

// A country's domain that is a file suffix too: md, py, rs, sh, …
bool is_file_like_tld(std::string_view label);

}  // namespace weir
