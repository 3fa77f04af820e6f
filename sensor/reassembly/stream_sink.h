// Where reassembly hands what it has put in order. Bytes are borrowed for the call.
#pragma once

#include "parsers/api/types.h"
#include "sensor/base/packet.h"

namespace weir {

// Another version of bytes that were passed on, or may yet be.
enum class ExtraKind : uint8_t {
  kLate,      // came after its hole was given up
  kConflict,  // differs from what was passed on, or the receiver may not have taken it
  kRepeat,    // comes again where the first version is no longer known
  kPiece,     // no stream's: of an IP datagram that never became whole
};

// What stands around an extra in the stream, as far as it is known: a value may begin or end there.
struct Surroundings {
  Bytes before;  // up to its first byte
  Bytes after;   // from behind its last byte on
  // Of the extra's own bytes, those that are not its own alone: they stand between others that are, and are
  // told elsewhere too, now or later.
  size_t shared = 0;
};
// The place of bytes whose offset in the stream is not known.
inline constexpr uint64_t kNoOffset = UINT64_MAX;

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Ordered payload. `offset` counts from the direction's first byte (0), holes included.
  virtual void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time) = 0;
  // `n` bytes from `offset` on never came (or were given up).
  virtual void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time) = 0;
  // The direction has ended (FIN reached, RST, time-out, end of capture). Once.
  virtual void on_end(Direction direction, Nanoseconds time) = 0;
  // A late or conflicting version of [offset, offset + bytes.size()). Of these, around.shared are counted
  // where else they are told.
  virtual void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                        const Surroundings& around, Nanoseconds time) = 0;
  // The byte at `offset`, still to be passed on, is urgent: a receiver may take it out of the stream
  // (RFC 6093 3).
  virtual void on_urgent(Direction /*direction*/, uint64_t /*offset*/) {}
  // The last bytes given to on_chunk, as many as are kept; valid until the next call.
  virtual Bytes recent(Direction /*direction*/) const { return {}; }
};

}  // namespace weir
