// Where a derived reading says what the plain one says: its candidates there are the plain reading's, and
// need not be looked for, judged and thrown away again.
//
// The Matcher asks for each derived reading of a window. What is passed over is only what has all that
// decides about it (the value, its context on both sides) inside one stretch of bytes equal to the plain
// reading's.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sensor/base/text.h"
#include "sensor/match/candidate_finder.h"

namespace weir {

class SameText {
 public:
  // `lead_in`: bytes that a value may begin before its anchor's end.
  void compare(const Text& plain, const Text& derived, size_t lead_in);
  // The reading is the plain one, or nothing of it is passed over.
  void clear();

  // A value there is judged in the plain reading, with the same result.
  bool covers(size_t begin, size_t end) const;
  // Anchors here lead to values that are covered.
  std::span<const Stretch> anchors() const { return anchors_; }
  // Words here are in no context of a value that is not covered.
  std::span<const Stretch> words() const { return words_; }

 private:
  std::vector<Stretch> values_, anchors_, words_;
};

}  // namespace weir
