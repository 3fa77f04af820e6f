// Frames through one real worker, and the alerts that come out of it.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sensor/pipeline/sensor_run.h"
#include "sensor/policy/policy_set.h"
#include "tests/harness/packet_builder.h"

namespace weir::frame_run {

inline const SharedSetup& setup() {
  static const SharedSetup shared = [] {
    SharedSetup s;
    std::vector<Diagnostic> diagnostics;
    s.patterns = compile_packs({}, {}, &diagnostics);
    s.catalogue = std::make_shared<const Catalogue>(make_catalogue(*s.patterns));
    PolicyOptions options;
    options.policies = {everything_policy()};
    options.ask_direction = false;
    std::vector<PolicyProblem> problems;
    s.policies = PolicySet::compile(options, *s.catalogue, &problems);
    const TokenKey key = TokenKey::random();
    s.token_prefix = key.name() + ":";
    s.tokenizer = std::make_shared<const Tokenizer>(key);
    return s;
  }();
  return shared;
}

class FrameSource final : public PacketSource {
 public:
  explicit FrameSource(const std::vector<harness::TimedFrame>& frames) : frames_(frames) {}
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    for (*count = 0; *count < out.size() && next_ < frames_.size(); ++*count, ++next_) {
      out[*count] = harness::raw_packet(frames_[next_].frame, frames_[next_].time);
    }
    return *count > 0 ? SourceStatus::kOk : SourceStatus::kEnd;
  }
  SourceStats stats() const override { return {}; }
  std::string error() const override { return {}; }

 private:
  const std::vector<harness::TimedFrame>& frames_;
  size_t next_ = 0;
};

class KeepingSink final : public Sink {
 public:
  void write(const Record& record) override { records.push_back(nlohmann::json::parse(record.json)); }
  bool drain(std::chrono::milliseconds) override { return true; }
  SinkStats stats() const override { return {}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }
  std::vector<nlohmann::json> records;
};

struct Ran {
  RunResult result;
  std::vector<nlohmann::json> records;
};
inline Ran run(const std::vector<harness::TimedFrame>& frames) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::make_unique<FrameSource>(frames));
  KeepingSink sink;
  Ran ran{run_sensor({}, setup(), std::move(sources), {&sink}), {}};
  ran.records = std::move(sink.records);
  return ran;
}

}  // namespace weir::frame_run
