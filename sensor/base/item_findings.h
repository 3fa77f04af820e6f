// What one item holds, detector by detector: distinct values, their scores, the best match, and the
// bonuses that only the whole item can give. Filled by the worker from match's FindingSink; read by policy
// and alert after each decided match and at the item's end.
//
// Bonuses reach back: a score asked for later may be higher (or, where most candidates of a shape fail their
// check digit, lower) than it was. Memory is bounded by the limits below.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/base/finding.h"
#include "sensor/base/memory_budget.h"

namespace weir {

struct ItemFindingsLimits {
  size_t max_distinct = 65536;  // a detector; counted as "at least" beyond
  size_t max_occurrences = 3;   // fields kept, a detector
  size_t max_tokens = 100;      // tokens of the first distinct values, a detector: what an alert can show
};

// How many distinct values of a detector there are, by confidence: at or above it.
struct DistinctCounts {
  std::array<uint32_t, 4> all{};
  std::array<uint32_t, 4> labelled{};  // of these, the values that had a keyword or field name of their own
};

class ItemFindings {
 public:
  // `budget` (may be null) outlives this. Holds nothing before the first add().
  explicit ItemFindings(MemoryBudget* budget = nullptr, ItemFindingsLimits limits = {});
  ~ItemFindings();
  ItemFindings(ItemFindings&&) noexcept;
  ItemFindings& operator=(ItemFindings&&) = delete;

  // `details` is asked for the first distinct values and for what scores higher than all before it.
  void add(const Match& match, const MatchDetails& details);
  void count_candidate(DetectorIndex detector, bool passed_check);

  bool empty() const { return active_.empty(); }
  // Detectors with at least one finding, in catalogue order.
  std::span<const DetectorIndex> detectors() const { return active_; }
  // Goes up with every change that policy could see.
  uint64_t revision() const { return revision_; }
  // … for one detector; 0 while it has no finding.
  uint64_t revision(DetectorIndex detector) const;

  uint64_t matches(DetectorIndex detector) const;
  // All of distinct_at and distinct_labelled_at. `detector` is one of detectors().
  const DistinctCounts& counts(DetectorIndex detector) const;
  // Distinct values at or above `min`, the item's bonuses included.
  size_t distinct_at(DetectorIndex detector, Confidence min) const;
  // Of these, the values that had a keyword or field name of their own.
  size_t distinct_labelled_at(DetectorIndex detector, Confidence min) const;
  // distinct_at for any score, 0-100.
  size_t distinct_at_score(DetectorIndex detector, int min_score) const;
  // There were more distinct values than are kept: the counts are "at least".
  bool saturated(DetectorIndex detector) const;
  // The distinct values' tokens in the order in which they came, at most `limit` and max_tokens.
  std::vector<Token> tokens(DetectorIndex detector, size_t limit) const;

  // The finding with the highest score (the first of equals), nullptr while there is none.
  const Finding* best(DetectorIndex detector) const;
  // The fields of the first distinct values, at most max_occurrences.
  std::span<const std::string> fields(DetectorIndex detector) const;
  // Highest score of the detector's values with the item's bonuses, 0-100; 0 without a finding.
  int best_score(DetectorIndex detector) const;
  // A finding's score with the item's bonuses, 0-100.
  int effective_score(const Match& match) const;
  // The best finding's reasons and those that the item adds.
  ReasonSet reasons(DetectorIndex detector) const;

 private:
  struct Kind;
  struct Role {
    DetectorIndex detector = kNoDetector;
    uint32_t value = 0;  // index of the distinct value
    uint64_t text_begin = 0;
    PersonRole role = PersonRole::kNone;
  };
  const Kind* kind(DetectorIndex detector) const;
  Kind* make_kind(DetectorIndex detector);
  bool take(size_t bytes);
  bool make_room(Kind& kind);
  void note_person(const Match& match, uint32_t value);

  MemoryBudget* budget_;
  ItemFindingsLimits limits_;
  std::vector<std::unique_ptr<Kind>> kinds_;  // by detector; null while unseen
  std::vector<DetectorIndex> active_;
  std::array<Role, 16> recent_{};  // the last name, identity and phone findings
  size_t recent_next_ = 0;
  std::array<uint64_t, 4> last_of_role_{};  // by PersonRole: how far the last one reaches, in characters
  uint64_t revision_ = 0;
  size_t taken_ = 0;  // from the budget
};

}  // namespace weir
