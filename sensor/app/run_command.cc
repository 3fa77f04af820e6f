// weir run: live capture.
#include <iostream>

#include "sensor/app/command_line.h"
#include "sensor/app/run_options.h"
#include "sensor/app/summary_text.h"
#include "sensor/capture/pcap_live.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {
    "run", "run -i IFACE [options] | -c FILE [options]",
    "Watches an interface (a SPAN or TAP port) until it is told to end, and sends alerts as they come. Needs "
    "the\n"
    "right to capture: root, or CAP_NET_RAW. SIGINT and SIGTERM end it in order: what was seen is read to "
    "the\n"
    "end, and alerts are delivered.",
    "  weir run -i eth0                            alerts on standard output\n"
    "  weir run -i eth0 --filter 'not port 22'\n"
    "  weir run -c /etc/weir/weir.yaml             interface, policies and Kafka from the file\n"};

}  // namespace

int run_command(const std::vector<std::string>& args) {
  RunArguments arguments;
  std::string interface;
  po::options_description options;
  options.add_options()("interface,i", po::value(&interface)->value_name("IFACE"), "interface to watch");
  add_run_options(options, &arguments);
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, nullptr, &given)) return kExitDone;

  Config config = arguments.config_file.empty() ? default_live_config() : read_config(arguments.config_file);
  apply(arguments, given, &config);
  if (!interface.empty()) config.capture.interface = interface;
  if (config.capture.interface.empty()) {
    throw UsageError("which interface? Give -i IFACE, or capture.interface in the configuration");
  }
  const std::unique_ptr<Setup> setup = make_setup(config);

  LiveOptions live;
  live.interface = config.capture.interface;
  live.filter = config.capture.filter;
  live.snaplen = config.capture.snaplen;
  live.buffer_bytes = config.capture.buffer_bytes;
  live.promiscuous = config.capture.promiscuous;
  std::string error;
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(make_live_source(live, &error));
  if (!sources.front()) {
    std::cerr << "weir run: " << error << '\n';
    return kExitUnreadable;
  }

  ConsoleOutput console(arguments, config, true);
  std::vector<std::unique_ptr<Sink>> owned = make_sinks(config.output);
  std::vector<Sink*> sinks;
  if (console.json() != nullptr) sinks.push_back(console.json());
  for (const auto& sink : owned) sinks.push_back(sink.get());

  RunOptions run;
  run.worker = worker_options(config, 1);
  run.worker.wait_for_room = false;
  run.output.writer = writer_options(config);
  run.output.ordered = false;
  run.output.on_alert = console.on_alert();
  run.drain_limit = std::chrono::seconds(config.output.drain_seconds);
  run.on_wait = SinkReporter(sinks);
  if (!arguments.quiet) std::cerr << "weir: watching " << live.interface << " (Ctrl-C ends)\n";
  const RunResult result = run_sensor(run, setup->shared(), std::move(sources), sinks);

  if (!arguments.quiet) {
    std::cerr << summary_text({result, *setup->catalogue, {}, arguments.everything});
    const SourceStats& stats = result.source_stats.front();
    std::cerr << "  missed     " << human_count(stats.kernel_drops) << " packets dropped by the kernel, "
              << human_count(stats.interface_drops) << " by the interface\n";
  }
  const std::string problems = sink_problems(sinks);
  if (!problems.empty()) std::cerr << "weir: " << problems;
  if (!result.source_errors.front().empty()) {
    std::cerr << "weir run: " << result.source_errors.front() << '\n';
    return kExitFailed;
  }
  return result.delivered && result.alerts_dropped == 0 ? kExitDone : kExitFailed;
}

}  // namespace weir
