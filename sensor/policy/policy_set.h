// What PolicySet holds inside: policies with their names resolved to detector indices. For policy's own
// files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sensor/policy/policy_engine.h"

namespace weir {

struct CompiledException {
  std::vector<std::string> hosts;
  NetworkList addresses;
  std::vector<std::string> users;
  bool whole_policy = true;     // no detectors named: the policy does not apply
  std::vector<bool> detectors;  // by DetectorIndex
  Nanoseconds until = 0;        // applies up to and with this capture time
  uint32_t index = 0;           // into PolicySet::exceptions()
};

struct CompiledPolicy {
  PolicyFacts facts;
  uint16_t group = 0;
  std::optional<Severity> severity;
  std::vector<DetectorIndex> named;                // what counts, in catalogue order
  std::vector<std::vector<DetectorIndex>> all_of;  // one value at least of each
  bool labelled = false;
  uint8_t ways = 0;  // bit by Way; 0: any
  std::vector<std::string> protocols;
  std::vector<std::string> hosts;
  std::vector<std::string> urls;
  NetworkList addresses;
  std::vector<PortRange> ports;
  std::vector<uint16_t> vlans;
  std::vector<std::string> file_types;
  std::vector<std::string> file_names;
  std::vector<std::string> users;
  std::vector<CompiledException> except;
};

struct PolicySet::Impl {
  std::vector<CompiledPolicy> policies;  // by group, then in the order of the configuration
  std::vector<std::string> groups;
  std::vector<ExceptionFacts> exceptions;
  std::vector<Category> category_of;  // by DetectorIndex
  std::vector<uint64_t> steps;        // VerdictSource::steps()
  std::vector<bool> floor;            // by DetectorIndex: never under Medium (see ladder_severity)
  NetworkList internal;
  bool ask_direction = true;
  std::string version;
};

}  // namespace weir
