#include "sensor/policy/policy_engine.h"

#include <algorithm>
#include <string_view>

#include "sensor/policy/glob.h"
#include "sensor/policy/policy_set.h"

namespace weir {
namespace {

// The strings and addresses that conditions look at, cut to what they compare. Made only when some policy's
// counts are met.
struct ItemView {
  const EndpointFacts* sender = nullptr;
  const EndpointFacts* receiver = nullptr;
  uint16_t responder_port = 0;
  Way way = Way::kExternal;
  std::string_view host;  // without a port
  std::string url;        // host and path, without a query
  std::string_view media_type;
};

std::string_view media_type_of(std::string_view declared) {
  declared = declared.substr(0, declared.find(';'));
  while (!declared.empty() && (declared.back() == ' ' || declared.back() == '\t')) declared.remove_suffix(1);
  while (!declared.empty() && (declared.front() == ' ' || declared.front() == '\t'))
    declared.remove_prefix(1);
  return declared;
}

ItemView view_of(const ItemFacts& facts, const NetworkList& internal) {
  ItemView view;
  const bool forward = facts.meta.direction == Direction::kFromInitiator;
  view.sender = forward ? &facts.flow->initiator : &facts.flow->responder;
  view.receiver = forward ? &facts.flow->responder : &facts.flow->initiator;
  view.responder_port = facts.flow->responder.port;
  view.way = way_of(internal, view.sender->address, view.receiver->address);
  view.host = without_port(facts.meta.host);
  view.url = std::string(view.host);
  view.url += std::string_view(facts.meta.path).substr(0, facts.meta.path.find('?'));
  view.media_type = media_type_of(facts.meta.declared_type);
  return view;
}

bool any_glob(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(),
                     [text](const std::string& g) { return glob_match(g, text); });
}

bool either_end(const NetworkList& networks, const ItemView& view) {
  return networks.contains(view.sender->address) || networks.contains(view.receiver->address);
}

bool conditions_hold(const CompiledPolicy& p, const ItemFacts& facts, const ItemView& view,
                     bool ask_direction) {
  if (p.ways != 0 && ask_direction && ((p.ways >> static_cast<unsigned>(view.way)) & 1u) == 0) return false;
  if (!p.protocols.empty() && !any_glob(p.protocols, facts.meta.protocol)) return false;
  if (!p.hosts.empty() && !any_glob(p.hosts, view.host)) return false;
  if (!p.urls.empty() && !any_glob(p.urls, view.url)) return false;
  if (!p.addresses.empty() && !either_end(p.addresses, view)) return false;
  if (!p.ports.empty() && std::none_of(p.ports.begin(), p.ports.end(), [&](PortRange r) {
        return view.responder_port >= r.first && view.responder_port <= r.last;
      })) {
    return false;
  }
  if (!p.vlans.empty() && std::none_of(p.vlans.begin(), p.vlans.end(), [&](uint16_t vlan) {
        return std::find(facts.flow->vlans.begin(), facts.flow->vlans.end(), vlan) != facts.flow->vlans.end();
      })) {
    return false;
  }
  if (!p.file_types.empty() && !any_glob(p.file_types, view.media_type)) return false;
  if (!p.file_names.empty() && !any_glob(p.file_names, facts.meta.file_name)) return false;
  if (!p.users.empty() && !any_glob(p.users, facts.meta.user)) return false;
  return true;
}

bool exception_holds(const CompiledException& e, const ItemFacts& facts, const ItemView& view,
                     Nanoseconds at) {
  if (at > e.until) return false;
  if (!e.hosts.empty() && !any_glob(e.hosts, view.host)) return false;
  if (!e.addresses.empty() && !either_end(e.addresses, view)) return false;
  return e.users.empty() || any_glob(e.users, facts.meta.user);
}

uint64_t distinct_of(const CompiledPolicy& p, const ItemFindings& findings, DetectorIndex detector) {
  return p.labelled ? findings.distinct_labelled_at(detector, p.facts.min_confidence)
                    : findings.distinct_at(detector, p.facts.min_confidence);
}

// What counts for one policy, with the detectors that exceptions took away left out.
struct Tally {
  uint64_t persons = 0;
  DetectorIndex leading = kNoDetector;
  bool complete = true;  // every category of all_of is there
  bool matches(const CompiledPolicy& p) const { return complete && persons >= p.facts.distinct; }
};

class Counter {
 public:
  Counter(const CompiledPolicy& policy, const ItemFindings& findings)
      : policy_(policy), findings_(findings) {}

  // `removed`: null or by DetectorIndex.
  Tally count(const std::vector<bool>* removed) const {
    Tally tally;
    for (const DetectorIndex d : policy_.named) {
      if (removed != nullptr && (*removed)[d]) continue;
      const uint64_t n = distinct_of(policy_, findings_, d);
      if (n > tally.persons) {
        tally.persons = n;
        tally.leading = d;
      }
    }
    for (const auto& category : policy_.all_of) {
      tally.complete =
          tally.complete && std::any_of(category.begin(), category.end(), [&](DetectorIndex d) {
            return (removed == nullptr || !(*removed)[d]) && distinct_of(policy_, findings_, d) > 0;
          });
    }
    return tally;
  }

