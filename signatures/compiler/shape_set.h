// All shapes as deterministic automata over bytes: given a place in the text where a value could begin, one
// walk says which detectors' shapes end where.
//
// Built by the pack compiler, used by sensor/match at every plausible start near an anchor. The detectors
// of one anchor kind share as few automata as the size limit allows. Immutable; safe from any thread.
// A shape that an automaton can only approximate (back references, look-around) is confirmed with PCRE2,
// through ShapeScratch, one a worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/compiler/pattern_set.h"
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
    size_t state = kStart;
    for (; pos < text.size(); ++pos) {
      state = next_[state * classes_ + class_of_[static_cast<uint8_t>(text[pos])]];
      if (state == kDead) return false;
      if (accepts_[state] != 0) accept(pos + 1, std::span<const uint16_t>(accept_sets_[accepts_[state]]));
    }
    return true;
  }
  // A value can begin with this byte.
  bool starts(uint8_t byte) const { return next_[kStart * classes_ + class_of_[byte]] != kDead; }
  // The byte stands in some value.
  bool holds(uint8_t byte) const { return holds_[byte]; }
  size_t states() const { return accepts_.size(); }

 private:
  friend class AutomatonBuilder;
  static constexpr size_t kDead = 0, kStart = 1;

  size_t classes_ = 0;
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
  std::array<std::vector<Pending>, 3> pending_;
  std::vector<uint8_t> exact_;
  std::vector<pcre2_real_code_8*> codes_;  // by detector; null where exact
};

}  // namespace weir
