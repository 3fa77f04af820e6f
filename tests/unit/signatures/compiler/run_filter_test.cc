// The filter against the automata that it was made from: it may say yes too often, never no too often.
#include "signatures/compiler/run_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/shape_set.h"

namespace weir {
namespace {

const std::shared_ptr<const PatternSet>& patterns() {
  static const auto made = [] {
    std::vector<Diagnostic> problems;
    return compile_packs({}, {}, &problems);
  }();
  return made;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Follows the automata from their start over `text`: do they accept its end, do they live there?
struct Walked {
  bool accepts = false, lives = false;
};
Walked walked(std::string_view text) {
  Walked all;
  for (const ShapeAutomaton& automaton : patterns()->shapes().automata(AnchorKind::kDigits)) {
    uint32_t state = ShapeAutomaton::kStart;
    for (const char c : text) state = automaton.step(state, static_cast<uint8_t>(c));
    all.accepts = all.accepts || automaton.accepts(state);
    all.lives = all.lives || state != ShapeAutomaton::kDead;
  }
  return all;
}

TEST(RunFilter, SaysYesWhereverAnAutomatonDoes) {
  const RunFilter& filter = patterns()->shapes().runs();
  std::mt19937 random(3);
  size_t ends = 0, goes_on = 0, refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string run;
    for (size_t n = RunFilter::kRunDigits + random() % 36; run.size() < n;)
      run += static_cast<char>('0' + random() % 10);
    const unsigned first_three = RunFilter::first_three(run.data());
    const Walked here = walked(run);
    if (here.accepts) {
      ++ends;
      ASSERT_TRUE(filter.ends(first_three, run.size())) << run;
    } else if (!filter.ends(first_three, run.size())) {
      ++refused;
    }
    if (!here.lives) continue;
    const char next = " -.\xC2)XA/a"[random() % 9];
    if (walked(run + next).lives) {
      ++goes_on;
      ASSERT_TRUE(filter.goes_on(first_three, run.size(), static_cast<uint8_t>(next))) << run << next;
    }
  }
  EXPECT_GT(ends, 5'000u);
  EXPECT_GT(goes_on, 1'000u);
  EXPECT_GT(refused, 100'000u);
}

TEST(RunFilter, KnowsEveryPlaceBeforeARunWhereASampleBegins) {
  const RunFilter& filter = patterns()->shapes().runs();
  size_t before = 0;
  for (const DetectorSpec& d : patterns()->detectors()) {
    if (d.anchor != AnchorKind::kDigits) continue;
    for (const PackSample& sample : d.samples) {
      if (!sample.valid) continue;
      size_t run = 0, digits = 0;
      for (; run < sample.value.size() && digits < RunFilter::kRunDigits; ++run)
        digits = is_digit(sample.value[run]) ? digits + 1 : 0;
      ASSERT_EQ(digits, RunFilter::kRunDigits) << sample.value;
      run -= RunFilter::kRunDigits;
      if (run == 0) continue;
      ++before;
      const auto byte = [&](size_t back) {
        return back <= run ? static_cast<uint8_t>(sample.value[run - back]) : uint8_t{'x'};
      };
      EXPECT_NE(filter.lead_ins(byte(2), byte(1)) & (uint32_t{1} << run), 0u) << sample.value;
    }
  }
  EXPECT_GT(before, 20u);
}

// Random walks through the automata up to where a run could begin.
TEST(RunFilter, KnowsEveryPlaceBeforeARunWhereAWalkCouldHaveBegun) {
  const RunFilter& filter = patterns()->shapes().runs();
  std::mt19937 random(4);
  size_t checked = 0;
  for (const ShapeAutomaton& automaton : patterns()->shapes().automata(AnchorKind::kDigits)) {
    for (int round = 0; round < 100'000; ++round) {
      std::string prefix;
      uint32_t state = ShapeAutomaton::kStart;
      size_t digits = 0;
      while (prefix.size() < RunFilter::kMostLeadIn && digits < RunFilter::kRunDigits) {
        std::vector<uint8_t> live;
        for (unsigned b = 0; b < 256; ++b) {
          if (automaton.step(state, static_cast<uint8_t>(b)) != ShapeAutomaton::kDead)
            live.push_back(static_cast<uint8_t>(b));
        }
        if (live.empty()) break;
        const uint8_t byte = live[random() % live.size()];
        state = automaton.step(state, byte);
        prefix += static_cast<char>(byte);
        digits = is_digit(prefix.back()) ? digits + 1 : 0;
        if (digits != 0) continue;
        uint32_t ahead = state;
        for (size_t i = 0; i < RunFilter::kRunDigits; ++i)
          ahead = automaton.step(ahead, static_cast<uint8_t>('0' + random() % 10));
        if (ahead == ShapeAutomaton::kDead) continue;
        ++checked;
        const size_t n = prefix.size();
        const auto last = static_cast<uint8_t>(prefix[n - 1]);
        // Before the value itself anything may stand but a digit.
        auto before_last = n > 1 ? static_cast<uint8_t>(prefix[n - 2]) : static_cast<uint8_t>(random());
        if (n == 1 && is_digit(static_cast<char>(before_last))) before_last = ' ';
        ASSERT_NE(filter.lead_ins(before_last, last) & (uint32_t{1} << n), 0u) << prefix;
        ASSERT_NE(filter.reach(static_cast<uint8_t>(prefix[0])) & (uint32_t{1} << n), 0u) << prefix;
      }
    }
  }
  EXPECT_GT(checked, 1'000u);
}

TEST(RunFilter, SparesWhatDocumentsAreFullOf) {
  const RunFilter& filter = patterns()->shapes().runs();
  const auto begins = [&](std::string_view run, char next) {
    const unsigned first_three = RunFilter::first_three(run.data());
    return filter.ends(first_three, run.size()) ||
           filter.goes_on(first_three, run.size(), static_cast<uint8_t>(next));
  };
  EXPECT_FALSE(begins("2026", ','));
  EXPECT_FALSE(begins("1767123456789", ','));  // milliseconds
  EXPECT_FALSE(begins("12345", '.'));
  EXPECT_TRUE(begins("13812345678", ','));
  EXPECT_TRUE(begins("4111", ' '));
  EXPECT_EQ(filter.lead_ins('o', ' '), 0u);
  EXPECT_EQ(filter.lead_ins('"', ':'), 0u);
  EXPECT_NE(filter.lead_ins('4', '-'), 0u);
  EXPECT_EQ(filter.reach('u') >> 6, 0u) << "words in lower case are no far beginning";
  // No shapes, no starts.
  EXPECT_FALSE(RunFilter().ends(138, 11));
  EXPECT_EQ(RunFilter().lead_ins('4', '-'), 0u);
}

}  // namespace
}  // namespace weir
