// All shapes as deterministic automata over bytes: given a place in the text where a value could begin, one
// walk says which detectors' shapes end where.
//
// Built by the pack compiler, used by sensor/match at every plausible start near an anchor. The detectors
// of one anchor kind share as few automata as the size limit allows. Immutable; safe from any thread.
// A shape that an automaton can only approximate (back references, look-around) is confirmed with PCRE2,
// through ShapeScratch, one a worker.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/run_filter.h"
#include "signatures/compiler/shape_parser.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

namespace weir {

class ShapeAutomaton {
 public:
  // Walks from `pos`; calls accept(end, detectors) for every end at which shapes are complete, ends growing.
  // True when the text ended before the walk did: more text could still complete a shape.
  template <class Accept>
  bool walk(std::string_view text, size_t pos, Accept&& accept) const {
    if (short_values_ == nullptr) return follow(text, pos, pos, accept);
    const size_t limit = std::min(text.size(), pos + short_limit_);
    if (!short_values_->follow(text.substr(0, limit), pos, pos, accept)) return false;
    return limit == text.size() || follow(text, pos, limit, accept);
  }
  // A value can begin with this byte.
  bool starts(uint8_t byte) const { return step(kStart, byte) != kDead; }
  // The byte stands in some value.
  bool holds(uint8_t byte) const { return holds_[byte]; }
  size_t states() const { return accepts_.size(); }

  // Its table, for what is derived from it.
  static constexpr uint32_t kDead = 0, kStart = 1;
  uint32_t step(uint32_t state, uint8_t byte) const {
    return next_[(size_t{state} << shift_) + class_of_[byte]];
  }
  bool accepts(uint32_t state) const { return accepts_[state] != 0; }
  // Bytes of one class lead from every state to the same.
  size_t classes() const { return classes_; }
  size_t class_of(uint8_t byte) const { return class_of_[byte]; }

 private:
  friend class AutomatonBuilder;
  friend class ShapeSet;

  // walk(), but for ends up to `told`.
  template <class Accept>
  bool follow(std::string_view text, size_t pos, size_t told, Accept&& accept) const {
    // Copies that accept() cannot change: they stay in registers.
    const uint16_t* const next = next_.data();
    const uint16_t* const accepts = accepts_.data();
    const unsigned shift = shift_;
    size_t state = kStart;
    for (; pos < text.size(); ++pos) {
      state = next[(state << shift) + class_of_[static_cast<uint8_t>(text[pos])]];
      if (state == kDead) return false;
      if (accepts[state] != 0 && pos >= told)
        accept(pos + 1, std::span<const uint16_t>(accept_sets_[accepts[state]]));
    }
    return true;
  }

  // The same shapes with their long repeats left open: a few states that stay in the cache instead of one
  // for every count. What is at most short_limit_ bytes long cannot exceed a bound, so that up to there it
  // says the same.
  std::unique_ptr<const ShapeAutomaton> short_values_;
  size_t short_limit_ = 0;

  size_t classes_ = 0;
  unsigned shift_ = 0;  // a row of next_ has 1 << shift_ places, classes_ of them in use
  std::array<uint8_t, 256> class_of_{};
  std::array<bool, 256> holds_{};
  std::vector<uint16_t> next_;
  std::vector<uint16_t> accepts_;                   // by state: index into accept_sets_, 0 for none
  std::vector<std::vector<uint16_t>> accept_sets_;  // detectors
};

// What one worker needs to confirm inexact shapes.
class ShapeScratch {
 public:
  ShapeScratch();
  ~ShapeScratch();
  ShapeScratch(const ShapeScratch&) = delete;
  ShapeScratch& operator=(const ShapeScratch&) = delete;

 private:
  friend class ShapeSet;
  pcre2_real_match_data_8* data_ = nullptr;
  pcre2_real_match_context_8* context_ = nullptr;
};

class ShapeSet {
 public:
  ShapeSet();
  ~ShapeSet();
  ShapeSet(const ShapeSet&) = delete;
  ShapeSet& operator=(const ShapeSet&) = delete;

  std::span<const ShapeAutomaton> automata(AnchorKind kind) const {
    return groups_[static_cast<size_t>(kind)];
  }
  // Of the shapes anchored on digits.
  const RunFilter& runs() const { return runs_; }
  // Has the whole of `value`, of which a walk said so, this detector's shape indeed?
  bool confirm(uint16_t detector, std::string_view value, ShapeScratch& scratch) const {
    return exact_[detector] || confirm_inexact(detector, value, scratch);
  }
  bool exact(uint16_t detector) const { return exact_[detector]; }

  // Building: shapes in detector order, then finish(). False with what is wrong in `error`.
  bool add(AnchorKind kind, const std::string& pattern, bool case_insensitive, const ParsedShape& shape,
           std::string* error);
  void finish();

 private:
  bool confirm_inexact(uint16_t detector, std::string_view value, ShapeScratch& scratch) const;

  struct Pending;
  std::array<std::vector<ShapeAutomaton>, 3> groups_;
  RunFilter runs_;
  std::array<std::vector<Pending>, 3> pending_;
  std::vector<uint8_t> exact_;
  std::vector<pcre2_real_code_8*> codes_;  // by detector; null where exact
};

}  // namespace weir
