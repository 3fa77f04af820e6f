// weir: one program, subcommands.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "sensor/app/command_line.h"
#include "sensor/app/standard_streams.h"
#include "sensor/base/plain_failure.h"
#include "sensor/base/version.h"
#include "sensor/pipeline/signals.h"

namespace {

constexpr std::string_view kHelp =
    R"(weir: finds personal information that leaves over the network, and says so at once, masked.

Usage: weir COMMAND [options]

  replay   read capture files and print what leaked                 weir replay capture.pcap
  run      watch an interface, or what a configuration file says    weir run -i eth0
  scan     look for personal information in a file or in a pipe     weir scan --by-line list.csv
  check    check a configuration and explain its policies           weir check -c weir.yaml --explain
  packs    list, show and test the detectors                        weir packs list
  bench    measure each stage over a capture                        weir bench capture.pcap

  weir COMMAND --help shows a command's options, with examples.
  weir --version      shows the version.

Alerts go to standard output, everything else to standard error.
Exit codes: 0 done, 1 failed at run time, 2 usage or configuration, 3 input unreadable.
)";

struct Entry {
  std::string_view name;
  int (*run)(const std::vector<std::string>&);
};
constexpr Entry kCommands[] = {
    {"replay", weir::replay_command}, {"run", weir::run_command},     {"scan", weir::scan_command},
    {"check", weir::check_command},   {"packs", weir::packs_command}, {"bench", weir::bench_command},
};

// A core file would hold what the sensor read: there is none, and no other process may attach.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

// Captures that overlap, each worker's own, a broker's connections: a shell's soft limit is soon reached.
void allow_descriptors() {
  constexpr rlim_t kEnough = 65'536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? kEnough : std::min(kEnough, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What is printed must arrive, whichever command printed it. A reader that has left wants no more: no word
// then.
int end_of_output(std::string_view command, int code) {
  std::cout.flush();
  errno = 0;
  // `replay` and `run` have looked: theirs may go elsewhere.
  const bool closed = weir::standard_output_was_closed() && command != "replay" && command != "run";
  const bool written = !closed && std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (written || code != weir::kExitDone) return code;
  pollfd reader{STDOUT_FILENO, POLLOUT, 0};
  const int saved = errno;
  const bool left = poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR) != 0;
  errno = saved;
  if (closed) {
    std::cerr << "weir " << command << ": standard output is closed\n";
  } else if (!left) {
    std::cerr << "weir " << command << ": standard output cannot be written"
              << (errno != 0 ? std::string(": ") + std::strerror(errno) : std::string()) << '\n';
  }
  return weir::kExitFailed;
}

int run(const std::vector<std::string>& words) {
  for (const Entry& entry : kCommands) {
    if (entry.name != words[0]) continue;
    try {
      return end_of_output(entry.name, entry.run({words.begin() + 1, words.end()}));
    } catch (const weir::UsageError& e) {
      std::cerr << "weir " << entry.name << ": " << e.what() << '\n';
      return weir::kExitUsage;
    } catch (const std::exception& e) {
      std::cerr << "weir " << entry.name << ": " << weir::plain_failure(e) << '\n';
      return weir::kExitFailed;
    }
  }
  std::cerr << "weir: there is no command '" << words[0] << "'\n\n" << kHelp;
  return weir::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  weir::ignore_write_signals();
  weir::open_standard_streams();
  forbid_core_dumps();
  allow_descriptors();
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    std::cerr << kHelp;
    return weir::kExitUsage;
  }
  // `weir help replay` is `weir replay --help`.
  if (words.size() == 2 && words[0] == "help") words = {words[1], "--help"};
  if (words[0] == "-h" || words[0] == "--help" || words[0] == "help") {
    std::cout << kHelp;
    return end_of_output("help", weir::kExitDone);
  }
  if (words[0] == "-V" || words[0] == "--version") {
    std::cout << "weir " << weir::kVersion << '\n';
    return end_of_output("version", weir::kExitDone);
  }
  return run(words);
}
