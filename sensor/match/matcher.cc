#include "sensor/match/matcher.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "sensor/base/keyed_hash.h"
#include "sensor/match/candidate_finder.h"
#include "sensor/match/characters.h"
#include "sensor/match/context.h"
#include "sensor/match/judge.h"
#include "sensor/match/same_text.h"
#include "sensor/match/text_position.h"
#include "sensor/token/mask.h"
#include "sensor/token/token_cache.h"
#include "signatures/compiler/word_index.h"

namespace weir {

namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
// Kept before the frontier: the context that judging may look at, one character more for a word's edge, and
// some for readings that begin inside an escape.
constexpr size_t kCarryCharacters = kContextBack + 8;
constexpr uint64_t kBreakCharacters = 1000;
// What judging one end looks at beside the value: the context on both sides.
constexpr uint64_t kJudgeWork = kContextBack + kContextOn;
constexpr uint64_t kUnseen = std::numeric_limits<uint64_t>::max();

PersonRole role_of(const DetectorSpec& d) {
  if (d.id.ends_with(".name")) return PersonRole::kName;
  if (d.id == "cn.mobile" || d.id == "cn.landline" || d.id == "phone.e164") return PersonRole::kPhone;
  return d.category == "identity" && d.id != "person.date_of_birth" ? PersonRole::kIdentity
                                                                    : PersonRole::kNone;
}

// A candidate that was judged, in item and text terms.
struct Candidate {
  uint64_t begin = 0, end = 0;  // item offsets
  uint32_t text_begin = 0, text_end = 0;
  uint16_t detector = 0;
  uint16_t reading = 0;
  Judgement judgement;
  bool in_plain = false;  // the plain reading has the same value there
  bool told() const { return judgement.outcome == Judgement::Outcome::kFinding; }
};

// Characters from the item's begin to a position of the plain reading.
struct Counted {
  size_t text = 0;
  uint64_t characters = 0;
  void move_to(size_t position, std::string_view plain) {
    if (position >= text) {
      characters += count_characters(plain.substr(text, position - text));
    } else {
      characters -= count_characters(plain.substr(position, text - position));
    }
    text = position;
  }
};

}  // namespace

struct Matcher::Impl {
  Impl(std::shared_ptr<const PatternSet> p, std::shared_ptr<const Tokenizer> t)
      : patterns(std::move(p)),
        tokenizer(std::move(t)),
        finder(*patterns),
        judge(*patterns),
        settled(patterns->shapes()) {
    for (const DetectorSpec& d : patterns->detectors()) {
      roles.push_back(role_of(d));
      if (!d.keywords.empty()) with_words.set(roles.size() - 1);
    }
    // An address has three characters at least, another anchor more; an expression may have any.
    if (patterns->database(kExpressionEngine) == nullptr) least_bytes = 3;
    for (size_t w = 0; w < patterns->words().size(); ++w) {
      const IndexedWord& word = patterns->words().word(w);
      least_bytes = std::min(least_bytes, word.text.size() - std::min<size_t>(word.gaps, word.text.size()));
    }
    first_word_begin.assign(patterns->detectors().size(), kUnseen);
    first_word_end.assign(patterns->detectors().size(), kUnseen);
  }

  uint64_t scan(ItemMatchState& state, const TextWindow& window, Nanoseconds item_time, FindingSink& out);

  void find_words(const ItemMatchState& state, const TextWindow& window);
  void judge_reading(const ItemMatchState& state, const TextWindow& window, uint16_t reading,
                     int64_t capture_time_s, uint64_t* horizon);
  // Whether another reading with the same bytes can say more.
  enum class Open : uint8_t { kNo, kToWords, kYes };
  Open judge_hits(const TextWindow& window, uint16_t reading, std::span<const ShapeHit> group,
                  ItemContext* item);
  void settle_doubles();
  // Returns how far the characters of the plain reading were counted.
  Counted emit(ItemMatchState& state, const TextWindow& window, uint64_t frontier, FindingSink& out);
  Match make_match(const TextWindow& window, const Candidate& c, uint64_t text_begin, std::string_view value);
  // The spelling that names and tokens are made of, in `canonical`, in `written` or in the text: until the
  // next one.
  std::string_view value_of(const TextWindow& window, const Candidate& c);
  uint64_t close_window(ItemMatchState& state, const TextWindow& window, uint64_t frontier, Counted counted);
  bool beats(const ItemMatchState::Span& a, const ItemMatchState::Span& b) const;
  // Calls meet(span, its index or candidates.size()) for what is told and overlaps candidate `i`, until it
  // says false. `widest`: of all candidates.
  template <class Meet>
  void meet_others(const ItemMatchState& state, size_t i, uint64_t widest, Meet&& meet) const;
  bool outdone(const ItemMatchState& state, size_t i, uint64_t widest) const;
  static ItemMatchState::Span span_of(const Candidate& c) {
    return {c.begin, c.end, c.judgement.score, c.detector, c.judgement.backed, false};
  }

