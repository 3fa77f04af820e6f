// Conversations kept as JSON in tests/data: {"steps": [{"from": "client" | "server", "hex": "…"}, …]}.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/harness/parser_driver.h"

namespace weir::harness {

struct Recorded {
  Script script;
  std::array<uint64_t, 2> bytes{};  // by index of Direction
};

std::string from_hex(std::string_view text);
// `path` from the root of the tree. Fails the test when it cannot be read.
Recorded recorded(const std::string& path);

}  // namespace weir::harness
