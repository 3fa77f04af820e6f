// Several packet sockets of one interface as one group (PACKET_FANOUT, packet(7)): the kernel gives each
// packet to one of them. Which one is decided by a small classic BPF program over the unordered address pair,
// so that all that two hosts say to each other comes to one socket, fragments included.
//
// A plain XOR of the addresses balances badly (neighbours among clients and servers cancel out): each address
// is multiplied and folded on its own, the two are added, and the sum is mixed again. Frames without IPv4 or
// IPv6 go to the first socket. Up to two VLAN tags are read past. Tunnels are told apart by their outer
// addresses alone.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class FanoutBy : uint8_t {
  kAddress,  // the program below
  kFlow,     // the kernel's own symmetric flow hash: addresses, ports, protocol
};

// Where the program finds the packet's headers.
enum class FanoutView : uint8_t {
  kKernel,  // by the kernel's own knowledge (skb->protocol, SKF_NET_OFF): VLAN tag stripped, any link type
  kFrame,   // in a captured Ethernet frame: for bpf_filter(3), in tests
};

// Answers a hash: the kernel takes it modulo the number of sockets.
std::vector<bpf_insn> fanout_program(FanoutView view);

// Puts the packet sockets (bound, capturing) into one new group. False and *error.
bool join_fanout(const std::vector<int>& sockets, FanoutBy by, std::string* error);

}  // namespace weir
