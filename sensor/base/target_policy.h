// Which of two versions of the same bytes a receiver keeps: reassembly (TCP segments) and defragmentation
// (IP fragments) must choose as the receiver does, or read another text than it. Operating systems differ;
// the policies and their names are those of the published measurements (Novak and Sturges, "Target-Based TCP
// Stream Reassembly", 2007; Novak, "Target-Based Fragmentation Reassembly", 2005).
//
// TargetPolicies is filled once from the configuration (`reassembly.targets`) and then only asked, by the
// receiver's address, when two versions meet: never for traffic without overlaps.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/networks.h"

namespace weir {

enum class TargetPolicy : uint8_t {
  kFirst,    // what came first stays (Windows Vista and later for TCP)
  kLast,     // what came last stays (Cisco IOS)
  kBsd,      // FreeBSD, OpenBSD, NetBSD, macOS
  kLinux,    // Linux since 2.4
  kWindows,  // Windows before Vista
  kSolaris,
};
inline constexpr std::array<std::string_view, 6> kTargetPolicyNames = {"first", "last",    "bsd",
                                                                       "linux", "windows", "solaris"};
constexpr std::string_view name_of(TargetPolicy policy) {
  return kTargetPolicyNames[static_cast<size_t>(policy)];
}
// False when there is no policy of this name.
constexpr bool parse_target_policy(std::string_view name, TargetPolicy* policy) {
  for (size_t i = 0; i < kTargetPolicyNames.size(); ++i) {
    if (kTargetPolicyNames[i] != name) continue;
    *policy = static_cast<TargetPolicy>(i);
    return true;
  }
  return false;
}

// One entry of the configuration.
struct TargetRule {
  NetworkList networks;
  TargetPolicy policy = TargetPolicy::kLinux;
};

class TargetPolicies {
 public:
  TargetPolicies() = default;
  // Of two networks that hold an address the longer prefix decides, of equal ones the first.
  TargetPolicies(const std::vector<TargetRule>& rules, TargetPolicy otherwise) : otherwise_(otherwise) {
    for (const TargetRule& rule : rules) {
      for (const Cidr& network : rule.networks.networks()) entries_.push_back({network, rule.policy});
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.network.prefix > b.network.prefix; });
  }

  TargetPolicy of(const IpAddress& receiver) const {
    for (const Entry& entry : entries_) {
      if (entry.network.contains(receiver)) return entry.policy;
    }
    return otherwise_;
  }

 private:
  struct Entry {
    Cidr network;
    TargetPolicy policy;
  };

  std::vector<Entry> entries_;
  TargetPolicy otherwise_ = TargetPolicy::kLinux;  // what most servers run
};

}  // namespace weir
