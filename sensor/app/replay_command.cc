// weir replay: capture files in, alerts out.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "sensor/app/command_line.h"
#include "sensor/app/item_lines.h"
#include "sensor/app/run_options.h"
#include "sensor/app/settings_check.h"
#include "sensor/app/summary_text.h"
#include "sensor/pipeline/hand_over.h"
#include "sensor/pipeline/signals.h"

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

// Every worker walks the files by itself. Where they were told to end, each is somewhere else: the one that
// came farthest tells.
std::vector<FileReport> all_reports(const std::vector<const ReplaySource*>& walks) {
  std::vector<FileReport> all = walks.front()->reports();
  for (const ReplaySource* walk : walks) {
    const std::vector<FileReport> its = walk->reports();
    for (size_t i = 0; i < all.size(); ++i) {
      const bool unfinished = all[i].unfinished || its[i].unfinished;
      const std::string error = all[i].error.empty() ? its[i].error : all[i].error;
      if (its[i].packets > all[i].packets) all[i] = its[i];
      all[i].unfinished = unfinished && error.empty();
      all[i].error = error;
    }
  }
  return all;
}

// Whoever replays a named pipe into which nobody writes is told what is waited for. Opened a second time, so
// that what comes stays for the reader.
void tell_empty_pipes(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0 || !S_ISFIFO(info.st_mode)) continue;
    const int pipe = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (pipe < 0) continue;
    pollfd poller{pipe, POLLIN, 0};
    if (poll(&poller, 1, 0) == 0) {
      std::cerr << "weir replay: " << path
                << ": nothing is in this pipe yet; waiting for who writes into it\n";
    }
    close(pipe);
  }
}

}  // namespace

int replay_command(const std::vector<std::string>& args) {
  ignore_hang_up();
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
  const double times = parse_speed(speed);
  // Before the first thread is made: librdkafka's, then our own.
  Signals signals;
  require_settings(config, arguments.quiet);
  const std::unique_ptr<Setup> setup = make_setup(config);
  if (!arguments.quiet) {
    for (const std::string& note : setup->notes) std::cerr << "weir: " << note << '\n';
  }

  ReplayOptions replay;
  replay.filter = config.capture.filter;
  replay.speed = times;
  const uint32_t workers = items ? 1 : worker_count(config.workers.count);
  // What can be read only once is read by one receiver, which hands the packets over.
  const bool hand_over = any_stream(paths) && workers > 1;
  ReplayFiles files;
  std::string wrong;
  if (!list_captures(paths, &files, &wrong)) throw UsageError(wrong);
  std::vector<const ReplaySource*> walks;
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (uint32_t i = 0; i < (hand_over ? 1 : workers); ++i) {
    std::string error;
    auto source = make_replay_source(files.paths, replay, &error);
    if (!source) throw UsageError(error);
    walks.push_back(source.get());
    sources.push_back(std::move(source));
  }
  if (!arguments.quiet) tell_empty_pipes(files.paths);
  if (hand_over) {
    HandOverOptions handing = hand_over_options(config, workers, -1);
    handing.wait = true;
    handing.ticks = true;
    sources = split_source(std::move(sources.front()), handing);
  }

  ConsoleOutput console(arguments, config, false);
  std::vector<std::unique_ptr<Sink>> owned = make_sinks(config.output);
  std::vector<Sink*> sinks;
  if (console.sink() != nullptr && !items) sinks.push_back(console.sink());
  for (const auto& sink : owned) sinks.push_back(sink.get());

  SharedSetup shared = setup->shared();
  std::unique_ptr<ItemLines> item_lines;
  if (items) {
    item_lines = std::make_unique<ItemLines>(setup->patterns);
    shared.observer = item_lines.get();
  }
  RunOptions run;
  if (items) run.observed = &item_lines->sink();
  run.worker = worker_options(config, workers);
  run.worker.steered = run.worker.shows_fragments = hand_over;
  const Placement placement = place_threads(config, workers, -1);
  run.worker_cpus = placement.workers;
  run.output.cpus = placement.output;
  run.output.writer = writer_options(config);
  if (!items) console.set_up(&run.output);
  run.drain_limit = std::chrono::seconds(config.output.drain_seconds);
  Progress progress;
  if (!arguments.quiet && ::isatty(STDERR_FILENO) == 1) {
    run.on_progress = [&](double part, uint64_t bytes) { progress(part, bytes); };
  }
  const std::vector<Sink*> told = items ? std::vector<Sink*>{&item_lines->sink()} : sinks;
  TroubleReporter reporter;
  run.on_wait = [&](const std::vector<uint64_t>& folded) {
    if (!readers_left(told)) reporter.tell(sink_troubles(told, folded));
  };
  std::vector<FileReport> reports;
  const RunResult result =
      run_sensor(run, shared, std::move(sources), sinks,
                 [&](const std::vector<PacketSource*>&) { reports = all_reports(walks); });
  reports.insert(reports.end(), files.passed_over.begin(), files.passed_over.end());
  signals.restore();
  progress.finish();
  SummaryInput summary{result, *setup->catalogue, reports, arguments.everything};
  summary.filter = config.capture.filter;
  // Whoever read the alerts has read enough: no word more.
  const bool enough = readers_left(told) && (result.nobody_left || !result.delivered);
  if (!arguments.quiet && !enough) {
    std::cerr << summary_text(summary);
  } else {
    if (result.interrupted) std::cerr << "weir replay: interrupted\n";
    for (const FileReport& report : reports) {
      const std::string& why = report.error.empty() ? report.passed_over : report.error;
      if (!why.empty()) std::cerr << "weir replay: " << report.path << ": " << why << '\n';
    }
  }
  const bool told_all = tell_summary(arguments, summary);
  if (!enough) std::cerr << end_problems(told, result, reporter);
  if (!result.failure.empty()) std::cerr << "weir replay: ended early: " << result.failure << '\n';

  const bool nothing_read = result.source_stats.packets == 0 && !result.source_errors.front().empty();
  if (nothing_read && result.failure.empty()) return kExitUnreadable;
  if (!result.failure.empty() || !result.delivered || result.outlet.lost > 0 || result.nobody_left ||
      !told_all)
    return kExitFailed;
  // What was named and gave nothing is not passed over for what else was named.
  if (std::ranges::any_of(reports, [](const FileReport& r) { return !r.error.empty() && r.packets == 0; }))
    return kExitUnreadable;
  return result.interrupted ? kExitFailed : kExitDone;
}

}  // namespace weir
