// One run of the sensor: starts the workers and the output thread, waits for the end of the input or for
// SIGINT / SIGTERM, and ends in order: sources, flows, alerts, sinks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sensor/pipeline/output_thread.h"
#include "sensor/pipeline/worker.h"

namespace weir {

struct RunOptions {
  WorkerOptions worker;  // of one worker; index and count are filled in
  uint32_t workers = 1;
  OutputThreadOptions output;
  std::chrono::milliseconds drain_limit{0};  // 0: until done or a second signal
  // Called a few times a second from the calling thread while the workers run; may be empty.
  std::function<void(double progress, uint64_t bytes)> on_progress;
  // Called a few times a second until the sinks have everything, to tell what is wrong with them; may be
  // empty.
  std::function<void()> on_wait;
};

struct RunResult {
  Totals totals;
  std::vector<SourceStats> source_stats;   // by worker; a replay's workers have all read the same
  std::vector<std::string> source_errors;  // by worker: empty where nothing broke
  std::chrono::nanoseconds elapsed{0};
  uint64_t alerts_dropped = 0;
  bool delivered = true;     // every sink has everything safe
  bool interrupted = false;  // by a signal
};

// `sources`: one a worker. `sinks` may be empty. SIGINT and SIGTERM are blocked for the run and handled by
// the calling thread: the first ends the input, the second stops waiting for the sinks.
RunResult run_sensor(const RunOptions& options, const SharedSetup& setup,
                     std::vector<std::unique_ptr<PacketSource>> sources, const std::vector<Sink*>& sinks,
                     const std::function<void(const std::vector<PacketSource*>&)>& at_end = {});

}  // namespace weir
