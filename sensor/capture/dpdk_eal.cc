#ifdef WEIR_HAVE_DPDK
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_version.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "sensor/capture/dpdk_ports.h"

namespace weir {
namespace {

// Whether `words` hold one of `options`, alone or as "--option=value" or (short ones) "-lvalue".
bool given(const std::vector<std::string>& words, std::initializer_list<std::string_view> options) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
      const bool is_long = option.starts_with("--");
      return word == option || (is_long ? word.starts_with(std::string(option) + "=")
                                        : word.starts_with(option) && !word.starts_with("--"));
    });
  });
}

// All signals blocked, and the affinity as it was, whatever happens in between.
class ThreadKept {
 public:
  ThreadKept() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask_);
    known_ = pthread_getaffinity_np(pthread_self(), sizeof(cpus_), &cpus_) == 0;
  }
  ~ThreadKept() {
    if (known_) pthread_setaffinity_np(pthread_self(), sizeof(cpus_), &cpus_);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  ThreadKept(const ThreadKept&) = delete;
  ThreadKept& operator=(const ThreadKept&) = delete;

 private:
  sigset_t mask_{};
  cpu_set_t cpus_{};
  bool known_ = false;
};

}  // namespace

bool is_pci_address(const std::string& port) {
  // [domain:]bus:device.function
  const size_t colons = static_cast<size_t>(std::count(port.begin(), port.end(), ':'));
  if (colons != 1 && colons != 2) return false;
  const std::string form = colons == 2 ? "xxxx:xx:xx.x" : "xx:xx.x";
  return port.size() == form.size() && std::equal(port.begin(), port.end(), form.begin(), [](char c, char f) {
           return f == 'x' ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : c == f;
         });
}

bool free_huge_pages(const std::string& root) {
  std::error_code none;
  for (const auto& size : std::filesystem::directory_iterator(root + "/sys/kernel/mm/hugepages", none)) {
    std::ifstream file(size.path() / "free_hugepages");
    uint64_t free = 0;
    if (file >> free && free > 0) return true;
  }
  return false;
}

std::vector<std::string> eal_arguments(const DpdkOptions& options, uint64_t memory_mb, bool free_pages,
                                       int cpu) {
  const std::vector<std::string>& user = options.eal;
  std::vector<std::string> args = {"weir", "--log-level=warning", "--no-telemetry"};
  if (!given(user, {"--file-prefix", "--in-memory"})) {
    args.push_back("--file-prefix=weir-" + std::to_string(getpid()));
  }
  const bool asked_off = given(user, {"--no-huge"});
  const bool huge = !asked_off && options.huge_pages.value_or(free_pages);
  if (huge) {
    // Nothing is left behind in hugetlbfs, and none need be mounted.
    if (!given(user, {"--in-memory", "--huge-unlink"})) args.push_back("--in-memory");
  } else {
    if (!asked_off) args.push_back("--no-huge");
    if (!given(user, {"--no-shconf"})) args.push_back("--no-shconf");
    if (!given(user, {"-m", "--socket-mem"})) {
      args.push_back("-m");
      args.push_back(std::to_string(memory_mb));
    }
    if (!given(user, {"--iova-mode"})) args.push_back("--iova-mode=va");
  }
  // One lcore, the calling thread's: workers are threads of our own.
  if (!given(user, {"-l", "-c", "--lcores", "-s", "-S"})) {
    args.push_back("-l");
    args.push_back(std::to_string(cpu));
  }
  bool any_pci = false;
  for (const std::string& port : options.ports) {
    if (!is_pci_address(port)) continue;
    any_pci = true;
    args.push_back("-a");
    args.push_back(port);
  }
  if (!any_pci && !given(user, {"-a", "--allow", "--no-pci", "-b", "--block"})) args.push_back("--no-pci");
  args.insert(args.end(), user.begin(), user.end());
  return args;
}

bool start_eal(const DpdkOptions& options, uint64_t memory_mb, std::string* error) {
  static std::mutex mutex;
  static bool tried = false;
  static std::string failure;
  static std::vector<std::string> words;  // the environment keeps pointers into them
  static std::vector<char*> pointers;
  const std::lock_guard lock(mutex);
  if (!tried) {
    tried = true;
    const ThreadKept kept;
    words = eal_arguments(options, memory_mb, free_huge_pages(), std::max(0, sched_getcpu()));
    std::string line;
    for (std::string& word : words) {
      pointers.push_back(word.data());
      line += (line.empty() ? "" : " ") + word;
    }
    if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0) {
      failure = std::string("DPDK's environment does not start: ") + rte_strerror(rte_errno) +
                " (its own words stand above; arguments: " + line +
                "). `weir check --devices` says what is missing on this machine";
    }
  }
  if (!failure.empty()) *error = failure;
  return failure.empty();
}

std::string dpdk_version() { return rte_version(); }

bool has_dpdk() { return true; }

}  // namespace weir
#endif
