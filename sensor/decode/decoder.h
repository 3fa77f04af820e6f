// From a captured frame to the transport payload: RawPacket → PacketView. The worker calls decode() for
// every packet of a burst; what comes back as kTcp or kUdp goes on to the flow table, the rest is counted
// by kind and ends here. One Decoder a worker; it owns only its counters and never allocates.
//
// Every frame is hostile. Lengths are believed only as far as the captured bytes go:
//   - A header that runs past the captured bytes is kTruncated; lengths that contradict each other are
//     kMalformed. TCP whose options alone are cut is still kTcp: its payload is known to be unread.
//   - Payload ends where the IP length says (Ethernet padding and frame check sequences fall away), or
//     where the UDP length says; payload_wire follows the headers even where the capture was cut.
//   - An IP length of 0 (segmentation offload seen before the card cut it) means "as long as the frame".
#pragma once

#include <array>
#include <cstdint>

#include "sensor/base/packet.h"

namespace weir {

// Nothing to choose yet; the place for tunnels to open and checksums to check.
struct DecodeOptions {};

struct DecodeCounters {
  std::array<uint64_t, kPacketKinds> packets{};
  std::array<uint64_t, kPacketKinds> bytes{};  // frame lengths on the wire
  uint64_t vlan_tagged = 0;                    // frames with at least one VLAN tag
  uint64_t vlan_depth_exceeded = 0;            // frames with more tags than PacketView keeps
  uint64_t llc = 0;                            // of kOtherLink: IEEE 802.3 with LLC or SNAP
  uint64_t offload_length = 0;                 // IP length 0 taken as the length of the frame

  DecodeCounters& operator+=(const DecodeCounters& other);
};

class Decoder {
 public:
  explicit Decoder(DecodeOptions = {}) {}

  // Fills `*out` wholly for kTcp and kUdp; for other kinds its content is unspecified. The view borrows
  // raw.bytes. vlan_count is at most vlans.size().
  PacketKind decode(const RawPacket& raw, PacketView* out);

  // A packet that the BPF filter inside Weir refused, so that the kinds add up to what was captured.
  void count_filtered(uint64_t packets, uint64_t bytes) {
    counters_.packets[static_cast<size_t>(PacketKind::kFiltered)] += packets;
    counters_.bytes[static_cast<size_t>(PacketKind::kFiltered)] += bytes;
  }

  const DecodeCounters& counters() const { return counters_; }

 private:
  PacketKind decode_frame(const RawPacket& raw, PacketView* out);
  PacketKind decode_ipv4(Bytes packet, size_t on_wire, PacketView* out);
  PacketKind decode_ipv6(Bytes packet, size_t on_wire, PacketView* out);

  DecodeCounters counters_;
};

// A hash of the unordered pair of innermost addresses, well mixed, 0 where the frame holds no IP header
// that decode() would read addresses from. Cheap enough that each of N workers may walk the whole file and
// keep the packets with steer_hash % N == its own number. An IPv4 address and its mapped IPv6 form are one.
uint32_t steer_hash(const RawPacket& raw);

}  // namespace weir
