// Whether bytes show anything that can be read. For the ledger only: "read" is said of what was read, and
// bytes that are compressed, encrypted or masked in a way that nobody recognised were looked at and not read.
//
// The question is asked of bytes that no charset fits as a whole. They are illegible where they are as even
// as chance makes them and no text shows in them, in any charset that Weir knows without a declaration.
// Text is never as even as that and without text; binary formats are rarely that even: zeros, small
// numbers and repeated headers show. Nothing is scanned less for it.
#pragma once

#include <cstdint>

#include "parsers/wire/bytes.h"

namespace weir {

class Charset;

// A sample of this many bytes tells (fewer: kLeastSample are enough, with more doubt in favour of "legible").
inline constexpr size_t kLegibleSample = 64;
inline constexpr size_t kLeastSample = 32;

enum class Shows : uint8_t {
  kText,  // or anything else but chance
  kSome,  // nothing in the sample, but elsewhere a run of ASCII, in one or two bytes a character
  kNothing,
};
// Of `bytes`, kLeastSample or more. Looks closely at kLegibleSample of them in the middle.
Shows what_shows(Bytes bytes);

// The charset whose characters beyond ASCII show in `sample`, of kLegibleSample bytes at most; or null.
const Charset* shown_charset(Bytes sample);

// All of `bytes` are text, in UTF-8, UTF-16, GB18030 or Big5: what no compression makes.
bool says_text(Bytes bytes);

// Bytes that are `charset` almost without faults are text: by chance they would have many.
bool faults_tell(const Charset* charset);

}  // namespace weir
