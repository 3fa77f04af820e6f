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
  // without a keyword, and no run of seven or more digits is left. Not thread-safe: one a worker.
  virtual std::string mask(std::string_view wire) = 0;
};

}  // namespace weir
