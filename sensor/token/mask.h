// How much of a value may be seen: never more than four characters, never more than a quarter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

struct MaskRule {
  uint8_t head = 0;  // characters shown at the beginning
  uint8_t tail = 0;  // … at the end
  bool domain =
      false;  // what follows the last '@' is shown too; head and tail then speak of what is before it
};

// `value` (UTF-8) with everything but what the rule shows as '*', a star a character. Where head and tail
// together would show more than four characters, or more than a quarter, the tail is shown first and the head
// gets what is left. Before a domain there are always three stars, so that the length does not show.
std::string mask(std::string_view value, MaskRule rule);

}  // namespace weir
