#include "sensor/match/candidate_finder.h"

#include <hs/hs.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "sensor/match/characters.h"
#include "signatures/compiler/word_index.h"

namespace weir {

namespace {

constexpr size_t kMostText = std::numeric_limits<int32_t>::max();
constexpr uint32_t kRunDigits = 4;
// Reports of '@' past one in this many bytes are found by memchr instead: cheaper than a callback each.
constexpr size_t kBytesPerAtSign = 32;

// What may stand before the '@' of an address without quotes.
bool is_local(char c) {
  return is_alphanumeric(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

}  // namespace

CandidateFinder::CandidateFinder(const PatternSet& patterns) : patterns_(patterns) {
  for (size_t kind = 0; kind < groups_.size(); ++kind) {
    for (const ShapeAutomaton& automaton : patterns.shapes().automata(static_cast<AnchorKind>(kind))) {
      for (size_t b = 0; b < 256; ++b) {
        const auto byte = static_cast<uint8_t>(b);
        groups_[kind].starts[b] = groups_[kind].starts[b] || automaton.starts(byte);
        groups_[kind].holds[b] = groups_[kind].holds[b] || automaton.holds(byte);
      }
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
                             std::vector<ShapeHit>* hits) {
  hits->clear();
  undecided_from_ = text.size();
  if (text.empty() || scratch_ == nullptr) return text.size();
  if (text.size() > kMostText) {
    ++counters_.engine_errors;
    return text.size();
  }
  hits_ = hits;
  begins_run_ = begins_run;
  ends_run_ = ends_run;
  for (Group& group : groups_) group.tried_to = 0;
  size_t parts = 0;
  const auto add = [&](AnchorKind kind, auto&& attempt) {
    if (patterns_.database(static_cast<size_t>(kind)) == nullptr) return;
    const size_t before = hits->size();
    collect(kind, text);
    (this->*attempt)(text);
    if (hits->size() > before) ++parts;
  };
  add(AnchorKind::kDigits, &CandidateFinder::try_digits);
  add(AnchorKind::kAtSign, &CandidateFinder::try_at_signs);
  add(AnchorKind::kExpression, &CandidateFinder::try_expressions);
  if (parts > 1) {
    std::ranges::sort(*hits, [](const ShapeHit& a, const ShapeHit& b) {
      if (a.begin != b.begin) return a.begin < b.begin;
      return a.detector != b.detector ? a.detector < b.detector : a.end > b.end;
    });
  }
  return undecided_from_;
}

void CandidateFinder::collect(AnchorKind kind, std::string_view text) {
  anchors_.clear();
  struct Context {
    std::vector<AnchorHit>& hits;
    size_t most;
  } context{anchors_, kind == AnchorKind::kAtSign ? 64 + text.size() / kBytesPerAtSign
                                                  : std::numeric_limits<size_t>::max()};
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* c) -> int {
    Context& into = *static_cast<Context*>(c);
    into.hits.push_back({static_cast<uint32_t>(to), id});
    return into.hits.size() >= into.most ? 1 : 0;
  };
  const hs_error_t status = hs_scan(patterns_.database(static_cast<size_t>(kind)), text.data(),
                                    static_cast<unsigned>(text.size()), 0, scratch_, on_match, &context);
  if (status == HS_SCAN_TERMINATED) {
    // '@' only: the rest by hand.
    size_t pos = anchors_.back().end;
    while (pos < text.size()) {
      const void* found = std::memchr(text.data() + pos, '@', text.size() - pos);
      if (found == nullptr) break;
      pos = static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
      anchors_.push_back({static_cast<uint32_t>(pos), 0});
    }
  } else if (status != HS_SUCCESS) {
    ++counters_.engine_errors;
  }
  counters_.anchor_hits += anchors_.size();
}

void CandidateFinder::try_digits(std::string_view text) {
  Group& group = groups_[static_cast<size_t>(AnchorKind::kDigits)];
  const size_t lead_in = patterns_.anchors(AnchorKind::kDigits)[0].lead_in - kRunDigits;
  const auto from_run = [&](size_t run) {
    // Left over what values are made of, then every start that is not inside a number.
    const size_t floor = std::max(group.tried_to, run > lead_in ? run - lead_in : 0);
    size_t first = run;
    while (first > floor && group.holds[static_cast<uint8_t>(text[first - 1])]) --first;
    for (size_t pos = first; pos <= run; ++pos) {
      if (!group.starts[static_cast<uint8_t>(text[pos])]) continue;
      if (pos > 0 && is_digit(text[pos - 1])) continue;
      try_start(AnchorKind::kDigits, text, pos);
    }
    group.tried_to = run + 1;
  };
  // The expression wants a byte before the digits; at the text's begin there is none.
  if (text.size() >= kRunDigits && std::all_of(text.begin(), text.begin() + kRunDigits, is_digit))
    from_run(0);
  for (const AnchorHit& hit : anchors_) from_run(hit.end - kRunDigits);
}

void CandidateFinder::try_at_signs(std::string_view text) {
  Group& group = groups_[static_cast<size_t>(AnchorKind::kAtSign)];
  const size_t lead_in = patterns_.anchors(AnchorKind::kAtSign)[0].lead_in;
  for (const AnchorHit& hit : anchors_) {
    const size_t at = hit.end - 1;
    if (at == 0 || !is_local(text[at - 1])) continue;
    if (hit.end < text.size() && !is_alphanumeric(text[hit.end])) continue;
    const size_t floor = std::max(group.tried_to, hit.end > lead_in ? hit.end - lead_in : 0);
    size_t pos = at;
    while (pos > floor && is_local(text[pos - 1])) --pos;
    // Longer than a local part can be: no address.
    if (pos == floor && pos > 0 && is_local(text[pos - 1])) continue;
    while (pos < at && !group.starts[static_cast<uint8_t>(text[pos])]) ++pos;
    if (pos == at) continue;
    try_start(AnchorKind::kAtSign, text, pos);
    group.tried_to = at;
  }
}

void CandidateFinder::try_expressions(std::string_view text) {
  Group& group = groups_[static_cast<size_t>(AnchorKind::kExpression)];
  std::ranges::sort(anchors_, {}, &AnchorHit::end);
  for (const AnchorHit& hit : anchors_) {
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
  const char before = pos > 0 ? text[pos - 1] : ' ';
  if (before == '*') return;  // a masked value
  const bool after_digit = is_digit(before), after_letter = is_letter(before);
  const size_t first = hits_->size();
  for (const ShapeAutomaton& automaton : patterns_.shapes().automata(kind)) {
    if (!automaton.starts(static_cast<uint8_t>(text[pos]))) continue;
    const bool alive = automaton.walk(text, pos, [&](size_t end, std::span<const uint16_t> detectors) {
      const char after = end < text.size() ? text[end] : ' ';
      const bool digit = is_digit(after);
      if (digit || after == '*') {
        // Inside a longer number for every boundary there is but one that a pack cannot ask for.
        return;
      }
      const bool letter = is_letter(after);
      for (const uint16_t d : detectors) {
        const Boundary boundary = patterns_.detectors()[d].boundary;
        if (after_digit) continue;
        if (boundary != Boundary::kDigits && (letter || after_letter)) continue;
        if (boundary == Boundary::kWord &&
            (after == '_' || after == '@' || after == '-' || before == '@' || before == '_')) {
          continue;
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
  std::sort(hits_->begin() + static_cast<std::ptrdiff_t>(first), hits_->end(),
            [](const ShapeHit& x, const ShapeHit& y) {
              return x.detector != y.detector ? x.detector < y.detector : x.end > y.end;
            });
}

void CandidateFinder::scan_words(WordScan& scan) {
  const hs_database* database = patterns_.database(kWordEngine);
  if (database == nullptr || scratch_ == nullptr || scan.text.empty() || scan.text.size() > kMostText) return;
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long to, unsigned, void* c) -> int {
    WordScan& s = *static_cast<WordScan*>(c);
    s.finder.check_word(s, id, static_cast<size_t>(to));
    return s.wanted.none() ? 1 : 0;
  };
  const hs_error_t status = hs_scan(database, scan.text.data(), static_cast<unsigned>(scan.text.size()), 0,
                                    scratch_, on_match, &scan);
  if (status != HS_SUCCESS && status != HS_SCAN_TERMINATED) ++counters_.engine_errors;
}

void CandidateFinder::check_word(WordScan& scan, uint32_t word, size_t end) const {
  const IndexedWord& indexed = patterns_.words().word(word);
  if ((indexed.keyword_of & scan.wanted).none()) return;
  if (!WordIndex::ends_word(scan.text, end)) return;
  // Gaps that the text leaves out make it shorter than the word.
  for (size_t length = indexed.text.size(), left = indexed.gaps + 1; left > 0 && length > 0;
       --left, --length) {
    if (length > end) continue;
    const size_t begin = end - length;
    // The first byte of a window that does not begin its run: what stands before it is not known, and the
    // window before this one has looked.
    if (begin == 0 && !scan.begins_run) continue;
    bool whole = false;
    patterns_.words().match_at(scan.text, begin, [&](size_t, size_t e) { whole = whole || e == end; });
    if (!whole) continue;
    scan.word(scan.context, {static_cast<uint32_t>(begin), static_cast<uint32_t>(end), word});
    scan.wanted &= ~indexed.keyword_of;
    return;
  }
}

}  // namespace weir
