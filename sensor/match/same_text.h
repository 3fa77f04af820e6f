// Where a derived reading says what the plain one says: its candidates there are the plain reading's, and
// need not be looked for, judged and thrown away again.
//
// The Matcher asks for each derived reading of a window. What is passed over is only what has all that
// decides about it (the value, its context on both sides) inside one stretch of bytes equal to the plain
// reading's.
#pragma once

#include <array>
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

  // Bytes that stand in both, for the same bytes of the item.
  struct Equal {
    uint32_t plain = 0, derived = 0, size = 0;  // positions in the two texts
  };
  std::span<const Equal> equal() const { return equal_; }

  // A value there is judged in the plain reading, with the same result.
  bool covers(size_t begin, size_t end) const;
  // Anchors here lead to values that are covered.
  std::span<const Stretch> anchors() const { return anchors_; }
  // Words here are in no context of a value that is not covered.
  std::span<const Stretch> words() const { return words_; }

 private:
  void find_equal(const Text& plain, const Text& derived);

  std::vector<Equal> equal_;
  std::vector<Stretch> values_, anchors_, words_;
};

// Places of the plain reading where shapes begin and all is said: no value holds there, or it has its word
// beside it and can score no more. Where a derived reading has the same bytes, as far as any shape there
// could reach, it can say nothing else, whatever stands around. A value without any word is passed over too
// where the derived reading has no word near it. So what a sender lets look like values is walked and judged
// once, not once for every reading.
class SettledStarts {
 public:
  explicit SettledStarts(const ShapeSet& shapes) : shapes_(shapes) {}

  void clear();
  // In the plain reading, begins ascending: of what begins here all of this kind is settled; `bare`: as long
  // as there is no word.
  void add(AnchorKind kind, std::string_view plain, size_t begin, bool bare);
  // Those that stand in the reading that `same` was compared with: places there, ascending, by kind. `words`:
  // all of that reading that may be near a place, sorted by end.
  const SettledPlaces& find_in(const SameText& same, std::span<const WordHit> words);

 private:
  const ShapeSet& shapes_;
  struct Start {
    uint32_t begin = 0, end = 0;  // from the byte before to the one after
    bool bare = false;
  };
  std::array<std::vector<Start>, kAnchorKinds> starts_;
  SettledPlaces places_;
};

}  // namespace weir
