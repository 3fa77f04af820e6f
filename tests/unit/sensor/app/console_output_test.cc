// Lines for a person: one an alert, and one more each time that its severity has risen.
#include <gtest/gtest.h>

#include <boost/program_options.hpp>
#include <sstream>

#include "sensor/app/command_line.h"
#include "sensor/app/run_options.h"

namespace weir {
namespace {

Alert revision(const std::string& finding, uint32_t n, Severity severity, bool final) {
  Alert alert;
  alert.finding_uid = finding;
  alert.revision = n;
  alert.activity = n == 1 ? AlertActivity::kCreate : AlertActivity::kUpdate;
  alert.severity = severity;
  alert.final = final;
  return alert;
}

// The severities of the lines that `alerts` give.
std::vector<std::string> lines(const std::vector<Alert>& alerts) {
  RunArguments arguments;
  arguments.format = "text";
  ConsoleOutput console(arguments, Config{}, true);
  OutputThreadOptions output;
  console.set_up(&output);
  EXPECT_EQ(output.for_people, console.sink());
  std::vector<std::string> severities;
  for (const Alert& alert : alerts) {
    const std::optional<std::string> line = output.line(alert);
    if (!line) continue;
    std::istringstream text(*line);
    std::string date, time, severity;
    text >> date >> time >> severity;
    severities.push_back(severity);
  }
  EXPECT_EQ(output.last_line(), "");
  return severities;
}

using Lines = std::vector<std::string>;

TEST(ConsoleOutput, TellsOfASeverityThatRose) {
  EXPECT_EQ(lines({revision("a", 1, Severity::kMedium, false), revision("b", 1, Severity::kLow, true),
                   revision("a", 2, Severity::kHigh, false), revision("a", 3, Severity::kHigh, true)}),
            (Lines{"MEDIUM", "LOW", "HIGH"}));
  EXPECT_EQ(lines({revision("a", 1, Severity::kMedium, false), revision("a", 2, Severity::kCritical, true)}),
            (Lines{"MEDIUM", "CRITICAL"}));
}

TEST(ConsoleOutput, AnUpdateThatChangesNothingIsNoLine) {
  EXPECT_EQ(lines({revision("a", 1, Severity::kMedium, false), revision("a", 2, Severity::kMedium, true)}),
            (Lines{"MEDIUM"}));
}

TEST(ConsoleOutput, AReplayShowsFiftyAndSaysHowManyMoreThereAre) {
  RunArguments arguments;
  arguments.format = "text";
  ConsoleOutput console(arguments, Config{}, false);
  OutputThreadOptions output;
  console.set_up(&output);
  int shown = 0;
  for (int n = 0; n < 57; ++n)
    shown += output.line(revision(std::to_string(n), 1, Severity::kLow, true)).has_value() ? 1 : 0;
  EXPECT_EQ(shown, 50);
  EXPECT_EQ(output.last_line(), "… and 7 more alerts (--format json shows them all)");
}

TEST(ConsoleOutput, AlertsThatWouldGoNowhereAreAnError) {
  Config config;
  config.output.to_stdout = false;
  for (const bool live : {false, true}) EXPECT_THROW(ConsoleOutput({}, config, live), UsageError);
  config.output.file = "/tmp/a.jsonl";
  EXPECT_EQ(ConsoleOutput({}, config, true).sink(), nullptr);
}

TEST(RunOptions, WorkersHaveABound) {
  Config config;
  for (const auto& [given, good] : {std::pair{"0", true}, {"256", true}, {"257", false}, {"-1", false}}) {
    RunArguments arguments;
    boost::program_options::options_description options;
    options.add_options()("workers", boost::program_options::value(&arguments.workers));
    boost::program_options::variables_map values;
    const std::vector<std::string> words{std::string("--workers=") + given};
    store(boost::program_options::command_line_parser(words).options(options).run(), values);
    notify(values);
    if (good) {
      EXPECT_NO_THROW(apply(arguments, values, &config)) << given;
    } else {
      EXPECT_THROW(apply(arguments, values, &config), UsageError) << given;
    }
  }
}

}  // namespace
}  // namespace weir
