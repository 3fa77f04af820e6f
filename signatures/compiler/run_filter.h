// Which shapes can begin at or before a run of digits, answered from a few bytes of text: two table look-ups
// spare the automata nearly all runs of a document or a log.
//
// Made from the automata of the shapes that are anchored on digits when these are complete (ShapeSet), asked
// by sensor/match for every run of four digits or more. It never says no where an automaton would say yes;
// where it says yes, the automaton decides. Immutable; safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir {

class ShapeAutomaton;

class RunFilter {
 public:
  static constexpr size_t kRunDigits = 4;    // a shorter run is no anchor
  static constexpr size_t kMostLeadIn = 24;  // bytes that a value may have before its first run

  // Empty: says no to everything.
  RunFilter() = default;
  explicit RunFilter(std::span<const ShapeAutomaton> automata);

  // A run of exactly `length` digits, `length` >= kRunDigits, of which the first three are given: a value can
  // begin with it and end with it …
  bool ends(unsigned first_three, size_t length) const {
    return ((ends_[first_three] >> bit_of(length)) & 1) != 0;
  }
  // … or go on behind it with this byte, no digit.
  bool goes_on(unsigned first_three, size_t length, uint8_t next) const {
    return ((follows_[next] & goes_on_[first_three]) >> bit_of(length) & 1) != 0;
  }
  static unsigned first_three(const char* run) {
    return static_cast<unsigned>(run[0] - '0') * 100 + static_cast<unsigned>(run[1] - '0') * 10 +
           static_cast<unsigned>(run[2] - '0');
  }

  // Bit n: a value can begin n bytes before the run, 1 <= n <= kMostLeadIn, where the last two bytes before
  // the run are these. For n = 1 the first stands before the value: no digit may.
  uint32_t lead_ins(uint8_t before_last, uint8_t last) const {
    return lead_ins_[size_t{row_of_[before_last]} * columns_ + column_of_[last]];
  }
  // Bit n: a value that begins with this byte can have its first run n bytes on.
  uint32_t reach(uint8_t first) const { return reach_[first]; }

 private:
  // Runs of 31 digits and more share a bit.
  static size_t bit_of(size_t length) { return length < 31 ? length : 31; }

  void add_runs(const ShapeAutomaton& automaton);
  void add_lead_ins(const ShapeAutomaton& automaton, std::vector<uint32_t>* by_bytes) const;
  void add_reach(const ShapeAutomaton& automaton);
  void pack_lead_ins(const std::vector<uint32_t>& by_bytes);

  std::array<uint32_t, 1000> ends_{}, goes_on_{};
  std::array<uint32_t, 256> follows_{};  // by byte: the lengths behind which it may stand
  std::array<uint32_t, 256> reach_{};
  size_t columns_ = 1;
  std::array<uint8_t, 256> row_of_{}, column_of_{};
  std::vector<uint32_t> lead_ins_ = {0};
};

}  // namespace weir
