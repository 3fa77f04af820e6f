// Options that `replay` and `run` share, and what they do with the alerts.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sensor/app/setup.h"
#include "sensor/app/summary_text.h"
#include "sensor/app/trouble_reporter.h"

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

// Standard output: lines for a person, or JSON Lines; or nothing.
class ConsoleOutput {
 public:
  // Throws UsageError where alerts would go nowhere at all: no output is configured, and standard output is
  // not wanted or was closed (`>&-`).
  ConsoleOutput(const RunArguments& arguments, const Config& config, bool live);
  // Null where no alerts are shown.
  Sink* sink() { return sink_.get(); }
  // Tells the output thread what is for people.
  void set_up(OutputThreadOptions* output);

 private:
  std::optional<std::string> line(const Alert& alert);

  std::unique_ptr<Sink> sink_;
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

// What is wrong with the sinks now. `folded`: alerts that went into storms of each so far.
std::vector<Trouble> sink_troubles(const std::vector<Sink*>& sinks, const std::vector<uint64_t>& folded);
// Every sink's reader has left.
bool readers_left(const std::vector<Sink*>& sinks);
// What the sinks did not deliver, when the run is over, but for what `reporter` has just said; empty when all
// was. Whole lines, each after "weir: ".
std::string end_problems(const std::vector<Sink*>& sinks, const RunResult& result,
                         const TroubleReporter& reporter);

}  // namespace weir
