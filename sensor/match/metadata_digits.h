// Digits as a reader sees them, of every kind of numeral, and the runs that they form over whatever is no
// letter: a number stays one however it is grouped. Used by metadata masking and by excerpts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sensor/match/metadata_readings.h"

namespace weir {

// A character that stands for a whole number: a digit of any script, full-width, circled, of Suzhou, 五, 伍.
bool is_numeral(uint32_t code);
// Which, where it is one of 0 to 9; else -1.
int numeral_value(uint32_t code);

// So many digits are a number that may be somebody's.
inline constexpr size_t kDigitRun = 7;

// A stretch of a reading that holds kDigitRun digits or more with nothing but separators between them (the
// check letter A of a Hong Kong identity card behind six counts as the seventh), and the places of its digits
// in the clean text. An escape inside it counts as a digit: it goes with them.
struct DigitRun {
  size_t begin = 0, end = 0;  // in the reading's text, from its first digit to its last
  std::vector<MetadataOrigin> digits;
};

void find_digit_runs(const MetadataReading& reading, std::vector<DigitRun>* runs);

}  // namespace weir
