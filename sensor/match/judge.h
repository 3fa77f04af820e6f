// One candidate on the bench: validator, vetoes, context, score (the rules of ARCHITECTURE.md, "After
// matching"). Pure but for its buffers; one a worker.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/finding.h"
#include "sensor/match/candidate_finder.h"
#include "sensor/match/context.h"
#include "signatures/compiler/normalise.h"
#include "signatures/compiler/pattern_set.h"

namespace weir {

struct Judgement {
  enum class Outcome : uint8_t {
    kDropped,  // says nothing: vetoed, excluded, without the keyword that it needs
    kFailed,   // has the shape, but the check does not hold
    kWeak,     // holds, but scores too little to be told
    kFinding,
  };
  Outcome outcome = Outcome::kDropped;
  bool refused = true;  // whatever stands around: the value itself does not hold
  bool bare = false;    // it holds, and no word speaks for or against it: only a word can change that
  int score = 0;        // before the cut to 0-100: decides between detectors
  bool labelled = false;
  bool backed = false;  // by a check digit, a label, or a form that is no other thing's
  ReasonSet reasons;
  NearWord word;
  FieldName field;
  size_t ceiling = 0;       // where the context behind the value ends …
  bool ends_short = false;  // … because the text does
};

struct ItemContext {
  std::string_view field;          // TextWindow::field
  int64_t capture_time_s = 0;      // of the item
  bool keyword_in_item = false;    // a keyword of the detector stood before the value
  std::span<const WordHit> words;  // of the text, sorted by end
};

class Judge {
 public:
  explicit Judge(const PatternSet& patterns) : patterns_(patterns) {}

  // The value is text[begin, end).
  Judgement judge(uint16_t detector, std::string_view text, size_t begin, size_t end,
                  const ItemContext& item);

  // So many are sooner judged one after the other.
  static constexpr size_t kFewEnds = 4;
  // Of `hits` (at least one; one detector, one begin, the longest first) those from the first on that its
  // validators can take, where they tell in one look; all of them where they do not.
  std::span<const ShapeHit> possible(std::string_view text, std::span<const ShapeHit> hits,
                                     int64_t capture_time_s);

 private:
  const PatternSet& patterns_;
  std::array<char, kMaxCanonicalValue> normalised_;
  std::array<uint16_t, kMaxCanonicalValue> ends_;
};

}  // namespace weir
