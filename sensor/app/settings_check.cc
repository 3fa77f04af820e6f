#include "sensor/app/settings_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "sensor/app/command_line.h"
#include "sensor/base/cpus.h"
#include "sensor/capture/dpdk_source.h"
#include "sensor/capture/packet_filter.h"
#include "sensor/output/kafka_check.h"
#include "sensor/token/tokenizer.h"

namespace weir {

namespace {

std::string problem_of_folder(const std::string& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0) {
    return errno == ENOENT ? "the folder " + folder + " is not there (mkdir -p " + folder + ")"
                           : "the folder " + folder + ": " + std::strerror(errno);
  }
  if (!S_ISDIR(info.st_mode)) return folder + " is no folder";
  if (eaccess(folder.c_str(), W_OK | X_OK) != 0)
    return "in the folder " + folder + " nothing can be made: " + std::strerror(errno);
  return {};
}

class Check {
 public:
  explicit Check(const Config& config) : config_(config) {}

  SettingsReport run() {
    capture();
    for (ConfigProblem& p : cpu_problems(config_, usable_cpus(read_cpu_facts()))) {
      report_.problems.push_back(std::move(p));
    }
    token_key();
    cache();
    output_file();
    kafka();
    return std::move(report_);
  }

 private:
  void problem(const std::string& field, std::string text) {
    report_.problems.push_back({config_.place_of(field), std::move(text)});
  }
  void warning(const std::string& field, std::string text) {
    report_.warnings.push_back({config_.place_of(field), std::move(text)});
  }

  void capture() {
    std::string error;
    if (!PacketFilter().set(config_.capture.filter, &error)) problem("capture.filter", error);
    if (config_.capture.dpdk.ports.empty()) return;
    if (!has_dpdk()) problem("capture.dpdk.ports", dpdk_version());
    if (config_.workers.steer == SteerBy::kFlow && config_.capture.steer == CaptureSteer::kSource) {
      problem("workers.steer",
              "`workers.steer: flow` needs `capture.steer: auto` or `handover` with DPDK: cards steer by "
              "addresses");
    }
    if (!config_.capture.interface.empty()) {
      warning("capture.interface",
              config_.capture.interface + " is not watched: `capture.dpdk.ports` is given too, and wins");
    }
  }

  void token_key() {
    const std::string& path = config_.tokens.key_file;
    if (path.empty()) return;
    std::string error;
    if (struct stat info{}; stat(path.c_str(), &info) != 0 && errno == ENOENT) {
      const std::string folder = folder_problem(path);
      if (!folder.empty()) problem("tokens.key_file", "the token key cannot be made: " + folder);
    } else if (TokenKey key; !TokenKey::load_or_create(path, &key, &error)) {
      problem("tokens.key_file", error);
    }
  }

  void cache() {
    const std::string& folder = config_.match.cache_dir;
    if (folder.empty()) return;
    const std::string why = problem_of_folder(folder);
    if (!why.empty()) warning("match.cache_dir", "patterns are compiled anew at every start: " + why);
  }

  void output_file() {
    const std::string& path = config_.output.file;
    if (path.empty()) {
      if (!config_.output.to_stdout.value_or(true) && !config_.output.kafka) {
        problem("output.stdout",
                "`output.stdout` is false and no other output is given: alerts would go nowhere");
      }
      return;
    }
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
      const std::string why =
          errno == ENOENT ? folder_problem(path) : path + ": " + std::string(std::strerror(errno));
      if (!why.empty()) problem("output.file", "alerts cannot be written: " + why);
    } else if (S_ISDIR(info.st_mode)) {
      problem("output.file", "alerts cannot be written: " + path + " is a folder");
    } else if (eaccess(path.c_str(), W_OK) != 0) {
      problem("output.file", "alerts cannot be written: " + path + ": " + std::strerror(errno));
    }
  }

  void kafka() {
    if (!config_.output.kafka) return;
    std::string field, error;
    if (check_kafka(*config_.output.kafka, &field, &error)) return;
    std::string path = "output.kafka." + field;
    // A property may be Weir's own; then the section is what there is.
    if (!config_.places.contains(path)) path = "output.kafka.brokers";
    problem(path, error);
  }

  const Config& config_;
  SettingsReport report_;
};

}  // namespace

std::vector<ConfigProblem> cpu_problems(const Config& config, const std::vector<int>& allowed) {
  std::vector<ConfigProblem> problems;
  const std::pair<const char*, const CpuList*> lists[] = {
      {"workers.cpus", &config.workers.cpus},
      {"workers.receiver_cpus", &config.workers.receiver_cpus},
      {"workers.output_cpus", &config.workers.output_cpus}};
  for (const auto& [field, list] : lists) {
    for (const int cpu : list->cpus) {
      if (std::find(allowed.begin(), allowed.end(), cpu) != allowed.end()) continue;
      problems.push_back({config.place_of(field), std::string(field) + ": this process may not run on CPU " +
                                                      std::to_string(cpu) + "; it may on " +
                                                      cpu_list_text(allowed)});
      break;
    }
  }
  return problems;
}

std::string folder_problem(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return problem_of_folder(folder.empty() ? "." : folder);
}

std::string lines_of(const std::vector<ConfigProblem>& problems) {
  std::string text;
  for (const ConfigProblem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.to_string();
  }
  return text;
}

SettingsReport check_settings(const Config& config) { return Check(config).run(); }

void require_settings(const Config& config, bool quiet) {
  const SettingsReport report = check_settings(config);
  if (!report.problems.empty()) throw UsageError(lines_of(report.problems));
  if (quiet) return;
  for (const ConfigProblem& warning : report.warnings) std::cerr << "weir: " << warning.to_string() << '\n';
}

}  // namespace weir