  // What is shown of the candidate that is being told; `alternatives` are its own.
  class Details final : public MatchDetails {
   public:
    Details(Impl& impl, const TextWindow& window, const Candidate& c, std::string_view value,
            const Match& match)
        : impl_(impl), window_(window), c_(c), value_(value), match_(match) {}
    Token token() const override;
    std::string masked() const override;
    std::string field() const override;
    Finding finding() const override;

   private:
    Impl& impl_;
    const TextWindow& window_;
    const Candidate& c_;
    std::string_view value_;
    const Match& match_;
  };

  std::shared_ptr<const PatternSet> patterns;
  std::shared_ptr<const Tokenizer> tokenizer;
  HashKey name_key = HashKey::random();
  CandidateFinder finder;
  Judge judge;
  SettledStarts settled;  // of the window's plain reading
  TokenCache tokens;
  std::vector<PersonRole> roles;
  DetectorSet with_words;
  size_t least_bytes = 0;  // what is shorter holds neither a value nor a word
  MatchCounters counters;

  // Of one window; kept to be used again.
  std::vector<ShapeHit> hits;
  std::vector<Candidate> candidates;
  uint64_t work_left = 0;
  uint64_t given_up_from = kUnseen;                        // item offset
  std::vector<uint64_t> first_word_begin, first_word_end;  // by detector, item offsets
  DetectorSet window_words;
  std::vector<std::vector<WordHit>> words;  // by reading
  std::vector<SameText> same_text;          // by reading: where it is the plain one
  std::vector<DetectorIndex> alternatives;  // of the match that is being told
  std::array<char, kMaxCanonicalValue> written, canonical;
};

uint64_t Matcher::Impl::scan(ItemMatchState& state, const TextWindow& window, Nanoseconds item_time,
                             FindingSink& out) {
  if (window.readings.empty() || !finder.ok()) return window.item_end;
  // A run's first window may come again, longer: that is no second break.
  if (!state.started || (window.break_before && window.item_begin != state.run_begin)) {
    if (state.started) state.characters += kBreakCharacters;
    state.started = true;
    state.run_begin = state.frontier = window.item_begin;
    state.reaching_count = 0;
  }
  // A path of one character: too short for a value or a word.
  if (window.ends_run && window.item_begin == state.run_begin &&
      std::ranges::all_of(window.readings,
                          [&](const Text& text) { return text.utf8.size() < least_bytes; })) {
    ++counters.windows;
    for (const Text& text : window.readings) counters.text_bytes += text.utf8.size();
    state.characters += count_characters(window.readings[0].utf8);
    state.frontier = window.item_end;
    return window.item_end;
  }
  // How far each reading can be decided before anything is looked at: 64 characters and an anchor's way from
  // its end. Nothing new: nothing to do.
  uint64_t horizon = window.item_end;
  if (!window.ends_run) {
    for (const Text& text : window.readings) {
      const size_t size = text.utf8.size();
      const size_t lead_in = patterns->max_lead_in();
      const size_t by_anchor = size > lead_in ? step_back(text.utf8, size - lead_in + 1, 1) : 0;
      const size_t decidable = std::min(by_anchor, step_back(text.utf8, size, kContextOn));
      horizon = std::min(horizon, text.map->item_offset(decidable));
    }
    if (horizon <= state.frontier) return window.item_begin;
  }
  ++counters.windows;
  candidates.clear();
  given_up_from = kUnseen;
  const uint64_t most_work = kMostWorkOfWindow + kMostWork * window.readings[0].utf8.size();
  work_left = most_work;
  find_words(state, window);
  const int64_t capture_time_s = item_time / kNanosecondsPerSecond;
  for (size_t r = 0; r < window.readings.size(); ++r) {
    counters.text_bytes += window.readings[r].utf8.size();
    judge_reading(state, window, static_cast<uint16_t>(r), capture_time_s, &horizon);
  }
  settle_doubles();
  // A value that reaches past the horizon may meet one there: it is decided when that is known.
  // And one that overlaps such a one hangs on what becomes of it.
  uint64_t frontier = std::max(horizon, state.frontier);
  if (!window.ends_run) {
    for (int round = 0; round < 2; ++round) {
      const uint64_t known = round == 0 ? horizon : frontier;
      for (const Candidate& c : candidates) {
        if (c.told() && c.begin < frontier && c.end > known) {
          frontier = c.begin;
          break;
        }
      }
    }
  }
  frontier = std::max(frontier, state.frontier);
  counters.work += most_work - work_left;
  if (given_up_from < frontier) out.on_given_up(given_up_from, frontier);
  const Counted counted = emit(state, window, frontier, out);
  return close_window(state, window, frontier, counted);
}

