// One run of the sensor: starts the workers and the output thread, waits for the end of the input or for
// SIGINT / SIGTERM, and ends in order: sources, flows, alerts, sinks. SIGHUP has the sinks open their files
// anew. Nothing that a thread throws ends the process: the run ends in order, and RunResult tells.
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
  // A CPU for each worker; empty: wherever the kernel likes. A worker is made on its own CPU, so that what it
  // owns lies in the memory of that CPU's NUMA node (pages belong to the node that touches them first).
  std::vector<int> worker_cpus;
  // Ends the input when no packet came for so long (a device that does not tell its end); 0: never.
  std::chrono::milliseconds end_when_idle{0};
  OutputThreadOptions output;
  // Where an observer of items writes, beside the sinks: given up with them. Null: nowhere.
  Sink* observed = nullptr;
  size_t ring_capacity = 4096;  // alerts of one worker on their way
  // How long the end may take, from the end of the input or the signal that asks for it until every sink has
  // everything; then no sink is waited for any more. 0: until done or a second signal.
  std::chrono::milliseconds drain_limit{0};
  // Called a few times a second from the calling thread while the workers run; may be empty.
  std::function<void(double progress, uint64_t bytes)> on_progress;
  // Called a few times a second until the sinks have everything, to tell what is wrong with them; may be
  // empty. `folded`: by sink, the alerts that went into storms of its own so far.
  std::function<void(const std::vector<uint64_t>& folded)> on_wait;
};

struct RunResult {
  Totals totals;
  SourceStats source_stats;                // of the whole input
  std::vector<NamedCount> extended_stats;  // the devices' own counters
  std::vector<std::string> source_errors;  // by worker: empty where nothing broke
  std::chrono::nanoseconds elapsed{0};
  OutletCounters outlet;         // alerts that did not leave one by one
  uint64_t alerts_written = 0;   // records given to the sinks, storms among them
  bool delivered = true;         // every sink has everything safe
  std::vector<SinkTally> sinks;  // what became of the alerts at each, in the order of the sinks given
  bool interrupted = false;      // by a signal
  bool nobody_left = false;      // it ended because no sink can deliver anything any more
  std::string placement_error;   // why the output thread could not run where it should; empty: it did
  // What ended a thread before its time (no memory, no thread for the receiver); empty: nothing. What its
  // worker had in hand was not read.
  std::string failure;
  // What was still wrong with the devices at the end, a line each (PacketSource::problem).
  std::vector<std::string> device_problems;
};

// `sources`: one a worker. `sinks` may be empty. Signals (signals.h) are handled by the calling thread: the
// first SIGINT or SIGTERM ends the input, the second (the first where the input is over by itself) stops
// waiting for the sinks, and so does `drain_limit`: what they take without waiting they still get. SIGHUP has
// them open their files anew. The input also ends when no sink is left that could deliver anything. Throws
// std::runtime_error where a thread cannot be started or run on the CPU that it was given, or memory for a
// worker is not there; nothing was read then.
RunResult run_sensor(const RunOptions& options, const SharedSetup& setup,
                     std::vector<std::unique_ptr<PacketSource>> sources, const std::vector<Sink*>& sinks,
                     const std::function<void(const std::vector<PacketSource*>&)>& at_end = {});

}  // namespace weir
