// From the configuration to what a run needs: detectors, policies, the token key, sinks, worker options.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/config/config.h"
#include "sensor/output/sink.h"
#include "sensor/pipeline/hand_over.h"
#include "sensor/pipeline/sensor_run.h"

namespace weir {

// Everything that the workers share, kept alive together.
struct Setup {
  std::shared_ptr<const PatternSet> patterns;
  std::shared_ptr<const Catalogue> catalogue;
  std::shared_ptr<const PolicySet> policies;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::string token_prefix;
  std::vector<std::string> notes;  // for the operator: what was wrong with the cache of patterns

  SharedSetup shared() const;
};

// Reads a configuration file; throws UsageError with all that is wrong, a line each.
Config read_config(const std::string& path);

// Compiles packs and policies and gets the token key (from config.tokens.key_file, made if it is not there;
// else in memory). Throws UsageError.
std::unique_ptr<Setup> make_setup(const Config& config);

// The file and Kafka sinks of a configuration that require_settings() let pass. Throws std::runtime_error: a
// file that cannot be opened, threads or descriptors that the system refuses.
std::vector<std::unique_ptr<Sink>> make_sinks(const OutputConfig& output);

// Options of one of `workers` workers: memory limits are divided.
WorkerOptions worker_options(const Config& config, uint32_t workers);

WriterOptions writer_options(const Config& config);

// Which CPUs the threads of a run may use; empty: anywhere.
struct Placement {
  std::vector<int> workers;  // one each
  std::vector<int> receiver;
  std::vector<int> output;
};
// `node`: the NUMA node of the card, for `workers.cpus: auto`; -1: any. Throws UsageError where the
// configuration names a CPU that this process may not use.
Placement place_threads(const Config& config, uint32_t workers, int node);

// For one receiver and `workers` workers.
HandOverOptions hand_over_options(const Config& config, uint32_t workers, int node);

// The number of workers that `asked` (0: one a core) means.
uint32_t worker_count(uint32_t asked);

}  // namespace weir
