// The summary at the end of a run, for a person, on standard error.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/capture/replay_source.h"
#include "sensor/pipeline/sensor_run.h"

namespace weir {

struct SummaryInput {
  const RunResult& result;
  const Catalogue& catalogue;
  std::vector<FileReport> files;  // empty: live
  bool everything = false;        // --all was given
  bool live = false;              // a signal is how it ends
  std::string filter = {};        // BPF; empty: none
  bool filter_counted = true;     // Weir saw what it refused; else the kernel kept that to itself
};

std::string summary_text(const SummaryInput& input);

// "12.3 s", "4 min 5 s", "3 h 4 min", "2 d 3 h"
std::string human_duration(std::chrono::nanoseconds duration);
// "1.5 GB", "312 bytes"; powers of ten, as networks are measured.
std::string human_bytes(uint64_t bytes);
// "12,345,678"
std::string human_count(uint64_t n);

}  // namespace weir
