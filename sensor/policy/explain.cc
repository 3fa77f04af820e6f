// Policies in sentences, for `weir check --explain`.
#include <string_view>

#include "sensor/policy/policy_spec.h"

namespace weir {
namespace {

// "a", "a or b", "a, b or c"
std::string joined(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    out += words[i];
  }
  return out;
}

template <class List, class ToText>
std::vector<std::string> texts(const List& list, ToText to_text) {
  std::vector<std::string> out;
  for (const auto& item : list) out.push_back(to_text(item));
  return out;
}

// What an item does that the policy looks at: " that leaves the network".
std::string way_phrase(const std::vector<Way>& ways) {
  if (ways.empty()) return "";
  return " that " + joined(texts(ways,
                                 [](Way w) -> std::string {
                                   switch (w) {
                                     case Way::kOutbound:
                                       return "leaves the network";
                                     case Way::kInbound:
                                       return "comes in from outside";
                                     case Way::kInternal:
                                       return "moves inside the network";
                                     case Way::kExternal:
                                       return "passes between outside addresses";
                                   }
                                   return "";
                                 }),
                           "or");
}

// "the category identity", "the detectors a and b"
std::string named(std::string_view one, std::string_view many, const std::vector<std::string>& names) {
  return "the " + std::string(names.size() == 1 ? one : many) + " " + joined(names, "and");
}

std::string networks_text(const std::vector<Cidr>& networks) {
  return joined(texts(networks, [](const Cidr& c) { return c.to_string(); }), "or");
}

std::string quoted(const std::vector<std::string>& globs) {
  return joined(texts(globs, [](const std::string& g) { return "\"" + g + "\""; }), "or");
}

void add(std::vector<std::string>* where, bool given, std::string text) {
  if (given) where->push_back(std::move(text));
}

}  // namespace

std::string explain(const PolicySpec& policy) {
  const PolicyConditions& when = policy.when;
  std::vector<std::string> kinds;
  if (!when.categories.empty()) kinds.push_back(named("category", "categories", when.categories));
  if (!when.detectors.empty()) kinds.push_back(named("detector", "detectors", when.detectors));
  if (kinds.empty() && !when.all_of.empty()) kinds.push_back(named("category", "categories", when.all_of));
  const bool one_detector = when.categories.empty() && when.detectors.size() == 1 &&
                            when.detectors[0].find_first_of("*?") == std::string::npos;

  std::string out = policy.id;
  if (!policy.group.empty()) out += " (group " + policy.group + ")";
  out += ": alerts on an item" + way_phrase(when.directions) + " and holds at least ";
  if (when.directions.empty()) out.replace(out.rfind(" and holds"), 4, " that");
  out += when.distinct == 1 ? "one value of " : std::to_string(when.distinct) + " distinct values of ";
  if (when.distinct > 1 && !one_detector) out += "one detector of ";
  out += kinds.empty() ? (when.distinct == 1 ? "any detector" : "those there are") : joined(kinds, "and");
  out += " at " + std::string(name_of(when.min_confidence)) + " confidence or above";
  if (when.labelled) out += ", with a keyword or field name of its own";
  if (!when.all_of.empty()) out += ", together with at least one value each of " + joined(when.all_of, "and");

  std::vector<std::string> where;
  add(&where, !when.protocols.empty(), "the protocol is " + joined(when.protocols, "or"));
  add(&where, !when.hosts.empty(), "the host is like " + quoted(when.hosts));
  add(&where, !when.urls.empty(), "host and path are like " + quoted(when.urls));
  add(&where, !when.addresses.empty(), "an end lies in " + networks_text(when.addresses));
  add(&where, !when.ports.empty(),
      "the responder's port is " + joined(texts(when.ports,
                                                [](PortRange r) {
                                                  return r.first == r.last ? std::to_string(r.first)
                                                                           : std::to_string(r.first) + "-" +
                                                                                 std::to_string(r.last);
                                                }),
                                          "or"));
  add(&where, !when.vlans.empty(),
      "the VLAN is " + joined(texts(when.vlans, [](uint16_t v) { return std::to_string(v); }), "or"));
  add(&where, !when.file_types.empty(), "the declared type is like " + quoted(when.file_types));
  add(&where, !when.file_names.empty(), "the file name is like " + quoted(when.file_names));
  add(&where, !when.users.empty(), "the user is like " + quoted(when.users));
  if (!where.empty()) out += ", where " + joined(where, "and");

  out += policy.severity ? "; severity " + std::string(name_of(*policy.severity))
                         : std::string("; severity by the ladder over persons");
  return out + ".";
}

std::string explain(const PolicyException& exception) {
  std::vector<std::string> where;
  add(&where, !exception.hosts.empty(), "the host is like " + quoted(exception.hosts));
  add(&where, !exception.addresses.empty(), "an end lies in " + networks_text(exception.addresses));
  add(&where, !exception.users.empty(), "the user is like " + quoted(exception.users));
  std::string out = "except: ";
  out +=
      exception.detectors.empty() ? "does not alert" : "does not count " + joined(exception.detectors, "and");
  if (!where.empty()) out += " where " + joined(where, "and");
  out += ", until the end of " + exception.until_text + " (UTC): " + exception.reason + " (by " +
         exception.by + ")";
  return out + ".";
}

}  // namespace weir
