// What every string from the wire (path, file name, user, host, field) goes through before it leaves the
// sensor. Implemented by sensor/match, which knows the detectors; called by alert.
#pragma once

#include <string>
#include <string_view>

namespace weir {

class MetadataMasker {
 public:
  virtual ~MetadataMasker() = default;
  // Valid UTF-8 without control characters, in which nothing has a detector's shape any more, with or
  // without a keyword and in any way in which it could be read, and in which no seven digits are left with
  // only separators between them. At most kMaxMetaLength bytes of `wire` are looked at; of one that long,
  // which may have been cut, the last bytes are left out. Not thread-safe: one a worker.
  virtual std::string mask(std::string_view wire) = 0;
  // Of a field's name (JSON key, column, form field, what stands before a colon): the packs' own words in
  // clear, the rest as shape (digit 9, Han 字, other letter x). What people put there may be anything, a name
  // and an address among it, which no detector knows.
  virtual std::string field_name(std::string_view wire) = 0;
};

}  // namespace weir
