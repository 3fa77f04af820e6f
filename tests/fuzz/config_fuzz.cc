// Any bytes as a configuration: read or refused, and what was read can be summed up, explained and compiled.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sensor/config/config.h"
#include "sensor/policy/policy_engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  Config config;
  std::vector<ConfigProblem> problems;
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  const bool ok = parse_config(yaml, "fuzz", 1'795'392'000, &config, &problems);
  if (ok != problems.empty()) std::abort();
  if (!ok) return 0;
  if (summary_text(config).empty()) std::abort();
  if (explain_text(config, 1'795'392'000).empty()) std::abort();

  Catalogue catalogue;
  DetectorInfo detector;
  detector.id = "cn.mobile";
  detector.category = Category::kContact;
  catalogue.detectors.push_back(detector);
  std::vector<PolicyProblem> wrong;
  const auto policies = PolicySet::compile(config.policy, catalogue, &wrong);
  if ((policies == nullptr) == wrong.empty()) std::abort();
  return 0;
}
