// weir run: live capture.
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sensor/app/command_line.h"
#include "sensor/app/run_options.h"
#include "sensor/app/settings_check.h"
#include "sensor/app/summary_text.h"
#include "sensor/capture/dpdk_source.h"
#include "sensor/capture/pcap_live.h"
#include "sensor/pipeline/hand_over.h"
#include "sensor/pipeline/signals.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {
    "run", "run -i IFACE [options] | --port PORT [options] | -c FILE [options]",
    "Watches an interface (a SPAN or TAP port), through the kernel or through DPDK, until it is told to\n"
    "end, and sends alerts as they come. Needs the right to capture: root, or CAP_NET_RAW. SIGINT and "
    "SIGTERM\n"
    "end it in order: what was seen is read to the end, and alerts are delivered.",
    "  weir run -i eth0                            alerts on standard output\n"
    "  weir run -i eth0 --filter 'not port 22' --workers 4\n"
    "  weir run --port 0000:03:00.0                through DPDK; weir check --devices says what it needs\n"
    "  weir run --port net_pcap0,rx_pcap=a.pcap --dpdk --no-huge --end-when-idle 2\n"
    "  weir run -c /etc/weir/weir.yaml             interface, policies and Kafka from the file\n"};

struct OpenedInput {
  std::vector<std::unique_ptr<PacketSource>> sources;
  std::string name;  // what is watched
  int node = -1;     // NUMA node of the device
};

// Words of a command line; quotes are not known.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

int node_of_interface(const std::string& interface) {
  std::ifstream file("/sys/class/net/" + interface + "/device/numa_node");
  int node = -1;
  file >> node;
  return file ? node : -1;
}

// One source for `workers` workers: handed over, unless there is one worker only.
void hand_over(const Config& config, uint32_t workers, std::unique_ptr<PacketSource> source,
               OpenedInput* opened) {
  if (workers == 1) {
    opened->sources.push_back(std::move(source));
  } else {
    opened->sources = split_source(std::move(source), hand_over_options(config, workers, opened->node));
  }
}

bool open_interface(const Config& config, uint32_t workers, OpenedInput* opened,
                    std::vector<std::string>* notes, std::string* error) {
  LiveOptions live;
  live.interface = config.capture.interface;
  live.filter = config.capture.filter;
  live.snaplen = static_cast<int>(config.capture.snaplen);
  live.buffer_bytes = static_cast<int64_t>(config.capture.buffer_bytes);
  live.promiscuous = config.capture.promiscuous;
  live.timeout_ms = static_cast<int>(config.capture.timeout_ns / 1'000'000);
  opened->name = live.interface;
  opened->node = node_of_interface(live.interface);
  if (workers > 1 && config.capture.steer != CaptureSteer::kHandOver) {
    const FanoutBy by = config.workers.steer == SteerBy::kFlow ? FanoutBy::kFlow : FanoutBy::kAddress;
    opened->sources = make_live_sources(live, workers, by, error);
    if (!opened->sources.empty()) return true;
    if (config.capture.steer == CaptureSteer::kSource) return false;
  }
  std::string why;
  std::swap(why, *error);
  auto source = make_live_source(live, error);
  if (!source) return false;
  if (!why.empty()) notes->push_back(why + "; one receiver hands packets over");
  hand_over(config, workers, std::move(source), opened);
  return true;
}

bool open_ports(const Config& config, uint32_t workers, OpenedInput* opened, std::vector<std::string>* notes,
                std::string* error) {
  DpdkOptions options = config.capture.dpdk;
  options.filter = config.capture.filter;
  options.promiscuous = config.capture.promiscuous;
  options.keep_packets = workers > 1 ? workers * config.workers.queue : 0;
  // A card's RSS over addresses alone cannot spread by ports.
  const bool by_flow = config.workers.steer == SteerBy::kFlow;
  if (by_flow && config.capture.steer == CaptureSteer::kSource) {
    *error = "workers.steer: flow needs capture.steer: auto or handover with DPDK: cards steer by addresses";
    return false;
  }
  const DpdkSteer steer = config.capture.steer == CaptureSteer::kSource                ? DpdkSteer::kRss
                          : by_flow || config.capture.steer == CaptureSteer::kHandOver ? DpdkSteer::kHandOver
                                                                                       : DpdkSteer::kAuto;
  DpdkPorts ports;
  if (!open_dpdk(options, steer, workers, &ports, error)) return false;
  *notes = ports.notes;
  for (const std::string& port : options.ports) opened->name += (opened->name.empty() ? "" : ", ") + port;
  opened->node = ports.node;
  if (ports.steered) {
    opened->sources = std::move(ports.sources);
  } else {
    hand_over(config, workers, std::move(ports.sources.front()), opened);
  }
  return true;
}

std::vector<Trouble> device_troubles(const std::vector<PacketSource*>& sources) {
  std::vector<Trouble> troubles;
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::string problem = sources[i]->problem();
    if (!problem.empty()) troubles.push_back({"device " + std::to_string(i), "capture", problem});
  }
  return troubles;
}

}  // namespace

