// The built-in packs, compiled once a process, and ways to scan a text: whole, in windows, in readings.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sensor/match/matcher.h"

namespace weir {

inline constexpr Nanoseconds kItemTime = 1'748'503'543'000'000'000;  // 2025-05-29 07:25:43 UTC

inline const std::shared_ptr<const PatternSet>& builtin_patterns() {
  static const std::shared_ptr<const PatternSet> patterns = [] {
    std::vector<Diagnostic> problems;
    auto made = compile_packs({}, {}, &problems);
    for (const Diagnostic& p : problems) ADD_FAILURE() << p.to_string();
    return made;
  }();
  return patterns;
}

inline const std::shared_ptr<const Tokenizer>& test_tokenizer() {
  static const auto tokenizer = std::make_shared<const Tokenizer>(TokenKey::random());
  return tokenizer;
}

struct Found {
  std::vector<Finding> findings;
  std::vector<std::pair<DetectorIndex, bool>> candidates;
};

class Collector final : public FindingSink {
 public:
  explicit Collector(Found* found) : found_(*found) {}
  void on_match(const Match&, const MatchDetails& details) override {
    found_.findings.push_back(details.finding());
  }
  void on_candidate(DetectorIndex detector, bool passed) override {
    found_.candidates.emplace_back(detector, passed);
  }

 private:
  Found& found_;
};

// Feeds an item in one plain reading as content would: new bytes up to each cut, beginning where the matcher
// asked. Cuts grow and end with the text's size.
inline Found scan_cut(Matcher& matcher, std::string_view text, const std::vector<size_t>& cuts,
                      std::string_view field = {}) {
  Found found;
  Collector collector(&found);
  ItemMatchState state;
  uint64_t begin = 0;
  for (size_t i = 0; i < cuts.size(); ++i) {
    OffsetMap map;
    map.set_identity(begin);
    const Text reading{text.substr(begin, cuts[i] - begin), &map, false};
    const TimeMark mark{begin, kItemTime};
    TextWindow window;
    window.readings = {&reading, 1};
    window.field = field;
    window.item_begin = begin;
    window.item_end = cuts[i];
    window.times = {&mark, 1};
    window.break_before = begin == 0;
    window.ends_run = i + 1 == cuts.size();
    const uint64_t next = matcher.scan(state, window, kItemTime, collector);
    EXPECT_GE(next, begin);
    EXPECT_LE(next, cuts[i]);
    begin = next;
  }
  return found;
}

inline Found scan_whole(std::string_view text, std::string_view field = {},
                        std::shared_ptr<const PatternSet> patterns = builtin_patterns()) {
  Matcher matcher(std::move(patterns), test_tokenizer());
  return scan_cut(matcher, text, {text.size()}, field);
}

inline std::string id_of(const Finding& f) { return builtin_patterns()->detectors()[f.detector].id; }

inline const Finding* find_as(const Found& found, std::string_view id) {
  for (const Finding& f : found.findings) {
    if (id_of(f) == id) return &f;
  }
  return nullptr;
}

inline std::string told(const Found& found) {
  std::string text;
  for (const Finding& f : found.findings) {
    text += id_of(f) + "[" + std::to_string(f.begin) + "," + std::to_string(f.end) +
            ")=" + std::to_string(f.score) + " ";
  }
  return text.empty() ? "nothing" : text;
}

// Everything of a finding that must not depend on cuts.
inline auto facts_of(const Finding& f) {
  return std::tuple(f.detector, f.begin, f.end, f.score, f.labelled, f.reasons.bits(), f.decided_at,
                    f.text_begin, f.token, f.masked, f.keyword, f.field, f.excerpt, f.alternatives);
}

inline bool same(const Found& a, const Found& b) {
  return a.candidates == b.candidates &&
         std::ranges::equal(a.findings, b.findings,
                            [](const Finding& x, const Finding& y) { return facts_of(x) == facts_of(y); });
}

}  // namespace weir
