// CPUs: lists as Linux and our configuration write them, what the kernel says about them, and where a thread
// runs. Used by configuration (CpuList), by the pipeline (placing its threads) and by `weir check --devices`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr int kMaxCpus = 4096;

// Where a kind of thread may run.
struct CpuList {
  bool automatic = false;  // chosen at the start, see choose_worker_cpus
  std::vector<int> cpus;   // empty and not automatic: wherever the kernel likes
  bool empty() const { return !automatic && cpus.empty(); }
};

// "0-3,8" as in /sys/devices/system/cpu/online; an empty text is an empty list. False where it is no such
// list or names a CPU above kMaxCpus.
bool parse_cpu_list(std::string_view text, std::vector<int>* cpus);
std::string cpu_list_text(const std::vector<int>& cpus);

// What this process may run on (its affinity when first asked).
std::vector<int> allowed_cpus();

// Puts the calling thread on `cpus`. False and *error where the kernel refuses (no such CPU, not allowed). An
// empty list leaves the thread where it is.
bool place_this_thread(const std::vector<int>& cpus, std::string* error);

// Names the calling thread for top and gdb; at most 15 bytes are kept.
void name_this_thread(const std::string& name);

// What the kernel tells about its CPUs; `root` stands before /sys, for tests.
struct CpuFacts {
  std::vector<int> isolated;       // kept free of other work (isolcpus=)
  std::vector<int> node_of;        // by CPU: NUMA node, 0 where there is one only
  std::vector<int> first_sibling;  // by CPU: the first hardware thread of its core
};
CpuFacts read_cpu_facts(const std::string& root = "");

// What threads of this process may be put on: its affinity, and those isolated CPUs that its cpuset allows (a
// process does not start with isolated CPUs in its affinity). Moves the calling thread there and back.
std::vector<int> usable_cpus(const CpuFacts& facts);

// CPUs for `workers` workers out of `allowed`: isolated ones first, on `node` (the card's; -1: any) before
// others, one hardware thread a core before second ones; CPU 0, which serves interrupts, last. The list is
// `workers` long; where there are fewer CPUs they are given out again from the front.
std::vector<int> choose_worker_cpus(const std::vector<int>& allowed, const CpuFacts& facts, int node,
                                    size_t workers);

}  // namespace weir
