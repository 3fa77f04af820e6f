#include "sensor/decode/link_layer.h"
#include "sensor/decode/tunnels.h"

namespace weir {
namespace {

using tunnels_detail::need;
using tunnels_detail::set_inside;
using What = Opened::What;

// Reserved MPLS labels (IANA "Special-Purpose Multiprotocol Label Switching (MPLS) Label Values").
constexpr uint32_t kLabelIpv4 = 0;
constexpr uint32_t kLabelIpv6 = 2;
constexpr uint32_t kLabelEntropyNext = 7;  // RFC 6790: the next label only spreads load
constexpr uint32_t kLabelChannel = 13;     // RFC 5586: an associated channel follows, no user data
constexpr uint32_t kFirstLabel = 16;

// Ethernet pads a frame to 60 bytes, and a frame check sequence may follow.
size_t trailer_allowed(size_t frame) { return frame <= 68 ? 68 : 4; }

bool is_tunnel_type(uint16_t type) {
  switch (type) {
    case kTypeMpls:
    case kTypeMplsUpstream:
    case kTypePppoe:
    case kTypePbb:
    case kTypeFabricPath:
    case kTypeVnTag:
    case kTypeETag:
    case kTypeNsh:
      return true;
    default:
      return false;
  }
}

}  // namespace

Plausible plausible_ip(Span in, size_t slack) {
  if (in.on_wire < 20) return Plausible::kNo;
  if (in.bytes.empty()) return Plausible::kCut;
  const uint8_t* p = in.bytes.data();
  size_t end = 0;
  if (p[0] >> 4 == 4) {
    const size_t header = size_t{p[0]} % 16 * 4;
    if (header < 20) return Plausible::kNo;
    if (in.bytes.size() < 4) return Plausible::kCut;
    end = read_be16(p + 2);
    if (end < header) return Plausible::kNo;
  } else if (p[0] >> 4 == 6) {
    if (in.on_wire < 40) return Plausible::kNo;
    if (in.bytes.size() < 6) return Plausible::kCut;
    end = size_t{40} + read_be16(p + 4);
  } else {
    return Plausible::kNo;
  }
  return end <= in.on_wire && in.on_wire - end <= slack ? Plausible::kYes : Plausible::kNo;
}

Plausible plausible_ethernet(Span in) {
  if (in.on_wire < 14) return Plausible::kNo;
  if (in.bytes.size() < 14) return Plausible::kCut;
  IgnoreTags ignore;
  const LinkEnd end = link_detail::walk_ether_type(in.bytes, read_be16(in.bytes.data() + 12), 14, ignore);
  switch (end.network) {
    case Network::kIpv4:
    case Network::kIpv6: {
      const Span packet = in.from(end.at);
      const Plausible ip = plausible_ip(packet, trailer_allowed(in.on_wire));
      if (ip != Plausible::kYes) return ip;
      return (packet.bytes[0] >> 4 == 4) == (end.network == Network::kIpv4) ? Plausible::kYes
                                                                            : Plausible::kNo;
    }
    case Network::kArp: {
      const Span packet = in.from(end.at);
      if (packet.on_wire < 28 || in.on_wire > 72) return Plausible::kNo;
      if (packet.bytes.size() < 6) return Plausible::kCut;
      // RFC 826: Ethernet, IPv4, lengths 6 and 4.
      return read_be32(packet.bytes.data()) == 0x00010800 && read_be16(packet.bytes.data() + 4) == 0x0604
                 ? Plausible::kYes
                 : Plausible::kNo;
    }
    case Network::kOther:
      return is_tunnel_type(end.ether_type) ? Plausible::kYes : Plausible::kNo;
    case Network::kTruncated:
      return in.bytes.size() < in.on_wire ? Plausible::kCut : Plausible::kNo;
    default:
      return Plausible::kNo;
  }
}

void open_ppp(Span in, Opened* out) {
  size_t at = 0;
  // All-stations address and unnumbered information; left out where it was negotiated away.
  if (!need(in, !in.bytes.empty() && in.bytes[0] == 0xff ? 3 : 1, out)) return;
  if (in.bytes[0] == 0xff && in.bytes[1] == 0x03) at = 2;
  uint32_t protocol = in.bytes[at++];
  if (protocol % 2 == 0) {  // an odd byte ends the field
    if (!need(in, at + 1, out)) return;
    protocol = protocol << 8 | in.bytes[at++];
  }
  switch (protocol) {
    case 0x0021:
      return set_inside(kTypeIpv4, in.from(at), out);
    case 0x0057:
      return set_inside(kTypeIpv6, in.from(at), out);
    case 0x0281:
      return set_inside(kTypeMpls, in.from(at), out);
    case 0x0283:
      return set_inside(kTypeMplsUpstream, in.from(at), out);
    default:  // link and network control, compression, encryption, multilink
      out->what = What::kOpaque;
  }
}

// RFC 3032 2.1; what follows the stack is not told by it (RFC 4385, RFC 8469).
Opened open_mpls(Span in) {
  Opened out;
  out.layer = {LayerKind::kMpls, false, 0};
  size_t at = 0;
  uint32_t label = 0;
  bool spreads_load = false;
  for (bool bottom = false; !bottom; at += 4) {
    if (!need(in, at + 4, &out)) return out;
    const uint32_t entry = read_be32(in.bytes.data() + at);
    label = entry >> 12;
    bottom = (entry & 0x100) != 0;
    if (label >= kFirstLabel && !spreads_load) out.layer = {LayerKind::kMpls, true, label};
    spreads_load = label == kLabelEntropyNext;
  }
  const Span rest = in.from(at);
  if (label == kLabelChannel) return out;
  if (label == kLabelIpv4 || label == kLabelIpv6) {
    set_inside(label == kLabelIpv4 ? kTypeIpv4 : kTypeIpv6, rest, &out);
    return out;
  }
  if (!need(rest, 1, &out)) return out;
  const int nibble = rest.bytes[0] >> 4;
  // A MAC address may begin with 4 or 6 as well, a control word with 0: the first reading that fits wins.
  Plausible cut = Plausible::kNo;
  const auto fits = [&cut](Plausible p) {
    if (p == Plausible::kCut) cut = p;
    return p == Plausible::kYes;
  };
  if ((nibble == 4 || nibble == 6) && fits(plausible_ip(rest, trailer_allowed(rest.on_wire + 14)))) {
    set_inside(nibble == 4 ? kTypeIpv4 : kTypeIpv6, rest, &out);
  } else if (nibble == 0 && rest.on_wire > 4 && fits(plausible_ethernet(rest.from(4)))) {
    out.what = What::kEthernet;
    out.rest = rest.from(4);
  } else if (fits(plausible_ethernet(rest))) {
    out.what = What::kEthernet;
    out.rest = rest;
  } else if (nibble == 4 || nibble == 6) {
    // IP whose lengths contradict the frame's: for its own decoder to say.
    set_inside(nibble == 4 ? kTypeIpv4 : kTypeIpv6, rest, &out);
  } else {
    out.what = cut == Plausible::kCut ? What::kTruncated : What::kOpaque;
  }
  return out;
}

// RFC 2516 4: version and type 1, code, session, length of what follows; Ethernet's padding comes behind.
Opened open_pppoe(Span in) {
  Opened out;
  out.layer = {LayerKind::kPppoe, true, 0};
  if (!need(in, 6, &out)) return out;
  const uint8_t* p = in.bytes.data();
  out.layer.id = read_be16(p + 2);
  if (p[0] != 0x11 || p[1] != 0) return out;
  const size_t length = read_be16(p + 4);
  if (length > in.on_wire - 6) {
    out.what = What::kMalformed;
    return out;
  }
  open_ppp(in.from(6).first(length), &out);
  return out;
}

// RFC 8300 2.2 and 2.3.
Opened open_nsh(Span in) {
  Opened out;
  out.layer = {LayerKind::kNsh, true, 0};
  if (!need(in, 8, &out)) return out;
  const uint8_t* p = in.bytes.data();
  out.layer.id = read_be32(p + 4) >> 8;
  const size_t header = size_t{p[1]} % 64 * 4;
  // Another version, or operations and maintenance: no user data.
  if ((p[0] & 0xe0) != 0) return out;
  if (header < 8 || header > in.on_wire) {
    out.what = What::kMalformed;
    return out;
  }
  const Span rest = in.from(header);
  switch (p[3]) {
    case 1:
      set_inside(kTypeIpv4, rest, &out);
      break;
    case 2:
      set_inside(kTypeIpv6, rest, &out);
      break;
    case 3:
      set_inside(kTypeBridging, rest, &out);
      break;
    case 4:
      set_inside(kTypeNsh, rest, &out);
      break;
    case 5:
      set_inside(kTypeMpls, rest, &out);
      break;
    default:
      break;
  }
  return out;
}

// Direction, pointer, destination interface (14); looped, reserved, version, source interface (12);
// EtherType.
Opened open_vn_tag(Span in) {
  Opened out;
  out.layer = {LayerKind::kVnTag, true, 0};
  if (!need(in, 6, &out)) return out;
  const uint8_t* p = in.bytes.data();
  out.layer.id = read_be16(p) & 0x3fff;
  set_inside(read_be16(p + 4), in.from(6), &out);
  return out;
}

// IEEE 802.1BR 7.5: priority, ingress channel; group and channel (14); the extensions of both; EtherType.
Opened open_e_tag(Span in) {
  Opened out;
  out.layer = {LayerKind::kETag, true, 0};
  if (!need(in, 8, &out)) return out;
  const uint8_t* p = in.bytes.data();
  out.layer.id = read_be16(p + 2) & 0x3fff;
  set_inside(read_be16(p + 6), in.from(8), &out);
  return out;
}

// IEEE 802.1ah, 802.1Q 9.7: flags, I-SID (24), the customer's frame.
Opened open_pbb(Span in) {
  Opened out;
  out.layer = {LayerKind::kPbb, true, 0};
  if (!need(in, 4, &out)) return out;
  out.layer.id = read_be32(in.bytes.data()) & 0xffffff;
  set_inside(kTypeBridging, in.from(4), &out);
  return out;
}

// Forwarding tag (10) and TTL (6), the frame.
Opened open_fabric_path(Span in) {
  Opened out;
  out.layer = {LayerKind::kFabricPath, true, 0};
  if (!need(in, 2, &out)) return out;
  out.layer.id = read_be16(in.bytes.data()) >> 6;
  set_inside(kTypeBridging, in.from(2), &out);
  return out;
}

}  // namespace weir
