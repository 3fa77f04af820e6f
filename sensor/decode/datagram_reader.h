// Reads a datagram that is finished, whole or not: what the defragmenter's owner gets to see of it, one
// reading after the other. Nothing that came is left out:
//   - the policy's reading first, from the beginning or, where that never came, piece by piece;
//   - then every other version of bytes about which fragments differed, laid over the first reading;
//   - what repeats a datagram that was whole before is counted, and read only where it says something new.
//
// begin(), then next() until it answers false. One a Defragmenter; owns the buffer that readings borrow.
#pragma once

#include <cstdint>
#include <vector>

#include "sensor/decode/datagram.h"

namespace weir {

// Why no more is waited for.
enum class DatagramEnd : uint8_t {
  kComplete,
  kTimeout,
  kMemory,      // evicted: the budget was full
  kTooMany,     // more fragments than the limit
  kCaptureEnd,  // the capture ended
  kMalformed,   // a single fragment that no datagram can hold
};

// Bytes that fragments brought beyond the policy's reading.
struct DatagramTallies {
  ByteTally repeated;   // the same again
  ByteTally differing;  // others in the same place; read as versions
  ByteTally cut;        // in the same place, and not captured
};

struct DatagramReading {
  enum class Kind : uint8_t {
    kBeginning,  // from the datagram's first byte on: a transport header, or a tunnel
    kRest,       // behind a hole, of the datagram whose kBeginning was read last
    kLone,       // of a datagram whose beginning never came
    kRepeat,     // as kBeginning, and read before: only `tallies` count
  };
  Kind kind = Kind::kBeginning;
  DatagramEnd end = DatagramEnd::kComplete;
  uint8_t version = 0;  // 0: by the policy; else another reading of bytes that were read already
  uint8_t protocol = 0;
  bool v6 = false;
  bool mine = false;    // as add() was told
  Bytes bytes;          // until the next call
  uint32_t offset = 0;  // of bytes[0] in the datagram
  uint32_t wire = 0;    // bytes of this stretch on the wire; those behind bytes.size() were not captured
  uint32_t hole = 0;    // bytes behind it, before the next stretch, that never came
  bool last = true;     // no stretch of this version follows
  uint32_t length = 0;  // of the datagram; 0: not known
  const PacketView* context = nullptr;       // addresses and what is around them; time of the last fragment
  const DatagramTallies* tallies = nullptr;  // with the datagram's first reading
  uint64_t versions_lost = 0;                // with tallies: of `differing`, not kept: no memory
};

class DatagramReader {
 public:
  struct Source {
    Datagram* datagram = nullptr;
    const Datagram* previous = nullptr;  // whole, of the same key, read before; null: none
    const PacketView* context = nullptr;
    DatagramEnd end = DatagramEnd::kComplete;
    bool v6 = false;
    bool mine = false;
  };

  DatagramReader() : buffer_(Datagram::kMaxLength) {}

  void begin(const Source& source);
  bool next(DatagramReading* out);

 private:
  enum class Phase : uint8_t { kNone, kRepeat, kExtended, kRuns, kVersions, kLeftovers };

  bool extends_previous();
  bool next_run(DatagramReading* out);
  bool next_version_run(DatagramReading* out);
  bool next_leftover(DatagramReading* out);
  void fill(const Datagram::Run& run, uint32_t hole, DatagramReading* out) const;

  std::vector<uint8_t> buffer_;
  std::vector<Datagram::Run> runs_;
  Source source_;
  DatagramTallies tallies_;
  Phase phase_ = Phase::kNone;
  bool tallies_told_ = false;
  size_t next_run_ = 0;
  uint32_t reach_ = 0;  // of the previous datagram with this one laid over it
  uint8_t version_ = 0;
  uint8_t versions_ = 0;
  uint32_t version_start_ = 0;
  uint32_t version_end_ = 0;
  bool same_bytes_ = false;  // the version differs in its protocol alone
};

}  // namespace weir
