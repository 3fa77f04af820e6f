// From text to places that have a detector's shape: one SIMD pass finds runs of digits and '@', Hyperscan the
// packs' expressions; the automata of the ShapeSet read the shapes around these anchors, the boundaries are
// looked at. No validator, no context yet. And from text to the packs' words, by Hyperscan.
//
// One a worker (it owns the Hyperscan scratch); used by the Matcher for every reading of a window, and by
// metadata masking. The text must be valid UTF-8.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sensor/match/anchor_scan.h"
#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/shape_set.h"
#include "signatures/compiler/word_index.h"

struct hs_scratch;

namespace weir {

struct ShapeHit {
  uint32_t begin = 0, end = 0;
  uint16_t detector = 0;
};

// Part of a text, [begin, end).
struct Stretch {
  uint32_t begin = 0, end = 0;
};

inline constexpr size_t kAnchorKinds = 3;
// By AnchorKind: places where a value begins that need not be looked at, ascending.
using SettledPlaces = std::array<std::vector<uint32_t>, kAnchorKinds>;

struct FinderCounters {
  uint64_t anchor_hits = 0;  // runs of digits, '@', reports of expressions
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
  // more text would show more; text.size() when there is none. Anchors inside `passed_over` (ascending) are
  // not looked at, nor values that begin at `settled` (may be null).
  size_t find(std::string_view text, bool begins_run, bool ends_run, std::vector<ShapeHit>* hits,
              std::span<const Stretch> passed_over = {}, const SettledPlaces* settled = nullptr);

  // Fills `hits` with every word of the packs that stands whole in the text, sorted by end. A word that
  // reaches the text's end may go on behind it, one at its begin may have begun before it. Those that reach
  // into `passed_over` (ascending) may be left out.
  void find_words(std::string_view text, std::vector<WordHit>* hits,
                  std::span<const Stretch> passed_over = {});

  const FinderCounters& counters() const { return counters_; }

 private:
  struct Group {
    std::array<bool, 256> starts{};  // a value can begin with this byte
    bool letter_may_follow = false;  // some detector's boundary is kDigits
    size_t tried_to = 0;             // starts before this position have been tried
  };
  struct AnchorHit {
    uint32_t end = 0;
    uint32_t anchor = 0;
  };

  void scan_words(std::string_view text, Stretch part, std::vector<WordHit>* hits);
  void check_word(std::string_view text, uint32_t word, size_t end, std::vector<WordHit>* hits) const;
  void try_digits(std::string_view text);
  void try_run(std::string_view text, size_t run);
  void try_at_signs(std::string_view text);
  void try_expressions(std::string_view text);
  void try_start(AnchorKind kind, std::string_view text, size_t pos);

  const PatternSet& patterns_;
  hs_scratch* scratch_ = nullptr;
  ShapeScratch shape_scratch_;
  std::array<Group, kAnchorKinds> groups_;
  // No detector has a letter beside another that is not its own.
  bool letters_stand_apart_ = true;
  AnchorPlaces places_;
  std::vector<AnchorHit> anchors_;  // of expressions
  std::vector<ShapeHit>* hits_ = nullptr;
  std::span<const Stretch> passed_over_;
  std::array<std::span<const uint32_t>, kAnchorKinds> settled_;  // those that are still ahead
  bool begins_run_ = false;
  bool ends_run_ = false;
  size_t undecided_from_ = 0;
  FinderCounters counters_;
};

}  // namespace weir
