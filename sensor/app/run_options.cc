#include "sensor/app/run_options.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <limits>

#include "sensor/app/command_line.h"
#include "sensor/app/settings_check.h"
#include "sensor/app/standard_streams.h"
#include "sensor/app/summary_json.h"
#include "sensor/output/line_sink.h"

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
  const bool closed = standard_output_was_closed();
  if (!elsewhere && (!wanted || closed)) {
    throw UsageError(std::string(wanted ? "standard output is closed" : "output.stdout is false") +
                     ", and no other output is given (-o FILE, --kafka HOST:PORT, output in the "
                     "configuration): alerts would go nowhere");
  }
  if (!wanted || closed) return;
  text_ = arguments.format == "text" || (arguments.format.empty() && ::isatty(STDOUT_FILENO) == 1);
  sink_ = std::make_unique<LineSink>(STDOUT_FILENO, "standard output");
}

void ConsoleOutput::set_up(OutputThreadOptions* output) {
  if (!text_) return;
  output->for_people = sink_.get();
  output->line = [this](const Alert& alert) { return line(alert); };
  output->last_line = [this]() -> std::string {
    if (held_back_ == 0) return {};
    return "… and " + human_count(held_back_) + " more alerts (--format json shows them all)";
  };
}

std::optional<std::string> ConsoleOutput::line(const Alert& alert) {
  if (alert.activity == AlertActivity::kUpdate) {
    const auto open = open_.find(alert.finding_uid);
    if (open == open_.end()) return std::nullopt;
    const bool rose = alert.severity > open->second;
    open->second = alert.severity;
    if (alert.final) open_.erase(open);
    if (!rose) return std::nullopt;
  } else if (shown_ == limit_) {
    ++held_back_;
    return std::nullopt;
  } else {
    ++shown_;
    if (!alert.final && !alert.storm) open_.emplace(alert.finding_uid, alert.severity);
  }
  return alert_line(alert);
}

bool tell_summary(const RunArguments& arguments, const SummaryInput& input) {
  std::string error;
  if (arguments.summary_json.empty() || write_summary_json(arguments.summary_json, input, &error))
    return true;
  std::cerr << "weir: " << error << '\n';
  return false;
}

std::vector<Trouble> sink_troubles(const std::vector<Sink*>& sinks, const std::vector<uint64_t>& folded) {
  std::vector<Trouble> troubles;
  for (size_t i = 0; i < sinks.size(); ++i) {
    const std::string name = sinks[i]->name();
    const auto add = [&](const char* kind, std::string text) {
      if (!text.empty()) troubles.push_back({std::to_string(i) + kind, name, std::move(text)});
    };
    add("/trouble", sinks[i]->problem());
    add("/losses", sinks[i]->losses());
    if (i < folded.size() && folded[i] != 0) {
      add("/folded", name + ": takes too little: " + human_count(folded[i]) +
                         " alerts and updates so far go into storm alerts, one a policy");
    }
  }
  return troubles;
}

bool readers_left(const std::vector<Sink*>& sinks) {
  return !sinks.empty() &&
         std::ranges::all_of(sinks, [](const Sink* sink) { return sink->over() && sink->reader_left(); });
}

std::string end_problems(const std::vector<Sink*>& sinks, const RunResult& result,
                         const TroubleReporter& reporter) {
  std::string text;
  for (size_t i = 0; i < sinks.size(); ++i) {
    const std::string losses = sinks[i]->losses();
    if (!losses.empty() && !reporter.has_told(losses)) text += "weir: " + losses + '\n';
    const uint64_t n = i < result.sinks.size() ? result.sinks[i].not_delivered : sinks[i]->stats().pending;
    if (n == 0) continue;
    text += "weir: " + sinks[i]->name() + ": " + std::to_string(n) +
            (n == 1 ? " alert was" : " alerts were") + " not delivered\n";
  }
  return text;
}

}  // namespace weir
