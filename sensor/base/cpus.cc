#include "sensor/base/cpus.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <tuple>

namespace weir {
namespace {

bool parse_number(std::string_view text, int* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && *value >= 0 && *value < kMaxCpus;
}

std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// A CPU set as large as the kernel may want it.
class CpuSet {
 public:
  CpuSet() : set_(CPU_ALLOC(kMaxCpus)), size_(CPU_ALLOC_SIZE(kMaxCpus)) { CPU_ZERO_S(size_, set_); }
  ~CpuSet() { CPU_FREE(set_); }
  CpuSet(const CpuSet&) = delete;
  CpuSet& operator=(const CpuSet&) = delete;
  cpu_set_t* get() { return set_; }
  size_t size() const { return size_; }
  void add(int cpu) { CPU_SET_S(static_cast<size_t>(cpu), size_, set_); }
  bool has(int cpu) const { return CPU_ISSET_S(static_cast<size_t>(cpu), size_, set_); }

 private:
  cpu_set_t* set_;
  size_t size_;
};

int entry(const std::vector<int>& table, int cpu, int fallback) {
  return static_cast<size_t>(cpu) < table.size() ? table[static_cast<size_t>(cpu)] : fallback;
}

void set_entry(std::vector<int>* table, int cpu, int value) {
  if (table->size() <= static_cast<size_t>(cpu)) table->resize(static_cast<size_t>(cpu) + 1, 0);
  (*table)[static_cast<size_t>(cpu)] = value;
}

}  // namespace

bool parse_cpu_list(std::string_view text, std::vector<int>* cpus) {
  cpus->clear();
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const size_t dash = part.find('-');
    int first = 0;
    int last = 0;
    if (!parse_number(part.substr(0, dash), &first)) return false;
    last = first;
    if (dash != std::string_view::npos && !parse_number(part.substr(dash + 1), &last)) return false;
    if (last < first) return false;
    for (int cpu = first; cpu <= last; ++cpu) cpus->push_back(cpu);
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
    if (text.empty()) return false;
  }
  return true;
}

std::string cpu_list_text(const std::vector<int>& cpus) {
  std::string text;
  for (size_t i = 0; i < cpus.size();) {
    size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (end > i + 1) text += '-' + std::to_string(cpus[end - 1]);
    i = end;
  }
  return text;
}

std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
  CpuSet set;
  if (sched_getaffinity(0, set.size(), set.get()) != 0) return cpus;
  for (int cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (set.has(cpu)) cpus.push_back(cpu);
  }
  return cpus;
}

bool place_this_thread(const std::vector<int>& cpus, std::string* error) {
  if (cpus.empty()) return true;
  CpuSet set;
  for (const int cpu : cpus) set.add(cpu);
  const int failure = pthread_setaffinity_np(pthread_self(), set.size(), set.get());
  if (failure == 0) return true;
  *error = "a thread cannot run on CPU " + cpu_list_text(cpus) + ": " + std::strerror(failure) +
           " (this process may use " + cpu_list_text(allowed_cpus()) + ")";
  return false;
}

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

CpuFacts read_cpu_facts(const std::string& root) {
  CpuFacts facts;
  const std::string system = root + "/sys/devices/system";
  parse_cpu_list(read_line(system + "/cpu/isolated"), &facts.isolated);
  std::vector<int> nodes;
  parse_cpu_list(read_line(system + "/node/online"), &nodes);
  for (const int node : nodes) {
    std::vector<int> cpus;
    parse_cpu_list(read_line(system + "/node/node" + std::to_string(node) + "/cpulist"), &cpus);
    for (const int cpu : cpus) set_entry(&facts.node_of, cpu, node);
  }
  std::vector<int> online;
  parse_cpu_list(read_line(system + "/cpu/online"), &online);
  for (const int cpu : online) {
    std::vector<int> siblings;
    parse_cpu_list(read_line(system + "/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list"),
                   &siblings);
    set_entry(&facts.first_sibling, cpu, siblings.empty() ? cpu : siblings.front());
  }
  return facts;
}

std::vector<int> usable_cpus(const CpuFacts& facts) {
  std::vector<int> usable = allowed_cpus();
  std::string refused;
  if (facts.isolated.empty() || !place_this_thread(facts.isolated, &refused)) return usable;
  // The kernel keeps what the cpuset allows of it.
  const std::vector<int> more = allowed_cpus();
  place_this_thread(usable, &refused);
  for (const int cpu : more) {
    if (std::find(usable.begin(), usable.end(), cpu) == usable.end()) usable.push_back(cpu);
  }
  std::sort(usable.begin(), usable.end());
  return usable;
}

std::vector<int> choose_worker_cpus(const std::vector<int>& allowed, const CpuFacts& facts, int node,
                                    size_t workers) {
  std::vector<int> ranked = allowed;
  const auto rank = [&](int cpu) {
    const bool isolated =
        std::find(facts.isolated.begin(), facts.isolated.end(), cpu) != facts.isolated.end();
    const bool elsewhere = node >= 0 && entry(facts.node_of, cpu, 0) != node;
    const bool second = entry(facts.first_sibling, cpu, cpu) != cpu;
    return std::make_tuple(!isolated, elsewhere, second, cpu == 0, cpu);
  };
  std::sort(ranked.begin(), ranked.end(), [&](int a, int b) { return rank(a) < rank(b); });
  std::vector<int> chosen;
  for (size_t i = 0; i < workers && !ranked.empty(); ++i) chosen.push_back(ranked[i % ranked.size()]);
  return chosen;
}

}  // namespace weir
