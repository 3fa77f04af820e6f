// One receiver, many workers: for sources that cannot steer (standard input, a device with one queue, a card
// whose RSS is not over addresses only, tunnels whose inner addresses only Weir can read).
//
// A receiver thread reads the source burst by burst into blocks of up to 256 packets, computes whose each
// packet is, and passes each block to the workers that have packets in it, through a bounded
// single-producer ring a worker. A worker keeps its packets of a block until it asks for the next ones, then
// gives the block back through a second ring; the receiver uses it again when the last one has. No lock, no
// allocation a packet, and no shared write but the rings: whoever still needs a block is counted by the
// receiver alone.
//
// Packets that the source can keep (DPDK's buffers) stay where they are until their block comes back; others
// are copied into the block once. While a worker is busy its packets are gathered in full blocks; a worker
// that waits gets what there is at once.
//
// A full ring: where `wait` is set (a replay) the receiver waits, else the worker's packets of that block are
// counted in SourceStats::weir_drops and nobody reads them; other workers lose nothing by it.
//
// split_source() answers one PacketSource a worker. The receiver starts with the first next_burst() of any
// of them, so that it inherits that thread's signal mask, and ends with the source. The first of the sources
// speaks for the device: its stats, error, progress, problem. stop() of any ends the input.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sensor/capture/packet_source.h"
#include "sensor/decode/steering.h"
#include "sensor/flow/flow_clock.h"

namespace weir {

struct HandOverOptions {
  uint32_t workers = 1;  // 1 … 256
  SteerBy steer = SteerBy::kAddress;
  DecodeOptions decode;            // as the workers decode
  uint32_t queue_packets = 16384;  // that wait for one worker; at least one block
  bool wait = false;
  // Each worker hears of every packet's time (RawPacket::tick), not of its own packets' alone: what a replay
  // needs so that its alerts do not depend on the number of workers. Fragments are shown to all of them
  // (RawPacket::foreign): the datagram may be another worker's than they are.
  bool ticks = false;
  FlowTimeouts timeouts;  // as the workers have them: for their clocks
  std::vector<int> cpus;  // where the receiver may run; empty: anywhere
};

std::vector<std::unique_ptr<PacketSource>> split_source(std::unique_ptr<PacketSource> source,
                                                        const HandOverOptions& options);

}  // namespace weir
