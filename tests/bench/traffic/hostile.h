// What a sender made to cost time: named inputs for goal 9, each a capture through the whole program. An
// attack that was found becomes one of them, and stays.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "tests/bench/traffic/capture.h"

namespace weir::bench {

struct Hostile {
  std::string_view name;
  std::string_view what;  // a line for people
  // About `bytes` of it.
  void (*write)(Capture& capture, size_t bytes);
};

std::span<const Hostile> hostile_inputs();

}  // namespace weir::bench
