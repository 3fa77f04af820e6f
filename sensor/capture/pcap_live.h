// Packets from a network interface through libpcap (on Linux: a memory-mapped AF_PACKET ring).
//
// Open with make_live_source, then the capture thread calls next_burst() until kEnd (after stop()) or
// kError (the interface went away). Packets are copied once, into a buffer that the source owns and that is
// as large as the largest burst can be. After stop() what the kernel had already taken is still handed out
// (for four time-outs and 20 ms: the kernel closes a block with the second tick of a timer), then kEnd.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/capture/fanout.h"
#include "sensor/capture/packet_source.h"

namespace weir {

struct LiveOptions {
  std::string interface;              // "eth0"; "any" for all, as Linux cooked capture
  std::string filter;                 // BPF expression, applied in the kernel; empty: everything
  int snaplen = 65535;                // bytes kept of each packet, 64 … 262144
  int64_t buffer_bytes = 64ll << 20;  // kernel ring, 1 MiB … 2 GiB − 1
  bool promiscuous = true;
  int timeout_ms = 10;  // longest time that the kernel gathers packets before it hands them over
};

// Null and *error, which says what to do: no such interface (those there are), no permission (the command
// that gives it), interface down, filter wrong.
std::unique_ptr<PacketSource> make_live_source(const LiveOptions& options, std::string* error);

// One source a worker over one interface: each packet comes to one of them, by `by` (fanout.h). The kernel's
// buffer is divided among them (1 MiB each at least). Packets from before all of them were ready are left
// out. Empty and *error as above, or where the kernel cannot do it.
std::vector<std::unique_ptr<PacketSource>> make_live_sources(const LiveOptions& options, uint32_t workers,
                                                             FanoutBy by, std::string* error);

}  // namespace weir
