#include "sensor/app/run_options.h"

#include <unistd.h>

#include <iostream>
#include <limits>

#include "sensor/app/command_line.h"
#include "sensor/app/settings_check.h"
#include "sensor/app/summary_json.h"
#include "sensor/output/json_lines_sink.h"

namespace weir {

namespace po = boost::program_options;

namespace {
constexpr uint64_t kReplayLines = 50;
constexpr uint32_t kMaxWorkers = 256;  // as workers.count
}  // namespace

void add_run_options(po::options_description& options, RunArguments* a) {
  auto add = options.add_options();
  add("config,c", po::value(&a->config_file)->value_name("FILE"),
      "configuration (YAML); without it the built-in policies");
  add("filter", po::value(&a->filter)->value_name("BPF"), "read only packets that match, e.g. 'tcp port 80'");
  add("format", po::value(&a->format)->value_name("text|json"),
      "one line an alert for people, or JSON Lines (default: text on a terminal, else json)");
  add("all", po::bool_switch(&a->everything), "also alert on any finding, one alert an item (for tuning)");
  add("output,o", po::value(&a->output_file)->value_name("FILE"), "also append JSON Lines to FILE");
  add("kafka", po::value(&a->kafka)->value_name("HOST:PORT"), "also send alerts to Kafka");
  add("kafka-topic", po::value(&a->kafka_topic)->value_name("NAME"),
      "topic of the alerts (default weir.alerts.v1)");
  add("token-key", po::value(&a->token_key)->value_name("FILE"),
      "key of the subject tokens, made if it is not there (default: a new key for this run)");
  add("summary-json", po::value(&a->summary_json)->value_name("FILE"),
      "also write the summary to FILE as JSON, for programs");
  add("quiet,q", po::bool_switch(&a->quiet), "no summary and no progress");
}

void apply(const RunArguments& a, const po::variables_map& given, Config* config) {
  if (!a.format.empty() && a.format != "text" && a.format != "json") {
    throw UsageError("--format is text or json, not '" + a.format + "'");
  }
  if (given.count("workers") != 0) {
    // "-1" is read as 4,294,967,295.
    if (a.workers > kMaxWorkers) throw UsageError("--workers is 0 (one a core) to 256");
    config->workers.count = a.workers;
  }
  // An empty one is a wish, too: everything, whatever the configuration says.
  if (given.count("filter") != 0) {
    config->capture.filter = a.filter;
    config->places["capture.filter"] = "--filter";
  }
  if (a.everything) config->policy.policies.push_back(everything_policy());
  if (!a.output_file.empty()) {
    config->output.file = a.output_file;
    config->places["output.file"] = "--output";
  }
  if (!a.token_key.empty()) {
    config->tokens.key_file = a.token_key;
    config->places["tokens.key_file"] = "--token-key";
  }
  if (!a.kafka.empty()) {
    if (!config->output.kafka) config->output.kafka.emplace();
    config->output.kafka->brokers = a.kafka;
    config->output.kafka->sensor = config->sensor;
    config->places["output.kafka.brokers"] = "--kafka";
  }
  if (!a.kafka_topic.empty()) {
    if (!config->output.kafka) throw UsageError("--kafka-topic needs --kafka HOST:PORT");
    config->output.kafka->topics["alerts"] = a.kafka_topic;
    config->places["output.kafka.topics.alerts"] = "--kafka-topic";
  }
  if (!a.summary_json.empty()) {
    const std::string why = folder_problem(a.summary_json);
    if (!why.empty()) throw UsageError("--summary-json: the summary cannot be written: " + why);
  }
}

ConsoleOutput::ConsoleOutput(const RunArguments& arguments, const Config& config, bool live)
    : limit_(live ? std::numeric_limits<uint64_t>::max() : kReplayLines) {
  const bool elsewhere = !config.output.file.empty() || config.output.kafka.has_value();
  const bool wanted = config.output.to_stdout.value_or(!live || !elsewhere || !arguments.format.empty());
  if (!wanted) return;
  text_ = arguments.format == "text" || (arguments.format.empty() && ::isatty(STDOUT_FILENO) == 1);
  if (!text_) json_ = std::make_unique<JsonLinesSink>(STDOUT_FILENO, "standard output");
}

std::function<void(const Alert&)> ConsoleOutput::on_alert() {
  if (!text_) return {};
  return [this](const Alert& alert) {
    if (alert.activity == AlertActivity::kUpdate) {
      const auto open = open_.find(alert.finding_uid);
      if (open == open_.end()) return;
      const bool rose = alert.severity > open->second;
      open->second = alert.severity;
      if (alert.final) open_.erase(open);
      if (!rose) return;
    } else if (shown_ == limit_) {
      ++held_back_;
      return;
    } else {
      ++shown_;
      if (!alert.final && !alert.storm) open_.emplace(alert.finding_uid, alert.severity);
    }
    std::cout << alert_line(alert) << '\n' << std::flush;
  };
}

void ConsoleOutput::finish() const {
  if (held_back_ > 0) {
    std::cout << "… and " << human_count(held_back_) << " more alerts (--format json shows them all)\n"
              << std::flush;
  }
}

bool tell_summary(const RunArguments& arguments, const SummaryInput& input) {
  std::string error;
  if (arguments.summary_json.empty() || write_summary_json(arguments.summary_json, input, &error))
    return true;
  std::cerr << "weir: " << error << '\n';
  return false;
}

std::string sink_problems(const std::vector<Sink*>& sinks) {
  std::string text;
  for (const Sink* sink : sinks) {
    const std::string problem = sink->problem();
    if (!problem.empty()) text += problem + '\n';
  }
  return text;
}

std::string end_problems(const std::vector<Sink*>& sinks) {
  std::string text;
  for (Sink* sink : sinks) {
    const uint64_t pending = sink->stats().pending;
    if (pending == 0) {
      text += sink_problems({sink});
    } else {
      text += sink->name() + ": " + std::to_string(pending) + (pending == 1 ? " alert was" : " alerts were") +
              " not delivered\n";
    }
  }
  return text;
}

void TroubleReporter::operator()() {
  constexpr auto kEvery = std::chrono::seconds(10);
  const std::string problems = trouble_();
  if (problems == told_) return;
  std::string kind = problems;
  std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
  const auto now = std::chrono::steady_clock::now();
  if (kind == told_kind_ && now - told_at_ < kEvery) return;
  std::cerr << "weir: " << (problems.empty() ? "that is over\n" : problems) << std::flush;
  told_ = problems;
  told_kind_ = std::move(kind);
  told_at_ = now;
}

}  // namespace weir
