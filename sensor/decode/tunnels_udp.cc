#include "sensor/decode/tunnels.h"

namespace weir {
namespace {

using tunnels_detail::need;
using tunnels_detail::set_inside;
using What = Opened::What;

// RFC 7348 5: I flag, VNI; reserved bits are ignored on receipt. draft-ietf-nvo3-vxlan-gpe: version, P flag
// and next protocol; draft-smith-vxlan-group-policy: G flag and policy where others have zeros.
void open_vxlan(Span in, Opened* out) {
  if (!need(in, 8, out)) return;
  const uint8_t* p = in.bytes.data();
  const bool typed = (p[0] & 0x04) != 0;
  if ((p[0] & 0x08) == 0 || (typed && (p[0] & 0x31) != 0)) return;  // also: operations and maintenance
  out->layer = {LayerKind::kVxlan, true, read_be32(p + 4) >> 8};
  const Span rest = in.from(8);
  switch (typed ? p[3] : 3) {
    case 1:
      return set_inside(kTypeIpv4, rest, out);
    case 2:
      return set_inside(kTypeIpv6, rest, out);
    case 3:
      return set_inside(kTypeBridging, rest, out);
    case 4:
      return set_inside(kTypeNsh, rest, out);
    case 5:
      return set_inside(kTypeMpls, rest, out);
    default:
      return;
  }
}

// RFC 8926 3.4 and 3.5.
void open_geneve(Span in, Opened* out) {
  if (!need(in, 8, out)) return;
  const uint8_t* p = in.bytes.data();
  const size_t end = size_t{8} + size_t{p[0]} % 64 * 4;
  // Another version, or a control packet.
  if (p[0] >> 6 != 0 || (p[1] & 0x80) != 0 || !need(in, end, out)) return;
  for (size_t at = 8; at < end; at += size_t{4} + size_t{p[at + 3]} % 32 * 4) {
    if (at + size_t{4} + size_t{p[at + 3]} % 32 * 4 > end) {
      out->what = What::kMalformed;
      return;
    }
  }
  out->layer = {LayerKind::kGeneve, true, read_be32(p + 4) >> 8};
  set_inside(read_be16(p + 2), in.from(end), out);
}

// 3GPP TS 29.281 5.1 and 5.2: version 1, protocol type GTP, message type G-PDU.
void open_gtp(Span in, Opened* out) {
  if (!need(in, 8, out)) return;
  const uint8_t* p = in.bytes.data();
  if ((p[0] & 0xf8) != 0x30 || p[1] != 255) return;
  out->layer = {LayerKind::kGtp, true, read_be32(p + 4)};
  const size_t length = read_be16(p + 2);
  if (length > in.on_wire - 8) {
    out->what = What::kMalformed;
    return;
  }
  const Span message = in.first(8 + length);
  size_t at = 8;
  if ((p[0] & 0x07) != 0) {  // sequence number, N-PDU number, next extension: all or none
    if (!need(message, at + 4, out)) return;
    uint8_t next = (p[0] & 0x04) != 0 ? p[at + 3] : 0;
    at += 4;
    // Extension headers: length in four bytes each, and the next type as the last byte.
    while (next != 0) {
      if (!need(message, at + 1, out)) return;
      const size_t size = size_t{p[at]} * 4;
      if (size == 0) {
        out->what = What::kMalformed;
        return;
      }
      if (!need(message, at + size, out)) return;
      at += size;
      next = p[at - 1];
    }
  }
  const Span rest = message.from(at);
  if (rest.bytes.empty()) return;
  const int version = rest.bytes[0] >> 4;
  if (version == 4 && plausible_ip(rest, 4) == Plausible::kYes) return set_inside(kTypeIpv4, rest, out);
  if (version == 6 && plausible_ip(rest, 4) == Plausible::kYes) return set_inside(kTypeIpv6, rest, out);
  set_inside(kTypeBridging, rest, out);
}

// RFC 4380 5.1.1: authentication and origin indication, each once at most, before an IPv6 packet of which one
// end is a Teredo address (2001::/32) or, between client and server, link-local.
void open_teredo(Span in, Opened* out) {
  const uint8_t* p = in.bytes.data();
  size_t at = 0;
  if (!need(in, 2, out)) return;
  if (read_be16(p) == 0x0001) {
    if (!need(in, 4, out)) return;
    at = size_t{4} + p[2] + p[3] + 8 + 1;  // identifier, value, nonce, confirmation
    if (!need(in, at + 2, out)) return;
  }
  if (read_be16(p + at) == 0x0000) at += 8;
  if (!need(in, at + 40, out)) return;
  const auto teredo = [](const uint8_t* address) {
    return read_be32(address) == 0x20010000 || read_be64(address) == 0xfe80000000000000u;
  };
  if (!teredo(p + at + 8) && !teredo(p + at + 24)) return;
  out->layer = {LayerKind::kTeredo, false, 0};
  set_inside(kTypeIpv6, in.from(at), out);
}

// RFC 2661 3.1; RFC 3931 4.1.2 for version 3.
void open_l2tp(Span in, Opened* out) {
  if (!need(in, 2, out)) return;
  const uint8_t* p = in.bytes.data();
  const uint32_t flags = read_be16(p);
  if ((flags & 0x8000) != 0) return;  // control
  if ((flags & 0x000f) == 3) {
    if (!need(in, 8, out)) return;
    out->layer = {LayerKind::kL2tpV3, true, read_be32(p + 4)};
    if (out->layer.id != 0) find_l2tp_v3_payload(in.from(8), out);
    return;
  }
  if ((flags & 0x000f) != 2 || (flags & 0x34f0) != 0) return;
  Span message = in;
  size_t at = 2;
  if ((flags & 0x4000) != 0) {
    if (!need(in, at + 2, out)) return;
    const size_t length = read_be16(p + at);
    if (length > in.on_wire) {
      out->what = What::kMalformed;
      return;
    }
    message = in.first(length);
    at += 2;
  }
  if (!need(message, at + 4, out)) return;
  out->layer = {LayerKind::kL2tp, true, read_be32(p + at)};
  at += 4;
  if ((flags & 0x0800) != 0) at += 4;  // sequence numbers
  if ((flags & 0x0200) != 0) {         // offset size, and as much padding
    if (!need(message, at + 2, out)) return;
    at += size_t{2} + read_be16(p + at);
  }
  if (!need(message, at, out)) return;
  open_ppp(message.from(at), out);
}

// Whether what was found may stand there. An EtherType that is neither IP's is for its own opener to judge.
bool inside_is_plausible(const Opened& o) {
  if (o.what == What::kEthernet) return plausible_ethernet(o.rest) == Plausible::kYes;
  if (o.what != What::kEtherType) return false;
  if (o.ether_type != kTypeIpv4 && o.ether_type != kTypeIpv6) return o.ether_type >= 0x0600;
  // Teredo has trailers of its own (RFC 6081 4).
  if (plausible_ip(o.rest, o.layer.kind == LayerKind::kTeredo ? 40 : 4) != Plausible::kYes) return false;
  return (o.rest.bytes[0] >> 4 == 4) == (o.ether_type == kTypeIpv4);
}

}  // namespace

Opened open_udp(LayerKind kind, Span in) {
  Opened out;
  out.layer = {kind, false, 0};
  switch (kind) {
    case LayerKind::kVxlan:
      open_vxlan(in, &out);
      break;
    case LayerKind::kGeneve:
      open_geneve(in, &out);
      break;
    case LayerKind::kGtp:
      open_gtp(in, &out);
      break;
    case LayerKind::kTeredo:
      open_teredo(in, &out);
      break;
    case LayerKind::kL2tp:
      open_l2tp(in, &out);
      break;
    case LayerKind::kMpls:
      out = open_mpls(in);
      break;
    default:
      break;
  }
  if (out.what == What::kEthernet || out.what == What::kEtherType) {
    if (!inside_is_plausible(out)) out.what = What::kOpaque;
  }
  return out;
}

}  // namespace weir
