#include "sensor/match/candidate_finder.h"

#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "sensor/match/characters.h"
#include "sensor/match/local_part.h"
#include "sensor/match/touching.h"
#include "signatures/compiler/escape_edge.h"
#include "signatures/compiler/shape_parser.h"

namespace weir {

namespace {

// Stars that set a number, an address in bold. Addresses are masked at their beginning with three.
constexpr size_t kBold = 3, kBoldAddress = 2;

bool is_wide(char c) { return static_cast<signed char>(c) < 0; }

// What may stand beside a value and is no plain boundary: bits by byte.
constexpr uint8_t kDigitBeside = 1, kLetterBeside = 2, kStarBeside = 4, kJoins = 8, kEscapes = 16,
                  kLengthBeside = 32;
constexpr std::array<uint8_t, 256> kBeside = [] {
  std::array<uint8_t, 256> table{};
  for (size_t b = 0; b < 256; ++b) {
    const auto c = static_cast<char>(b);
    if (is_digit(c)) table[b] |= kDigitBeside;
    if (is_letter(c)) table[b] |= kLetterBeside;
    if (c == '*') table[b] |= kStarBeside;
    if (c == '_' || c == '@' || c == '-') table[b] |= kJoins;
    if (c == '\\' || c == 'u') table[b] |= kEscapes;
    if (is_length(static_cast<unsigned char>(b))) table[b] |= kLengthBeside;
  }
  return table;
}();
uint8_t beside(char c) { return kBeside[static_cast<unsigned char>(c)]; }

constexpr size_t kMostText = std::numeric_limits<int32_t>::max();

// Asked for growing positions.
class Passed {
 public:
  explicit Passed(std::span<const Stretch> stretches) : stretches_(stretches) {}
  bool over(size_t pos) {
    while (!stretches_.empty() && stretches_.front().end <= pos) stretches_ = stretches_.subspan(1);
    return !stretches_.empty() && stretches_.front().begin <= pos;
  }

