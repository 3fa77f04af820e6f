// What `weir check` calls good a run takes: the same function stands before both. Each thing that is wrong is
// told with the line that it was given in.
#include "sensor/app/settings_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <filesystem>
#include <fstream>

#include "sensor/app/command_line.h"
#include "sensor/app/run_options.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class SettingsCheck : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-settings-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Config config(const std::string& yaml) {
    Config config;
    std::vector<ConfigProblem> problems;
    EXPECT_TRUE(parse_config(yaml, "weir.yaml", 1'795'392'000, &config, &problems))
        << (problems.empty() ? "" : problems[0].to_string());
    return config;
  }
  static std::vector<std::string> texts(const std::vector<ConfigProblem>& problems) {
    std::vector<std::string> all;
    for (const ConfigProblem& p : problems) all.push_back(p.to_string());
    return all;
  }
  std::vector<std::string> problems(const std::string& yaml) {
    return texts(check_settings(config(yaml)).problems);
  }

  std::string folder_;
};

TEST_F(SettingsCheck, DefaultsAreGoodEverywhere) {
  EXPECT_THAT(problems(""), IsEmpty());
  EXPECT_THAT(texts(check_settings(default_replay_config()).warnings), IsEmpty());
}

TEST_F(SettingsCheck, NamesTheLineOfEachThingThatIsWrong) {
  const std::pair<std::string, std::string> wrong[] = {
      {"capture:\n  filter: port port\n", "weir.yaml:2: filter \"port port\": can't parse filter expression"},
      {"workers:\n  count: 2\n  cpus: [4095]\n",
       "weir.yaml:3: workers.cpus: this process may not run on CPU 4095"},
      {"workers: { output_cpus: [4095] }\n", "weir.yaml:1: workers.output_cpus: this process may not run"},
      {"tokens:\n  key_file: " + folder_ + "/none/token.key\n",
       "weir.yaml:2: the token key cannot be made: the folder " + folder_ + "/none is not there (mkdir -p "},
      {"output:\n  file: " + folder_ + "/none/alerts.jsonl\n",
       "weir.yaml:2: alerts cannot be written: the folder " + folder_ + "/none is not there"},
      {"output: { stdout: false }\n", "weir.yaml:1: `output.stdout` is false and no other output is given"},
      {"output: { file: " + folder_ + " }\n",
       "weir.yaml:1: alerts cannot be written: " + folder_ + " is a folder"},
      {"output:\n  kafka:\n    brokers: localhost:1\n    topic_prefix: \"no blank\"\n",
       "weir.yaml:4: kafka topic prefix 'no blank'"},
      {"output:\n  kafka:\n    brokers: localhost:1\n    topics: { alerts: \"a/b\" }\n",
       "weir.yaml:4: kafka topic 'a/b'"},
      {"output:\n  kafka:\n    brokers: localhost:1\n    properties:\n      linger.ms: 5\n      acks: 1\n",
       "weir.yaml:6: kafka property acks: must be all, or alerts could be lost"},
      {"output:\n  kafka:\n    brokers: localhost:1\n    properties:\n      linger.sm: 5\n",
       "weir.yaml:5: kafka property linger.sm: "},
      {"output:\n  kafka:\n    brokers: localhost:1\n    properties:\n      linger.ms: soon\n",
       "weir.yaml:5: kafka property linger.ms: "},
      {"output:\n  kafka:\n    brokers: localhost:1\n    properties:\n      ssl.ca.location: " + folder_ +
           "/ca.pem\n",
       "weir.yaml:5: kafka property ssl.ca.location: " + folder_ + "/ca.pem: No such file or directory"},
  };
  for (const auto& [yaml, start] : wrong) EXPECT_THAT(problems(yaml), ElementsAre(StartsWith(start))) << yaml;
}

// Where librdkafka alone knows that properties do not go together, or what a file must hold.
TEST_F(SettingsCheck, AsksTheLibraryItself) {
  const std::string empty = folder_ + "/empty.pem";
  std::ofstream(empty) << "no certificate\n";
  EXPECT_THAT(
      problems("output:\n  kafka:\n    brokers: localhost:1\n    properties:\n      security.protocol: ssl\n"
               "      ssl.ca.location: " +
               empty + "\n"),
      ElementsAre(HasSubstr("ssl.ca.location")));
  EXPECT_THAT(problems("output:\n  kafka:\n    brokers: localhost:1\n    properties:\n"
                       "      max.in.flight.requests.per.connection: 50\n"),
              ElementsAre(HasSubstr("max.in.flight")));
  EXPECT_THAT(problems("output:\n  kafka:\n    brokers: localhost:1\n    properties: { linger.ms: 50 }\n"),
              IsEmpty());
}

