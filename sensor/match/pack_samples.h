// The packs' own samples, run through the whole of matching: `weir packs test`, and the test that holds the
// built-in packs to theirs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/finding.h"
#include "sensor/base/packet.h"
#include "signatures/compiler/pattern_set.h"

namespace weir {

struct PackSampleReport {
  size_t samples = 0;
  std::vector<std::string> failures;  // "file:line: cn.mobile: what was expected and what came"
};

// A valid sample must be found as its detector exactly at its value with at least its min_score; an invalid
// one not at all as its detector.
PackSampleReport run_pack_samples(const std::shared_ptr<const PatternSet>& patterns);

// Findings in one text on its own, as one item in one reading; the tokens' key is random. Dates are judged by
// `item_time` (0: no clock). For samples, tests and benchmarks.
std::vector<Finding> find_in_text(const std::shared_ptr<const PatternSet>& patterns, std::string_view utf8,
                                  Nanoseconds item_time = 0);

}  // namespace weir