// The words of every reading, and of each detector's keywords the first in the window.
void Matcher::Impl::find_words(const ItemMatchState& state, const TextWindow& window) {
  window_words.reset();
  if (words.size() < window.readings.size()) {
    words.resize(window.readings.size());
    same_text.resize(window.readings.size());
  }
  const bool begins_run = window.item_begin == state.run_begin;
  const DetectorSet wanted = with_words & ~state.words_seen;
  for (size_t r = 0; r < window.readings.size(); ++r) {
    const Text& text = window.readings[r];
    if (text.derived) {
      same_text[r].compare(window.readings[0], text, patterns->max_lead_in());
    } else {
      same_text[r].clear();
    }
    finder.find_words(text.utf8, &words[r], same_text[r].words());
    // The first of a reading is the one that counts: they come in order.
    DetectorSet left = wanted;
    for (const WordHit& hit : words[r]) {
      // The first byte of a window that does not begin its run: what stands before it is not known, and the
      // window before this one has looked.
      if (hit.begin == 0 && !begins_run) continue;
      const DetectorSet of = patterns->words().word(hit.word).keyword_of & left;
      if (of.none()) continue;
      left &= ~of;
      const uint64_t begin = text.map->item_offset(hit.begin), end = text.map->item_offset(hit.end);
      for (size_t d = of._Find_first(); d < patterns->detectors().size(); d = of._Find_next(d)) {
        if (window_words[d] && first_word_end[d] <= end) continue;
        window_words.set(d);
        first_word_begin[d] = begin;
        first_word_end[d] = end;
      }
      if (left.none()) break;
    }
  }
}

void Matcher::Impl::judge_reading(const ItemMatchState& state, const TextWindow& window, uint16_t reading,
                                  int64_t capture_time_s, uint64_t* horizon) {
  const Text& text = window.readings[reading];
  const bool begins_run = window.item_begin == state.run_begin;
  const uint64_t anchors_before = finder.counters().anchor_hits;
  if (reading == 0) settled.clear();
  const SettledPlaces& places = settled.find_in(same_text[reading], words[reading]);
  const size_t undecided =
      finder.find(text.utf8, begins_run, window.ends_run, &hits, same_text[reading].anchors(), &places);
  counters.anchor_hits += finder.counters().anchor_hits - anchors_before;
  counters.shapes += hits.size();
  if (!window.ends_run && undecided < text.utf8.size()) {
    *horizon = std::min(*horizon, text.map->item_offset(undecided));
  }
  ItemContext item{window.field, capture_time_s, false, words[reading]};
  // By anchor kind, where shapes begin: may another reading say more?
  struct Start {
    bool seen = false;
    Open open = Open::kNo;
  };
  const bool tell_settled = reading == 0 && window.readings.size() > 1;
  std::array<Start, kAnchorKinds> starts{};
  size_t start = 0;
  const auto tell = [&](size_t begin) {
    for (size_t kind = 0; kind < kAnchorKinds; ++kind) {
      if (starts[kind].seen && starts[kind].open != Open::kYes) {
        settled.add(static_cast<AnchorKind>(kind), text.utf8, begin, starts[kind].open == Open::kToWords);
      }
    }
    starts = {};
  };
  for (size_t i = 0; i < hits.size();) {
    size_t same = i + 1;
    while (same < hits.size() && hits[same].begin == hits[i].begin &&
           hits[same].detector == hits[i].detector) {
      ++same;
    }
    const std::span<const ShapeHit> group(hits.data() + i, same - i);
    i = same;
    if (same_text[reading].covers(group[0].begin, group[0].end)) continue;
    const uint64_t begin = text.map->item_offset(group[0].begin);
    if (begin < state.frontier) continue;
    if (begin >= *horizon) break;
    // The longest end may still lack its 64 characters.
    if (!window.ends_run && text.utf8.size() - group[0].end < 4 * kContextOn) {
      size_t lacking = 0;
      step_on(text.utf8, group[0].end, kContextOn, &lacking);
      if (lacking > 0) {
        *horizon = std::min(*horizon, begin);
        break;
      }
    }
    if (work_left == 0) {
      ++counters.given_up;
      given_up_from = std::min(given_up_from, begin);
      break;
    }
    const uint16_t d = group[0].detector;
    item.keyword_in_item = state.words_seen[d] || (window_words[d] && first_word_end[d] <= begin);
    const Open open = judge_hits(window, reading, group, &item);
    if (!tell_settled) continue;
    if (group[0].begin != start) {
      tell(start);
      start = group[0].begin;
    }
    Start& s = starts[static_cast<size_t>(patterns->detectors()[d].anchor)];
    s.seen = true;
    s.open = std::max(s.open, open);
  }
  tell(start);
}

