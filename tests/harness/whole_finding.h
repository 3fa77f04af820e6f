// Findings that a test makes whole, told as match tells them.
#pragma once

#include <string>

#include "sensor/base/finding.h"
#include "sensor/base/item_findings.h"

namespace weir::test {

class WholeFinding final : public MatchDetails {
 public:
  explicit WholeFinding(const Finding& finding) : finding_(finding) {}
  Token token() const override { return finding_.token; }
  std::string masked() const override { return finding_.masked; }
  std::string field() const override { return finding_.field; }
  Finding finding() const override { return finding_; }

 private:
  const Finding& finding_;
};

inline void add(ItemFindings& item, const Finding& finding) { item.add(finding, WholeFinding(finding)); }

}  // namespace weir::test
