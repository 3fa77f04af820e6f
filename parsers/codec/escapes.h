// Escapes undone and digits folded: each step reads UTF-8 text and writes a further reading of it.
//
// Like the charsets, a step keeps no state: what the end of the text cuts (an escape, a run of invisible
// characters behind a digit) is left out unless `final`, and comes with the next window. Positions of the
// map are those in `text`.
#pragma once

#include <string_view>

#include "parsers/codec/mapped_text.h"

namespace weir {

// Whether a step could change the text; cheap. An escape that the end cuts does not count.
bool has_percent(std::string_view text, bool plus);
bool has_unicode_escape(std::string_view text);

// %XX (RFC 3986 2.1), and '+' as a space where `plus` (forms and queries). Bytes over 0x7f are taken
// together with the bytes beside them: as UTF-8, where that fails as GB18030 (Chinese sites escape GBK),
// else U+FFFD. `scratch` is anything of the caller's. Returns whether anything changed.
bool undo_percent(std::string_view text, bool plus, bool final, MappedText* scratch, MappedText* out);

// \uXXXX as in JSON and JavaScript (RFC 8259 7), with surrogate pairs; a lone surrogate is U+FFFD.
bool undo_unicode_escapes(std::string_view text, bool final, MappedText* out);

// Decimal digits of every script by value (full-width U+FF10-FF19 and the other characters of category
// Nd); invisible characters between two digits dropped.
bool fold_digits(std::string_view text, bool final, MappedText* out);

}  // namespace weir
