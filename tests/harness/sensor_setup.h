// What a test needs to send frames through real workers: the built-in packs under policies of its own, and a
// source of frames.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sensor/pipeline/sensor_run.h"
#include "sensor/policy/policy_set.h"
#include "tests/harness/packet_builder.h"

namespace weir::harness {

// Under a fresh token key; flows have no direction. Its policies are null where they do not compile.
inline SharedSetup sensor_setup(std::vector<PolicySpec> policies) {
  SharedSetup s;
  std::vector<Diagnostic> diagnostics;
  s.patterns = compile_packs({}, {}, &diagnostics);
  s.catalogue = std::make_shared<const Catalogue>(make_catalogue(*s.patterns));
  PolicyOptions options;
  options.policies = std::move(policies);
  options.ask_direction = false;
  std::vector<PolicyProblem> problems;
  s.policies = PolicySet::compile(options, *s.catalogue, &problems);
  const TokenKey key = TokenKey::random();
  s.token_prefix = key.name() + ":";
  s.tokenizer = std::make_shared<const Tokenizer>(key);
  return s;
}

// The built-in policies and this one.
inline SharedSetup sensor_setup_with_builtin(const PolicySpec& policy) {
  std::vector<PolicySpec> policies = builtin_policies();
  policies.push_back(policy);
  return sensor_setup(std::move(policies));
}

// The frames outlive it.
class FrameSource final : public PacketSource {
 public:
  explicit FrameSource(const std::vector<TimedFrame>& frames) : frames_(frames) {}
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    for (*count = 0; *count < out.size() && next_ < frames_.size(); ++*count, ++next_) {
      out[*count] = raw_packet(frames_[next_].frame, frames_[next_].time);
    }
    return *count > 0 ? SourceStatus::kOk : SourceStatus::kEnd;
  }
  SourceStats stats() const override { return {}; }
  std::string error() const override { return {}; }

 private:
  const std::vector<TimedFrame>& frames_;
  size_t next_ = 0;
};

}  // namespace weir::harness