 private:
  std::span<const Stretch> stretches_;
};

}  // namespace

CandidateFinder::CandidateFinder(const PatternSet& patterns) : patterns_(patterns) {
  for (size_t kind = 0; kind < groups_.size(); ++kind) {
    for (const ShapeAutomaton& automaton : patterns.shapes().automata(static_cast<AnchorKind>(kind))) {
      for (size_t b = 0; b < 256; ++b) {
        const auto byte = static_cast<uint8_t>(b);
        groups_[kind].starts[b] = groups_[kind].starts[b] || automaton.starts(byte);
      }
    }
  }
  for (const DetectorSpec& d : patterns.detectors()) {
    Group& group = groups_[static_cast<size_t>(d.anchor)];
    group.letter_may_follow =
        group.letter_may_follow || d.boundary == Boundary::kDigits || d.has_region_check;
    ParsedShape shape;
    std::string error;
    if (d.boundary == Boundary::kDigits && parse_shape(d.shape, d.case_insensitive, &shape, &error) &&
        shape.holds_letters) {
      letters_stand_apart_ = false;
    }
  }
  for (size_t engine = 0; engine < kEngines; ++engine) {
    const hs_database* database = patterns.database(engine);
    if (database != nullptr && hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) {
      hs_free_scratch(scratch_);
      scratch_ = nullptr;
      return;
    }
  }
}

CandidateFinder::~CandidateFinder() { hs_free_scratch(scratch_); }

size_t CandidateFinder::find(std::string_view text, bool begins_run, bool ends_run,
                             std::vector<ShapeHit>* hits, std::span<const Stretch> passed_over,
                             const SettledPlaces* settled) {
  hits->clear();
  settled_ = {};
  for (size_t kind = 0; settled != nullptr && kind < kAnchorKinds; ++kind) settled_[kind] = (*settled)[kind];
  undecided_from_ = text.size();
  if (text.empty() || scratch_ == nullptr) return text.size();
  if (text.size() > kMostText) {
    ++counters_.engine_errors;
    return text.size();
  }
  hits_ = hits;
  passed_over_ = passed_over;
  begins_run_ = begins_run;
  ends_run_ = ends_run;
  for (Group& group : groups_) group.tried_to = 0;
  const bool digits = !patterns_.anchors(AnchorKind::kDigits).empty();
  const bool at_signs = !patterns_.anchors(AnchorKind::kAtSign).empty();
  if (digits || at_signs) find_anchors(text, &places_);
  size_t parts = 0;
  const auto add = [&](bool wanted, auto&& attempt) {
    if (!wanted) return;
    const size_t before = hits->size();
    (this->*attempt)(text);
    if (hits->size() > before) ++parts;
  };
  add(digits, &CandidateFinder::try_digits);
  add(at_signs, &CandidateFinder::try_at_signs);
  add(patterns_.database(kExpressionEngine) != nullptr, &CandidateFinder::try_expressions);
  if (parts > 1) {
    std::ranges::sort(*hits, [](const ShapeHit& a, const ShapeHit& b) {
      if (a.begin != b.begin) return a.begin < b.begin;
      return a.detector != b.detector ? a.detector < b.detector : a.end > b.end;
    });
  }
  return undecided_from_;
}

void CandidateFinder::try_digits(std::string_view text) {
  counters_.anchor_hits += places_.runs().size();
  Passed passed(passed_over_);
  for (const uint32_t run : places_.runs()) {
    if (!passed.over(run)) try_run(text, run);
  }
}

// The starts that the filter lets through: before the run, over what values are made of, and at its first
// digit. None is inside a number.
void CandidateFinder::try_run(std::string_view text, size_t run) {
  Group& group = groups_[static_cast<size_t>(AnchorKind::kDigits)];
  const RunFilter& filter = patterns_.shapes().runs();
  const auto byte_at = [&](size_t pos) { return static_cast<uint8_t>(text[pos]); };
  if (run > group.tried_to) {
    uint32_t lead_ins = filter.lead_ins(run > 1 ? byte_at(run - 2) : uint8_t{0}, byte_at(run - 1));
    const size_t most = run - group.tried_to;
    if (most < RunFilter::kMostLeadIn) lead_ins &= (uint32_t{2} << most) - 1;
    // The farthest first: starts ascend.
    while (lead_ins != 0) {
      const auto back = static_cast<size_t>(std::bit_width(lead_ins)) - 1;
      lead_ins ^= uint32_t{1} << back;
      const size_t pos = run - back;
      if ((filter.reach(byte_at(pos)) >> back & 1) == 0) continue;
      const char before = pos > 0 ? text[pos - 1] : ' ';
      if (is_digit(before)) continue;
      // Most letters before a number are inside a word or a code.
      if (letters_stand_apart_ && is_letter(before) && is_letter(text[pos]) && !after_escape(text, pos)) {
        continue;
      }
      try_start(AnchorKind::kDigits, text, pos);
    }
  }
  group.tried_to = run + 1;
  const size_t length = RunFilter::kRunDigits + digit_run_length(text, run + RunFilter::kRunDigits);
  const size_t end = run + length;
  const unsigned first_three = RunFilter::first_three(text.data() + run);
  // At a text's end that is not the run's more digits may follow: the automaton says whether that matters.
  const bool open = end == text.size() && !ends_run_;
  if (open || filter.ends(first_three, length) ||
      (end < text.size() && filter.goes_on(first_three, length, byte_at(end))) ||
      (run > 0 && is_length(byte_at(run - 1)) && byte_at(run - 1) <= length)) {
    try_start(AnchorKind::kDigits, text, run);
  }
}

void CandidateFinder::try_at_signs(std::string_view text) {
  Group& group = groups_[static_cast<size_t>(AnchorKind::kAtSign)];
  const size_t lead_in = patterns_.anchors(AnchorKind::kAtSign)[0].lead_in;
  counters_.anchor_hits += places_.at_signs().size();
  Passed passed(passed_over_);
  for (const size_t at : places_.at_signs()) {
    const size_t end = at + 1;
    if (passed.over(at)) continue;
    if (at == 0 || (end < text.size() && !is_alphanumeric(text[end]) && !is_wide(text[end]))) continue;
    const size_t floor = std::max(group.tried_to, end > lead_in ? end - lead_in : 0);
    size_t pos = local_part_begin(text, at, floor);
    // Longer than a local part can be: no address.
    if (pos == floor && pos > 0 && local_part_begin(text, pos, pos - 1) < pos) continue;
    while (pos < at && !group.starts[static_cast<uint8_t>(text[pos])]) ++pos;
    if (pos == at) continue;
    try_start(AnchorKind::kAtSign, text, pos);
    group.tried_to = at;
  }
}

void CandidateFinder::try_expressions(std::string_view text) {
  Group& group = groups_[static_cast<size_t>(AnchorKind::kExpression)];
  anchors_.clear();
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* c) -> int {
    static_cast<std::vector<AnchorHit>*>(c)->push_back({static_cast<uint32_t>(to), id});
    return 0;
  };
  if (hs_scan(patterns_.database(kExpressionEngine), text.data(), static_cast<unsigned>(text.size()), 0,
              scratch_, on_match, &anchors_) != HS_SUCCESS) {
    ++counters_.engine_errors;
  }
  counters_.anchor_hits += anchors_.size();
  std::ranges::sort(anchors_, {}, &AnchorHit::end);
  Passed passed(passed_over_);
  for (const AnchorHit& hit : anchors_) {
    if (passed.over(hit.end)) continue;
    const size_t lead_in = patterns_.anchors(AnchorKind::kExpression)[hit.anchor].lead_in;
    const size_t floor = std::max(group.tried_to, hit.end > lead_in ? hit.end - lead_in : 0);
    for (size_t pos = floor; pos < hit.end; ++pos) {
      if (group.starts[static_cast<uint8_t>(text[pos])] && !is_continuation(text[pos])) {
        try_start(AnchorKind::kExpression, text, pos);
      }
    }
    group.tried_to = std::max<size_t>(group.tried_to, hit.end);
  }
}