// The longest end that holds; none: that the check failed, if that is to be counted.
Matcher::Impl::Open Matcher::Impl::judge_hits(const TextWindow& window, uint16_t reading,
                                              std::span<const ShapeHit> group, ItemContext* item) {
  const Text& text = window.readings[reading];
  Judgement::Outcome outcome = Judgement::Outcome::kDropped;
  if (group.size() > Judge::kFewEnds) group = judge.possible(text.utf8, group, item->capture_time_s);
  Open open = Open::kNo;
  for (const ShapeHit& hit : group) {
    const uint64_t work = hit.end - hit.begin + kJudgeWork;
    if (work_left < work) {
      work_left = 0;
      given_up_from = std::min(given_up_from, text.map->item_offset(hit.begin));
      return Open::kYes;
    }
    work_left -= work;
    Candidate c;
    c.judgement = judge.judge(hit.detector, text.utf8, hit.begin, hit.end, *item);
    // With its word beside it a value can score no more in another reading.
    const bool said =
        c.judgement.refused || (c.judgement.outcome == Judgement::Outcome::kFinding && c.judgement.labelled);
    if (!said) open = std::max(open, c.judgement.bare ? Open::kToWords : Open::kYes);
    if (c.judgement.outcome == Judgement::Outcome::kDropped) continue;
    const bool failed = c.judgement.outcome == Judgement::Outcome::kFailed;
    if (failed && outcome == Judgement::Outcome::kFailed) continue;
    c.begin = text.map->item_offset(hit.begin);
    c.end = text.map->item_offset(hit.end);
    c.text_begin = hit.begin;
    c.text_end = hit.end;
    c.detector = hit.detector;
    c.reading = reading;
    c.in_plain = !text.derived;
    if (!failed && outcome == Judgement::Outcome::kFailed) candidates.pop_back();
    outcome = c.judgement.outcome;
    candidates.push_back(std::move(c));
    if (!failed) break;
  }
  return open;
}

// Sorts, and makes one of the same value in several readings: the better judgement stays.
void Matcher::Impl::settle_doubles() {
  const auto before = [](const Candidate& a, const Candidate& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.end != b.end) return a.end < b.end;
    return a.detector != b.detector ? a.detector < b.detector : a.reading < b.reading;
  };
  if (!std::ranges::is_sorted(candidates, before)) std::ranges::sort(candidates, before);
  size_t kept = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    Candidate& c = candidates[i];
    Candidate* last = kept > 0 ? &candidates[kept - 1] : nullptr;
    if (last != nullptr && last->begin == c.begin && last->end == c.end && last->detector == c.detector) {
      const bool plain = (last->in_plain && last->judgement.outcome >= Judgement::Outcome::kWeak) ||
                         (c.in_plain && c.judgement.outcome >= Judgement::Outcome::kWeak);
      if (std::pair(c.judgement.outcome, c.judgement.score) >
          std::pair(last->judgement.outcome, last->judgement.score)) {
        *last = std::move(c);
      }
      last->in_plain = plain;
      continue;
    }
    if (kept != i) candidates[kept] = std::move(c);
    ++kept;
  }
  candidates.resize(kept);
}

