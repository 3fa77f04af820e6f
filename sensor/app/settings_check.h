// What a run would refuse of a configuration, or pass over, that can be known before it begins: the filter,
// CPUs, folders, keys, Kafka's properties. `weir check` tells it, `weir run` and `weir replay` begin with it:
// what the one calls good the other takes, on the same machine and for the same user. (Packs and policies:
// make_setup.)
#pragma once

#include <string>
#include <vector>

#include "sensor/config/config.h"

namespace weir {

struct SettingsReport {
  std::vector<ConfigProblem> problems;  // a run refuses them
  std::vector<ConfigProblem> warnings;  // a run goes on, otherwise than was meant
};

// Makes nothing, and nothing is left running.
SettingsReport check_settings(const Config& config);

// The first step of a run: throws UsageError with every problem, a line each; prints the warnings to standard
// error unless `quiet`.
void require_settings(const Config& config, bool quiet);

// The CPUs that the configuration names and this process may not use.
std::vector<ConfigProblem> cpu_problems(const Config& config, const std::vector<int>& allowed);

// What is wrong with the folder that a file at `path` would be made in: "/var/lib/weir is not there (mkdir -p
// /var/lib/weir)". Empty: nothing.
std::string folder_problem(const std::string& path);

// The problems, a line each.
std::string lines_of(const std::vector<ConfigProblem>& problems);

}  // namespace weir
