#include "sensor/match/pack_samples.h"

#include <algorithm>

#include "sensor/match/matcher.h"

namespace weir {

namespace {

class Collector final : public FindingSink {
 public:
  void on_match(const Match&, const MatchDetails& details) override { findings.push_back(details.finding()); }
  void on_candidate(DetectorIndex, bool) override {}

  std::vector<Finding> findings;
};

std::vector<Finding> findings_of(Matcher& matcher, std::string_view utf8, Nanoseconds item_time) {
  OffsetMap map;
  map.set_identity(0);
  const Text text{utf8, &map, false};
  const TimeMark mark{0, item_time};
  TextWindow window;
  window.readings = {&text, 1};
  window.item_end = utf8.size();
  window.times = {&mark, 1};
  window.break_before = true;
  window.ends_run = true;
  ItemMatchState state;
  Collector collector;
  matcher.scan(state, window, item_time, collector);
  return std::move(collector.findings);
}

std::string told(const std::vector<Finding>& findings, const PatternSet& patterns) {
  if (findings.empty()) return "nothing was found";
  std::string text = "found: ";
  for (const Finding& f : findings) {
    if (&f != &findings.front()) text += ", ";
    text += patterns.detectors()[f.detector].id + " at " + std::to_string(f.begin) + "-" +
            std::to_string(f.end) + " with " + std::to_string(f.score);
  }
  return text;
}

}  // namespace

PackSampleReport run_pack_samples(const std::shared_ptr<const PatternSet>& patterns) {
  PackSampleReport report;
  Matcher matcher(patterns, std::make_shared<const Tokenizer>(TokenKey::random()));
  for (size_t d = 0; d < patterns->detectors().size(); ++d) {
    const DetectorSpec& detector = patterns->detectors()[d];
    for (const PackSample& sample : detector.samples) {
      ++report.samples;
      const std::vector<Finding> findings = findings_of(matcher, sample.text, 0);
      const std::string where = detector.file + ":" + std::to_string(sample.line) + ": " + detector.id + ": ";
      const auto as_this = [&](const Finding& f) { return f.detector == d; };
      if (!sample.valid) {
        if (std::ranges::any_of(findings, as_this)) {
          report.failures.push_back(where + "an invalid sample was found; " + told(findings, *patterns));
        }
        continue;
      }
      const bool good = std::ranges::any_of(findings, [&](const Finding& f) {
        return as_this(f) && f.score >= sample.min_score &&
               sample.text.compare(f.begin, f.end - f.begin, sample.value) == 0;
      });
      if (!good) {
        report.failures.push_back(where + "a valid sample was not found with at least " +
                                  std::to_string(sample.min_score) + " at its value; " +
                                  told(findings, *patterns));
      }
    }
  }
  return report;
}

std::vector<Finding> find_in_text(const std::shared_ptr<const PatternSet>& patterns, std::string_view utf8,
                                  Nanoseconds item_time) {
  Matcher matcher(patterns, std::make_shared<const Tokenizer>(TokenKey::random()));
  return findings_of(matcher, utf8, item_time);
}

}  // namespace weir
