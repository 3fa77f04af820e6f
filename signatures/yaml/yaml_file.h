// Reads a configuration or a pack from disk: a plain file of bounded size. Anything else is refused at once:
// a pipe or a device would be waited for, or would never end.
#pragma once

#include <cstddef>
#include <string>

namespace weir {

// False, and *error ("is a pipe, not a plain file"), where it cannot be read. Of a file above `most` bytes
// most + 1 are read.
bool read_yaml_file(const std::string& path, size_t most, std::string* text, std::string* error);

}  // namespace weir
