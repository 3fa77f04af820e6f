// What stands around a candidate: the nearest word for or against it, the field it is the value of, and the
// excerpt that an analyst sees. Called by the Matcher for candidates whose validator held. Nothing here looks
// further than kContextBack characters before the value or kContextOn after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/word_index.h"

namespace weir {

inline constexpr size_t kContextBack = 64;
inline constexpr size_t kContextOn = 64;
inline constexpr size_t kWordBefore = 40;  // a word counts when it ends at most so many characters before
inline constexpr size_t kWordAfter = 15;   // … or begins at most so many after
inline constexpr size_t kExcerptSide = 40;
inline constexpr size_t kMaxFieldBytes = 64;

struct ValuePlace {
  std::string_view text;
  size_t begin = 0, end = 0;  // the value
  size_t floor = 0;           // kContextBack characters before it
  size_t ceiling = 0;         // kContextOn characters after it
  bool ends_short = false;    // the text has fewer
};
ValuePlace place_of(std::string_view text, size_t begin, size_t end);

struct FieldName {
  size_t begin = 0, end = 0;  // in the text; empty: none
  bool structural = false;    // a JSON key, form key or tag: what follows the value is the next field's
};
// JSON key, form or query key, attribute, XML tag, `Name:` directly before the value.
FieldName find_field(const ValuePlace& place);

struct NearWord {
  enum class Kind : uint8_t { kNone, kKeyword, kContrary };
  Kind kind = Kind::kNone;
  bool in_field = false;  // it is (in) the field's name
  size_t word = 0;        // index into the WordIndex
};
// The word that is nearest to the value (after the value only where no structural field name stands before
// it), of those that speak for or against the detector. Of two equally near
// the longer, then the one before the value, then the keyword. `hits`: the text's words, sorted by end.
// `field` is what structure says (a part's name): further away than anything in the text.
NearWord nearest_word(const WordIndex& words, std::span<const WordHit> hits, uint16_t detector,
                      const ValuePlace& place, FieldName lexical, std::string_view field);

// kExcerptSide characters each side and the value, as shape: digits 9, Han 字, other letters x or X; the
// packs' own words in clear; control characters as spaces.
std::string excerpt(const WordIndex& words, const ValuePlace& place);

// A whole text (valid UTF-8) in the same form.
std::string shape_with_words(const WordIndex& words, std::string_view text);

}  // namespace weir