TEST_F(SettingsCheck, APipeIsNoKeyAndNoCertificate) {
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(problems("tokens: { key_file: " + pipe + " }\n"),
              ElementsAre(HasSubstr("must be a plain file")));
  EXPECT_THAT(
      problems("output:\n  kafka:\n    brokers: localhost:1\n    properties:\n      ssl.key.location: " +
               pipe + "\n"),
      ElementsAre(HasSubstr("is no plain file")));
}

TEST_F(SettingsCheck, AKeyIsLookedAtAndNotMade) {
  const std::string key = folder_ + "/token.key";
  EXPECT_THAT(problems("tokens: { key_file: " + key + " }\n"), IsEmpty());
  EXPECT_FALSE(fs::exists(key));
  std::ofstream(key) << "weir-token-key-1 damaged\n";
  fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_THAT(problems("tokens: { key_file: " + key + " }\n"),
              ElementsAre(HasSubstr("not a token key, or damaged")));
  fs::permissions(key, fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(problems("tokens: { key_file: " + key + " }\n"),
              ElementsAre(HasSubstr("can be read by others")));
}

TEST_F(SettingsCheck, WarnsOfWhatARunGoesOnWithout) {
  const SettingsReport report = check_settings(config("match:\n  cache_dir: " + folder_ + "/none\n"));
  EXPECT_THAT(texts(report.problems), IsEmpty());
  EXPECT_THAT(texts(report.warnings),
              ElementsAre(HasSubstr("weir.yaml:2: patterns are compiled anew at every start: the folder " +
                                    folder_ + "/none is not there")));
}

TEST_F(SettingsCheck, ARunRefusesTheSame) {
  const Config bad = config("capture:\n  filter: port port\nworkers:\n  cpus: [4095]\n");
  try {
    require_settings(bad, true);
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_EQ(e.what(), lines_of(check_settings(bad).problems));
    EXPECT_THAT(e.what(), HasSubstr("weir.yaml:2: "));
    EXPECT_THAT(e.what(), HasSubstr("\nweir.yaml:4: "));
  }
}

// What the kernel's ring, libpcap and the table allow are one range.
TEST_F(SettingsCheck, EverySizeOfBufferThatTheFileMayHoldCanBeAskedFor) {
  Config unused;
  std::vector<ConfigProblem> told;
  EXPECT_EQ(config("capture: { buffer: 2047MiB }\n").capture.buffer_bytes, uint64_t{2047} << 20);
  EXPECT_LE(uint64_t{2047} << 20, 0x7fffffffu);
  EXPECT_FALSE(parse_config("capture: { buffer: 2GiB }\n", "weir.yaml", 0, &unused, &told));
}

TEST_F(SettingsCheck, TheCommandLineIsNamedWhereItWins) {
  RunArguments arguments;
  boost::program_options::options_description options;
  add_run_options(options, &arguments);
  boost::program_options::variables_map values;
  const Command command{"run", "run", "", ""};
  ASSERT_TRUE(parse_command_line(command, {"--filter", "port port", "--output", folder_ + "/none/a"}, options,
                                 nullptr, &values));
  Config both = config("capture: { filter: tcp }\noutput: { file: /dev/null }\n");
  apply(arguments, values, &both);
  EXPECT_THAT(texts(check_settings(both).problems), ElementsAre(StartsWith("--filter: filter \"port port\""),
                                                                StartsWith("--output: alerts cannot be")));
}

TEST_F(SettingsCheck, AnEmptyFilterIsAWishAndOtherEmptyWordsAreMistakes) {
  const Command command{"run", "run", "", ""};
  const auto parse = [&](const std::vector<std::string>& words, Config* into) {
    RunArguments arguments;
    std::vector<std::string> paths;
    boost::program_options::options_description options;
    add_run_options(options, &arguments);
    boost::program_options::variables_map values;
    parse_command_line(command, words, options, &paths, &values);
    apply(arguments, values, into);
  };
  Config filtered = config("capture: { filter: tcp }\n");
  parse({"--filter", ""}, &filtered);
  EXPECT_EQ(filtered.capture.filter, "");
  for (const char* option :
       {"--kafka", "-c", "-o", "--token-key", "--summary-json", "--format", "--kafka-topic"}) {
    Config none;
    EXPECT_THROW(parse({option, ""}, &none), UsageError) << option;
  }
  Config none;
  EXPECT_THROW(parse({"a.pcap", ""}, &none), UsageError);
}

}  // namespace
}  // namespace weir
