#include "sensor/pipeline/fragment_path.h"

#include <algorithm>

namespace weir {
namespace {

constexpr uint8_t kProtoIcmp = 1;
constexpr uint8_t kProtoIcmpV6 = 58;

Unread reason_of(DatagramEnd end) {
  switch (end) {
    case DatagramEnd::kMemory:
    case DatagramEnd::kTooMany:
      return Unread::kMemory;
    case DatagramEnd::kTimeout:
    case DatagramEnd::kCaptureEnd:
      return Unread::kTimeout;
    case DatagramEnd::kMalformed:
    case DatagramEnd::kComplete:
      break;
  }
  return Unread::kMalformed;
}

// What fragments brought beyond the first reading. Versions are read in readings of their own.
void count_beside(const DatagramReading& reading, size_t header, Inspection* ledger) {
  if (reading.tallies == nullptr) return;
  const uint64_t repeated = reading.tallies->repeated.behind(header);
  const uint64_t differing = reading.tallies->differing.behind(header);
  const uint64_t cut = reading.tallies->cut.behind(header);
  ledger->seen += repeated + differing + cut;
  ledger->duplicate += repeated;
  ledger->add_unread(Unread::kSnaplen, cut);
  ledger->add_unread(Unread::kMemory, std::min(differing, reading.versions_lost));
}

bool is_transport(PacketKind kind) { return kind == PacketKind::kTcp || kind == PacketKind::kUdp; }

}  // namespace

FragmentPath::FragmentPath(const FragmentPathOptions& options, const DecodeOptions& decode, Decoder& decoder)
    : options_(options),
      decoder_(decoder),
      scratch_(decode),
      budget_(options.memory),
      defragmenter_(options.defragment, HashKey::random(), budget_) {}

bool FragmentPath::is_mine(const PacketView& packet) const {
  return options_.count <= 1 || steer_hash(packet.key, options_.steer) % options_.count == options_.index;
}

bool FragmentPath::is_mine_by_addresses(const PacketView& view) const {
  return options_.count <= 1 || steer_hash(view.key, SteerBy::kAddress) % options_.count == options_.index;
}

void FragmentPath::add_foreign(const RawPacket& raw) {
  PacketView view;
  if (scratch_.decode(raw, &view) == PacketKind::kFragment) {
    defragmenter_.add(scratch_.fragment(), view, is_mine_by_addresses(view));
  }
}

bool FragmentPath::next(ReassembledPacket* out) {
  DatagramReading reading;
  while (defragmenter_.next(&reading)) {
    out->no_ports = false;
    out->contested =
        reading.version == 0 && reading.tallies != nullptr && reading.tallies->differing.total() != 0;
    out->beside = Inspection();
    bool found = false;
    switch (reading.kind) {
      case DatagramReading::Kind::kBeginning:
      case DatagramReading::Kind::kRepeat:
        found = read_beginning(reading, out);
        break;
      case DatagramReading::Kind::kRest:
        found =
            is_transport(head_kind_) ? is_mine(head_) && read_rest(reading, out) : read_lone(reading, out);
        break;
      case DatagramReading::Kind::kLone:
        found = read_lone(reading, out);
        break;
    }
    // Its checksum is over all of it, which a part cannot be held against.
    out->view.checksum = Checksum::kUnchecked;
    out->view.header_size = 0;
    if (found) return true;
  }
  return false;
}

bool FragmentPath::read_beginning(const DatagramReading& reading, ReassembledPacket* out) {
  const bool whole = reading.end == DatagramEnd::kComplete || reading.version != 0;
  IpPayload payload{reading.bytes, reading.length, reading.protocol, reading.v6, false};
  // Where the end is not known, lengths in the headers inside are believed as far as a datagram can go.
  if (payload.on_wire < reading.wire || !whole) payload.on_wire = Datagram::kMaxLength;
  head_ = *reading.context;
  head_kind_ = scratch_.decode_ip_payload(payload, &head_);
  if (head_kind_ == PacketKind::kFragment) {
    add_inner(reading, head_);
    return false;
  }
  if (!is_transport(head_kind_)) {
    const bool broken = head_kind_ == PacketKind::kTruncated || head_kind_ == PacketKind::kMalformed;
    if (reading.kind == DatagramReading::Kind::kRepeat || (whole && !broken)) return false;
    return read_lone(reading, out);
  }
  const bool mine = is_mine(head_);
  if (mine) {
    // Again with the decoder whose counters are the worker's.
    head_ = *reading.context;
    decoder_.decode_ip_payload(payload, &head_);
  }
  if (!head_.payload.empty()) {
    head_payload_ = static_cast<uint32_t>(head_.payload.data() - reading.bytes.data());
  } else if (head_kind_ == PacketKind::kTcp && head_.tunnels == reading.context->tunnels) {
    head_payload_ = static_cast<uint32_t>(payload.on_wire) - head_.payload_wire;  // its options may be cut
  } else {
    head_payload_ = static_cast<uint32_t>(reading.bytes.size());
  }
  head_end_ = head_payload_ + head_.payload_wire;
  // This stretch's part of the payload; the rest comes in readings of its own, or never.
  const uint32_t stretch = std::max(reading.wire, head_payload_) - head_payload_;
  const bool cut_short = stretch < head_.payload_wire;
  head_.payload_wire = std::min(head_.payload_wire, stretch);
  out->view = head_;
  if (cut_short) out->view.tcp_flags &= static_cast<uint8_t>(~kTcpFin);
  out->use = reading.kind == DatagramReading::Kind::kRepeat ? PieceUse::kCountOnly
             : reading.version != 0                         ? PieceUse::kVersion
                                                            : PieceUse::kPacket;
  count_beside(reading, head_payload_, &out->beside);
  if (out->use == PieceUse::kPacket) out->beside.gap += missing_behind(reading);
  return mine;
}

// Of TCP, a segment of its own; of UDP, a piece.
bool FragmentPath::read_rest(const DatagramReading& reading, ReassembledPacket* out) const {
  Bytes bytes = reading.bytes;
  uint32_t wire = reading.wire;
  uint32_t offset = reading.offset;
  if (offset < head_payload_) {  // the end of a transport header
    const uint32_t header = std::min(wire, head_payload_ - offset);
    bytes = bytes.subspan(std::min<size_t>(bytes.size(), header));
    wire -= header;
    offset += header;
  }
  out->view = head_;
  out->view.payload = bytes;
  out->view.payload_wire = wire;
  const bool version = reading.version != 0;
  if (head_kind_ == PacketKind::kTcp) {
    out->use = version ? PieceUse::kVersion : PieceUse::kPacket;
    out->view.tcp_seq += offset - head_payload_ + ((head_.tcp_flags & kTcpSyn) != 0 ? 1 : 0);
    const bool last = reading.length != 0 && offset + wire == reading.length;
    out->view.tcp_flags &= last ? (kTcpAck | kTcpPsh | kTcpFin) : kTcpAck;
  } else {
    out->use = version ? PieceUse::kVersionPiece : PieceUse::kPiece;
    if (!version) out->beside.gap += missing_behind(reading);
  }
  return true;
}

// A piece without a transport header: ports are not known. What is no TCP or UDP is counted as unread.
bool FragmentPath::read_lone(const DatagramReading& reading, ReassembledPacket* out) {
  if (!is_mine_by_addresses(*reading.context)) return false;
  if (reading.protocol != kProtoTcp && reading.protocol != kProtoUdp) {
    count_unread(reading);
    return false;
  }
  out->view = *reading.context;
  out->view.key.protocol = reading.protocol;
  out->view.key.src_port = out->view.key.dst_port = 0;
  out->view.tcp_seq = out->view.tcp_ack = 0;
  out->view.tcp_flags = 0;
  out->view.tcp_window = 0;
  out->view.payload = reading.bytes;
  out->view.payload_wire = reading.wire;
  out->no_ports = true;
  out->use = reading.version != 0 ? PieceUse::kVersionPiece : PieceUse::kPiece;
  count_beside(reading, 0, &out->beside);
  if (reading.version == 0) {
    out->beside.gap += reading.hole;
    if (reading.tallies != nullptr) out->beside.gap += reading.offset;
  }
  return true;
}

// UDP bytes behind this stretch that never came; TCP's holes are reassembly's to find.
uint64_t FragmentPath::missing_behind(const DatagramReading& reading) const {
  if (head_kind_ != PacketKind::kUdp) return 0;
  const uint32_t end = reading.offset + reading.wire;
  if (!reading.last || reading.length != 0) return reading.hole;
  return head_end_ > end ? head_end_ - end : 0;
}

// A fragment in a tunnel in the datagram. Where the datagram goes no further, nor does the fragment.
void FragmentPath::add_inner(const DatagramReading& reading, const PacketView& view) {
  Fragment fragment = scratch_.fragment();
  const auto at = fragment.bytes.empty()
                      ? reading.wire
                      : static_cast<uint32_t>(fragment.bytes.data() - reading.bytes.data());
  const uint32_t room = reading.wire > at ? reading.wire - at : 0;
  if (fragment.wire > room) {
    fragment.wire = room;
    fragment.more = true;
  }
  if (reading.kind != DatagramReading::Kind::kRepeat)
    defragmenter_.add(fragment, view, is_mine_by_addresses(view));
}

void FragmentPath::count_unread(const DatagramReading& reading) {
  if (reading.protocol == kProtoIcmp || reading.protocol == kProtoIcmpV6) return;  // no transport payload
  if (reading.version == 0) {
    unread_.seen += reading.wire;
    unread_.add_unread(reason_of(reading.end), reading.wire);
    unread_.gap += reading.hole;
  }
  if (reading.tallies == nullptr) return;
  if (reading.version == 0) unread_.gap += reading.offset;
  const uint64_t again = reading.tallies->differing.total() + reading.tallies->cut.total();
  unread_.seen += again + reading.tallies->repeated.total();
  unread_.duplicate += reading.tallies->repeated.total();
  unread_.add_unread(reason_of(reading.end), again);
}

}  // namespace weir
