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
//
// Tunnels (tunnels.h) are opened one inside another up to DecodeOptions::max_tunnels, and the view is that of
// the innermost packet; what lies deeper is counted and stays what its carrier is. A UDP datagram on a
// tunnel's port is opened only where all of it fits; otherwise it is a datagram like any other, and is read.
#pragma once

#include <array>
#include <cstdint>

#include "sensor/base/packet.h"
#include "sensor/decode/decode_options.h"
#include "sensor/decode/fragment.h"
#include "sensor/decode/link_layer.h"
#include "sensor/decode/tunnels.h"

namespace weir {

struct DecodeCounters {
  std::array<uint64_t, kPacketKinds> packets{};
  std::array<uint64_t, kPacketKinds> bytes{};             // frame lengths on the wire
  uint64_t vlan_tagged = 0;                               // frames with at least one VLAN tag
  uint64_t vlan_depth_exceeded = 0;                       // frames with more tags than PacketView keeps
  uint64_t llc = 0;                                       // of kOtherLink: IEEE 802.3 with LLC or SNAP
  uint64_t offload_length = 0;                            // IP length 0 taken as the length of the frame
  std::array<uint64_t, kLayerKinds> tunnels{};            // opened, by kind; VLAN tags stand above
  std::array<uint64_t, kLayerKinds> tunnels_malformed{};  // with lengths that contradict each other
  uint64_t tunnel_refused = 0;         // on a tunnel's UDP port, and read as the datagram that it is
  uint64_t tunnel_depth_exceeded = 0;  // frames with a tunnel that was left closed: too deep

  DecodeCounters& operator+=(const DecodeCounters& other);
};

// What lies behind an IP header: extension headers, a transport segment, a tunnel.
struct IpPayload {
  Bytes bytes;               // captured; may end before `on_wire`
  size_t on_wire = 0;        // by the lengths in the headers; at least bytes.size()
  uint8_t protocol = 0;      // of the first byte: IANA protocol
  bool v6 = false;           // behind an IPv6 header
  bool open_length = false;  // a jumbogram, or segmentation offload: UDP's length may be 0
};

// Whose a packet is.
struct Steer {
  uint32_t hash = 0;
  bool fragment = false;  // the innermost packet is a fragment: what it belongs to may be steered otherwise
};
Steer steer(const RawPacket& raw, const DecodeOptions& options);

class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options = {}) : options_(options) {}

  // Fills `*out` wholly for kTcp and kUdp; for other kinds its content is unspecified. The view borrows
  // raw.bytes. vlan_count is at most vlans.size().
  PacketKind decode(const RawPacket& raw, PacketView* out);

  // Goes on behind an IP header whose addresses and TTL `*out` holds already, with what came before them
  // (time, layers, tenant). decode() comes here for a whole datagram; so may whoever puts one together from
  // fragments, whose buffer the view then borrows. Counts no packet by kind.
  PacketKind decode_ip_payload(IpPayload payload, PacketView* out);

  // After kFragment: the fragment, which borrows what was decoded. Its addresses are in the view, and so is
  // whatever is around it.
  const Fragment& fragment() const { return fragment_; }

  // A packet that the BPF filter inside Weir refused, so that the kinds add up to what was captured.
  void count_filtered(uint64_t packets, uint64_t bytes) {
    counters_.packets[static_cast<size_t>(PacketKind::kFiltered)] += packets;
    counters_.bytes[static_cast<size_t>(PacketKind::kFiltered)] += bytes;
  }

  const DecodeCounters& counters() const { return counters_; }

 private:
  friend Steer steer(const RawPacket& raw, const DecodeOptions& options);
  class TagKeeper;

  PacketKind decode_frame(const RawPacket& raw, PacketView* out);
  PacketKind decode_transport(const IpPayload& payload, PacketView* out);
  PacketKind decode_ipv4(Bytes packet, size_t on_wire, PacketView* out);
  PacketKind decode_ipv6(Bytes packet, size_t on_wire, PacketView* out);
  // Inside of tunnels, and what is no IP behind the link layer. Not inlined: their registers and stack would
  // be paid for by every packet.
  [[gnu::noinline]] PacketKind decode_ethernet(Span frame, PacketView* out);
  [[gnu::noinline]] PacketKind decode_network(Network network, uint16_t ether_type, Span rest,
                                              PacketView* out);
  [[gnu::noinline]] PacketKind decode_ip_tunnel(IpPayload payload, PacketView* out);
  [[gnu::noinline]] PacketKind decode_udp_tunnel(PacketView* out);
  [[gnu::noinline]] PacketKind enter(const Opened& opened, PacketKind closed, PacketView* out);
  [[gnu::noinline]] void add_layer(const Layer& layer, PacketView* out);
  [[gnu::noinline]] void count_layers(const PacketView& view);

  DecodeOptions options_;
  DecodeCounters counters_;
  Fragment fragment_;
  bool tags_lost_ = false;  // of the frame in hand: it has more VLAN tags than the view keeps
  bool too_deep_ = false;   // of the frame in hand: a tunnel was left closed
};

// A hash of the unordered pair of innermost addresses, well mixed, 0 where the frame holds no IP header
// that decode() would read addresses from. Cheap enough that each of N workers may walk the whole file and
// keep the packets with steer_hash % N == its own number. An IPv4 address and its mapped IPv6 form are one.
// A fragment is steered by its own addresses, so that all of a datagram meet, whatever it carries. `options`
// are those that the packet will be decoded with.
inline uint32_t steer_hash(const RawPacket& raw, const DecodeOptions& options) {
  return steer(raw, options).hash;
}
uint32_t steer_hash(const RawPacket& raw);  // by the default options
// The same from the addresses.
uint32_t steer_hash(const IpAddress& a, const IpAddress& b);

}  // namespace weir