// Which detectors' shapes begin here and end at a boundary?
void CandidateFinder::try_start(AnchorKind kind, std::string_view text, size_t pos) {
  // Before a window that does not begin its run stands something unknown; nothing there is still to be
  // decided.
  if (pos == 0 && !begins_run_) return;
  std::span<const uint32_t>& ahead = settled_[static_cast<size_t>(kind)];
  while (!ahead.empty() && ahead.front() < pos) ahead = ahead.subspan(1);
  if (!ahead.empty() && ahead.front() == pos) return;
  const char before = pos > 0 ? text[pos - 1] : ' ';
  const uint8_t left = beside(before);
  // One star is a mask of an address; beside a whole number it marks a footnote or a list's entry.
  const bool address = kind == AnchorKind::kAtSign;
  bool one_star = false, after_letter = false;
  size_t counted_end = 0;  // where a length in front says that the value ends
  if (left != 0) {
    if ((left & kDigitBeside) != 0) return;  // inside a longer number: no boundary allows it
    if ((left & kEscapes) != 0) {
      // What begins with an escape's letter loses to what stands behind it: \nA123456(3).
      if (before == '\\' && pos + 1 < text.size() && is_letter(text[pos + 1]) && begins_escape(text, pos))
        return;
      if (before == 'u' && pos > 1 && text[pos - 2] == '\\') return;  // inside an escape
    }
    if ((left & kStarBeside) != 0) {
      if (!bold_before(text, pos, address ? kBoldAddress : kBold)) return;
      one_star = address && (pos < 2 || text[pos - 2] != '*');
    }
    after_letter = (left & kLetterBeside) != 0 && !after_escape(text, pos);
    if ((left & kLengthBeside) != 0) counted_end = pos + static_cast<unsigned char>(before);
  }
  const bool joined_before = before == '@' || before == '_';
  const bool letter_may_follow = groups_[static_cast<size_t>(kind)].letter_may_follow;
  const size_t first = hits_->size();
  for (const ShapeAutomaton& automaton : patterns_.shapes().automata(kind)) {
    if (!automaton.starts(static_cast<uint8_t>(text[pos]))) continue;
    const bool alive = automaton.walk(text, pos, [&](size_t end, std::span<const uint16_t> detectors) {
      const char after = end < text.size() && end != counted_end ? text[end] : ' ';
      const uint8_t right = beside(after);
      const bool letter = (right & kLetterBeside) != 0;
      // Inside a longer number for every boundary there is but one that a pack cannot ask for.
      if ((right & kDigitBeside) != 0 || (letter && !letter_may_follow)) return;
      if (one_star && after != '*') return;
      if ((right & kStarBeside) != 0) {
        const bool one = end + 1 == text.size() || text[end + 1] != '*';
        if (!bold_after(text, end, kBold) || (address && one && !one_star)) return;
      }
      const bool touched = letter || after_letter;
      const bool joined = joined_before || (right & kJoins) != 0;
      for (const uint16_t d : detectors) {
        if (touched || joined) {
          const DetectorSpec& spec = patterns_.detectors()[d];
          // The judge sees whether region, date and check hold; a letter that could be the value's own is
          // none.
          if (touched && spec.boundary != Boundary::kDigits &&
              (!spec.has_region_check || ((after == 'X' || after == 'x') && is_digit(text[end - 1])))) {
            continue;
          }
          if (joined && spec.boundary == Boundary::kWord) continue;
        }
        hits_->push_back({static_cast<uint32_t>(pos), static_cast<uint32_t>(end), d});
      }
    });
    if (alive && !ends_run_) undecided_from_ = std::min(undecided_from_, pos);
  }
  if (hits_->size() == first) return;
  const auto tried = hits_->begin() + static_cast<std::ptrdiff_t>(first);
  const auto refused = std::remove_if(tried, hits_->end(), [&](const ShapeHit& hit) {
    return !patterns_.shapes().confirm(hit.detector, text.substr(hit.begin, hit.end - hit.begin),
                                       shape_scratch_);
  });
  hits_->erase(refused, hits_->end());
  if (hits_->size() - first < 2) return;
  const std::span<ShapeHit> found(hits_->data() + first, hits_->size() - first);
  // Those of one detector come with growing ends.
  if (found.size() > 4 && found.front().detector == found.back().detector) std::ranges::reverse(found);
  const auto in_order = [](const ShapeHit& x, const ShapeHit& y) {
    return x.detector != y.detector ? x.detector < y.detector : x.end > y.end;
  };
  if (!std::ranges::is_sorted(found, in_order)) std::ranges::sort(found, in_order);
}

