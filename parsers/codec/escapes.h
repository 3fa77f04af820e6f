// Escapes undone and other forms of ASCII folded: each step reads UTF-8 text and writes a further reading of
// it.
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
// An entity that could be part of a value or of a word beside it; quotes and brackets of markup are none.
bool has_entity(std::string_view text);

// %XX (RFC 3986 2.1), and '+' as a space where `plus` (forms and queries). Bytes over 0x7f are taken
// together with the bytes beside them: as UTF-8, where that fails as GB18030 (Chinese sites escape GBK),
// else U+FFFD. `scratch` is anything of the caller's. Returns whether anything changed.
bool undo_percent(std::string_view text, bool plus, bool final, MappedText* scratch, MappedText* out);

// \uXXXX as in JSON and JavaScript (RFC 8259 7), with surrogate pairs; a lone surrogate is U+FFFD.
bool undo_unicode_escapes(std::string_view text, bool final, MappedText* out);

// Character references of HTML (&#49; &#x31; &nbsp;): numbers, with or without their ';', and the names that
// values are written with. At most kLongestEntity characters each.
inline constexpr size_t kLongestEntity = 18;
bool undo_entities(std::string_view text, bool final, MappedText* out);

// As ASCII has it: decimal digits of every script by value (category Nd), full-width forms (U+FF01-FF5E),
// spaces (Zs), dashes (Pd and the minus sign); invisible characters between two digits dropped.
bool fold_forms(std::string_view text, bool final, MappedText* out);

}  // namespace weir
