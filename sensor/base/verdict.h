// What policy tells alert about one content item: which policies match, and how severe it is.
// Made by PolicyEngine::evaluate after a decided match; it borrows from the PolicySet, which outlives it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/base/packet.h"

namespace weir {

struct ItemFacts;
class ItemFindings;

// OCSF severity_id.
enum class Severity : uint8_t {
  kNone = 0,
  kInformational = 1,
  kLow = 2,
  kMedium = 3,
  kHigh = 4,
  kCritical = 5,
};
constexpr std::string_view name_of(Severity s) {
  constexpr std::string_view kNames[] = {"none", "informational", "low", "medium", "high", "critical"};
  return kNames[static_cast<size_t>(s)];
}

// What an alert tells of the policy that made it. Fixed once the policies are loaded.
struct PolicyFacts {
  std::string id;
  std::string group;
  std::string title_en;  // never both empty
  std::string title_zh;
  std::string version;        // hash over all policies and exceptions, hex
  std::vector<int> articles;  // of the Decision of 28 December 2012
  std::vector<bool> named;    // by DetectorIndex: what the policy asks for
  Confidence min_confidence = Confidence::kMedium;
  uint64_t distinct = 1;
};

// The verdict of one group: its most severe policy that matches, and the others that match too.
struct GroupVerdict {
  uint16_t group = 0;  // index of the group in the PolicySet; verdicts are sorted by it
  Severity severity = Severity::kNone;
  const PolicyFacts* policy = nullptr;
  std::vector<const PolicyFacts*> others;  // in the order of the configuration
  uint64_t persons = 0;                    // largest number of distinct tokens of one detector that counts
  DetectorIndex leading = kNoDetector;     // that detector
};

struct Verdict {
  std::vector<GroupVerdict> groups;  // only those with a matching policy
  // Exceptions (indices into PolicySet::exceptions()) without which a policy would have matched, or one
  // more detector would have counted. Sorted, each once.
  std::vector<uint32_t> suppressed_by;

  void clear() {
    groups.clear();
    suppressed_by.clear();
  }
};

// Asks the policies. Policy implements it (PolicyEngine), alert calls it.
class VerdictSource {
 public:
  virtual ~VerdictSource() = default;
  // What matches now. `at` is the capture time that exceptions are judged by. `*verdict` is written anew; its
  // memory is used again.
  virtual void evaluate(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds at,
                        Verdict* verdict) const = 0;
  // Ascending: the numbers of distinct values that matter. While every count of an item stays between two
  // neighbours, the same groups match with the same severities; only `persons`, `leading` and which
  // exceptions were needed may change.
  virtual std::span<const uint64_t> steps() const = 0;
};

}  // namespace weir