// A strict order over values of one kind that overlap, numbers being one kind: the longer, on the same span
// what wins by the packs' word, the higher score, the first in the catalogue. Another kind around a value
// hides it only where nothing backs it: a number that is an address's local part.
bool Matcher::Impl::beats(const ItemMatchState::Span& a, const ItemMatchState::Span& b) const {
  const DetectorSpec &x = patterns->detectors()[a.detector], &y = patterns->detectors()[b.detector];
  const uint64_t a_length = a.end - a.begin, b_length = b.end - b.begin;
  if (x.anchor != y.anchor && a_length != b_length) return a_length > b_length && !b.backed;
  if (a_length != b_length) return a_length > b_length;
  if (a.begin == b.begin) {
    if (x.wins_over[b.detector]) return true;
    if (y.wins_over[a.detector]) return false;
  }
  if (a.score != b.score) return a.score > b.score;
  return a.begin != b.begin ? a.begin < b.begin : a.detector < b.detector;
}

template <class Meet>
void Matcher::Impl::meet_others(const ItemMatchState& state, size_t i, uint64_t widest, Meet&& meet) const {
  const Candidate& c = candidates[i];
  for (uint8_t r = 0; r < state.reaching_count; ++r) {
    const ItemMatchState::Span& other = state.reaching[r];
    if (other.end > c.begin && other.begin < c.end && !meet(other, candidates.size())) return;
  }
  for (size_t j = i; j-- > 0 && candidates[j].begin + widest > c.begin;) {
    const Candidate& other = candidates[j];
    if (other.told() && other.end > c.begin && !meet(span_of(other), j)) return;
  }
  for (size_t j = i + 1; j < candidates.size() && candidates[j].begin < c.end; ++j) {
    if (candidates[j].told() && !meet(span_of(candidates[j]), j)) return;
  }
}

// Whether one that overlaps it beats it, whatever becomes of that one.
bool Matcher::Impl::outdone(const ItemMatchState& state, size_t i, uint64_t widest) const {
  bool beaten = false;
  const ItemMatchState::Span span = span_of(candidates[i]);
  meet_others(state, i, widest, [&](const ItemMatchState::Span& other, size_t) {
    beaten = beats(other, span);
    return !beaten;
  });
  return beaten;
}

Counted Matcher::Impl::emit(ItemMatchState& state, const TextWindow& window, uint64_t frontier,
                            FindingSink& out) {
  const Text& plain = window.readings[0];
  uint64_t widest = 0;
  for (const Candidate& c : candidates) widest = std::max(widest, c.end - c.begin);
  Counted counted{0, state.characters};
  std::array<ItemMatchState::Span, 4> reaching{};
  uint8_t reaching_count = 0;

  for (size_t i = 0; i < candidates.size() && candidates[i].begin < frontier; ++i) {
    const Candidate& c = candidates[i];
    if (patterns->detectors()[c.detector].has_check_digit) {
      out.on_candidate(c.detector, c.judgement.outcome != Judgement::Outcome::kFailed);
    }
    if (!c.told()) continue;
    ItemMatchState::Span span = span_of(c);
    bool beaten = false;
    alternatives.clear();
    meet_others(state, i, widest, [&](const ItemMatchState::Span& other, size_t index) {
      if (beats(other, span)) {
        // What was beaten beats nobody.
        span.outdone = true;
        beaten = !(index < candidates.size() ? outdone(state, index, widest) : other.outdone);
      } else if (other.begin == c.begin && other.end == c.end) {
        alternatives.push_back(other.detector);
      }
      return !beaten;
    });
    if (c.end > frontier) {
      // Kept for those that begin behind the frontier; when there is no room, the strongest are.
      if (reaching_count < reaching.size()) {
        reaching[reaching_count++] = span;
      } else {
        auto weakest =
            std::ranges::min_element(reaching, [&](const auto& x, const auto& y) { return beats(y, x); });
        if (beats(span, *weakest)) *weakest = span;
      }
    }
    if (beaten) continue;
    counted.move_to(std::max<size_t>(counted.text, text_position(*plain.map, c.begin, plain.utf8.size())),
                    plain.utf8);
    const std::string_view value = value_of(window, c);
    const Match match = make_match(window, c, counted.characters, value);
    ++counters.findings;
    out.on_match(match, Details(*this, window, c, value, match));
  }
  for (uint8_t r = 0; r < state.reaching_count; ++r) {
    if (state.reaching[r].end > frontier && reaching_count < reaching.size()) {
      reaching[reaching_count++] = state.reaching[r];
    }
  }
  std::ranges::copy(reaching, state.reaching);
  state.reaching_count = reaching_count;
  return counted;
}

