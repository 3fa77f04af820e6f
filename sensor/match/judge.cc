#include "sensor/match/judge.h"

#include <algorithm>

#include "sensor/match/vetoes.h"
#include "signatures/validators/checks.h"

namespace weir {

namespace {

// A run of fewer digits is no sign of an invented number: E12345678 is as good a passport as any.
constexpr size_t kSequentialDigits = 9;
constexpr int kPublishedCap = 59;
// The shape of what identifies itself.
constexpr int kOfItself = 60;

Frame frame_of(const DetectorSpec& d, std::string_view text, size_t begin, size_t end) {
  Frame frame = Frame::kNone;
  for (const NamedValidator* validator : d.validators) {
    if (validator->frame != nullptr) frame = std::max(frame, validator->frame(text, begin, end));
  }
  return frame;
}

bool listed(const std::vector<std::string>& sorted, std::string_view value) {
  return std::binary_search(sorted.begin(), sorted.end(), value,
                            [](std::string_view a, std::string_view b) { return a < b; });
}

size_t count_digits(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), is_ascii_digit));
}

// Points for what the validators saw.
void add_evidence(uint8_t evidence, Judgement* j) {
  const bool check = (evidence & kEvidenceCheckDigit) != 0, date = (evidence & kEvidenceDate) != 0,
             region = (evidence & kEvidenceRegion) != 0;
  const auto add = [&](int points, Reason reason) {
    j->score += points;
    j->reasons.add(reason);
  };
  if (check && date && region) {
    add(40, Reason::kRegionDateCheck);
  } else if ((evidence & kEvidenceStrongCheck) != 0) {
    add(30, Reason::kStrongCheck);
  } else if (check && date) {
    add(30, Reason::kCheckAndDate);
  } else if (check) {
    add(20, Reason::kCheckDigit);
  } else if (region && date) {
    add(10, Reason::kRegionDate);
  }
  if ((evidence & (kEvidenceAssignedRange | kEvidenceBrackets)) != 0) add(10, Reason::kAssignedRange);
  if ((evidence & kEvidenceSoftFailed) != 0) j->reasons.add(Reason::kSoftCheckFailed);
}

}  // namespace

std::span<const ShapeHit> Judge::possible(std::string_view text, std::span<const ShapeHit> hits,
                                          int64_t capture_time_s) {
  const DetectorSpec& d = patterns_.detectors()[hits[0].detector];
  // What is looked at is the value as written: separators would be taken out first.
  if (hits.size() > ends_.size() || !d.separators.empty()) return hits;
  for (const NamedValidator* validator : d.validators) {
    if (validator->longest == nullptr) continue;
    const size_t n = hits.size(), begin = hits[0].begin;
    for (size_t i = 0; i < n; ++i) ends_[i] = static_cast<uint16_t>(hits[n - 1 - i].end - begin);
    const size_t longest = validator->longest(text.substr(begin, hits[0].end - begin),
                                              std::span(ends_).first(n), {capture_time_s});
    while (!hits.empty() && hits[0].end - begin != longest) hits = hits.subspan(1);
    if (hits.empty()) return hits;
  }
  return hits;
}

Judgement Judge::judge(uint16_t detector, std::string_view text, size_t begin, size_t end,
                       const ItemContext& item) {
  const DetectorSpec& d = patterns_.detectors()[detector];
  Judgement j;
  const std::string_view value = normalise_value(d, text.substr(begin, end - begin), normalised_);
  if (value.empty()) return j;
  const bool by_digits = d.anchor == AnchorKind::kDigits;
  if (by_digits && all_digits_equal(value)) return j;
  if (listed(d.excluded, value)) return j;

  const ValidatorResult result = validate_value(d, value, {item.capture_time_s});
  if (!result.valid && !d.has_check_digit) return j;
  const bool as_time = by_digits && plausible_time(value, item.capture_time_s) != TimeForm::kNone;
  if (!result.valid && as_time) return j;
  const Frame frame = result.valid ? frame_of(d, text, begin, end) : Frame::kNone;
  if (frame == Frame::kForbids ||
      (by_digits && frame != Frame::kConfirms && inside_other_token(text, begin, end))) {
    j.refused = false;
    return j;
  }
  if (!result.valid) {
    // It counts as a failed check: nothing else explains it.
    j.outcome = Judgement::Outcome::kFailed;
    return j;
  }

  j.refused = false;
  const ValuePlace place = place_of(text, begin, end);
  j.ceiling = place.ceiling;
  j.ends_short = place.ends_short;
  j.field = find_field(place);
  j.word = nearest_word(patterns_.words(), item.words, detector, place, j.field, item.field);
  j.labelled = j.word.kind == NearWord::Kind::kKeyword;
  j.bare = j.word.kind == NearWord::Kind::kNone;
  const bool needs_keyword =
      frame != Frame::kConfirms && (d.keyword == KeywordNeed::kRequired || frame == Frame::kDoubts ||
                                    (result.evidence & kEvidenceNeedsKeyword) != 0);
  if (!j.labelled && (needs_keyword || as_time)) return j;

  j.score = frame == Frame::kConfirms ? std::max(d.base, kOfItself) : d.base;
  j.reasons.add(Reason::kShape);
  add_evidence(result.evidence, &j);
  if (j.labelled) {
    j.score += 30;
    j.reasons.add(j.word.in_field ? Reason::kFieldName : Reason::kKeyword);
  } else if (item.keyword_in_item) {
    j.score += 5;
    j.reasons.add(Reason::kKeywordInItem);
  }
  if (j.word.kind == NearWord::Kind::kContrary) {
    j.score -= 30;
    j.reasons.add(Reason::kContraryWord);
  }
  if (by_digits && count_digits(value) - (d.has_check_digit ? 1 : 0) >= kSequentialDigits &&
      sequential_digits(value, d.has_check_digit)) {
    j.score -= 20;
    j.reasons.add(Reason::kSequential);
  }
  if (listed(d.published_samples, value) && j.score > kPublishedCap) {
    j.score = kPublishedCap;
    j.reasons.add(Reason::kPublishedSample);
  }
  j.outcome = j.score >= kLowScore ? Judgement::Outcome::kFinding : Judgement::Outcome::kWeak;
  return j;
}

}  // namespace weir
