#include "sensor/base/item_findings.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace weir {

namespace {

constexpr uint64_t kRecordCharacters = 200;
constexpr int kRecordBonus = 15;
constexpr int kInvalidLoss = 20;
constexpr uint64_t kFewCandidates = 10;

// How a distinct value stands to the item's bonuses.
constexpr unsigned kLabelled = 1, kRecord = 2, kBacked = 4, kStandings = 8;

// Whether chance explains that `passed` of `candidates` hold, where one in ten does by chance: a check digit
// alone; one in eleven after region and date, one in 31, one in 97 are less. What is above chance is believed
// where its likelihood, by Chernoff's bound of the binomial's tail, is below one in a million.
bool by_chance(uint64_t candidates, uint64_t passed) {
  constexpr double kChance = 0.1, kLeastUnlikely = 13.8155;  // ln 10^6
  const double n = static_cast<double>(candidates), share = static_cast<double>(passed) / n;
  if (share <= kChance) return true;
  const double divergence =
      share * std::log(share / kChance) + (1 - share) * std::log((1 - share) / (1 - kChance));
  return n * divergence < kLeastUnlikely;
}

unsigned standing_of(const Match& match) {
  return (match.labelled ? kLabelled : 0) | (match.labelled || match.backed ? kBacked : 0);
}

size_t hash_of(const ValueName& name) {
  // Names are hashes already.
  uint64_t h = 0;
  std::memcpy(&h, name.bytes.data(), sizeof h);
  return static_cast<size_t>(h);
}

}  // namespace

struct ItemFindings::Kind {
  struct Value {
    ValueName name;
    uint8_t score = 0;
    uint8_t standing = 0;
  };

  std::vector<Value> values;    // in the order in which they came
  std::vector<Token> tokens;    // of the first of them
  std::vector<uint32_t> slots;  // open addressing: index + 1 into values; a power of two, at most half full
  std::array<std::array<uint32_t, 101>, kStandings> scores{};  // distinct values by standing and base score
  size_t backed = 0;                                           // of the values
  uint64_t matches = 0;
  uint64_t candidates = 0, passed = 0;
  uint64_t revision = 0;
  bool saturated = false;
  Finding best;
  std::vector<std::string> fields;

  // Most of what has the shape fails, and what does not may have passed by chance.
  bool invalid = false;
  bool mostly_invalid() const { return invalid; }
  void count_candidate(bool passed_check) {
    ++candidates;
    if (passed_check) ++passed;
    // One more that fails explains no less.
    if (invalid && !passed_check) return;
    invalid = candidates >= kFewCandidates && passed * 2 < candidates && by_chance(candidates, passed);
  }
  int bonus() const {
    if (mostly_invalid()) return 0;
    return backed >= 20 ? 15 : backed >= 5 ? 10 : backed >= 2 ? 5 : 0;
  }
  int adjust(int score, unsigned standing) const {
    int total = score + ((standing & kBacked) != 0 ? bonus() : 0);
    if (mostly_invalid()) {
      if ((standing & kLabelled) == 0) total -= kInvalidLoss;
    } else if ((standing & kRecord) != 0) {
      total += kRecordBonus;
    }
    return std::clamp(total, 0, 100);
  }
  size_t at_least(int min_score) const {
    size_t n = 0;
    for (unsigned s = 0; s < kStandings; ++s) {
      for (int score = 0; score <= 100; ++score) {
        if (adjust(score, s) >= min_score) n += scores[s][static_cast<size_t>(score)];
      }
    }
    return n;
  }

  // Distinct values by confidence, kept up to date: policies ask after every match.
  DistinctCounts counted;
  int counted_bonus = 0;
  bool counted_invalid = false;

  void count(int score, unsigned standing, uint32_t step) {
    const auto top = static_cast<size_t>(confidence_of(adjust(score, standing)));
    for (size_t c = 0; c <= top; ++c) {
      counted.all[c] += step;
      if ((standing & kLabelled) != 0) counted.labelled[c] += step;
    }
  }
  // After a change that may have moved the bonus: counts everything again if it has.
  void recount() {
    if (bonus() == counted_bonus && mostly_invalid() == counted_invalid) return;
    counted_bonus = bonus();
    counted_invalid = mostly_invalid();
    counted = {};
    constexpr size_t kFew = 64;
    if (values.size() <= kFew) {
      for (const Value& value : values) count(value.score, value.standing, 1);
      return;
    }
    for (unsigned s = 0; s < kStandings; ++s) {
      for (int score = 0; score <= 100; ++score) {
        const uint32_t n = scores[s][static_cast<size_t>(score)];
        if (n != 0) count(score, s, n);
      }
    }
  }