int run_command(const std::vector<std::string>& args) {
  ignore_hang_up();
  RunArguments arguments;
  std::string interface;
  std::vector<std::string> ports;
  std::string eal;
  double idle_seconds = 0;
  po::options_description options;
  auto add = options.add_options();
  add("interface,i", po::value(&interface)->value_name("IFACE"), "interface to watch through the kernel");
  add("port", po::value(&ports)->value_name("PORT"),
      "port to watch through DPDK: a PCI address, or a virtual device with its arguments; may be given "
      "again");
  add("dpdk", po::value(&eal)->value_name("\"EAL ARGUMENTS\""),
      "arguments for DPDK, e.g. \"--no-huge -m 2048\"");
  add("workers", po::value(&arguments.workers)->value_name("N"), "threads that read (default: one a core)");
  add("end-when-idle", po::value(&idle_seconds)->value_name("SECONDS"),
      "end when no packet came for so long (default: never)");
  add_run_options(options, &arguments);
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, nullptr, &given)) return kExitDone;

  Config config = arguments.config_file.empty() ? default_live_config() : read_config(arguments.config_file);
  apply(arguments, given, &config);
  if (!interface.empty() && !ports.empty())
    throw UsageError("-i is for the kernel, --port for DPDK: give one");
  if (!interface.empty() && !eal.empty())
    throw UsageError("--dpdk is for ports (--port); -i goes through the kernel");
  if (!interface.empty()) {
    config.capture.interface = interface;
    config.capture.dpdk.ports.clear();
  }
  if (!ports.empty()) {
    config.capture.dpdk.ports = ports;
    config.capture.interface.clear();
  }
  for (std::string& word : words_of(eal)) config.capture.dpdk.eal.push_back(std::move(word));
  if (config.capture.interface.empty() && config.capture.dpdk.ports.empty()) {
    throw UsageError(
        "which interface? Give -i IFACE or --port PORT, or capture.interface or capture.dpdk.ports in the "
        "configuration");
  }
  if (!eal.empty() && config.capture.dpdk.ports.empty())
    throw UsageError("--dpdk is for ports: give --port, or capture.dpdk.ports in the configuration");
  if (!(idle_seconds >= 0 && idle_seconds <= 86'400))
    throw UsageError("--end-when-idle is 0 to 86400 seconds");
  // Before the first thread is made: librdkafka's, DPDK's, then our own.
  Signals signals;
  require_settings(config, arguments.quiet);
  const std::unique_ptr<Setup> setup = make_setup(config);

  const uint32_t workers = worker_count(config.workers.count);
  OpenedInput opened;
  std::vector<std::string> notes;
  std::string error;
  const bool through_dpdk = !config.capture.dpdk.ports.empty();
  if (!(through_dpdk ? open_ports(config, workers, &opened, &notes, &error)
                     : open_interface(config, workers, &opened, &notes, &error))) {
    std::cerr << "weir run: " << error << '\n';
    return kExitUnreadable;
  }
  std::vector<PacketSource*> devices;
  for (const auto& source : opened.sources) devices.push_back(source.get());

  ConsoleOutput console(arguments, config, true);
  std::vector<std::unique_ptr<Sink>> owned = make_sinks(config.output);
  std::vector<Sink*> sinks;
  if (console.sink() != nullptr) sinks.push_back(console.sink());
  for (const auto& sink : owned) sinks.push_back(sink.get());

  RunOptions run;
  run.worker = worker_options(config, workers);
  run.worker.steered = true;
  run.worker.wait_for_room = false;
  const Placement placement = place_threads(config, workers, opened.node);
  run.worker_cpus = placement.workers;
  run.output.cpus = placement.output;
  // Any time at all is a time; 0 is never.
  run.end_when_idle = std::chrono::milliseconds(static_cast<int64_t>(std::ceil(idle_seconds * 1000)));
  run.output.writer = writer_options(config);
  run.output.ordered = false;
  console.set_up(&run.output);
  run.drain_limit = std::chrono::seconds(config.output.drain_seconds);
  TroubleReporter reporter;
  run.on_wait = [&](const std::vector<uint64_t>& folded) {
    std::vector<Trouble> troubles = device_troubles(devices);
    for (Trouble& trouble : sink_troubles(sinks, folded)) troubles.push_back(std::move(trouble));
    reporter.tell(troubles);
  };
  if (!arguments.quiet) {
    for (const std::string& note : setup->notes) std::cerr << "weir: " << note << '\n';
    for (const std::string& note : notes) std::cerr << "weir: " << note << '\n';
    std::cerr << "weir: watching " << opened.name << " with " << workers
              << (workers == 1 ? " worker" : " workers") << " (Ctrl-C ends)\n";
  }
  const RunResult result = run_sensor(run, setup->shared(), std::move(opened.sources), sinks);
  signals.restore();

  SummaryInput summary{result, *setup->catalogue, {}, arguments.everything, true};
  summary.filter = config.capture.filter;
  summary.filter_counted = through_dpdk;
  if (!arguments.quiet) std::cerr << summary_text(summary);
  const bool told_all = tell_summary(arguments, summary);
  if (!result.placement_error.empty()) std::cerr << "weir run: " << result.placement_error << '\n';
  if (result.nobody_left) std::cerr << "weir run: ended, for no output is left\n";
  std::cerr << end_problems(sinks, result, reporter);
  if (!result.failure.empty()) {
    std::cerr << "weir run: ended early: " << result.failure << '\n';
    return kExitFailed;
  }
  for (const std::string& broken : result.source_errors) {
    if (broken.empty()) continue;
    std::cerr << "weir run: " << broken << '\n';
    return kExitFailed;
  }
  const bool whole = result.delivered && result.outlet.lost == 0 && !result.nobody_left;
  return whole && told_all ? kExitDone : kExitFailed;
}

}  // namespace weir
