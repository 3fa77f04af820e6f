// From text to places that have a detector's shape: Hyperscan finds the anchors, the automata of the
// ShapeSet read the shapes around them, the boundaries are looked at. No validator, no context yet.
//
// One a worker (it owns the Hyperscan scratch); used by the Matcher for every reading of a window, and by
// metadata masking. The text must be valid UTF-8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/shape_set.h"

struct hs_scratch;

namespace weir {

struct ShapeHit {
  uint32_t begin = 0, end = 0;
  uint16_t detector = 0;
};

// A keyword that stands whole in the text.
struct WordHit {
  uint32_t begin = 0, end = 0;
  uint32_t word = 0;
};

struct FinderCounters {
  uint64_t anchor_hits = 0;
  uint64_t engine_errors = 0;
};

class CandidateFinder {
 public:
  explicit CandidateFinder(const PatternSet& patterns);
  ~CandidateFinder();
  CandidateFinder(const CandidateFinder&) = delete;
  CandidateFinder& operator=(const CandidateFinder&) = delete;

  bool ok() const { return scratch_ != nullptr; }

  // Fills `hits`, sorted by begin, then detector, then the longest first. `begins_run`: nothing stands before
  // the text. `ends_run`: nothing follows it. Returns the position from which a value may begin of which
  // more text would show more; text.size() when there is none.
  size_t find(std::string_view text, bool begins_run, bool ends_run, std::vector<ShapeHit>* hits);

  // Calls word(hit) for whole keywords until all of `wanted` are found; a word none of whose detectors is
  // wanted any more is passed over. word() answers which detectors it has taken off the list.
  template <class Word>
  void find_words(std::string_view text, bool begins_run, const DetectorSet& wanted, Word&& word) {
    WordScan scan{*this,
                  text,
                  begins_run,
                  wanted,
                  &word,
                  [](void* w, const WordHit& hit) {
                    (*static_cast<std::remove_reference_t<Word>*>(w))(hit); }};
    scan_words(scan);
  }

  const FinderCounters& counters() const { return counters_; }

 private:
  struct WordScan {
    CandidateFinder& finder;
    std::string_view text;
    bool begins_run;
    DetectorSet wanted;
    void* context;
    void (*word)(void* context, const WordHit& hit);
  };
  struct Group {
    std::array<bool, 256> starts{};  // a value can begin with this byte
    std::array<bool, 256> holds{};   // … can hold it
    size_t tried_to = 0;             // starts before this position have been tried
  };
  struct AnchorHit {
    uint32_t end = 0;
    uint32_t anchor = 0;
  };

  void collect(AnchorKind kind, std::string_view text);
  void scan_words(WordScan& scan);
  void check_word(WordScan& scan, uint32_t word, size_t end) const;
  void try_digits(std::string_view text);
  void try_at_signs(std::string_view text);
  void try_expressions(std::string_view text);
  void try_start(AnchorKind kind, std::string_view text, size_t pos);

  const PatternSet& patterns_;
  hs_scratch* scratch_ = nullptr;
  ShapeScratch shape_scratch_;
  std::array<Group, 3> groups_;
  std::vector<AnchorHit> anchors_;
  std::vector<ShapeHit>* hits_ = nullptr;
  bool begins_run_ = false;
  bool ends_run_ = false;
  size_t undecided_from_ = 0;
  FinderCounters counters_;
};

}  // namespace weir
