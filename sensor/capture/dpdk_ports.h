// DPDK's environment and its ports, for dpdk_source.cc alone: start_eal() once a process, then a DpdkPortSet
// for each capture. No DPDK header is needed to include this.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/capture/dpdk_source.h"

struct rte_mempool;

namespace weir {

struct DpdkPort {
  uint16_t id = 0;
  std::string name;    // without arguments
  std::string driver;  // "net_ixgbe"
  int node = -1;       // NUMA node; -1: unknown
  uint16_t queues = 1;
  uint32_t descriptors = 0;  // a queue
  uint32_t mbufs = 0;
  rte_mempool* pool = nullptr;
  bool plays_file = false;   // packet times are a recording's
  bool has_time = false;     // the dynamic timestamp field holds µs since the epoch (net_pcap)
  bool cuts_length = false;  // a packet's length is what was captured (net_pcap, net_af_packet)
};

// Starts the environment with Weir's arguments and then `options.eal`; later calls answer the first one's
// success. The calling thread keeps its affinity and signal mask; the environment's own threads take no
// signals. `memory_mb`: for packet buffers, where there are no huge pages. False and *error.
bool start_eal(const DpdkOptions& options, uint64_t memory_mb, std::string* error);

// The arguments that start_eal hands over, for its test.
std::vector<std::string> eal_arguments(const DpdkOptions& options, uint64_t memory_mb, bool free_huge_pages,
                                       int cpu);

// "0000:03:00.0" or "03:00.0".
bool is_pci_address(const std::string& port);
// Whether the machine has free huge pages of any size; `root` stands before /sys, for tests.
bool free_huge_pages(const std::string& root = "");

// Ports that are configured and started; stopped and given back in the destructor, when no source uses them
// any more.
class DpdkPortSet {
 public:
  DpdkPortSet() = default;
  ~DpdkPortSet();
  DpdkPortSet(const DpdkPortSet&) = delete;
  DpdkPortSet& operator=(const DpdkPortSet&) = delete;

  // Attaches the ports named. False and *error.
  bool attach(const DpdkOptions& options, std::string* error);
  // Whether every port can spread over `queues` queues by IP addresses alone; *why not, with the port's name.
  bool can_steer(uint32_t queues, std::string* why) const;
  // Sets up `queues` receive queues a port, RSS over addresses where `steer`, pools for them and for `kept`
  // packets more, and starts. False and *error. With `steer` false also where a card did not take the hash
  // that was asked for: *refused is set and another start() without `steer` may follow.
  bool start(const DpdkOptions& options, uint32_t queues, bool steer, uint64_t kept, bool* refused,
             std::string* error);

  const std::vector<DpdkPort>& ports() const { return ports_; }
  // Bytes of an mbuf before its data where the µs since the epoch stand; -1: no such field.
  int time_offset() const { return time_offset_; }
  uint64_t time_flag() const { return time_flag_; }
  // A line a port: driver, queues, link.
  std::vector<std::string> notes() const;

  // Any thread. Reads the cards' counters and links (may take some µs: once a second or so).
  void refresh();
  SourceStats stats() const;  // imissed, ierrors, rx_nombuf as of the last refresh
  std::string problem() const;
  std::vector<NamedCount> extended_stats() const;

 private:
  bool configure(const DpdkOptions& options, DpdkPort* port, uint32_t queues, bool steer, uint64_t kept,
                 bool* refused, std::string* error);

  std::vector<DpdkPort> ports_;
  std::vector<std::string> attached_;  // devices that were not there before: removed at the end
  int time_offset_ = -1;
  uint64_t time_flag_ = 0;
  std::atomic<uint64_t> missed_{0};
  std::atomic<uint64_t> damaged_{0};
  std::atomic<uint64_t> no_buffer_{0};
  std::atomic<uint64_t> links_down_{0};  // a bit a port; ports beyond 64 are not watched
};

// Packet buffers a port: what `options.mbufs` says, or enough for its queues and `kept` packets more.
uint32_t mbufs_wanted(const DpdkOptions& options, uint32_t queues, uint32_t descriptors, uint64_t kept);

}  // namespace weir
