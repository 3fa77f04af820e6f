// What all commands share: a description of options with help and examples, and one way to say that the
// command line is wrong.
#pragma once

#include <boost/program_options.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace weir {

// Exit codes (also in README.md).
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreadable = 3;

// A usage or configuration error: its text is for the user, its exit code is kExitUsage.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Command {
  std::string name;
  std::string usage;     // after "weir ", e.g. "replay [options] FILE|DIR|- …"
  std::string purpose;   // one or two sentences
  std::string examples;  // lines "  weir …   what it does"
};

// Parses `args` by `options` (shown in the help) and the hidden positional list `positional` (all the
// remaining words), which may be null. Prints the help and returns false for -h / --help. Throws
// UsageError with a text that names the word that is wrong.
bool parse_command_line(const Command& command, const std::vector<std::string>& args,
                        const boost::program_options::options_description& options,
                        std::vector<std::string>* positional, boost::program_options::variables_map* values);

// The commands. Each gets the words after its name and returns an exit code.
int replay_command(const std::vector<std::string>& args);
int run_command(const std::vector<std::string>& args);
int scan_command(const std::vector<std::string>& args);
int check_command(const std::vector<std::string>& args);
int packs_command(const std::vector<std::string>& args);
int bench_command(const std::vector<std::string>& args);

}  // namespace weir
