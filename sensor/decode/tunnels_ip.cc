#include "sensor/decode/tunnels.h"

namespace weir {
namespace {

using tunnels_detail::need;
using tunnels_detail::set_inside;
using What = Opened::What;

// GRE's first word (RFC 1701, 2784, 2890, 2637).
constexpr uint32_t kGreChecksum = 0x8000;
constexpr uint32_t kGreRouting = 0x4000;
constexpr uint32_t kGreKey = 0x2000;
constexpr uint32_t kGreSequence = 0x1000;
constexpr uint32_t kGreAck = 0x0080;  // version 1
constexpr uint32_t kGreVersion = 0x0007;

// Protocol types that are no EtherTypes of a network layer.
constexpr uint16_t kGreErspan = 0x88be;    // ERSPAN I and II
constexpr uint16_t kGreErspan3 = 0x22eb;   // ERSPAN III
constexpr uint16_t kGreWebCache = 0x883e;  // WCCP

// draft-foschiano-erspan-03 4.1 to 4.3. Type I has no header of its own, and no sequence number in GRE.
void open_erspan(Span in, bool sequence, bool third, Opened* out) {
  out->layer = {LayerKind::kErspan, false, 0};
  if (!third && !sequence) return set_inside(kTypeBridging, in, out);
  if (!need(in, third ? 12 : 8, out)) return;
  const uint8_t* p = in.bytes.data();
  if (p[0] >> 4 != (third ? 2 : 1)) {
    out->what = What::kOpaque;
    return;
  }
  out->layer = {LayerKind::kErspan, true, read_be16(p + 2) & 0x03ffu};
  // Encapsulation, of type II: 1 or 2 where the frame came with a tag that now stands here.
  const int encapsulation = third ? 0 : (p[2] >> 3) & 3;
  if (encapsulation == 1 || encapsulation == 2) out->vlan = read_be16(p) & 0x0fff;
  if (!third) return set_inside(kTypeBridging, in.from(8), out);
  // SGT (16), P, frame type (5), hardware (6), direction, granularity (2), O: eight more bytes follow.
  const size_t header = (p[11] & 1) != 0 ? 20 : 12;
  if (header > in.on_wire) {
    out->what = What::kMalformed;
    return;
  }
  const Span rest = in.from(header);
  switch ((p[10] >> 2) & 0x1f) {
    case 0:
      return set_inside(kTypeBridging, rest, out);
    case 2:
      if (!need(rest, 1, out)) return;
      return set_inside(rest.bytes[0] >> 4 == 6 ? kTypeIpv6 : kTypeIpv4, rest, out);
    default:
      out->what = What::kOpaque;
  }
}

// RFC 2637 4.1: the key is payload length and call; without a sequence number there is no payload.
void open_pptp(Span in, uint32_t flags, Opened* out) {
  out->layer = {LayerKind::kPptp, true, 0};
  if (!need(in, 8, out)) return;
  const uint8_t* p = in.bytes.data();
  const size_t length = read_be16(p + 4);
  out->layer.id = read_be16(p + 6);
  out->what = What::kOpaque;
  if ((flags & kGreKey) == 0 || read_be16(p + 2) != kTypePpp || (flags & kGreSequence) == 0) return;
  const size_t header = size_t{12} + ((flags & kGreAck) != 0 ? 4 : 0);
  if (header + length > in.on_wire) {
    out->what = What::kMalformed;
    return;
  }
  open_ppp(in.from(header).first(length), out);
}

}  // namespace

Opened open_gre(Span in) {
  Opened out;
  out.layer = {LayerKind::kGre, false, 0};
  if (!need(in, 4, &out)) return out;
  const uint8_t* p = in.bytes.data();
  const uint32_t flags = read_be16(p);
  const uint16_t type = read_be16(p + 2);
  if ((flags & kGreVersion) == 1) {
    open_pptp(in, flags, &out);
    return out;
  }
  if ((flags & kGreVersion) != 0) return out;
  size_t at = 4;
  if ((flags & (kGreChecksum | kGreRouting)) != 0) at += 4;
  if ((flags & kGreKey) != 0) {
    if (!need(in, at + 4, &out)) return out;
    out.layer = {LayerKind::kGre, true, read_be32(p + at)};
    at += 4;
  }
  const bool sequence = (flags & kGreSequence) != 0;
  if (sequence) at += 4;
  if (at > in.on_wire) {
    out.what = What::kMalformed;
    return out;
  }
  if ((flags & kGreRouting) != 0) {
    // Source route entries: address family, offset, length; the last has neither family nor length.
    for (bool last = false; !last;) {
      if (!need(in, at + 4, &out)) return out;
      last = read_be16(p + at) == 0 && p[at + 3] == 0;
      at += size_t{4} + p[at + 3];
    }
    if (at > in.on_wire) {
      out.what = What::kMalformed;
      return out;
    }
  }
  const Span rest = in.from(at);
  switch (type) {
    case kGreErspan:
    case kGreErspan3:
      open_erspan(rest, sequence, type == kGreErspan3, &out);
      break;
    case kTypePpp:
      open_ppp(rest, &out);
      break;
    case kGreWebCache:
      // Version 2 has a word of its own before the packet.
      if (!need(rest, 1, &out)) return out;
      if (rest.bytes[0] >> 4 == 4) {
        set_inside(kTypeIpv4, rest, &out);
      } else if (need(rest, 4, &out)) {
        set_inside(kTypeIpv4, rest.from(4), &out);
      }
      break;
    default:
      // Below are no EtherTypes: 0 is a keep-alive.
      if (type >= 0x0600) set_inside(type, rest, &out);
  }
  return out;
}

// RFC 3378 2: version 3, twelve reserved bits, the frame.
Opened open_ether_ip(Span in) {
  Opened out;
  out.layer = {LayerKind::kEtherIp, false, 0};
  if (!need(in, 2, &out)) return out;
  if (in.bytes[0] >> 4 == 3) set_inside(kTypeBridging, in.from(2), &out);
  return out;
}

void find_l2tp_v3_payload(Span in, Opened* out) {
  out->what = What::kOpaque;
  for (size_t at = 0; at <= 12 && at < in.on_wire; at += 4) {
    const Span rest = in.from(at);
    switch (plausible_ethernet(rest)) {
      case Plausible::kYes:
        return set_inside(kTypeBridging, rest, out);
      case Plausible::kCut:
        out->what = What::kTruncated;
        break;
      case Plausible::kNo:
        break;
    }
    // PPP with its address and control: they are the only mark that PPP has.
    if (rest.bytes.size() < 2 || read_be16(rest.bytes.data()) != 0xff03) continue;
    Opened ppp = *out;
    open_ppp(rest, &ppp);
    if (ppp.what != What::kEtherType || plausible_ip(ppp.rest, 4) != Plausible::kYes) continue;
    *out = ppp;
    return;
  }
}

// RFC 3931 4.1.1: session 0 is control.
Opened open_l2tp_v3(Span in) {
  Opened out;
  out.layer = {LayerKind::kL2tpV3, true, 0};
  if (!need(in, 4, &out)) return out;
  out.layer.id = read_be32(in.bytes.data());
  if (out.layer.id != 0) find_l2tp_v3_payload(in.from(4), &out);
  return out;
}

}  // namespace weir
