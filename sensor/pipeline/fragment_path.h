// What becomes of IP fragments in a worker: in go the decoder's fragments, out come packets as if they had
// never been cut, pieces of those that never became whole, and every other version of what fragments
// contradicted each other about.
//
// For each packet of the capture age() where there was a silence and advance(), both by the worker's clock,
// for each fragment among them add(); whenever has_finished(), call next() until it answers false, and handle
// each packet before the next call. finish() at the end, then next() again. Tunnels inside of datagrams, and
// fragments inside of those, are followed here.
//
// In a replay every worker sees all fragments and comes to the same datagrams; it hands out those that are
// its own by the innermost addresses. Owned by one worker; not thread-safe.
#pragma once

#include <cstdint>

#include "sensor/base/inspection.h"
#include "sensor/base/memory_budget.h"
#include "sensor/base/packet.h"
#include "sensor/decode/decoder.h"
#include "sensor/decode/defragmenter.h"
#include "sensor/decode/steering.h"

namespace weir {

// How a packet from here is to be read.
enum class PieceUse : uint8_t {
  kPacket,   // like any other
  kPiece,    // payload of a datagram that is not whole; the ports are 0 where its beginning never came
  kVersion,  // like any other, but read before with other bytes: no byte of it is counted again
  kVersionPiece,
  kCountOnly,  // nothing to read
};

struct ReassembledPacket {
  PacketView view;
  PieceUse use = PieceUse::kPacket;
  bool no_ports = false;
  bool contested = false;  // further versions of it follow
  Inspection
      beside;  // to be counted for the flow beside the payload: repeats, what was cut off, what never came
};

struct FragmentPathOptions {
  DefragmentOptions defragment;
  size_t memory = size_t{32} << 20;  // of one worker
  // Of this worker among those that see the same packets; count 1: all are its own.
  uint32_t index = 0;
  uint32_t count = 1;
  SteerBy steer = SteerBy::kAddress;
};

class FragmentPath {
 public:
  // `decoder` is the worker's; it outlives this.
  FragmentPath(const FragmentPathOptions& options, const DecodeOptions& decode, Decoder& decoder);

  void age(Nanoseconds since, Nanoseconds more) { defragmenter_.age(since, more); }
  void advance(Nanoseconds now) { defragmenter_.advance(now); }
  // A fragment that `decoder` of the worker has just found.
  void add(const PacketView& view) {
    defragmenter_.add(decoder_.fragment(), view, is_mine_by_addresses(view));
  }
  // A packet that is another worker's: its fragment, if it holds one, is taken all the same.
  void add_foreign(const RawPacket& raw);
  bool has_finished() const { return defragmenter_.has_finished(); }
  bool next(ReassembledPacket* out);
  void finish() { defragmenter_.finish(); }

  // Payload that cannot be read because its datagram is not whole: of protocols that are no TCP or UDP, and
  // of tunnels whose beginning is missing. For the protocol row "fragments".
  const Inspection& unread() const { return unread_; }
  const DefragmentCounters& counters() const { return defragmenter_.counters(); }

 private:
  bool is_mine(const PacketView& packet) const;             // with ports
  bool is_mine_by_addresses(const PacketView& view) const;  // a fragment, or what is left of a datagram
  bool read_beginning(const DatagramReading& reading, ReassembledPacket* out);
  bool read_rest(const DatagramReading& reading, ReassembledPacket* out) const;
  bool read_lone(const DatagramReading& reading, ReassembledPacket* out);
  void add_inner(const DatagramReading& reading, const PacketView& view);
  void count_unread(const DatagramReading& reading);
  uint64_t missing_behind(const DatagramReading& reading) const;

  const FragmentPathOptions options_;
  Decoder& decoder_;
  Decoder scratch_;  // for what may be another worker's; its counters are nobody's
  MemoryBudget budget_;
  Defragmenter defragmenter_;
  Inspection unread_;
  // Of the datagram whose beginning was read last.
  PacketView head_;
  PacketKind head_kind_ = PacketKind::kMalformed;
  uint32_t head_payload_ = 0;  // offset of the transport payload in the datagram
  uint32_t head_end_ = 0;      // of the transport payload, by its own header
};

}  // namespace weir
