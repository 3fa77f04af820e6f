#include "sensor/alert/item_alerts.h"

#include <algorithm>

#include "sensor/alert/alert_builder.h"
#include "sensor/alert/alert_uid.h"

namespace weir {

AlertCounters& AlertCounters::operator+=(const AlertCounters& other) {
  creates += other.creates;
  updates += other.updates;
  if (suppressed.size() < other.suppressed.size()) suppressed.resize(other.suppressed.size());
  for (size_t i = 0; i < other.suppressed.size(); ++i) suppressed[i] += other.suppressed[i];
  return *this;
}

struct ItemAlerts::Impl {
  // One policy group that has matched on this item.
  struct Group {
    bool created = false;
    uint32_t revision = 0;
    GroupVerdict verdict;             // the last one that matched
    Severity told = Severity::kNone;  // highest so far in an alert
    uint64_t trigger_offset = 0;      // of the first match of the policy …
    Nanoseconds trigger_time = 0;     // … and its byte's capture time
    std::string finding_uid;
  };

  explicit Impl(AlertContext& c) : context(c) {}

  bool due(const Group& g, uint64_t at, Nanoseconds time) const {
    return !g.created &&
           (at > g.trigger_offset + kCreateWaitBytes || time > g.trigger_time + kCreateWaitTime);
  }
  bool any_waiting() const {
    return std::any_of(groups.begin(), groups.end(), [](const Group& g) { return !g.created; });
  }
  void emit_due(const ItemFacts& facts, const ItemFindings& findings, uint64_t to, Nanoseconds time);
  void emit(const ItemFacts& facts, const ItemFindings& findings, Group& g, Nanoseconds time, bool final);
  void ask(const ItemFacts& facts, const ItemFindings& findings);
  bool may_change(const ItemFacts& facts, const ItemFindings& findings);
  bool passed_step(const DistinctCounts& counts, DetectorIndex detector);
  void apply_candidates(ItemFindings& findings);

