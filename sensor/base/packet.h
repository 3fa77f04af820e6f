// A packet on its way: RawPacket from capture, PacketView from decode. Both borrow the capture buffer
// and are valid for the length of the burst.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "parsers/wire/bytes.h"
#include "sensor/base/flow_key.h"

namespace weir {

using Nanoseconds = int64_t;  // capture time: since the epoch, UTC

struct RawPacket {
  Nanoseconds time = 0;
  Bytes bytes;               // captured
  uint32_t wire_length = 0;  // length on the wire; at least bytes.size()
  uint16_t link_type = 0;    // LINKTYPE_* as in capture files (tcpdump.org/linktypes.html)
  uint16_t interface = 0;    // index of the source's interface
  bool foreign = false;      // another worker's; shown because it is a fragment
  uint32_t flow = 0;         // of a tick: hash of the packet's conversation, where its time is in doubt

  // A tick is no packet: it tells a worker when a packet of another worker came, so that all clocks of a
  // replay move alike. Only a tick has no memory behind `bytes`; an empty packet has.
  static RawPacket tick(Nanoseconds when, uint32_t flow = 0) {
    RawPacket t;
    t.time = when;
    t.flow = flow;
    return t;
  }
  bool is_tick() const { return bytes.data() == nullptr; }
};

// TCP header flags (RFC 9293 3.1).
inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpPsh = 0x08;
inline constexpr uint8_t kTcpAck = 0x10;
inline constexpr uint8_t kTcpUrg = 0x20;

// What may lie around the innermost IP packet.
enum class LayerKind : uint8_t {
  kVlan,        // IEEE 802.1Q, 802.1ad; id: VLAN
  kVnTag,       // Cisco VN-tag (802.1Qbh); id: destination interface
  kETag,        // IEEE 802.1BR; id: E-channel
  kPbb,         // IEEE 802.1ah; id: I-SID
  kFabricPath,  // Cisco; id: FTag
  kMpls,        // a whole label stack; id: the innermost label that names a service
  kPppoe,       // RFC 2516; id: session
  kNsh,         // RFC 8300; id: service path
  kIp4In4,      // RFC 2003
  kIp6In4,      // RFC 4213: 6in4, 6to4, ISATAP, 6rd
  kIp4In6,      // RFC 2473
  kIp6In6,      // RFC 2473
  kEtherIp,     // RFC 3378
  kGre,         // RFC 2784, 2890; id: key
  kPptp,        // RFC 2637; id: call
  kErspan,      // Cisco ERSPAN I (no id), II and III; id: session
  kL2tpV3,      // RFC 3931, over IP or UDP; id: session
  kL2tp,        // RFC 2661; id: tunnel << 16 | session
  kVxlan,       // RFC 7348, with GPE and GBP; id: VNI
  kGeneve,      // RFC 8926; id: VNI
  kGtp,         // 3GPP TS 29.281; id: TEID
  kTeredo,      // RFC 4380
  kEthernet,    // behind an IP header or its extensions: RFC 8986 (SRv6)
  kCount,
};
inline constexpr size_t kLayerKinds = static_cast<size_t>(LayerKind::kCount);
constexpr std::string_view name_of(LayerKind kind) {
  constexpr std::string_view kNames[] = {"vlan",    "vntag",  "etag", "pbb",    "fabricpath", "mpls",
                                         "pppoe",   "nsh",    "4in4", "6in4",   "4in6",       "6in6",
                                         "etherip", "gre",    "pptp", "erspan", "l2tpv3",     "l2tp",
                                         "vxlan",   "geneve", "gtp",  "teredo", "ethernet"};
  static_assert(std::size(kNames) == kLayerKinds);
  return kNames[static_cast<size_t>(kind)];
}

struct Layer {
  LayerKind kind = LayerKind::kVlan;
  bool has_id = false;
  uint32_t id = 0;
};

// What the checksums of the IPv4 header and of the transport say.
enum class Checksum : uint8_t {
  kUnchecked,  // not asked for, or not possible: cut by the capture, UDP without one, a routing header
  kGood,
  kPartial,  // left for the card to fill in: the pseudo header's sum alone, or an IPv4 header sum of 0
  kWrong,    // what a receiver throws away
};

// The order is that of use: what every packet's handling touches stands in the first two cache lines.
struct PacketView {
  Nanoseconds time = 0;
  FlowKey key;
  Bytes payload;              // captured transport payload
  uint32_t payload_wire = 0;  // transport payload by the lengths in the headers; >= payload.size()
  uint32_t tcp_seq = 0;
  uint32_t tcp_ack = 0;
  uint16_t tcp_window = 0;
  uint16_t tcp_urgent = 0;  // urgent pointer; with kTcpUrg
  uint16_t ip_id = 0;       // IPv4 identification
  uint8_t tcp_flags = 0;
  Checksum checksum = Checksum::kUnchecked;
  uint8_t ttl = 0;          // or hop limit
  uint8_t header_size = 0;  // captured bytes of the transport header, right before payload.data()
  uint8_t vlan_count = 0;   // tags seen, outermost first; more than four are counted, not kept
  uint8_t layer_count = 0;  // of `layers`; a packet with more layers keeps the outer ones
  uint8_t tunnels = 0;      // opened around the packet; VLAN tags do not count
  bool has_mac = false;
  std::array<uint8_t, 6> src_mac{};
  std::array<uint8_t, 6> dst_mac{};
  std::array<uint16_t, 4> vlans{};  // VLAN ids, of the frames inside tunnels too
  std::array<Layer, 12> layers{};   // around the packet, outermost first; VLAN tags among them

  // The captured transport header: TCP with its options, UDP.
  Bytes header() const { return {payload.data() - header_size, header_size}; }
};

// What became of a frame. Everything but kTcp and kUdp is counted by kind and goes no further.
enum class PacketKind : uint8_t {
  kTcp,
  kUdp,
  kIcmp,      // ICMP, ICMPv6
  kEsp,       // IPsec's encapsulating security payload: encrypted
  kOtherIp,   // another IP protocol
  kFragment,  // an IP fragment: a piece of a datagram
  kArp,
  kOtherLink,    // an EtherType that Weir does not decode
  kUnknownLink,  // a link type that Weir does not decode
  kTruncated,    // the capture cuts a header
  kMalformed,    // lengths that contradict each other
  kFiltered,     // refused by the BPF filter inside Weir
  kCount,
};
inline constexpr size_t kPacketKinds = static_cast<size_t>(PacketKind::kCount);
constexpr std::string_view name_of(PacketKind kind) {
  constexpr std::string_view kNames[] = {"tcp",          "udp",       "icmp",      "esp",
                                         "other_ip",     "fragment",  "arp",       "other_link",
                                         "unknown_link", "truncated", "malformed", "filtered"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace weir