std::string_view Matcher::Impl::value_of(const TextWindow& window, const Candidate& c) {
  const DetectorSpec& d = patterns->detectors()[c.detector];
  const std::string_view text =
      window.readings[c.reading].utf8.substr(c.text_begin, c.text_end - c.text_begin);
  return canonical_value(d, normalise_value(d, text, written), canonical);
}

Match Matcher::Impl::make_match(const TextWindow& window, const Candidate& c, uint64_t text_begin,
                                std::string_view value) {
  Match m;
  m.detector = c.detector;
  m.score = static_cast<uint8_t>(std::clamp(c.judgement.score, 0, 100));
  m.labelled = c.judgement.labelled;
  m.backed = c.judgement.backed;
  m.role = roles[c.detector];
  m.reasons = c.judgement.reasons;
  if (!c.in_plain) m.reasons.add(Reason::kDecoded);
  m.begin = c.begin;
  m.end = c.end;
  m.decided_at = c.judgement.ends_short
                     ? window.item_end
                     : window.readings[c.reading].map->item_offset(c.judgement.ceiling) - 1;
  m.text_begin = text_begin;
  const auto name =
      siphash128<1, 3>(name_key, {reinterpret_cast<const uint8_t*>(value.data()), value.size()});
  static_assert(sizeof name == sizeof m.name.bytes);
  std::memcpy(m.name.bytes.data(), name.data(), sizeof name);
  return m;
}

Token Matcher::Impl::Details::token() const {
  return impl_.tokens.token(*impl_.tokenizer, c_.detector, impl_.patterns->detectors()[c_.detector].id,
                            value_);
}

std::string Matcher::Impl::Details::masked() const {
  const DetectorSpec& d = impl_.patterns->detectors()[c_.detector];
  return mask(value_, {d.mask_head, d.mask_tail, d.mask_domain});
}

std::string Matcher::Impl::Details::field() const {
  const FieldName field = c_.judgement.field;
  return std::string(field.end > field.begin
                         ? window_.readings[c_.reading].utf8.substr(field.begin, field.end - field.begin)
                         : window_.field);
}

Finding Matcher::Impl::Details::finding() const {
  const std::string_view text = window_.readings[c_.reading].utf8;
  Finding f{match_, token(), masked(), {}, {}, {}, {}};
  if (c_.judgement.labelled) f.keyword = impl_.patterns->words().word(c_.judgement.word.word).text;
  f.field = field();
  f.excerpt = excerpt(impl_.patterns->words(), place_of(text, c_.text_begin, c_.text_end));
  f.alternatives = impl_.alternatives;
  std::ranges::sort(f.alternatives);
  return f;
}

uint64_t Matcher::Impl::close_window(ItemMatchState& state, const TextWindow& window, uint64_t frontier,
                                     Counted counted) {
  const Text& plain = window.readings[0];
  uint64_t next = window.item_end;
  if (!window.ends_run) {
    for (const Text& text : window.readings) {
      const size_t at = text_position(*text.map, frontier, text.utf8.size());
      next = std::min(next, text.map->item_offset(step_back(text.utf8, at, kCarryCharacters)));
    }
    // Where a character of the plain reading begins.
    next = std::max(window.item_begin,
                    plain.map->item_offset(text_position(*plain.map, next, plain.utf8.size())));
  }
  state.frontier = frontier;
  counted.move_to(text_position(*plain.map, next, plain.utf8.size()), plain.utf8);
  state.characters = counted.characters;
  for (size_t d = window_words._Find_first(); d < patterns->detectors().size();
       d = window_words._Find_next(d)) {
    if (first_word_begin[d] <= next) state.words_seen.set(d);
  }
  counters.engine_errors = finder.counters().engine_errors;
  return next;
}

Matcher::Matcher(std::shared_ptr<const PatternSet> patterns, std::shared_ptr<const Tokenizer> tokenizer)
    : impl_(std::make_unique<Impl>(std::move(patterns), std::move(tokenizer))) {}
Matcher::~Matcher() = default;

bool Matcher::ok() const { return impl_->finder.ok(); }
uint64_t Matcher::scan(ItemMatchState& state, const TextWindow& window, Nanoseconds item_time,
                       FindingSink& out) {
  return impl_->scan(state, window, item_time, out);
}
const PatternSet& Matcher::patterns() const { return *impl_->patterns; }
const MatchCounters& Matcher::counters() const { return impl_->counters; }

}  // namespace weir
