// Finds values in text: candidate, shape, validator, context, score, Finding.
//
// One Matcher a worker (it holds the Hyperscan scratch and work buffers); the PatternSet and the Tokenizer
// are shared. Per item one ItemMatchState. Call scan() for every TextWindow of the item in item order, the
// next window beginning at the offset that scan() returned; the last window of a run says ends_run, the
// first of the next run break_before. What is found does not depend on where the windows were cut.
//
// scan() does not allocate in steady state but for the details that the sink asks for, and does not throw.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/base/finding.h"
#include "sensor/base/metadata_masker.h"
#include "sensor/base/text.h"
#include "sensor/token/tokenizer.h"
#include "signatures/compiler/pattern_set.h"

namespace weir {

class FindingSink {
 public:
  virtual ~FindingSink() = default;
  // A decided match with at least kLowScore, in item order (begin, then end, then detector).
  // `details` gives what an alert shows of it, during the call.
  virtual void on_match(const Match& match, const MatchDetails& details) = 0;
  // A value of a detector with a check digit had its shape; did it pass? For ItemFindings::count_candidate.
  virtual void on_candidate(DetectorIndex detector, bool passed_check) = 0;
  // Values that begin in [begin, end) of the item were not all looked at: the work for a window has a bound
  // (MatchCounters::given_up).
  virtual void on_given_up(uint64_t /*begin*/, uint64_t /*end*/) {}
};

// What matching remembers of an item between its windows.
struct ItemMatchState {
  // Values that begin before this item offset are decided.
  uint64_t decided_to() const { return frontier; }

  // A decided value that reaches past the frontier: it may still beat one that begins there.
  struct Span {
    uint64_t begin = 0, end = 0;
    int score = 0;
    uint16_t detector = 0;
    bool backed = false;   // Judgement::backed
    bool outdone = false;  // another one beats it: it beats nobody
  };
  uint64_t frontier = 0;
  uint64_t characters = 0;  // before the next window, counted from the item's begin (Finding::text_begin)
  uint64_t run_begin = 0;   // item offset of the current run
  DetectorSet words_seen;   // detectors with a keyword that began before the next window
  Span reaching[4];
  uint8_t reaching_count = 0;
  bool started = false;
};

// Bytes that judging looks at in a window, for each byte of it, and for a window however short. The built-in
// packs stay far below; what a pack of one's own allows a sender ends here.
inline constexpr uint64_t kMostWork = 96;
inline constexpr uint64_t kMostWorkOfWindow = 64 * 1024;

struct MatchCounters {
  uint64_t windows = 0;
  uint64_t text_bytes = 0;   // over all readings
  uint64_t anchor_hits = 0;  // reports of the Hyperscan anchors
  uint64_t shapes = 0;       // candidates with a detector's shape and boundaries
  uint64_t findings = 0;
  uint64_t work = 0;           // bytes that judging looked at; at most kMostWork for a byte of text
  uint64_t given_up = 0;       // readings of windows that were not judged to their end because of that
  uint64_t engine_errors = 0;  // Hyperscan refused a scan: never in a correct build
};

class Matcher {
 public:
  // Nothing is thrown; without memory for the scratch ok() is false and scan() finds nothing.
  Matcher(std::shared_ptr<const PatternSet> patterns, std::shared_ptr<const Tokenizer> tokenizer);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  bool ok() const;
  // Judges everything in `window` that can be judged and gives it to `out`. `item_time` is the item's
  // capture time (ItemFacts::first_byte: the same for all windows of an item): dates in the future, times
  // near now. Returns the item offset at which the next window of this run must begin, item_begin <= … <=
  // item_end; item_end when the run ended.
  uint64_t scan(ItemMatchState& state, const TextWindow& window, Nanoseconds item_time, FindingSink& out);

  const PatternSet& patterns() const;
  const MatchCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The catalogue for the stages behind match: detector i is PatternSet::detectors()[i].
Catalogue make_catalogue(const PatternSet& patterns);

// Metadata mode (sensor/base/metadata_masker.h). One a worker.
std::unique_ptr<MetadataMasker> make_metadata_masker(std::shared_ptr<const PatternSet> patterns);

}  // namespace weir
