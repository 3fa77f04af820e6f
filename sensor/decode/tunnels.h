// The headers of tunnels and tags, one function each: from the first byte of the header to what lies inside.
// Decoder calls them and goes on with the answer; they keep nothing and read nothing beyond the captured
// bytes.
//
//   tunnels_link.cc   what follows an EtherType: MPLS, PPPoE, NSH, VN-tag, E-tag, 802.1ah, FabricPath
//   tunnels_ip.cc     what follows an IP header: GRE with PPTP and ERSPAN, EtherIP, L2TPv3
//   tunnels_udp.cc    what a UDP datagram may hold: VXLAN, GENEVE, GTP-U, Teredo, L2TP, MPLS
//
// A peer may write anything behind any header, so a length is believed as far as the header around it
// reaches: what ends before is kTruncated (the capture cut it) or kMalformed (it contradicts what stands
// around it).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "parsers/wire/bytes.h"
#include "sensor/base/packet.h"

namespace weir {

// Bytes between two headers: captured, and as many as the headers around them say. Padding may be among them.
struct Span {
  Bytes bytes;         // may end before `on_wire`
  size_t on_wire = 0;  // at least bytes.size()

  // Without the first `n`; n <= on_wire.
  Span from(size_t n) const { return {bytes.subspan(std::min(n, bytes.size())), on_wire - n}; }
  // The first `n` of them, or all.
  Span first(size_t n) const { return {bytes.first(std::min(n, bytes.size())), std::min(n, on_wire)}; }
};

// EtherTypes of what tunnels hold.
inline constexpr uint16_t kTypeIpv4 = 0x0800;
inline constexpr uint16_t kTypeIpv6 = 0x86dd;
inline constexpr uint16_t kTypeBridging = 0x6558;  // transparent Ethernet bridging
inline constexpr uint16_t kTypePpp = 0x880b;
inline constexpr uint16_t kTypeMpls = 0x8847;
inline constexpr uint16_t kTypeMplsUpstream = 0x8848;
inline constexpr uint16_t kTypePppoe = 0x8864;
inline constexpr uint16_t kTypePbb = 0x88e7;
inline constexpr uint16_t kTypeFabricPath = 0x8903;
inline constexpr uint16_t kTypeVnTag = 0x8926;
inline constexpr uint16_t kTypeETag = 0x893f;
inline constexpr uint16_t kTypeNsh = 0x894f;

// What a tunnel's header leads to.
struct Opened {
  enum class What : uint8_t {
    kEthernet,   // `rest` is an Ethernet frame
    kEtherType,  // `rest` is what follows `ether_type`
    kOpaque,     // nothing that Weir reads: a control message, another payload, or not this tunnel at all
    kTruncated,  // the capture cuts the header
    kMalformed,  // its lengths contradict what stands around it
  };
  What what = What::kOpaque;
  uint16_t ether_type = 0;
  uint16_t vlan = 0;  // a VLAN id that the header took over from the frame; 0: none
  Layer layer;
  Span rest;
};

// Behind an EtherType.
Opened open_mpls(Span in);
Opened open_pppoe(Span in);
Opened open_nsh(Span in);
Opened open_vn_tag(Span in);
Opened open_e_tag(Span in);
Opened open_pbb(Span in);
Opened open_fabric_path(Span in);

// Behind an IP header.
Opened open_gre(Span in);
Opened open_ether_ip(Span in);
Opened open_l2tp_v3(Span in);  // protocol 115

// A UDP payload that may be a tunnel of this kind. Answers kEthernet or kEtherType only where everything
// fits: the header's flags, the lengths, and a header of IP (or another tunnel) inside.
Opened open_udp(LayerKind kind, Span in);

// Sets what a PPP frame holds (RFC 1661 2, RFC 1662 3.2): the protocol field of one or two bytes, address and
// control before it or not.
void open_ppp(Span in, Opened* out);
// What a PPP-less payload without a type of its own may be.
enum class Plausible : uint8_t { kNo, kYes, kCut };  // kCut: the capture ends before it can be told
// An IP header of version 4 or 6 whose packet ends at most `slack` bytes before `in` does.
Plausible plausible_ip(Span in, size_t slack);
// An Ethernet frame with IP, ARP or a known tunnel in it.
Plausible plausible_ethernet(Span in);
// An L2TPv3 data message behind its session id: a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4 bytes
// were agreed upon elsewhere, so the Ethernet frame or PPP frame inside is looked for.
void find_l2tp_v3_payload(Span in, Opened* out);

namespace tunnels_detail {

// False where `in` is shorter than `n`; then out->what says why.
inline bool need(Span in, size_t n, Opened* out) {
  if (in.bytes.size() >= n) return true;
  out->what = in.on_wire < n ? Opened::What::kMalformed : Opened::What::kTruncated;
  return false;
}

inline void set_inside(uint16_t ether_type, Span rest, Opened* out) {
  out->what = ether_type == kTypeBridging ? Opened::What::kEthernet : Opened::What::kEtherType;
  out->ether_type = ether_type;
  out->rest = rest;
}

}  // namespace tunnels_detail
}  // namespace weir
