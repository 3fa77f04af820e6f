// A short string from the wire in all the ways in which it could be read: as it stands, and with percent and
// \uXXXX escapes undone, digits of other scripts as ASCII, invisible characters left out. Used by metadata
// masking, which is given strings outside any item (sensor/content does this for items).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct MetadataReading {
  std::string text;            // valid UTF-8
  std::vector<uint32_t> from;  // by byte of `text`, its end included: where its source begins
};

// Valid UTF-8 without control characters: what is not becomes U+FFFD, a control character a space. At most
// `limit` bytes of `wire` are looked at.
std::string clean_metadata(std::string_view wire, size_t limit);

// The readings of a clean text, itself first.
std::vector<MetadataReading> metadata_readings(const std::string& clean);

}  // namespace weir
