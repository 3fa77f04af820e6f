#include "sensor/policy/policy_set.h"

#include <sodium.h>

#include <algorithm>
#include <set>

#include "sensor/policy/glob.h"

namespace weir {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

// Collects what is wrong under one policy's or exception's place.
class Complaints {
 public:
  Complaints(std::vector<PolicyProblem>* problems) : problems_(problems) {}
  void add(const SourcePlace& place, std::string text) {
    ok_ = false;
    if (problems_ != nullptr) problems_->push_back({place, std::move(text)});
  }
  bool ok() const { return ok_; }

 private:
  std::vector<PolicyProblem>* problems_;
  bool ok_ = true;
};

std::optional<Category> category_named(std::string_view name) {
  for (size_t i = 0; i < static_cast<size_t>(Category::kCount); ++i) {
    if (kCategoryNames[i] == name) return static_cast<Category>(i);
  }
  return std::nullopt;
}

std::string all_category_names() {
  std::string out;
  for (const std::string_view name : kCategoryNames) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

std::string detector_hint(const Catalogue& catalogue, const std::string& name) {
  const std::string family = name.substr(0, name.find('.') + 1);
  std::string near;
  for (const DetectorInfo& d : catalogue.detectors) {
    if (!family.empty() && d.id.starts_with(family)) near += (near.empty() ? "" : ", ") + d.id;
  }
  return near.empty() ? "`weir packs list` shows what there is" : "there is " + near;
}

// Sets a bit for each detector that `names` (ids or globs such as "cn.*") take.
void mark_detectors(const std::vector<std::string>& names, const Catalogue& catalogue,
                    const SourcePlace& place, std::vector<bool>* marked, Complaints* complaints) {
  for (const std::string& name : names) {
    bool found = false;
    for (size_t i = 0; i < catalogue.detectors.size(); ++i) {
      if (glob_match(name, catalogue.detectors[i].id)) {
        (*marked)[i] = true;
        found = true;
      }
    }
    if (!found) {
      complaints->add(place, "there is no detector \"" + name + "\"; " + detector_hint(catalogue, name));
    }
  }
}

void mark_categories(const std::vector<std::string>& names, const Catalogue& catalogue,
                     const SourcePlace& place, std::vector<bool>* marked, Complaints* complaints) {
  for (const std::string& name : names) {
    const std::optional<Category> category = category_named(name);
    if (!category) {
      complaints->add(place, "there is no category \"" + name + "\"; there is " + all_category_names());
      continue;
    }
    // A category that no loaded pack fills is no mistake: packs come and go.
    for (size_t i = 0; i < catalogue.detectors.size(); ++i) {
      if (catalogue.detectors[i].category == *category) (*marked)[i] = true;
    }
  }
}

std::vector<DetectorIndex> indices_of(const std::vector<bool>& marked) {
  std::vector<DetectorIndex> out;
  for (size_t i = 0; i < marked.size(); ++i) {
    if (marked[i]) out.push_back(static_cast<DetectorIndex>(i));
  }
  return out;
}

// Identity documents, cards, health records, secrets and a child's data. A name or a date of birth alone is
// of the category identity and yet no document; an account number is no card.
bool is_floor(const DetectorInfo& d) {
  switch (d.category) {
    case Category::kIdentity:
      return d.id != "cn.name" && d.id != "person.date_of_birth";
    case Category::kTravel:
    case Category::kFinancialSecret:
    case Category::kHealth:
    case Category::kMinor:
    case Category::kCredential:
      return true;
    case Category::kFinancial:
      return d.id == "payment.card";
    default:
      return false;
  }
}

void append(std::string* out, std::string_view text) {
  *out += std::to_string(text.size());
  *out += ':';
  *out += text;
}

template <class List, class ToText>
void append_list(std::string* out, const List& list, ToText to_text) {
  *out += std::to_string(list.size()) + "[";
  for (const auto& item : list) append(out, to_text(item));
  *out += ']';
}

// Everything of a policy that changes what it does, without ambiguity; only for the version hash.
std::string canonical(const PolicySpec& p) {
  const auto self = [](const std::string& s) { return s; };
  const auto number = [](auto n) { return std::to_string(n); };
  const auto cidr = [](const Cidr& c) { return c.to_string(); };
  std::string out;
  for (const std::string& s : {p.id, p.group, p.title_en, p.title_zh}) append(&out, s);
  append_list(&out, p.articles, number);
  append_list(&out, p.when.directions, [](Way w) { return std::string(name_of(w)); });
  append_list(&out, p.when.categories, self);
  append_list(&out, p.when.detectors, self);
  append(&out, name_of(p.when.min_confidence));
  append(&out, p.when.labelled ? "labelled" : "");
  append(&out, std::to_string(p.when.distinct));
  for (const auto* list : {&p.when.all_of, &p.when.protocols, &p.when.hosts, &p.when.urls, &p.when.file_types,
                           &p.when.file_names, &p.when.users}) {
    append_list(&out, *list, self);
  }
  append_list(&out, p.when.addresses, cidr);
  append_list(&out, p.when.ports,
              [](PortRange r) { return std::to_string(r.first) + "-" + std::to_string(r.last); });
  append_list(&out, p.when.vlans, number);
  append(&out, p.severity ? name_of(*p.severity) : "ladder");
  for (const PolicyException& e : p.except) {
    append_list(&out, e.hosts, self);
    append_list(&out, e.addresses, cidr);
    append_list(&out, e.detectors, self);
    append_list(&out, e.users, self);
    for (const std::string& s : {e.reason, e.by, std::to_string(e.until)}) append(&out, s);
  }
  return out;
}

std::string hash_text(const std::string& text) {
  unsigned char digest[16];
  crypto_generichash(digest, sizeof(digest), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  char hex[17];
  sodium_bin2hex(hex, sizeof(hex), digest, 8);
  return hex;
}

CompiledException compile_exception(const PolicySpec& policy, const PolicyException& e,
                                    const Catalogue& catalogue, std::vector<PolicySet::ExceptionFacts>* all,
                                    Complaints* complaints) {
  CompiledException out;
  const SourcePlace& place = e.place.empty() ? policy.place : e.place;
  if (e.hosts.empty() && e.addresses.empty() && e.detectors.empty() && e.users.empty()) {
    complaints->add(place,
                    "an exception names hosts, addresses, detectors or users; this one would switch the "
                    "policy off: remove the policy instead");
  }
  if (e.reason.empty()) complaints->add(place, "an exception needs a reason");
  if (e.by.empty()) complaints->add(place, "an exception needs `by`: who made it");
  if (e.until == 0) complaints->add(place, "an exception needs `until`: its last day, such as 2027-06-30");
  out.hosts = e.hosts;
  out.addresses = NetworkList(e.addresses);
  out.users = e.users;
  out.whole_policy = e.detectors.empty();
  out.detectors.assign(catalogue.detectors.size(), false);
  mark_detectors(e.detectors, catalogue, place, &out.detectors, complaints);
  constexpr int64_t kLast = 4'611'686'018;
  out.until = std::clamp<int64_t>(e.until, 0, kLast) * kSecond + (kSecond - 1);
  out.index = static_cast<uint32_t>(all->size());
  all->push_back({policy.id, e.reason, e.by, e.until_text});
  return out;
}

}  // namespace

PolicySet::PolicySet() : impl_(std::make_unique<Impl>()) {}
PolicySet::~PolicySet() = default;

std::shared_ptr<const PolicySet> PolicySet::compile(const PolicyOptions& options, const Catalogue& catalogue,
                                                    std::vector<PolicyProblem>* problems) {
  std::shared_ptr<PolicySet> set(new PolicySet);
  Impl& impl = *set->impl_;
  Complaints complaints(problems);
  impl.internal = options.internal;
  impl.ask_direction = options.ask_direction;
  for (const DetectorInfo& d : catalogue.detectors) {
    impl.category_of.push_back(d.category);
    impl.floor.push_back(is_floor(d));
  }

  std::string everything = options.ask_direction ? "asked;" : "not asked;";
  for (const Cidr& c : options.internal.networks()) append(&everything, c.to_string());
  std::set<std::string> ids;
  for (const PolicySpec& spec : options.policies) {
    CompiledPolicy p;
    if (spec.id.empty()) complaints.add(spec.place, "a policy needs an id");
    if (!spec.id.empty() && !ids.insert(spec.id).second) {
      complaints.add(spec.place, "there are two policies \"" + spec.id + "\"; ids must differ");
    }
    p.facts.id = spec.id;
    // A policy without a group is one of its own; a blank keeps it apart from any group somebody names.
    p.facts.group = spec.group.empty() ? spec.id : spec.group;
    const std::string group_key = spec.group.empty() ? " " + spec.id : spec.group;
    auto group = std::find(impl.groups.begin(), impl.groups.end(), group_key);
    p.group = static_cast<uint16_t>(group - impl.groups.begin());
    if (group == impl.groups.end()) impl.groups.push_back(group_key);
    p.facts.title_en = spec.title_en.empty() && spec.title_zh.empty() ? spec.id : spec.title_en;
    p.facts.title_zh = spec.title_zh;
    p.facts.articles = spec.articles;
    p.facts.min_confidence = spec.when.min_confidence;
    p.facts.distinct = spec.when.distinct;
    p.severity = spec.severity;
    p.labelled = spec.when.labelled;
    if (spec.when.distinct == 0) complaints.add(spec.place, "distinct is 1 or more");
    if (spec.when.min_confidence == Confidence::kNone) {
      complaints.add(spec.place, "min_confidence is low, medium or high");
    }

    p.facts.named.assign(catalogue.detectors.size(), false);
    if (spec.when.categories.empty() && spec.when.detectors.empty()) {
      if (spec.when.all_of.empty()) {
        p.facts.named.assign(catalogue.detectors.size(), true);
      } else {
        mark_categories(spec.when.all_of, catalogue, spec.place, &p.facts.named, &complaints);
      }
    } else {
      mark_categories(spec.when.categories, catalogue, spec.place, &p.facts.named, &complaints);
      mark_detectors(spec.when.detectors, catalogue, spec.place, &p.facts.named, &complaints);
    }
    p.named = indices_of(p.facts.named);
    for (const std::string& category : spec.when.all_of) {
      std::vector<bool> marked(catalogue.detectors.size(), false);
      mark_categories({category}, catalogue, spec.place, &marked, &complaints);
      p.all_of.push_back(indices_of(marked));
    }

    for (const Way way : spec.when.directions) {
      p.ways = static_cast<uint8_t>(p.ways | 1u << static_cast<unsigned>(way));
    }
    p.protocols = spec.when.protocols;
    p.hosts = spec.when.hosts;
    p.urls = spec.when.urls;
    p.addresses = NetworkList(spec.when.addresses);
    p.ports = spec.when.ports;
    p.vlans = spec.when.vlans;
    p.file_types = spec.when.file_types;
    p.file_names = spec.when.file_names;
    p.users = spec.when.users;
    for (const PolicyException& e : spec.except) {
      p.except.push_back(compile_exception(spec, e, catalogue, &impl.exceptions, &complaints));
    }
    impl.policies.push_back(std::move(p));
    append(&everything, canonical(spec));
  }
  if (impl.groups.size() > 0xffff) complaints.add("", "there are more than 65,535 groups of policies");
  if (!complaints.ok()) return nullptr;

  std::set<uint64_t> steps;
  for (const CompiledPolicy& p : impl.policies) steps.insert(p.facts.distinct);
  for (const Category category : impl.category_of) {
    for (const uint64_t step : ladder_steps(category)) steps.insert(step);
  }
  impl.steps.assign(steps.begin(), steps.end());
  impl.version = hash_text(everything);
  for (CompiledPolicy& p : impl.policies) p.facts.version = impl.version;
  std::stable_sort(impl.policies.begin(), impl.policies.end(),
                   [](const CompiledPolicy& a, const CompiledPolicy& b) { return a.group < b.group; });
  return set;
}

const std::vector<PolicySet::ExceptionFacts>& PolicySet::exceptions() const { return impl_->exceptions; }
size_t PolicySet::policy_count() const { return impl_->policies.size(); }
size_t PolicySet::group_count() const { return impl_->groups.size(); }
const NetworkList& PolicySet::internal() const { return impl_->internal; }
const std::string& PolicySet::version() const { return impl_->version; }

}  // namespace weir
