// The summary at the end of a run, for a person, on standard error.
#pragma once

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
};

std::string summary_text(const SummaryInput& input);

// "1.5 GB", "312 bytes"; powers of ten, as networks are measured.
std::string human_bytes(uint64_t bytes);
// "12,345,678"
std::string human_count(uint64_t n);

}  // namespace weir