  // Index of the value, or values.size().
  size_t find(const ValueName& name) const {
    if (slots.empty()) return values.size();
    for (size_t i = hash_of(name) & (slots.size() - 1);; i = (i + 1) & (slots.size() - 1)) {
      if (slots[i] == 0) return values.size();
      if (values[slots[i] - 1].name == name) return slots[i] - 1;
    }
  }
  void place(size_t index) {
    size_t i = hash_of(values[index].name) & (slots.size() - 1);
    while (slots[i] != 0) i = (i + 1) & (slots.size() - 1);
    slots[i] = static_cast<uint32_t>(index + 1);
  }
  void restand(Value& value, uint8_t score, unsigned standing) {
    --scores[value.standing][value.score];
    count(value.score, value.standing, ~uint32_t{0});
    value.score = score;
    value.standing = static_cast<uint8_t>(standing);
    ++scores[value.standing][value.score];
    count(value.score, value.standing, 1);
  }
};

ItemFindings::ItemFindings(MemoryBudget* budget, ItemFindingsLimits limits)
    : budget_(budget), limits_(limits) {}

ItemFindings::~ItemFindings() {
  if (budget_ != nullptr) budget_->give(taken_);
}

ItemFindings::ItemFindings(ItemFindings&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      limits_(other.limits_),
      kinds_(std::move(other.kinds_)),
      active_(std::move(other.active_)),
      recent_(other.recent_),
      recent_next_(other.recent_next_),
      last_of_role_(other.last_of_role_),
      revision_(other.revision_),
      taken_(std::exchange(other.taken_, 0)) {}

bool ItemFindings::take(size_t bytes) {
  if (budget_ == nullptr) return true;
  if (!budget_->try_take(bytes)) return false;
  taken_ += bytes;
  return true;
}

const ItemFindings::Kind* ItemFindings::kind(DetectorIndex detector) const {
  return detector < kinds_.size() ? kinds_[detector].get() : nullptr;
}

ItemFindings::Kind* ItemFindings::make_kind(DetectorIndex detector) {
  if (detector >= kinds_.size()) kinds_.resize(detector + size_t{1});
  if (kinds_[detector] == nullptr) {
    // Its counts are bounded by the catalogue, so they are kept even when the budget is full.
    take(sizeof(Kind));
    kinds_[detector] = std::make_unique<Kind>();
  }
  return kinds_[detector].get();
}

void ItemFindings::add(const Match& match, const MatchDetails& details) {
  Kind& k = *make_kind(match.detector);
  if (k.matches++ == 0) {
    active_.insert(std::ranges::lower_bound(active_, match.detector), match.detector);
    k.best = details.finding();
  } else if (match.score > k.best.score) {
    k.best = details.finding();
  }
  const unsigned standing = standing_of(match);
  size_t index = k.find(match.name);
  if (index < k.values.size()) {
    // Most often the same once more: nothing that policy could see.
    Kind::Value& value = k.values[index];
    if (match.score > value.score || (value.standing | standing) != value.standing) {
      k.revision = ++revision_;
      if ((standing & kBacked) != 0 && (value.standing & kBacked) == 0) ++k.backed;
      k.restand(value, std::max(value.score, match.score), value.standing | standing);
      k.recount();
    }
  } else {
    if (k.saturated) return;
    k.revision = ++revision_;
    if (index >= limits_.max_distinct || !make_room(k)) {
      k.saturated = true;
      return;
    }
    if ((standing & kBacked) != 0) ++k.backed;
    k.count(match.score, standing, 1);
    ++k.scores[standing][match.score];
    k.values.push_back({match.name, match.score, static_cast<uint8_t>(standing)});
    k.place(index);
    k.recount();
    if (k.tokens.size() < limits_.max_tokens) k.tokens.push_back(details.token());
    if (k.fields.size() < limits_.max_occurrences) k.fields.push_back(details.field());
  }
  if (match.role != PersonRole::kNone) note_person(match, static_cast<uint32_t>(index));
}

// For one value more. False where the budget is full.
bool ItemFindings::make_room(Kind& k) {
  const size_t values = k.values.size();
  if (2 * (values + 1) <= k.slots.size()) return true;
  const size_t slots = std::max<size_t>(16, 2 * k.slots.size());
  const size_t tokens = std::min(slots / 2, limits_.max_tokens);
  if (!take(slots * sizeof(uint32_t) + slots / 2 * sizeof(Kind::Value) + tokens * sizeof(Token)))
    return false;
  k.slots.assign(slots, 0);
  k.values.reserve(slots / 2);
  k.tokens.reserve(tokens);
  for (size_t i = 0; i < values; ++i) k.place(i);
  return true;
}

// When a name, an identity and a phone stand within 200 characters, each of them is part of a person's
// record.
void ItemFindings::note_person(const Match& match, uint32_t value) {
  recent_[recent_next_++ % recent_.size()] = {match.detector, value, match.text_begin, match.role};
  // Most often one of the three is far away: nothing to look through.
  uint64_t& last = last_of_role_[static_cast<size_t>(match.role)];
  last = std::max(last, match.text_begin + kRecordCharacters);
  for (size_t role = 1; role < last_of_role_.size(); ++role) {
    if (last_of_role_[role] < match.text_begin) return;
  }
  const auto near = [&](const Role& r) {
    return r.role != PersonRole::kNone && r.text_begin + kRecordCharacters >= match.text_begin;
  };
  std::array<bool, 4> have{};
  for (const Role& r : recent_) {
    if (near(r)) have[static_cast<size_t>(r.role)] = true;
  }
  if (!have[1] || !have[2] || !have[3]) return;
  for (const Role& r : recent_) {
    if (!near(r)) continue;
    Kind& k = *kinds_[r.detector];
    Kind::Value& v = k.values[r.value];
    if ((v.standing & kRecord) != 0) continue;
    k.restand(v, v.score, v.standing | kRecord);
    k.revision = ++revision_;
  }
}

void ItemFindings::count_candidate(DetectorIndex detector, bool passed_check) {
  Kind& k = *make_kind(detector);
  const bool before = k.mostly_invalid();
  k.count_candidate(passed_check);
  k.recount();
  if (k.mostly_invalid() != before && k.matches > 0) k.revision = ++revision_;
}

uint64_t ItemFindings::revision(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  return k == nullptr ? 0 : k->revision;
}

uint64_t ItemFindings::matches(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  return k == nullptr ? 0 : k->matches;
}

const DistinctCounts& ItemFindings::counts(DetectorIndex detector) const { return kinds_[detector]->counted; }

size_t ItemFindings::distinct_at(DetectorIndex detector, Confidence min) const {
  const Kind* k = kind(detector);
  return k == nullptr ? 0 : k->counted.all[static_cast<size_t>(min)];
}

size_t ItemFindings::distinct_labelled_at(DetectorIndex detector, Confidence min) const {
  const Kind* k = kind(detector);
  return k == nullptr ? 0 : k->counted.labelled[static_cast<size_t>(min)];
}

size_t ItemFindings::distinct_at_score(DetectorIndex detector, int min_score) const {
  const Kind* k = kind(detector);
  return k == nullptr ? 0 : k->at_least(min_score);
}

bool ItemFindings::saturated(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  return k != nullptr && k->saturated;
}

std::vector<Token> ItemFindings::tokens(DetectorIndex detector, size_t limit) const {
  std::vector<Token> out;
  const Kind* k = kind(detector);
  if (k == nullptr) return out;
  out.assign(k->tokens.begin(),
             k->tokens.begin() + static_cast<std::ptrdiff_t>(std::min(limit, k->tokens.size())));
  return out;
}

const Finding* ItemFindings::best(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  return k == nullptr || k->matches == 0 ? nullptr : &k->best;
}

std::span<const std::string> ItemFindings::fields(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  return k == nullptr ? std::span<const std::string>() : std::span<const std::string>(k->fields);
}

int ItemFindings::best_score(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  if (k == nullptr || k->matches == 0) return 0;
  int best = effective_score(k->best);
  for (unsigned s = 0; s < kStandings; ++s) {
    for (int score = 100; score > 0; --score) {
      if (k->scores[s][static_cast<size_t>(score)] == 0) continue;
      best = std::max(best, k->adjust(score, s));
      break;
    }
  }
  return best;
}

int ItemFindings::effective_score(const Match& match) const {
  const Kind* k = kind(match.detector);
  if (k == nullptr) return match.score;
  const size_t index = k->find(match.name);
  const unsigned record = index < k->values.size() ? k->values[index].standing & kRecord : 0;
  return k->adjust(match.score, standing_of(match) | record);
}

ReasonSet ItemFindings::reasons(DetectorIndex detector) const {
  const Kind* k = kind(detector);
  if (k == nullptr || k->matches == 0) return {};
  ReasonSet reasons = k->best.reasons;
  if (k->mostly_invalid()) {
    reasons.add(Reason::kMostlyInvalid);
    return reasons;
  }
  if (k->bonus() > 0 && (standing_of(k->best) & kBacked) != 0) reasons.add(Reason::kSeveral);
  const size_t index = k->find(k->best.name);
  if (index < k->values.size() && (k->values[index].standing & kRecord) != 0)
    reasons.add(Reason::kPersonRecord);
  return reasons;
}

}  // namespace weir
