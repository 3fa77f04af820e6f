// One pass over a text for what most values are anchored on: runs of four digits or more, and '@'.
//
// Used by the CandidateFinder for every reading, in place of a Hyperscan pass for each of the two. The widest
// SIMD of this processor is chosen when the program starts; all variants give the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weir {

// Grows to the largest text and is used again.
class AnchorPlaces {
 public:
  // Positions of the first digit of each run, ascending.
  std::span<const uint32_t> runs() const { return {runs_.data(), run_count_}; }
  // Positions of each '@', ascending.
  std::span<const uint32_t> at_signs() const { return {at_signs_.data(), at_count_}; }

 private:
  friend struct AnchorWriter;
  std::vector<uint32_t> runs_, at_signs_;
  size_t run_count_ = 0, at_count_ = 0;
};

// The text is shorter than 2^31 bytes.
void find_anchors(std::string_view text, AnchorPlaces* places);

// For tests: with one variant. False, and nothing done, where the processor lacks it.
enum class AnchorVariant : uint8_t { kPlain, kSse2, kAvx2 };
bool find_anchors_with(AnchorVariant variant, std::string_view text, AnchorPlaces* places);

// Digits from `pos` on.
size_t digit_run_length(std::string_view text, size_t pos);

}  // namespace weir
