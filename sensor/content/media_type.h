// What a declared type and the first bytes say of an item.
#pragma once

#include <string>
#include <string_view>

#include "parsers/wire/bytes.h"

namespace weir {

// "type/subtype" of a Content-Type (RFC 9110 8.3), lower case, without parameters; empty when it has none.
std::string media_type(std::string_view declared);
// The value of a parameter ("charset", "boundary", "name"; compared without case), unquoted; empty: none.
// Also for the parameters of Content-Disposition.
std::string parameter(std::string_view declared, std::string_view name);
// Whether there is such a parameter at all.
bool has_parameter(std::string_view declared, std::string_view name);

// Images, sound, video, fonts: no text by their type.
bool binary_type(std::string_view media_type);

enum class Magic : uint8_t {
  kNone,
  kBinary,     // an image, sound, video or font: nothing to read
  kContainer,  // a format that holds text which Weir does not read: zip, old Office, …
  kDocument,   // the same, and its own syntax is text: PDF
  kGzip,
};
// By the first bytes of an item (16 are enough).
Magic magic_of(Bytes head);

}  // namespace weir
