#include "sensor/match/judge.h"

#include <algorithm>
#include <iterator>

#include "sensor/match/characters.h"
#include "sensor/match/touching.h"
#include "sensor/match/vetoes.h"
#include "signatures/validators/checks.h"

namespace weir {

namespace {

// A run of fewer digits is no sign of an invented number: E12345678 is as good a passport as any.
constexpr size_t kSequentialDigits = 9;
constexpr int kPublishedCap = 59;
// The base of what needs no check digit to be known for what it is: addresses, secrets.
constexpr int kSpeaksForItself = 60;

Frame frame_of(const DetectorSpec& d, std::string_view text, size_t begin, size_t end) {
  Frame frame = Frame::kNone;
  for (const NamedValidator* validator : d.validators) {
    if (validator->frame != nullptr) frame = std::max(frame, validator->frame(text, begin, end));
  }
  return frame;
}

bool listed(const std::vector<std::string>& sorted, std::string_view value) {
  return !sorted.empty() && std::binary_search(sorted.begin(), sorted.end(), value,
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
  if ((evidence & (kEvidenceAssignedRange | kEvidenceOwnMarks)) != 0) add(10, Reason::kAssignedRange);
  if ((evidence & kEvidenceSoftFailed) != 0) j->reasons.add(Reason::kSoftCheckFailed);
}

// A field with a name of its own, as a cell of a table has none.
bool names_its_value(std::string_view text, const FieldName& field) {
  if (!field.structural) return false;
  constexpr std::string_view kPlain[] = {"td", "th", "li", "dd", "p", "b", "span", "div", "a"};
  return std::ranges::find(kPlain, text.substr(field.begin, field.end - field.begin)) == std::end(kPlain);
}

// A word of the detector ends at `pos`, or begins there.
bool word_touches(const WordIndex& index, std::span<const WordHit> words, uint16_t detector, size_t pos) {
  constexpr size_t kMostWord = 64;
  auto hit = std::ranges::lower_bound(words, pos, {}, &WordHit::end);
  for (; hit != words.end() && hit->end <= pos + kMostWord; ++hit) {
    if ((hit->end == pos || hit->begin == pos) && index.word(hit->word).keyword_of[detector]) return true;
  }
  return false;
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
  const bool as_code = by_digits && value.size() == 13 && d.has_check_digit && ean13(value);
  if (!result.valid && (as_time || as_code)) return j;
  const Frame frame = result.valid ? frame_of(d, text, begin, end) : Frame::kNone;
  if (frame == Frame::kForbids) {
    j.refused = false;
    return j;
  }
  // Letters make a number part of something else, but for words of its own, where chance would do as well.
  // What is written in groups is a token of its own.
  constexpr uint8_t kAll = kEvidenceCheckDigit | kEvidenceDate | kEvidenceRegion;
  const bool strong = (result.evidence & kAll) == kAll;
  const bool weighs = by_digits && frame != Frame::kConfirms;
  const bool before = weighs && letter_before(text, begin);
  const bool after = weighs && letter_after(text, begin, end);
  if ((before || after) && !strong) {
    if (!result.valid) return j;
    const std::string_view written = text.substr(begin, end - begin);
    if (std::ranges::all_of(written, is_alphanumeric) &&
        ((before && !word_touches(patterns_.words(), item.words, detector, begin)) ||
         (after && !word_touches(patterns_.words(), item.words, detector, end)))) {
      j.refused = false;
      return j;
    }
  }
  if (weighs && inside_other_token(text, begin, end, strong)) {
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
  if (!j.labelled && (needs_keyword || as_time || as_code)) return j;

  // A word elsewhere in the item may be a table's header. A field with a name of its own is none of that
  // table.
  j.backed = j.labelled || (item.keyword_in_item && !names_its_value(text, j.field)) ||
             d.base >= kSpeaksForItself || frame == Frame::kConfirms ||
             (result.evidence & (kEvidenceCheckDigit | kEvidenceStrongCheck | kEvidenceOwnMarks)) != 0;
  j.score = frame == Frame::kConfirms ? std::max(d.base, kSpeaksForItself) : d.base;
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
