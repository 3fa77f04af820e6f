// A short string from the wire in all the ways in which it could be read: as it stands; with escapes undone,
// digits of other scripts as ASCII, invisible characters left out; with the words of RFC 2047 and runs of
// base64 decoded. The one decoder of what stands in metadata (sensor/content reads items, in windows and at
// the speed of the wire; whatever its readings undo, these undo too). Used by metadata masking alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Where a byte of a reading comes from: [begin, end) of the clean text.
struct MetadataOrigin {
  uint32_t begin = 0, end = 0;
  bool whole = false;  // of an encoding that can only be hidden as a whole
  bool odd = false;    // an escape of something that is no text: it may have been none
};

struct MetadataReading {
  std::string text;                     // valid UTF-8
  std::vector<MetadataOrigin> origins;  // by byte of `text`
  bool joined = true;      // digits count together over what separates them; false: only those that touch
  bool fragments = false;  // made of bytes that may never have been text: U+FFFD ends a run of digits
};

// Valid UTF-8 without control characters but NUL (which tells UTF-16): what is not becomes U+FFFD, a control
// character (an escape sequence of a terminal as a whole) a space. At most `limit` bytes of `wire` are looked
// at.
std::string clean_metadata(std::string_view wire, size_t limit);

// The readings of a clean text, itself first. False: there are more than so short a string has for any honest
// reason; the caller shows nothing of it.
bool metadata_readings(const std::string& clean, std::vector<MetadataReading>* readings);

// The text with all escapes undone, as far as there are any.
std::string metadata_plain(const std::string& clean);

// Replaces two or more escaped bytes beyond ASCII (%XX, %25XX, \xXX) that are no UTF-8 with "***": text in a
// charset that nobody names here (GBK, Big5), which content may read. They cannot be masked one by one.
void hide_foreign_bytes(std::string* text);

}  // namespace weir
