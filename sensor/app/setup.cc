#include "sensor/app/setup.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "sensor/app/command_line.h"
#include "sensor/output/json_lines_sink.h"
#include "sensor/output/kafka_sink.h"

namespace weir {

namespace {

std::string lines_of(const std::vector<ConfigProblem>& problems) {
  std::string text;
  for (const ConfigProblem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.to_string();
  }
  return text;
}

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
    auto sink = JsonLinesSink::open_file(output.file, &error);
    if (!sink) throw std::runtime_error(error);
    sinks.push_back(std::move(sink));
  }
  if (output.kafka) {
    auto sink = KafkaSink::create(*output.kafka, &error);
    if (!sink) throw UsageError(error);
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

WorkerOptions worker_options(const Config& config, uint32_t workers) {
  WorkerOptions options;
  options.flow.timeouts = config.flow.timeouts;
  options.flow.max_flows = std::max<uint32_t>(1, config.flow.max_flows / workers);
  options.flow_memory = config.flow.memory_bytes / workers;
  options.tcp = config.reassembly.tcp;
  options.reassembly_memory = config.reassembly.memory_bytes / workers;
  options.content.max_output = config.content.max_item_bytes;
  options.content.max_ratio = config.content.max_ratio;
  options.content_memory = config.content.memory_bytes / workers;
  options.alerts = config.alerts;
  return options;
}

WriterOptions writer_options(const Config& config) { return WriterOptions{config.tenant, config.sensor}; }

uint32_t worker_count(uint32_t asked) {
  return asked != 0 ? asked : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace weir
