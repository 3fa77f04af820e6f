#include "signatures/compiler/run_filter.h"

#include <algorithm>
#include <bitset>
#include <map>

#include "signatures/compiler/shape_set.h"

namespace weir {

namespace {

constexpr size_t kBytes = 256;

bool is_digit(size_t byte) { return byte >= '0' && byte <= '9'; }

// States without repeats.
void tidy(std::vector<uint32_t>* states) {
  std::ranges::sort(*states);
  states->erase(std::unique(states->begin(), states->end()), states->end());
}

}  // namespace

RunFilter::RunFilter(std::span<const ShapeAutomaton> automata) {
  std::vector<uint32_t> by_bytes(kBytes * kBytes, 0);
  for (const ShapeAutomaton& automaton : automata) {
    add_runs(automaton);
    add_lead_ins(automaton, &by_bytes);
    add_reach(automaton);
  }
  pack_lead_ins(by_bytes);
}

void RunFilter::add_runs(const ShapeAutomaton& automaton) {
  // What holds from a state that three digits lead to, whatever the further digits.
  struct Answer {
    uint32_t ends = 0, goes_on = 0;
  };
  std::map<uint32_t, Answer> answers;
  const auto answer = [&](uint32_t from) {
    const auto [it, fresh] = answers.try_emplace(from);
    if (!fresh) return it->second;
    std::vector<uint32_t> states = {from};
    for (size_t length = 3; !states.empty(); ++length) {
      const uint32_t bit = uint32_t{1} << bit_of(length);
      std::vector<uint32_t> next;
      for (const uint32_t state : states) {
        if (automaton.accepts(state)) it->second.ends |= bit;
        for (size_t b = 0; b < kBytes; ++b) {
          const uint32_t to = automaton.step(state, static_cast<uint8_t>(b));
          if (to == ShapeAutomaton::kDead) continue;
          if (is_digit(b)) {
            next.push_back(to);
          } else {
            it->second.goes_on |= bit;
            if (length >= kRunDigits) follows_[b] |= bit;
          }
        }
      }
      tidy(&next);
      states = std::move(next);
    }
    return it->second;
  };
  for (unsigned three = 0; three < 1000; ++three) {
    uint32_t state = ShapeAutomaton::kStart;
    for (const unsigned digit : {three / 100, three / 10 % 10, three % 10}) {
      state = automaton.step(state, static_cast<uint8_t>('0' + digit));
    }
    if (state == ShapeAutomaton::kDead) continue;
    const Answer found = answer(state);
    ends_[three] |= found.ends;
    goes_on_[three] |= found.goes_on;
  }
}

// All ways of up to kMostLeadIn bytes through the automaton, byte by byte: with each state the digits in a
// row that lead to it (four would be an earlier run) and the bytes that can be the last.
void RunFilter::add_lead_ins(const ShapeAutomaton& automaton, std::vector<uint32_t>* by_bytes) const {
  const size_t classes = automaton.classes();
  std::vector<uint8_t> byte_of(classes, 0);  // one of each class
  std::vector<uint8_t> digit_class(classes, 0);
  for (size_t b = 0; b < kBytes; ++b) {
    byte_of[automaton.class_of(static_cast<uint8_t>(b))] = static_cast<uint8_t>(b);
    if (is_digit(b)) digit_class[automaton.class_of(static_cast<uint8_t>(b))] = 1;
  }
  // Can a run begin in this state?
  std::vector<uint8_t> begins_run(automaton.states(), 0);
  for (uint32_t state = ShapeAutomaton::kStart; state < automaton.states(); ++state) {
    std::vector<uint32_t> states = {state};
    for (size_t i = 0; i < kRunDigits && !states.empty(); ++i) {
      std::vector<uint32_t> next;
      for (const uint32_t s : states) {
        for (uint8_t digit = '0'; digit <= '9'; ++digit) {
          const uint32_t to = automaton.step(s, digit);
          if (to != ShapeAutomaton::kDead) next.push_back(to);
        }
      }
      tidy(&next);
      states = std::move(next);
    }
    begins_run[state] = states.empty() ? 0 : 1;
  }

  using Classes = std::bitset<kBytes>;
  std::vector<uint32_t> by_classes(classes * classes, 0);
  std::map<uint32_t, Classes> ways = {{ShapeAutomaton::kStart * kRunDigits, Classes()}};
  for (size_t length = 1; length <= kMostLeadIn; ++length) {
    const uint32_t bit = uint32_t{1} << length;
    std::map<uint32_t, Classes> next;
    for (const auto& [key, last] : ways) {
      const uint32_t state = key / kRunDigits, digits = key % kRunDigits;
      for (size_t c = 0; c < classes; ++c) {
        const uint32_t to = automaton.step(state, byte_of[c]);
        if (to == ShapeAutomaton::kDead) continue;
        const uint32_t row = digit_class[c] != 0 ? digits + 1 : 0;
        if (row == kRunDigits) continue;
        next[to * static_cast<uint32_t>(kRunDigits) + row].set(c);
        // A run is maximal: a digit is no byte before one.
        if (row != 0 || begins_run[to] == 0) continue;
        for (size_t p = 0; p < classes; ++p) {
          if (length == 1 || last[p]) by_classes[p * classes + c] |= bit;
        }
      }
    }
    ways = std::move(next);
  }
  for (size_t p = 0; p < kBytes; ++p) {
    const uint32_t wanted = is_digit(p) ? ~uint32_t{2} : ~uint32_t{0};  // no value begins behind a digit
    for (size_t c = 0; c < kBytes; ++c) {
      (*by_bytes)[p * kBytes + c] |= by_classes[automaton.class_of(static_cast<uint8_t>(p)) * classes +
                                                automaton.class_of(static_cast<uint8_t>(c))] &
                                     wanted;
    }
  }
}

// From each first byte on, level by level: states and the digits in a row that lead to them. Four are the
// first run, behind which nothing is looked at.
void RunFilter::add_reach(const ShapeAutomaton& automaton) {
  std::vector<uint8_t> one_of;  // a byte of each class
  for (size_t b = 0; b < kBytes; ++b) {
    const size_t c = automaton.class_of(static_cast<uint8_t>(b));
    if (c >= one_of.size()) one_of.resize(c + 1);
    one_of[c] = static_cast<uint8_t>(b);
  }
  std::map<uint32_t, uint32_t> masks;  // by the state behind the first byte and whether that is a digit
  for (size_t b = 0; b < kBytes; ++b) {
    const uint32_t first = automaton.step(ShapeAutomaton::kStart, static_cast<uint8_t>(b));
    if (first == ShapeAutomaton::kDead) continue;
    const uint32_t key = first * static_cast<uint32_t>(kRunDigits) + (is_digit(b) ? 1 : 0);
    const auto [it, fresh] = masks.try_emplace(key);
    std::vector<uint32_t> states = {key};
    for (size_t length = 1; fresh && length <= kMostLeadIn && !states.empty(); ++length) {
      std::vector<uint32_t> next;
      for (const uint32_t from : states) {
        const uint32_t state = from / kRunDigits, row = from % kRunDigits;
        for (const uint8_t byte : one_of) {
          const uint32_t to = automaton.step(state, byte);
          if (to == ShapeAutomaton::kDead) continue;
          const uint32_t digits = is_digit(byte) ? row + 1 : 0;
          if (digits == 1) it->second |= uint32_t{1} << length;
          if (digits < kRunDigits) next.push_back(to * static_cast<uint32_t>(kRunDigits) + digits);
        }
      }
      tidy(&next);
      states = std::move(next);
    }
    reach_[b] |= it->second;
  }
}

// Equal rows and equal columns become one, so that the table stays in the first cache.
void RunFilter::pack_lead_ins(const std::vector<uint32_t>& by_bytes) {
  std::map<std::vector<uint32_t>, uint8_t> columns, rows;
  std::vector<size_t> column_bytes, row_bytes;
  for (size_t c = 0; c < kBytes; ++c) {
    std::vector<uint32_t> column;
    for (size_t p = 0; p < kBytes; ++p) column.push_back(by_bytes[p * kBytes + c]);
    const auto [it, fresh] = columns.try_emplace(std::move(column), static_cast<uint8_t>(columns.size()));
    if (fresh) column_bytes.push_back(c);
    column_of_[c] = it->second;
  }
  for (size_t p = 0; p < kBytes; ++p) {
    std::vector<uint32_t> row;
    for (const size_t c : column_bytes) row.push_back(by_bytes[p * kBytes + c]);
    const auto [it, fresh] = rows.try_emplace(std::move(row), static_cast<uint8_t>(rows.size()));
    if (fresh) row_bytes.push_back(p);
    row_of_[p] = it->second;
  }
  columns_ = column_bytes.size();
  lead_ins_.clear();
  for (const size_t p : row_bytes) {
    for (const size_t c : column_bytes) lead_ins_.push_back(by_bytes[p * kBytes + c]);
  }
}

}  // namespace weir
