// Where reassembly hands what it has put in order. Bytes are borrowed for the call.
#pragma once

#include "parsers/api/types.h"
#include "sensor/base/packet.h"

namespace weir {

// An extra version of bytes that were passed on before.
enum class ExtraKind : uint8_t {
  kLate,      // came after its hole was given up
  kConflict,  // differs from what was passed on
};

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Ordered payload. `offset` counts from the direction's first byte (0), holes included.
  virtual void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time) = 0;
  // `n` bytes from `offset` on never came (or were given up).
  virtual void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time) = 0;
  // The direction has ended (FIN reached, RST, time-out, end of capture). Once.
  virtual void on_end(Direction direction, Nanoseconds time) = 0;
  // A late or conflicting version of [offset, offset + bytes.size()).
  virtual void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                        Nanoseconds time) = 0;
};

}  // namespace weir
