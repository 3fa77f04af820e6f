// A charset is a guess, whoever made it: a mark, a declaration, a sample of the first bytes. What of a window
// contradicts it, in which charset is that?
#pragma once

#include <array>
#include <cstdint>

#include "parsers/codec/mapped_text.h"
#include "parsers/wire/bytes.h"

namespace weir {

class Charset;

// Units of two or four bytes.
bool is_wide(const Charset* charset);

// `bytes`, from item offset `offset` on, were read as `charset`, which found `faults` in them. The charset
// that some of them seem to be in besides; null: they hold, or nothing else shows. Looks at bounded samples.
const Charset* other_charset(const Charset* charset, uint64_t offset, Bytes bytes, uint32_t faults);

// Text of two or four bytes a character between bytes that are something else, at any place: four characters
// of ASCII in a row, and what stands before and behind them in Chinese and ASCII. What lies between the runs
// is U+001A. Runs that are read anyhow, by `read_as` (null: none) with bytes[0] at item offset `offset`,
// are left out. Whether there was any other; `out` is overwritten. Positions of the map are those in `bytes`.
bool wide_runs(Bytes bytes, uint64_t offset, std::array<const Charset*, 2> read_as, MappedText* out);

}  // namespace weir
