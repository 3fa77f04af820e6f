// Packets from network cards through DPDK 22.11, with the same contract as libpcap (pcap_live.h).
//
// open_dpdk() starts the environment (EAL) once a process, attaches the ports, and answers one source a
// receive queue: as many as workers where every port can steer by addresses alone (RSS over IPv4 and IPv6
// addresses with a symmetric key, so that both directions, fragments and a control connection beside its data
// meet in one worker), else one source for all ports, whose packets the receiver hands over
// (sensor/pipeline/hand_over.h). Then a capture thread a source calls next_burst() until kEnd.
//
// Packets lie in DPDK's buffers (mbufs) until the next call, or where they are kept until they are released.
// A packet in several buffers is copied together into the source's own 64 KiB, and counted. Buffers come from
// a pool a port on the port's own NUMA node.
//
// Where the build has no DPDK, open_dpdk() fails and says so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sensor/capture/packet_source.h"

namespace weir {

struct DpdkOptions {
  // Arguments of rte_eal_init beyond Weir's own (which these win over).
  std::vector<std::string> eal;
  // PCI addresses ("0000:03:00.0") or virtual devices with their arguments ("net_pcap0,rx_pcap=a.pcap").
  std::vector<std::string> ports;
  uint32_t queues = 0;             // receive queues a port; 0: one a worker where the card can steer
  uint32_t rx_descriptors = 4096;  // a queue; less where the device has fewer
  uint32_t burst = 64;             // packets asked for at once, 1 … 64
  uint32_t mbufs = 0;              // packet buffers a port; 0: enough for queues and what waits
  uint32_t mtu = 9200;             // largest frame without Ethernet header; less where the device has less
  std::optional<bool> huge_pages;  // empty: where the machine has free ones
  // Not from the `dpdk` section:
  std::string filter;         // BPF, applied inside Weir
  uint32_t keep_packets = 0;  // that wait for workers where they are handed over, all together
  bool promiscuous = true;
};

// How the packets get to the workers.
enum class DpdkSteer : uint8_t {
  kAuto,      // RSS where every port can, else hand-over
  kRss,       // an error where a port cannot
  kHandOver,  // one source
};

struct DpdkPorts {
  // One a worker, or a single one for all workers.
  std::vector<std::unique_ptr<PacketSource>> sources;
  bool steered = false;            // the sources are steered: one a worker
  int node = -1;                   // the NUMA node of the ports; -1: unknown, or they differ
  std::vector<std::string> notes;  // a line a port for the operator: driver, queues, link
};

// False and *error, which says what to do about it.
bool open_dpdk(const DpdkOptions& options, DpdkSteer steer, uint32_t workers, DpdkPorts* ports,
               std::string* error);

// "DPDK 22.11.11", or "this build has no DPDK: …" with what to do.
std::string dpdk_version();
bool has_dpdk();

}  // namespace weir
