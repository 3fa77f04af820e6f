// weir replay: capture files in, alerts out.
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "sensor/app/command_line.h"
#include "sensor/app/item_lines.h"
#include "sensor/app/run_options.h"
#include "sensor/app/summary_text.h"
#include "sensor/pipeline/hand_over.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {
    "replay", "replay [options] FILE|DIR|- …",
    "Reads capture files (pcap, pcapng), directories of them, or standard input (-), and prints what "
    "personal\n"
    "information they carry. Needs no configuration, no root and no Kafka. Alerts go to standard output, "
    "the\n"
    "summary to standard error. Without a configuration file the policies ask no direction.",
    "  weir replay capture.pcap                       what would alert a data-protection officer\n"
    "  weir replay --all --format json dir/ > a.jsonl everything that was found, JSON Lines\n"
    "  tcpdump -w - -i lo tcp | weir replay -         from another program\n"
    "  weir replay -c weir.yaml --kafka broker:9092 capture.pcapng\n"};

double parse_speed(const std::string& text) {
  if (text.empty() || text == "max") return 0;
  if (text == "real") return 1;
  size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size() || !(value > 0)) {
    throw UsageError("--speed is max, real or a number above 0 (2.0: twice as fast), not '" + text + "'");
  }
  return value;
}

// A line on the terminal that is written over: how far, how fast, how long still.
class Progress {
 public:
  void operator()(double part, uint64_t bytes) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    if (seconds < 2) return;
    const double rate = static_cast<double>(bytes) * 8 / seconds / 1e9;
    if (part > 0) {
      std::fprintf(stderr, "\r\033[K%5.1f %%  %.2f Gbit/s  %.0f s left", part * 100, rate,
                   seconds * (1 - part) / part);
    } else {
      std::fprintf(stderr, "\r\033[K%s  %.2f Gbit/s", human_bytes(bytes).c_str(), rate);
    }
    shown_ = true;
  }
  void finish() const {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

}  // namespace

int replay_command(const std::vector<std::string>& args) {
  RunArguments arguments;
  std::string speed;
  bool items = false;
  std::vector<std::string> paths;
  po::options_description options;
  options.add_options()("workers", po::value(&arguments.workers)->value_name("N"),
                        "threads that read (default: one a core)");
  options.add_options()("speed", po::value(&speed)->value_name("max|real|2.0"),
                        "how fast to replay (default max)");
  options.add_options()(
      "items", po::bool_switch(&items),
      "print what was read, one JSON line an item, in place of alerts; no content is shown");
  add_run_options(options, &arguments);
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, &paths, &given)) return kExitDone;
  if (paths.empty()) throw UsageError("name a capture file, a directory, or - for standard input");

  Config config =
      arguments.config_file.empty() ? default_replay_config() : read_config(arguments.config_file);
  apply(arguments, given, &config);
  const std::unique_ptr<Setup> setup = make_setup(config);

  ReplayOptions replay;
  replay.filter = config.capture.filter;
  replay.speed = parse_speed(speed);
  const uint32_t workers = items ? 1 : worker_count(config.workers.count);
  // What can be read only once is read by one receiver, which hands the packets over.
  const bool hand_over = any_stream(paths) && workers > 1;
  const ReplaySource* first = nullptr;
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (uint32_t i = 0; i < (hand_over ? 1 : workers); ++i) {
    std::string error;
    auto source = make_replay_source(paths, replay, &error);
    if (!source) throw UsageError(error);
    if (first == nullptr) first = source.get();
    sources.push_back(std::move(source));
  }
  if (hand_over) {
    HandOverOptions handing = hand_over_options(config, workers, -1);
    handing.wait = true;
    handing.ticks = true;
    sources = split_source(std::move(sources.front()), handing);
  }

  ConsoleOutput console(arguments, config, false);
  std::vector<std::unique_ptr<Sink>> owned = make_sinks(config.output);
  std::vector<Sink*> sinks;
  if (console.json() != nullptr && !items) sinks.push_back(console.json());
  for (const auto& sink : owned) sinks.push_back(sink.get());

  SharedSetup shared = setup->shared();
  std::unique_ptr<ItemLines> item_lines;
  if (items) {
    item_lines = std::make_unique<ItemLines>(setup->patterns);
    shared.observer = item_lines.get();
  }
  RunOptions run;
  run.worker = worker_options(config, workers);
  run.worker.steered = run.worker.shows_fragments = hand_over;
  const Placement placement = place_threads(config, workers, -1);
  run.worker_cpus = placement.workers;
  run.output.cpus = placement.output;
  run.output.writer = writer_options(config);
  if (!items) run.output.on_alert = console.on_alert();
  run.drain_limit = std::chrono::seconds(config.output.drain_seconds);
  Progress progress;
  if (!arguments.quiet && ::isatty(STDERR_FILENO) == 1) {
    run.on_progress = [&](double part, uint64_t bytes) { progress(part, bytes); };
  }
  run.on_wait = TroubleReporter([&] { return sink_problems(sinks); });
  std::vector<FileReport> reports;
  const RunResult result = run_sensor(run, shared, std::move(sources), sinks,
                                      [&](const std::vector<PacketSource*>&) { reports = first->reports(); });
  progress.finish();
  console.finish();
  if (!arguments.quiet) {
    std::cerr << summary_text({result, *setup->catalogue, reports, arguments.everything});
  } else {
    for (const FileReport& report : reports) {
      if (!report.error.empty()) std::cerr << "weir replay: " << report.error << '\n';
    }
  }
  const bool told_all = tell_summary(arguments, {result, *setup->catalogue, reports, arguments.everything});
  const std::string problems = end_problems(sinks);
  if (!problems.empty()) std::cerr << "weir: " << problems;

  if (result.source_stats.packets == 0 && !result.source_errors.front().empty()) return kExitUnreadable;
  if (!result.delivered || result.outlet.lost > 0 || !told_all) return kExitFailed;
  return kExitDone;
}

}  // namespace weir