  AlertContext& context;
  std::vector<Group> groups;    // sorted by verdict.group
  Verdict verdict;              // memory for the next answer
  uint64_t asked_revision = 0;  // of the findings, when it was last clear what the policies answer
  uint32_t asked_meta = 0;      // likewise of the item's facts
  bool stale = false;           // `groups` lack the newest counts; which groups and how severe is right
  // By detector, for each of its counts: the steps around it (VerdictSource::steps), from … below `to`.
  struct Room {
    std::array<uint64_t, 8> from{}, to{};
  };
  std::vector<Room> rooms;
  bool any_finding = false;
  uint64_t offset = 0;  // of the last decided match: never goes back
  Nanoseconds first_time = 0;
  Nanoseconds last_time = 0;  // likewise
  // Candidates told after the last match while a Create waits: they count from the next match on, wherever
  // the windows end.
  std::vector<std::pair<DetectorIndex, bool>> held_candidates;
};

void ItemAlerts::Impl::emit(const ItemFacts& facts, const ItemFindings& findings, Group& g, Nanoseconds time,
                            bool final) {
  Revision revision;
  revision.activity = g.created ? AlertActivity::kUpdate : AlertActivity::kCreate;
  revision.number = ++g.revision;
  revision.final = final;
  revision.time = time;
  revision.created_time = g.trigger_time;
  revision.first_finding = first_time;
  revision.last_finding = last_time;
  if (!g.created) g.finding_uid = finding_uid(facts, g.verdict.policy->id);
  revision.finding_uid = g.finding_uid;
  ++(g.created ? context.counters.updates : context.counters.creates);
  g.created = true;
  g.told = std::max(g.told, g.verdict.severity);
  context.sink.on_alert(build_alert(context, facts, findings, g.verdict, revision));
}

void ItemAlerts::Impl::emit_due(const ItemFacts& facts, const ItemFindings& findings, uint64_t to,
                                Nanoseconds time) {
  if ((stale || facts.meta_revision != asked_meta) &&
      std::ranges::any_of(groups, [&](const Group& g) { return due(g, to, time); })) {
    ask(facts, findings);
  }
  for (Group& g : groups) {
    if (due(g, to, time)) emit(facts, findings, g, g.trigger_time, false);
  }
}

// Asks the policies and brings `groups` up to date: new groups wait, groups that match no more and were not
// yet told are forgotten.
void ItemAlerts::Impl::ask(const ItemFacts& facts, const ItemFindings& findings) {
  // Exceptions are judged by the item's beginning, so that an item is not cut by a date.
  context.policy.evaluate(facts, findings, facts.first_byte, &verdict);
  asked_revision = findings.revision();
  asked_meta = facts.meta_revision;
  stale = false;
  std::erase_if(groups, [&](const Group& g) {
    return !g.created && std::none_of(verdict.groups.begin(), verdict.groups.end(),
                                      [&](const GroupVerdict& v) { return v.group == g.verdict.group; });
  });
  for (GroupVerdict& v : verdict.groups) {
    auto place = std::lower_bound(groups.begin(), groups.end(), v.group,
                                  [](const Group& g, uint16_t group) { return g.verdict.group < group; });
    if (place == groups.end() || place->verdict.group != v.group) {
      place = groups.emplace(place);
      place->trigger_offset = offset;
      place->trigger_time = last_time;
    }
    place->verdict = std::move(v);
  }
}

bool ItemAlerts::Impl::passed_step(const DistinctCounts& counts, DetectorIndex detector) {
  if (detector >= rooms.size()) rooms.resize(detector + size_t{1});
  Room& room = rooms[detector];
  bool passed = false;
  for (size_t i = 0; i < room.to.size(); ++i) {
    const uint64_t n = i < 4 ? counts.all[i] : counts.labelled[i - 4];
    if (n >= room.from[i] && n < room.to[i]) continue;
    passed = true;
    const std::span<const uint64_t> steps = context.policy.steps();
    const auto above = std::ranges::upper_bound(steps, n);
    room.from[i] = above == steps.begin() ? 0 : *(above - 1);
    room.to[i] = above == steps.end() ? UINT64_MAX : *above;
  }
  return passed;
}

// Whether the policies must be asked again: most values bring no count over a step.
bool ItemAlerts::Impl::may_change(const ItemFacts& facts, const ItemFindings& findings) {
  if (findings.revision() == asked_revision && facts.meta_revision == asked_meta) return false;
  bool passed = facts.meta_revision != asked_meta;
  for (const DetectorIndex d : findings.detectors()) {
    if (findings.revision(d) > asked_revision) passed |= passed_step(findings.counts(d), d);
  }
  asked_revision = findings.revision();
  stale = true;
  return passed;
}

void ItemAlerts::Impl::apply_candidates(ItemFindings& findings) {
  for (const auto& [detector, passed] : held_candidates) findings.count_candidate(detector, passed);
  held_candidates.clear();
}

ItemAlerts::ItemAlerts(AlertContext& context) : impl_(std::make_unique<Impl>(context)) {}
ItemAlerts::~ItemAlerts() = default;
ItemAlerts::ItemAlerts(ItemAlerts&&) noexcept = default;
ItemAlerts& ItemAlerts::operator=(ItemAlerts&&) noexcept = default;

void ItemAlerts::on_finding(const ItemFacts& facts, ItemFindings& findings, const Match& match,
                            const MatchDetails& details, Nanoseconds decided_time) {
  Impl& s = *impl_;
  const uint64_t offset = std::max(s.offset, match.decided_at);
  const Nanoseconds time = s.any_finding ? std::max(s.last_time, decided_time) : decided_time;
  s.emit_due(facts, findings, offset, time);

  s.apply_candidates(findings);
  findings.add(match, details);
  if (!s.any_finding) s.first_time = time;
  s.any_finding = true;
  s.offset = offset;
  s.last_time = time;
  if (!s.may_change(facts, findings)) return;
  s.ask(facts, findings);
  for (Impl::Group& g : s.groups) {
    if (g.created && g.verdict.severity > g.told) s.emit(facts, findings, g, time, false);
  }
}

void ItemAlerts::on_candidate(ItemFindings& findings, DetectorIndex detector, bool passed_check) {
  constexpr size_t kMostHeld = 4096;  // more than 16 KiB of an item can hold
  if (impl_->any_waiting() && impl_->held_candidates.size() < kMostHeld) {
    impl_->held_candidates.emplace_back(detector, passed_check);
  } else {
    impl_->apply_candidates(findings);
    findings.count_candidate(detector, passed_check);
  }
}

void ItemAlerts::on_progress(const ItemFacts& facts, const ItemFindings& findings, uint64_t offset,
                             Nanoseconds time) {
  impl_->emit_due(facts, findings, offset, time);
}

void ItemAlerts::on_tick(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds now) {
  impl_->emit_due(facts, findings, 0, now);
}

void ItemAlerts::on_end(const ItemFacts& facts, ItemFindings& findings, Nanoseconds ended_at) {
  Impl& s = *impl_;
  if (!s.any_finding) return;
  s.emit_due(facts, findings, facts.continues ? 0 : facts.size, ended_at);

  // What the item's bonuses and the candidates since the last match change shows now. A group that was told
  // and matches no more keeps its last verdict.
  s.apply_candidates(findings);
  s.ask(facts, findings);
  for (const uint32_t exception : s.verdict.suppressed_by) {
    std::vector<uint64_t>& suppressed = s.context.counters.suppressed;
    if (suppressed.size() <= exception) suppressed.resize(exception + 1);
    ++suppressed[exception];
  }
  for (Impl::Group& g : s.groups) {
    s.emit(facts, findings, g, g.created ? std::max(ended_at, s.last_time) : g.trigger_time, true);
  }
  s.groups.clear();
  s.any_finding = false;
}

bool ItemAlerts::waiting() const { return impl_->any_waiting(); }

Nanoseconds ItemAlerts::wakes_at() const {
  Nanoseconds earliest = INT64_MAX;
  for (const Impl::Group& g : impl_->groups) {
    if (!g.created) earliest = std::min(earliest, g.trigger_time + kCreateWaitTime);
  }
  return earliest;
}

}  // namespace weir
