// Options that `replay` and `run` share, and what they do with the alerts.
#pragma once

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sensor/app/setup.h"
#include "sensor/app/summary_text.h"

namespace weir {

struct RunArguments {
  std::string config_file;
  uint32_t workers = 0;
  std::string filter;
  std::string format;  // "text", "json", or empty: text on a terminal, else json
  bool everything = false;
  std::string output_file;
  std::string kafka;
  std::string kafka_topic;
  std::string token_key;
  bool quiet = false;
  std::string summary_json;  // file for the summary as JSON; empty: none
};

void add_run_options(boost::program_options::options_description& options, RunArguments* arguments);

// Puts what the command line says over the configuration. Throws UsageError.
void apply(const RunArguments& arguments, const boost::program_options::variables_map& given, Config* config);

// Where alerts go besides the configured sinks: lines for a person, or JSON Lines on standard output.
class ConsoleOutput {
 public:
  ConsoleOutput(const RunArguments& arguments, const Config& config, bool live);
  // The sink for JSON Lines; null where alerts are shown as text, or not at all.
  Sink* json() { return json_.get(); }
  // For OutputThreadOptions::on_alert; empty where there is nothing to show.
  std::function<void(const Alert&)> on_alert();
  // Says how many lines were held back.
  void finish() const;

 private:
  std::unique_ptr<Sink> json_;
  bool text_ = false;
  uint64_t limit_;  // lines shown
  uint64_t shown_ = 0;
  uint64_t held_back_ = 0;
  // Alerts shown whose item goes on, and how severe they were then: an Update is a line of its own where
  // the severity has risen. Folded Updates may leave an entry behind, of some 100 bytes.
  std::unordered_map<std::string, Severity> open_;
};

// Writes the summary as JSON where it was asked for. False, with a line on standard error, when it cannot.
bool tell_summary(const RunArguments& arguments, const SummaryInput& input);

// What is wrong with the sinks, a line each; empty when nothing is.
std::string sink_problems(const std::vector<Sink*>& sinks);
// The same when the run is over: what is still pending is not delivered any more.
std::string end_problems(const std::vector<Sink*>& sinks);

// Tells on standard error what is wrong while a run goes on: at once what is new, a count that only grew
// every ten seconds, and when it is over.
class TroubleReporter {
 public:
  // `trouble`: what is wrong now, in whole lines; empty: nothing.
  explicit TroubleReporter(std::function<std::string()> trouble) : trouble_(std::move(trouble)) {}
  void operator()();

 private:
  std::function<std::string()> trouble_;
  std::string told_;
  std::string told_kind_;  // told_ without its figures
  std::chrono::steady_clock::time_point told_at_{};
};

}  // namespace weir
