// Policies over one content item: which of them match what was found, and how severe that is.
//
// PolicySet::compile once at start (and at every reload), one PolicyEngine for each worker or one for all:
// it has no state. ItemAlerts calls evaluate after a decided match and when it makes an alert. Verdicts
// point into the PolicySet.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/item_findings.h"
#include "sensor/base/verdict.h"
#include "sensor/policy/policy_spec.h"

namespace weir {

// A policy or an exception that cannot be used: `place` is its SourcePlace.
struct PolicyProblem {
  SourcePlace place;
  std::string text;  // what is wrong and what would be right
};

class PolicySet {
 public:
  // Null when something is wrong; then *problems says everything that is. Detector names are looked up in
  // `catalogue`, which gives the indices that findings carry.
  static std::shared_ptr<const PolicySet> compile(const PolicyOptions& options, const Catalogue& catalogue,
                                                  std::vector<PolicyProblem>* problems);
  ~PolicySet();
  PolicySet(const PolicySet&) = delete;
  PolicySet& operator=(const PolicySet&) = delete;

  // All exceptions in the order of the configuration: Verdict::suppressed_by counts into it.
  struct ExceptionFacts {
    std::string policy;
    std::string reason;
    std::string by;
    std::string until;
  };
  const std::vector<ExceptionFacts>& exceptions() const;
  size_t policy_count() const;
  size_t group_count() const;
  const NetworkList& internal() const;
  // Hash over everything that changes a verdict, 16 hex digits.
  const std::string& version() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  PolicySet();
  std::unique_ptr<Impl> impl_;
};

class PolicyEngine : public VerdictSource {
 public:
  explicit PolicyEngine(std::shared_ptr<const PolicySet> policies);

  void evaluate(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds at,
                Verdict* verdict) const override;
  Verdict evaluate(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds at) const;
  std::span<const uint64_t> steps() const override;

  const PolicySet& policies() const { return *policies_; }

 private:
  std::shared_ptr<const PolicySet> policies_;
};

// The numbers of persons, ascending, from which on ladder_severity answers more; the first is 1.
std::array<uint64_t, 4> ladder_steps(Category category);

// The ladder of alerts.md for `persons` distinct values of one category (法释〔2017〕10号 article 5).
// `floor`: an identity document, a card, a health record, a secret or a child's data: never under Medium
// unless both ends are inside.
Severity ladder_severity(Category category, uint64_t persons, bool floor, bool both_inside);

}  // namespace weir
