// Where packets come from: a replay of capture files, a live interface, a card through DPDK. A worker calls
// next_burst() until it answers kEnd or kError; the packets of a burst borrow the source's memory until the
// next call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/packet.h"

namespace weir {

enum class SourceStatus : uint8_t {
  kOk,     // *count packets, at least one
  kEnd,    // the input is over and was whole
  kIdle,   // nothing now; call again (the call itself has waited a little)
  kError,  // the input is over and something broke: error(). What was handed out stays good.
};

// Totals since the start.
struct SourceStats {
  uint64_t packets = 0;          // read, those that the filter refused included
  uint64_t bytes = 0;            // their lengths on the wire
  uint64_t kernel_drops = 0;     // lost between the card and us; in a replay: as the capture file tells
  uint64_t interface_drops = 0;  // lost by the card or its driver; in a replay: as the capture file tells
  uint64_t filtered = 0;         // of packets: refused by the BPF filter inside Weir
  uint64_t filtered_bytes = 0;   // their lengths on the wire
  uint64_t damaged = 0;          // frames that the card refused (check sequence, length); not in packets
  uint64_t no_buffer = 0;        // frames that found no packet buffer; not in packets
  uint64_t weir_drops = 0;       // of packets: a worker's queue was full, nobody read them
  uint64_t weir_drop_bytes = 0;  // their lengths on the wire
  uint64_t linearised = 0;       // of packets: came in pieces and were copied together
  uint64_t early =
      0;  // not in packets: captured before the sockets of all workers had joined, by each of them

  SourceStats& operator+=(const SourceStats& other);
};

// A counter of the device in its own words.
struct NamedCount {
  std::string name;
  uint64_t value = 0;
};

inline SourceStats& SourceStats::operator+=(const SourceStats& other) {
  packets += other.packets;
  bytes += other.bytes;
  kernel_drops += other.kernel_drops;
  interface_drops += other.interface_drops;
  filtered += other.filtered;
  filtered_bytes += other.filtered_bytes;
  damaged += other.damaged;
  no_buffer += other.no_buffer;
  weir_drops += other.weir_drops;
  weir_drop_bytes += other.weir_drop_bytes;
  linearised += other.linearised;
  early += other.early;
  return *this;
}

class PacketSource {
 public:
  virtual ~PacketSource() = default;

  // Fills out[0 … *count). `*count` is 0 unless kOk is returned. `out` must not be empty.
  // Packet times are 0 … kMaxPacketTime, whatever the input says.
  virtual SourceStatus next_burst(std::span<RawPacket> out, size_t* count) = 0;

  // Any thread; as of the last finished burst.
  virtual SourceStats stats() const = 0;

  // After kError: what broke, where, and what would help. Empty where nothing broke.
  virtual std::string error() const = 0;

  // Asks the source to end: soon next_burst answers kEnd. Any thread, and from a signal handler.
  virtual void stop() {}

  // 0 … 1, or -1 where the length of the input is unknown. Any thread.
  virtual double progress() const { return -1; }

  // The clocks of a live source, against which its packets' times are held. Any thread.
  struct Clocks {
    Nanoseconds wall = 0;       // that gives packets their times; may be set. 0: unknown
    Nanoseconds monotonic = 0;  // that only runs; 0: none (a replay): only packets move the worker's clock
  };
  virtual Clocks clocks() const { return {}; }

  // What is wrong with the device now (its link is down), a line for the operator; empty: nothing. Any
  // thread.
  virtual std::string problem() const { return {}; }

  // The device's own counters that are not 0; after the end.
  virtual std::vector<NamedCount> extended_stats() const { return {}; }

  // Packets that outlive the next call, for a receiver that hands them over (sensor/pipeline/hand_over.h).
  // After a burst: gives a handle for each of its `handles.size()` packets to the caller, who returns every
  // one with release(); where a handle is null the packet lives only until the next call. The capture
  // thread. A source without such packets leaves all handles null.
  virtual void keep_burst(std::span<void*> handles) {
    for (void*& handle : handles) handle = nullptr;
  }
  virtual void release(std::span<void* const> /*handles*/) {}
  // How many packets may be kept at once; 0 where there are none to keep.
  virtual size_t keep_limit() const { return 0; }
};

// The last packet time that a source hands out (in the year 2116): differences of two times, and a time
// plus a timeout, stay within 64 bits.
inline constexpr Nanoseconds kMaxPacketTime = Nanoseconds{1} << 62;

}  // namespace weir