void CandidateFinder::find_words(std::string_view text, std::vector<WordHit>* hits,
                                 std::span<const Stretch> passed_over) {
  hits->clear();
  if (patterns_.database(kWordEngine) == nullptr || scratch_ == nullptr || text.empty()) return;
  if (text.size() > kMostText) {
    ++counters_.engine_errors;
    return;
  }
  uint32_t begin = 0;
  for (const Stretch& stretch : passed_over) {
    scan_words(text, {begin, stretch.begin}, hits);
    begin = stretch.end;
  }
  scan_words(text, {begin, static_cast<uint32_t>(text.size())}, hits);
  // Hyperscan reports in the order of ends, but for no promise of it.
  if (!std::ranges::is_sorted(*hits, {}, &WordHit::end)) std::ranges::stable_sort(*hits, {}, &WordHit::end);
}

void CandidateFinder::scan_words(std::string_view text, Stretch part, std::vector<WordHit>* hits) {
  if (part.begin >= part.end) return;
  struct Context {
    const CandidateFinder& finder;
    std::string_view text;
    size_t begin;
    std::vector<WordHit>* hits;
  } context{*this, text, part.begin, hits};
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* c) -> int {
    const Context& fill = *static_cast<Context*>(c);
    fill.finder.check_word(fill.text, id, fill.begin + static_cast<size_t>(to), fill.hits);
    return 0;
  };
  if (hs_scan(patterns_.database(kWordEngine), text.data() + part.begin, part.end - part.begin, 0, scratch_,
              on_match, &context) != HS_SUCCESS) {
    ++counters_.engine_errors;
  }
}

// A word may end at `end`: which, and from where?
void CandidateFinder::check_word(std::string_view text, uint32_t word, size_t end,
                                 std::vector<WordHit>* hits) const {
  if (!WordIndex::ends_word(text, end)) return;
  const IndexedWord& indexed = patterns_.words().word(word);
  // Gaps that the text leaves out make it shorter than the word.
  for (size_t length = indexed.text.size(), left = indexed.gaps + 1; left > 0 && length > 0;
       --left, --length) {
    if (length > end) continue;
    const size_t begin = end - length;
    patterns_.words().match_at(text, begin, [&](size_t found, size_t found_end) {
      if (found_end != end) return;
      const WordHit hit{static_cast<uint32_t>(begin), static_cast<uint32_t>(end),
                        static_cast<uint32_t>(found)};
      // Two expressions may lead to one word.
      for (size_t i = hits->size(); i-- > 0 && (*hits)[i].end == hit.end;) {
        if ((*hits)[i] == hit) return;
      }
      hits->push_back(hit);
    });
  }
}

}  // namespace weir
