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
#include "tests/harness/sensor_setup.h"

namespace weir::frame_run {

inline const SharedSetup& setup() {
  static const SharedSetup shared = harness::sensor_setup({everything_policy()});
  return shared;
}

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
  sources.push_back(std::make_unique<harness::FrameSource>(frames));
  KeepingSink sink;
  Ran ran{run_sensor({}, setup(), std::move(sources), {&sink}), {}};
  ran.records = std::move(sink.records);
  return ran;
}

}  // namespace weir::frame_run
