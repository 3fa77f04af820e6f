// The engine against PCRE2: whatever a plain PCRE2 search finds with a detector's shape between that
// detector's boundaries, anchors and automata find too, and nothing else.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <gtest/gtest.h>
#include <pcre2.h>

#include <random>
#include <set>

#include "sensor/match/candidate_finder.h"
#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

using Hit = std::pair<size_t, size_t>;  // detector, begin

// Every position where the shape stands between its boundaries, by PCRE2 alone.
std::set<Hit> by_pcre2(std::string_view text) {
  std::set<Hit> hits;
  for (size_t d = 0; d < builtin_patterns()->detectors().size(); ++d) {
    const DetectorSpec& spec = builtin_patterns()->detectors()[d];
    // The anchor at_sign also moves the beginning; it has its own test.
    if (spec.anchor != AnchorKind::kDigits) continue;
    const std::string no = spec.boundary == Boundary::kDigits ? "[0-9*]" : "[0-9A-Za-z*]";
    // Beside what region, date and check speak for letters may stand; not the X that the value could end
    // with.
    const std::string pattern =
        spec.has_region_check
            ? "(?<![0-9*])(?:" + spec.shape + ")(?:(?<=[0-9])(?![0-9Xx*])|(?<=[Xx×хХ])(?![0-9*]))"
            : "(?<!" + no + ")(?:" + spec.shape + ")(?!" + no + ")";
    int code = 0;
    PCRE2_SIZE where = 0;
    pcre2_code* compiled =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                      PCRE2_UTF | (spec.case_insensitive ? PCRE2_CASELESS : 0u), &code, &where, nullptr);
    EXPECT_NE(compiled, nullptr) << pattern;
    if (compiled == nullptr) continue;
    pcre2_match_data* data = pcre2_match_data_create_from_pattern(compiled, nullptr);
    for (size_t at = 0; at < text.size(); ++at) {
      if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
      if (pcre2_match(compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at, PCRE2_ANCHORED,
                      data, nullptr) < 0) {
        continue;
      }
      hits.emplace(d, at);
    }
    pcre2_match_data_free(data);
    pcre2_code_free(compiled);
  }
  return hits;
}

TEST(Reference, AnchorsAndAutomataFindWhatPcre2Finds) {
  CandidateFinder finder(*builtin_patterns());
  std::mt19937 random(11);
  std::vector<std::string> pieces = {" ",    "-", ".", "·",  "（",   "）", "(",  ")", "+86",
                                     "0086", "X", "A", "GB", "DE89", ",",  "\n", "中"};
  for (const DetectorSpec& d : builtin_patterns()->detectors()) {
    for (const PackSample& sample : d.samples) pieces.push_back(sample.valid ? sample.value : sample.text);
  }
  size_t total = 0;
  for (int round = 0; round < 60; ++round) {
    std::string text;
    while (text.size() < 800) {
      if (random() % 3 == 0) {
        for (size_t n = 1 + random() % 9; n > 0; --n) text += static_cast<char>('0' + random() % 10);
      } else {
        text += pieces[random() % pieces.size()];
      }
    }
    std::vector<ShapeHit> hits;
    finder.find(text, true, true, &hits);
    std::set<Hit> found;
    for (const ShapeHit& hit : hits) {
      if (builtin_patterns()->detectors()[hit.detector].anchor == AnchorKind::kDigits) {
        found.emplace(hit.detector, hit.begin);
      }
    }
    const std::set<Hit> expected = by_pcre2(text);
    total += expected.size();
    for (const Hit& hit : expected) {
      EXPECT_TRUE(found.contains(hit))
          << builtin_patterns()->detectors()[hit.first].id << " at " << hit.second << " missed in\n"
          << text;
    }
    for (const Hit& hit : found) {
      EXPECT_TRUE(expected.contains(hit))
          << builtin_patterns()->detectors()[hit.first].id << " at " << hit.second << " too much in\n"
          << text;
    }
  }
  EXPECT_GT(total, 400u);
}

}  // namespace
}  // namespace weir
