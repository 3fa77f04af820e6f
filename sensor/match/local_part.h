// Where an e-mail address may begin: back from its '@' over what a local part without quotes is written with.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// Position in `text` of the first character before the '@' at `at` that may belong to the address, not before
// `floor`; `at` when there is none. Escapes (\n, \u003c), quotes and words of scripts without spaces that
// stand before it do not.
size_t local_part_begin(std::string_view text, size_t at, size_t floor);

}  // namespace weir
