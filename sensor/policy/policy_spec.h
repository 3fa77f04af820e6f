// Policies as the configuration says them: plain data with names still as text. PolicySet::compile turns
// them into what is asked on the hot path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sensor/base/networks.h"
#include "sensor/base/verdict.h"

namespace weir {

// "weir.yaml:12"; empty for built-in policies.
using SourcePlace = std::string;

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 65535;
};

// Conditions on one item: all that are given must hold; within a list one is enough.
struct PolicyConditions {
  std::vector<Way> directions;          // empty: any
  std::vector<std::string> categories;  // what counts: detectors of these categories …
  std::vector<std::string> detectors;   // … and these ("cn.*" takes a family); both empty: every detector
  Confidence min_confidence = Confidence::kMedium;
  bool labelled = false;                // only values with a keyword or field name of their own count
  uint64_t distinct = 1;                // persons: distinct tokens of any one detector
  std::vector<std::string> all_of;      // categories that must all be there, each with one value at least
  std::vector<std::string> protocols;   // "http", "raw"
  std::vector<std::string> hosts;       // globs, without a port
  std::vector<std::string> urls;        // globs over host and path
  std::vector<Cidr> addresses;          // either end
  std::vector<PortRange> ports;         // the responder's
  std::vector<uint16_t> vlans;          // any tag
  std::vector<std::string> file_types;  // globs over the declared media type
  std::vector<std::string> file_names;  // globs
  std::vector<std::string> users;       // globs
};

// An exception takes away what it names: the whole policy, or some of its detectors.
struct PolicyException {
  std::vector<std::string> hosts;      // globs
  std::vector<Cidr> addresses;         // either end
  std::vector<std::string> detectors;  // empty: all
  std::vector<std::string> users;      // globs
  std::string reason;
  std::string by;
  int64_t until = 0;       // last second that it applies to, s since the epoch (end of that day, UTC)
  std::string until_text;  // "2027-06-30"
  SourcePlace place;
};

struct PolicySpec {
  std::string id;
  std::string group;  // empty: the policy is a group of its own
  std::string title_en, title_zh;
  std::vector<int> articles = {4};
  PolicyConditions when;
  std::vector<PolicyException> except;
  std::optional<Severity> severity;  // empty: the ladder
  SourcePlace place;
};

struct PolicyOptions {
  NetworkList internal = private_networks();
  // False: addresses say nothing (a lab has only inside addresses): every item counts as going out and
  // meets every direction.
  bool ask_direction = true;
  std::vector<PolicySpec> policies;
};

// What any data-protection officer would want to see; one group, "personal-data". `ask_direction`: as in
// PolicyOptions; the titles say a way only where it was asked for.
std::vector<PolicySpec> builtin_policies(bool ask_direction = true);
// Any finding at low or above, one alert an item; a group of its own. For tuning and tests.
PolicySpec everything_policy();

// One sentence for a policy, and one for each of its exceptions (`weir check --explain`).
std::string explain(const PolicySpec& policy);
std::string explain(const PolicyException& exception);

}  // namespace weir