 private:
  const CompiledPolicy& policy_;
  const ItemFindings& findings_;
};

Severity ladder_over(const CompiledPolicy& p, const PolicySet::Impl& set, const ItemFindings& findings,
                     const std::vector<bool>* removed, bool both_inside) {
  Severity worst = Severity::kNone;
  for (const DetectorIndex d : p.named) {
    if (removed != nullptr && (*removed)[d]) continue;
    const uint64_t n = distinct_of(p, findings, d);
    if (n == 0) continue;
    worst = std::max(worst, ladder_severity(set.category_of[d], n, set.floor[d], both_inside));
  }
  return worst;
}

void note(std::vector<uint32_t>* suppressed, uint32_t index) {
  const auto place = std::lower_bound(suppressed->begin(), suppressed->end(), index);
  if (place == suppressed->end() || *place != index) suppressed->insert(place, index);
}

// True when the policy matches; then *tally and *removed (empty: none) say with what.
bool policy_matches(const CompiledPolicy& p, const ItemFacts& facts, const ItemFindings& findings,
                    const ItemView& view, bool ask_direction, Nanoseconds at, Tally* tally,
                    std::vector<bool>* removed, std::vector<uint32_t>* suppressed) {
  if (!conditions_hold(p, facts, view, ask_direction)) return false;
  bool whole = false;
  for (const CompiledException& e : p.except) {
    if (!exception_holds(e, facts, view, at)) continue;
    if (e.whole_policy) {
      whole = true;
      note(suppressed, e.index);
      continue;
    }
    for (const DetectorIndex d : p.named) {
      if (!e.detectors[d] || distinct_of(p, findings, d) == 0) continue;
      if (removed->empty()) removed->assign(p.facts.named.size(), false);
      (*removed)[d] = true;
      note(suppressed, e.index);
    }
  }
  if (whole) return false;
  if (!removed->empty()) *tally = Counter(p, findings).count(removed);
  return tally->matches(p);
}

// Persons from which on a category is Critical (法释〔2017〕10号 article 5, items 3 to 5).
uint64_t critical_from(Category category) {
  switch (category) {
    case Category::kLocation:
    case Category::kFinancial:
    case Category::kFinancialSecret:
      return 50;
    case Category::kHealth:
      return 500;
    default:
      return 5000;
  }
}

}  // namespace

std::array<uint64_t, 4> ladder_steps(Category category) {
  const uint64_t critical = critical_from(category);
  return {1, std::max<uint64_t>(1, (critical + 99) / 100), critical / 10, critical};
}

Severity ladder_severity(Category category, uint64_t persons, bool floor, bool both_inside) {
  const auto [low, medium, high, critical] = ladder_steps(category);
  Severity severity = persons >= critical ? Severity::kCritical
                      : persons >= high   ? Severity::kHigh
                      : persons >= medium ? Severity::kMedium
                                          : Severity::kLow;
  if (both_inside) return static_cast<Severity>(static_cast<int>(severity) - 1);
  if (floor) severity = std::max(severity, Severity::kMedium);
  return severity;
}

PolicyEngine::PolicyEngine(std::shared_ptr<const PolicySet> policies) : policies_(std::move(policies)) {}

void PolicyEngine::evaluate(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds at,
                            Verdict* verdict) const {
  const PolicySet::Impl& set = policies_->impl();
  verdict->clear();
  ItemView view;
  bool have_view = false;
  for (const CompiledPolicy& p : set.policies) {
    // Counts first: most items never reach a threshold, and then nothing else is looked at.
    Tally tally = Counter(p, findings).count(nullptr);
    if (!tally.matches(p)) continue;
    if (!have_view) {
      view = view_of(facts, set.internal);
      have_view = true;
    }
    std::vector<bool> removed;
    if (!policy_matches(p, facts, findings, view, set.ask_direction, at, &tally, &removed,
                        &verdict->suppressed_by)) {
      continue;
    }
    const bool both_inside = set.ask_direction && view.way == Way::kInternal;
    const Severity severity =
        p.severity ? *p.severity
                   : ladder_over(p, set, findings, removed.empty() ? nullptr : &removed, both_inside);
    if (verdict->groups.empty() || verdict->groups.back().group != p.group) {
      verdict->groups.push_back({p.group, severity, &p.facts, {}, tally.persons, tally.leading});
      continue;
    }
    GroupVerdict& group = verdict->groups.back();
    if (severity > group.severity) {
      group.others.push_back(group.policy);
      group.severity = severity;
      group.policy = &p.facts;
      group.persons = tally.persons;
      group.leading = tally.leading;
    } else {
      group.others.push_back(&p.facts);
    }
    // The facts lie in one vector in the order of the configuration.
    std::sort(group.others.begin(), group.others.end(), std::less<>());
  }
}

std::span<const uint64_t> PolicyEngine::steps() const { return policies_->impl().steps; }

Verdict PolicyEngine::evaluate(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds at) const {
  Verdict verdict;
  evaluate(facts, findings, at, &verdict);
  return verdict;
}

}  // namespace weir
