// weir bench: what each stage costs over a capture.
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sensor/app/command_line.h"
#include "sensor/app/setup.h"
#include "sensor/capture/replay_source.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {
    "bench", "bench [options] FILE …",
    "Runs one worker over a capture, each time with one stage more, and prints packets/s, Gbit/s (frames on "
    "the\n"
    "wire) and ns a packet, for all stages up to there and for the stage alone: the median of several runs.",
    "  weir bench capture.pcap\n"
    "  weir bench --runs 5 --stage alert --format json capture.pcap   one line for scripts\n"};

struct StageName {
  Stage stage;
  const char* name;
};
constexpr StageName kStages[] = {
    {Stage::kCapture, "capture"},       {Stage::kDecode, "decode"}, {Stage::kFlow, "flow"},
    {Stage::kReassembly, "reassembly"}, {Stage::kParse, "parse"},   {Stage::kContent, "content"},
    {Stage::kMatch, "match"},           {Stage::kAlert, "alert"},
};

struct Measured {
  double seconds = 0;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  std::string error;  // what broke of the input, by name
};

Measured measure(Stage stage, const std::vector<std::string>& paths, const Config& config, const Setup& setup,
                 uint32_t workers) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (uint32_t i = 0; i < workers; ++i) {
    std::string error;
    auto source = make_replay_source(paths, {}, &error);
    if (!source) throw UsageError(error);
    sources.push_back(std::move(source));
  }
  RunOptions run;
  run.worker = worker_options(config, workers);
  run.worker.last_stage = stage;
  const RunResult result = run_sensor(run, setup.shared(), std::move(sources), {});
  if (!result.failure.empty()) throw std::runtime_error("ended early: " + result.failure);
  return {std::chrono::duration<double>(result.elapsed).count(), result.source_stats.packets,
          result.source_stats.bytes, result.source_errors.front()};
}

// Largest resident set so far, in MB (10^6 bytes).
double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace

int bench_command(const std::vector<std::string>& args) {
  unsigned runs = 5;
  uint32_t workers = 1;
  std::string only;
  std::string format = "text";
  std::string config_file;
  std::vector<std::string> paths;
  po::options_description options;
  auto add = options.add_options();
  add("config,c", po::value(&config_file)->value_name("FILE"), "configuration (default: built-in policies)");
  add("runs", po::value(&runs)->value_name("N"), "runs of each stage, after one to warm up (default 5)");
  add("workers", po::value(&workers)->value_name("N"), "workers (default 1)");
  add("stage", po::value(&only)->value_name("NAME"),
      "only up to this stage: capture, decode, flow, reassembly, parse, content, match, alert");
  add("format", po::value(&format)->value_name("text|json"), "a table, or JSON Lines");
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, &paths, &given)) return kExitDone;
  if (paths.empty()) throw UsageError("name a capture file");
  if (any_stream(paths)) throw UsageError("standard input can be read only once: name a file");
  if (runs == 0 || runs > 1000) throw UsageError("--runs is 1 to 1000");
  if (format != "text" && format != "json")
    throw UsageError("--format is text or json, not '" + format + "'");
  if (workers == 0 || workers > 64) throw UsageError("--workers is 1 to 64");
  if (!only.empty() && std::ranges::none_of(kStages, [&](const StageName& s) { return only == s.name; })) {
    throw UsageError("there is no stage '" + only + "'");
  }

  const Config config = config_file.empty() ? default_replay_config() : read_config(config_file);
  const std::unique_ptr<Setup> setup = make_setup(config);
  if (format == "text") {
    std::printf("%-12s %14s %10s %12s %14s %12s\n", "up to stage", "packets/s", "Gbit/s", "ns/packet",
                "stage alone ns", "peak MB");
  }
  double before = 0;
  for (const StageName& stage : kStages) {
    if (!only.empty() && only != stage.name) continue;
    std::vector<Measured> measured;
    for (unsigned i = 0; i <= runs; ++i) {
      const Measured m = measure(stage.stage, paths, config, *setup, workers);
      if (m.packets == 0) {
        std::cerr << "weir bench: nothing could be read" << (m.error.empty() ? "" : ": " + m.error) << '\n';
        return kExitUnreadable;
      }
      if (i > 0) measured.push_back(m);
    }
    std::ranges::sort(measured, {}, &Measured::seconds);
    const Measured& median = measured[measured.size() / 2];
    const double packets = static_cast<double>(median.packets);
    const double rate = packets / median.seconds;
    const double gbit = static_cast<double>(median.bytes) * 8 / median.seconds / 1e9;
    const double ns = median.seconds * 1e9 / packets;
    if (format == "json") {
      nlohmann::ordered_json line;
      line["stage"] = stage.name;
      line["workers"] = workers;
      line["packets"] = median.packets;
      line["bytes"] = median.bytes;
      line["seconds"] = median.seconds;
      line["packets_per_second"] = rate;
      line["gbit_per_second"] = gbit;
      line["ns_per_packet"] = ns;
      line["peak_mb"] = peak_megabytes();
      std::cout << line.dump() << '\n';
    } else {
      std::printf("%-12s %14.0f %10.3f %12.1f %14.1f %12.1f\n", stage.name, rate, gbit, ns, ns - before,
                  peak_megabytes());
    }
    before = ns;
  }
  return kExitDone;
}

}  // namespace weir
