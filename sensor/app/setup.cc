#include "sensor/app/setup.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "sensor/app/command_line.h"
#include "sensor/app/settings_check.h"
#include "sensor/base/cpus.h"
#include "sensor/output/kafka_sink.h"
#include "sensor/output/line_sink.h"
#include "sensor/policy/glob.h"

namespace weir {

namespace {

int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

SharedSetup Setup::shared() const {
  SharedSetup shared;
  shared.patterns = patterns;
  shared.policies = policies;
  shared.tokenizer = tokenizer;
  shared.token_prefix = token_prefix;
  shared.catalogue = catalogue;
  return shared;
}

Config read_config(const std::string& path) {
  Config config;
  std::vector<ConfigProblem> problems;
  if (!load_config(path, now_seconds(), &config, &problems)) throw UsageError(lines_of(problems));
  return config;
}

std::unique_ptr<Setup> make_setup(const Config& config) {
  auto setup = std::make_unique<Setup>();
  std::vector<Diagnostic> diagnostics;
  CompileOptions compile;
  compile.cache_dir = config.match.cache_dir;
  setup->patterns = compile_packs(config.match.packs, compile, &diagnostics);
  if (!setup->patterns) {
    std::string text;
    for (const Diagnostic& d : diagnostics) text += (text.empty() ? "" : "\n") + d.to_string();
    throw UsageError(text);
  }
  for (const Diagnostic& d : diagnostics) setup->notes.push_back(d.to_string());
  setup->catalogue = std::make_shared<const Catalogue>(make_catalogue(*setup->patterns));

  std::vector<PolicyProblem> problems;
  setup->policies = PolicySet::compile(config.policy, *setup->catalogue, &problems);
  if (!setup->policies) throw UsageError(lines_of(to_config_problems(problems)));

  std::string error;
  TokenKey key;
  if (config.tokens.key_file.empty()) {
    key = TokenKey::random();
  } else if (!TokenKey::load_or_create(config.tokens.key_file, &key, &error)) {
    throw UsageError(error);
  }
  setup->token_prefix = key.name() + ":";
  setup->tokenizer = std::make_shared<const Tokenizer>(key);
  return setup;
}

std::vector<std::unique_ptr<Sink>> make_sinks(const OutputConfig& output) {
  std::vector<std::unique_ptr<Sink>> sinks;
  std::string error;
  if (!output.file.empty()) {
    auto sink = LineSink::open(output.file, &error);
    if (!sink) throw std::runtime_error(error);
    sinks.push_back(std::move(sink));
  }
  if (output.kafka) {
    auto sink = KafkaSink::create(*output.kafka, &error);
    // The options are good (check_settings): threads, descriptors or memory were refused.
    if (!sink) throw std::runtime_error(error);
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

DecodeOptions decode_options(const DecodeConfig& config) {
  DecodeOptions options;
  options.max_tunnels = static_cast<uint8_t>(config.max_tunnels);
  options.ports = TunnelPorts();
  for (const auto& [kind, ports] : config.ports()) {
    for (const uint16_t port : *ports)
      options.ports.add(port, kind);  // few enough: the configuration saw to it
  }
  const auto names = [&](const char* what) {
    return std::find(config.tenant.begin(), config.tenant.end(), what) != config.tenant.end();
  };
  options.tenant = {names("vlan"), names("vni"), names("gre_key"), names("isid")};
  options.duplicate_window = config.duplicate_window;
  return options;
}

WorkerOptions worker_options(const Config& config, uint32_t workers) {
  WorkerOptions options;
  options.decode = decode_options(config.decode);
  options.flow.timeouts = config.flow.timeouts;
  options.flow.max_flows = std::max<uint32_t>(1, config.flow.max_flows / workers);
  options.flow_memory = config.flow.memory_bytes / workers;
  options.session_memory = config.flow.session_memory_bytes / workers;
  options.defragment = config.defragment.options;
  options.defragment_memory = config.defragment.memory_bytes;
  options.tcp = config.reassembly.tcp;
  options.tcp.targets = TargetPolicies(config.reassembly.targets, config.reassembly.policy);
  options.defragment.targets = options.tcp.targets;
  options.tcp.drop_wrong_checksums = config.reassembly.checksums == ChecksumMode::kVerify;
  options.check_sums = config.reassembly.checksums != ChecksumMode::kTrust;
  options.reassembly_memory = config.reassembly.memory_bytes / workers;
  options.depth_limit = config.inspect.depth;
  options.excluded = config.inspect.excluded_networks;
  if (!config.inspect.excluded_hosts.empty()) {
    options.content.excluded_host = [hosts = config.inspect.excluded_hosts](std::string_view host) {
      const std::string_view name = without_port(host);
      return std::ranges::any_of(hosts, [&](const std::string& glob) { return glob_match(glob, name); });
    };
  }
  options.content.max_output = config.content.max_item_bytes;
  options.content.max_ratio = config.content.max_ratio;
  options.content_memory = config.content.memory_bytes / workers;
  options.findings_memory = config.match.memory_bytes / workers;
  options.alerts = config.alerts;
  options.steer = config.workers.steer;
  return options;
}

HandOverOptions hand_over_options(const Config& config, uint32_t workers, int node) {
  HandOverOptions options;
  options.workers = workers;
  options.steer = config.workers.steer;
  options.decode = decode_options(config.decode);
  options.queue_packets = config.workers.queue;
  options.timeouts = config.flow.timeouts;
  options.cpus = place_threads(config, workers, node).receiver;
  return options;
}

Placement place_threads(const Config& config, uint32_t workers, int node) {
  const CpuFacts facts = read_cpu_facts();
  const std::vector<int> allowed = usable_cpus(facts);
  const auto has = [](const std::vector<int>& cpus, int cpu) {
    return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
  };
  const std::vector<ConfigProblem> problems = cpu_problems(config, allowed);
  if (!problems.empty()) throw UsageError(lines_of(problems));
  Placement placement;
  if (config.workers.cpus.automatic) {
    placement.workers = choose_worker_cpus(allowed, facts, node, workers);
  } else if (!config.workers.cpus.empty()) {
    const std::vector<int>& cpus = config.workers.cpus.cpus;
    for (uint32_t i = 0; i < workers; ++i) placement.workers.push_back(cpus[i % cpus.size()]);
  }
  // `auto` for the others: wherever no worker is; anywhere where workers are everywhere.
  std::vector<int> rest;
  for (const int cpu : allowed) {
    if (!has(placement.workers, cpu)) rest.push_back(cpu);
  }
  placement.receiver = config.workers.receiver_cpus.automatic ? rest : config.workers.receiver_cpus.cpus;
  placement.output = config.workers.output_cpus.automatic ? rest : config.workers.output_cpus.cpus;
  return placement;
}

WriterOptions writer_options(const Config& config) { return WriterOptions{config.tenant, config.sensor}; }

uint32_t worker_count(uint32_t asked) {
  return asked != 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace weir
