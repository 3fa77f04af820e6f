// Where packets come from: a replay of capture files, a live interface. A worker calls next_burst() until
// it answers kEnd or kError; the packets of a burst borrow the source's memory until the next call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

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
};

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
};

// The last packet time that a source hands out (in the year 2116): differences of two times, and a time
// plus a timeout, stay within 64 bits.
inline constexpr Nanoseconds kMaxPacketTime = Nanoseconds{1} << 62;

}  // namespace weir
