#include "sensor/decode/decoder.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "sensor/decode/checksum.h"
#include "sensor/decode/link_layer.h"

namespace weir {
namespace {

// IANA protocol numbers.
constexpr uint8_t kProtoHopByHop = 0;
constexpr uint8_t kProtoIcmp = 1;
constexpr uint8_t kProtoIpv4 = 4;
constexpr uint8_t kProtoIpv6 = 41;
constexpr uint8_t kProtoRouting = 43;
constexpr uint8_t kProtoFragment = 44;
constexpr uint8_t kProtoGre = 47;
constexpr uint8_t kProtoEsp = 50;
constexpr uint8_t kProtoAh = 51;
constexpr uint8_t kProtoIcmpV6 = 58;
constexpr uint8_t kProtoDestination = 60;
constexpr uint8_t kProtoEtherIp = 97;
constexpr uint8_t kProtoL2tp = 115;
constexpr uint8_t kProtoMobility = 135;
constexpr uint8_t kProtoMpls = 137;
constexpr uint8_t kProtoHip = 139;
constexpr uint8_t kProtoShim6 = 140;
constexpr uint8_t kProtoEthernet = 143;

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;

void set_macs(Bytes frame, PacketView* out) {
  out->has_mac = frame.size() >= 12;
  if (out->has_mac) {
    std::memcpy(out->dst_mac.data(), frame.data(), 6);
    std::memcpy(out->src_mac.data(), frame.data() + 6, 6);
  } else {
    out->dst_mac = {};
    out->src_mac = {};
  }
}

// Not 0, which stands for "told apart by nothing".
uint32_t mix_tenant(uint32_t before, const Layer& layer) {
  uint64_t x = (uint64_t{before} << 32 | layer.id) + (uint64_t{static_cast<uint8_t>(layer.kind)} << 27);
  x = (x ^ (x >> 31)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 29)) * 0x94d049bb133111ebu;
  return static_cast<uint32_t>(x >> 32) | 1;
}

void set_payload(const IpPayload& t, size_t header, size_t end, PacketView* out) {
  const size_t captured_end = std::min(t.bytes.size(), end);
  const size_t begin = std::min(t.bytes.size(), header);
  out->header_size = static_cast<uint8_t>(begin);
  out->payload = t.bytes.subspan(begin, std::max(captured_end, begin) - begin);
  out->payload_wire = static_cast<uint32_t>(end - header);
}

// RFC 9293 3.1.
[[gnu::always_inline]] inline PacketKind decode_tcp(const IpPayload& t, PacketView* out) {
  if (t.on_wire < 20) return PacketKind::kMalformed;
  if (t.bytes.size() < 20) return PacketKind::kTruncated;
  const uint8_t* p = t.bytes.data();
  const size_t header = size_t{p[12]} / 16 * 4;
  if (header < 20 || header > t.on_wire) return PacketKind::kMalformed;
  out->key.src_port = read_be16(p);
  out->key.dst_port = read_be16(p + 2);
  out->key.protocol = kProtoTcp;
  out->tcp_seq = read_be32(p + 4);
  out->tcp_ack = read_be32(p + 8);
  out->tcp_flags = p[13];
  out->tcp_window = read_be16(p + 14);
  out->tcp_urgent = read_be16(p + 18);
  set_payload(t, header, t.on_wire, out);
  return PacketKind::kTcp;
}

// RFC 768; a length of 0 in a jumbogram: RFC 2675 4.
PacketKind decode_udp(const IpPayload& t, PacketView* out) {
  if (t.on_wire < 8) return PacketKind::kMalformed;
  if (t.bytes.size() < 8) return PacketKind::kTruncated;
  const uint8_t* p = t.bytes.data();
  size_t end = read_be16(p + 4);
  if (end == 0 && t.open_length) end = t.on_wire;
  if (end < 8 || end > t.on_wire) return PacketKind::kMalformed;
  out->key.src_port = read_be16(p);
  out->key.dst_port = read_be16(p + 2);
  out->key.protocol = kProtoUdp;
  out->tcp_seq = 0;
  out->tcp_ack = 0;
  out->tcp_flags = 0;
  out->tcp_window = 0;
  out->tcp_urgent = 0;
  set_payload(t, 8, end, out);
  return PacketKind::kUdp;
}

// RFC 4302 2.2: the length is in 4-octet units, minus 2; the other extension headers count 8-octet units
// after the first (RFC 8200 4.3).
size_t extension_length(uint8_t type, uint8_t length) {
  return type == kProtoAh ? (size_t{length} + 2) * 4 : (size_t{length} + 1) * 8;
}

// Steps over the extension headers that `payload` begins with: IPv6's (RFC 8200 4) and, in IPv4 too, IPsec's
// authentication header, which leaves what it protects readable. The chain is walked to its end, however
// long: each step takes eight captured bytes. A kind where it ends before a payload; before kFragment
// `payload` begins with the fragment header.
std::optional<PacketKind> walk_extensions(IpPayload* payload) {
  const Bytes bytes = payload->bytes;
  const size_t end = payload->on_wire;
  uint8_t next = payload->protocol;
  size_t at = 0;
  for (;;) {
    switch (next) {
      case kProtoHopByHop:
      case kProtoRouting:
      case kProtoDestination:
      case kProtoMobility:
      case kProtoHip:
      case kProtoShim6:
        if (!payload->v6) break;
        [[fallthrough]];
      case kProtoAh: {
        if (end - at < 8) return PacketKind::kMalformed;
        if (bytes.size() < at + 2) return PacketKind::kTruncated;
        const size_t length = extension_length(next, bytes[at + 1]);
        if (length > end - at) return PacketKind::kMalformed;
        next = bytes[at];
        at += length;
        continue;
      }
      case kProtoFragment:
        if (!payload->v6) break;
        if (end - at < 8) return PacketKind::kMalformed;
        if (bytes.size() < at + 8) return PacketKind::kTruncated;
        // Offset and M flag; both zero is an atomic fragment (RFC 6946), a whole packet.
        if ((read_be16(bytes.data() + at + 2) & 0xfff9) != 0) {
          payload->bytes = bytes.subspan(at);
          payload->on_wire = end - at;
          return PacketKind::kFragment;
        }
        next = bytes[at];
        at += 8;
        continue;
      default:
        break;
    }
    break;
  }
  payload->protocol = next;
  payload->bytes = bytes.subspan(std::min(at, bytes.size()));
  payload->on_wire = end - at;
  return std::nullopt;
}

// RFC 8200 4.5; `payload` begins with the fragment header, whole.
Fragment ipv6_fragment(const IpPayload& payload) {
  const uint8_t* p = payload.bytes.data();
  const uint16_t offset_flag = read_be16(p + 2);
  return {payload.bytes.subspan(8),
          static_cast<uint32_t>(payload.on_wire - 8),
          offset_flag & 0xfff8u,
          read_be32(p + 4),
          p[0],
          true,
          (offset_flag & 1) != 0};
}

// The jumbo payload option (RFC 2675 2) among the hop-by-hop options at `options`. False: a header or an
// option runs past the captured bytes. `*length` stays 0 where there is no such option.
bool find_jumbo_length(Bytes header, uint32_t* length) {
  if (header.size() < 2) return false;
  const size_t end = (size_t{header[1]} + 1) * 8;
  size_t at = 2;
  while (at < end) {
    if (at >= header.size()) return false;
    if (header[at] == 0) {  // Pad1
      ++at;
      continue;
    }
    if (at + 2 > header.size()) return false;
    const size_t option_end = at + 2 + header[at + 1];
    if (header[at] == 0xc2 && header[at + 1] == 4 && option_end <= end) {
      if (option_end > header.size()) return false;
      *length = read_be32(header.data() + at + 2);
      return true;
    }
    at = option_end;
  }
  return true;
}

}  // namespace

DecodeCounters& DecodeCounters::operator+=(const DecodeCounters& other) {
  for (size_t i = 0; i < kPacketKinds; ++i) {
    packets[i] += other.packets[i];
    bytes[i] += other.bytes[i];
  }
  vlan_tagged += other.vlan_tagged;
  vlan_depth_exceeded += other.vlan_depth_exceeded;
  llc += other.llc;
  offload_length += other.offload_length;
  for (size_t i = 0; i < kLayerKinds; ++i) {
    tunnels[i] += other.tunnels[i];
    tunnels_malformed[i] += other.tunnels_malformed[i];
  }
  tunnel_refused += other.tunnel_refused;
  tunnel_depth_exceeded += other.tunnel_depth_exceeded;
  return *this;
}

// Keeps the VLAN tags of a frame, and of the frames in it.
class Decoder::TagKeeper {
 public:
  TagKeeper(Decoder* decoder, PacketView* out) : decoder_(decoder), out_(out) {}
  [[gnu::noinline]] void operator()(uint16_t tci) {
    const uint16_t id = tci & 0x0fff;
    decoder_->add_layer({LayerKind::kVlan, true, id}, out_);
    if (out_->vlan_count < out_->vlans.size()) {
      out_->vlans[out_->vlan_count++] = id;
    } else {
      decoder_->tags_lost_ = true;
    }
  }

 private:
  Decoder* decoder_;
  PacketView* out_;
};

PacketKind Decoder::decode(const RawPacket& raw, PacketView* out) {
  const PacketKind kind = decode_frame(raw, out);
  const auto index = static_cast<size_t>(kind);
  ++counters_.packets[index];
  counters_.bytes[index] += std::max<size_t>(raw.wire_length, raw.bytes.size());
  if (out->layer_count != 0 || too_deep_) [[unlikely]]
    count_layers(*out);
  return kind;
}

void Decoder::count_layers(const PacketView& view) {
  for (size_t i = 0; i < view.layer_count; ++i) {
    if (view.layers[i].kind != LayerKind::kVlan)
      ++counters_.tunnels[static_cast<size_t>(view.layers[i].kind)];
  }
  if (view.vlan_count != 0) ++counters_.vlan_tagged;
  if (std::exchange(tags_lost_, false)) ++counters_.vlan_depth_exceeded;
  if (std::exchange(too_deep_, false)) ++counters_.tunnel_depth_exceeded;
}

void Decoder::add_layer(const Layer& layer, PacketView* out) {
  if (out->layer_count < out->layers.size()) out->layers[out->layer_count++] = layer;
  if (options_.tenant.names(layer)) out->key.tenant = mix_tenant(out->key.tenant, layer);
}

PacketKind Decoder::decode_frame(const RawPacket& raw, PacketView* out) {
  out->time = raw.time;
  out->key.tenant = 0;
  out->vlans = {};
  out->vlan_count = 0;
  out->tunnels = 0;
  out->layer_count = 0;
  TagKeeper tags(this, out);
  const LinkEnd end = walk_link(raw, tags);
  set_macs(raw.link_type == kLinkEthernet ? raw.bytes : Bytes(), out);
  const Span rest{raw.bytes.subspan(end.at), std::max<size_t>(raw.wire_length, raw.bytes.size()) - end.at};
  if (end.network == Network::kIpv4) return decode_ipv4(rest.bytes, rest.on_wire, out);
  return decode_network(end.network, end.ether_type, rest, out);
}

// A frame inside a tunnel: its MAC addresses are nearer to the packet's ends than those around the tunnel.
PacketKind Decoder::decode_ethernet(Span frame, PacketView* out) {
  if (frame.bytes.size() < 14) {
    return frame.on_wire < 14 ? PacketKind::kMalformed : PacketKind::kTruncated;
  }
  set_macs(frame.bytes, out);
  TagKeeper tags(this, out);
  const LinkEnd end = link_detail::walk_ether_type(frame.bytes, read_be16(frame.bytes.data() + 12), 14, tags);
  return decode_network(end.network, end.ether_type, frame.from(end.at), out);
}

PacketKind Decoder::decode_network(Network network, uint16_t ether_type, Span rest, PacketView* out) {
  switch (network) {
    case Network::kIpv4:
      return decode_ipv4(rest.bytes, rest.on_wire, out);
    case Network::kIpv6:
      return decode_ipv6(rest.bytes, rest.on_wire, out);
    case Network::kArp:
      return PacketKind::kArp;
    case Network::kLlc:
      ++counters_.llc;
      return PacketKind::kOtherLink;
    case Network::kOther:
      break;
    case Network::kUnknownLink:
      return PacketKind::kUnknownLink;
    case Network::kTruncated:
      return PacketKind::kTruncated;
    case Network::kMalformed:
      return PacketKind::kMalformed;
  }
  switch (ether_type) {
    case kTypeMpls:
    case kTypeMplsUpstream:
      return enter(open_mpls(rest), PacketKind::kOtherLink, out);
    case kTypePppoe:
      return enter(open_pppoe(rest), PacketKind::kOtherLink, out);
    case kTypeNsh:
      return enter(open_nsh(rest), PacketKind::kOtherLink, out);
    case kTypeVnTag:
      return enter(open_vn_tag(rest), PacketKind::kOtherLink, out);
    case kTypeETag:
      return enter(open_e_tag(rest), PacketKind::kOtherLink, out);
    case kTypePbb:
      return enter(open_pbb(rest), PacketKind::kOtherLink, out);
    case kTypeFabricPath:
      return enter(open_fabric_path(rest), PacketKind::kOtherLink, out);
    default:
      return PacketKind::kOtherLink;
  }
}

// `closed`: what the packet is where its tunnel is not opened.
PacketKind Decoder::enter(const Opened& opened, PacketKind closed, PacketView* out) {
  switch (opened.what) {
    case Opened::What::kOpaque:
      return closed;
    case Opened::What::kTruncated:
      return PacketKind::kTruncated;
    case Opened::What::kMalformed:
      ++counters_.tunnels_malformed[static_cast<size_t>(opened.layer.kind)];
      return PacketKind::kMalformed;
    case Opened::What::kEthernet:
    case Opened::What::kEtherType:
      break;
  }
  if (out->tunnels >= options_.max_tunnels) {
    too_deep_ = true;
    return closed;
  }
  ++out->tunnels;
  add_layer(opened.layer, out);
  TagKeeper tags(this, out);
  if (opened.vlan != 0) tags(opened.vlan);
  PacketKind kind;
  if (opened.what == Opened::What::kEthernet) {
    kind = decode_ethernet(opened.rest, out);
  } else {
    // The frame's MAC addresses are those of the tunnel's ends, not of the packet's.
    if (closed != PacketKind::kOtherLink) set_macs({}, out);
    const LinkEnd end = link_detail::walk_ether_type(opened.rest.bytes, opened.ether_type, 0, tags);
    kind = decode_network(end.network, end.ether_type, opened.rest.from(end.at), out);
  }
  // Something unknown inside of an IP packet leaves it another IP packet.
  return kind == PacketKind::kOtherLink && closed == PacketKind::kOtherIp ? closed : kind;
}

PacketKind Decoder::decode_ip_tunnel(IpPayload payload, PacketView* out) {
  const Span in{payload.bytes, payload.on_wire};
  Opened opened;
  switch (payload.protocol) {
    case kProtoIpv4:
      opened = {Opened::What::kEtherType,
                kTypeIpv4,
                0,
                {payload.v6 ? LayerKind::kIp4In6 : LayerKind::kIp4In4, false, 0},
                in};
      break;
    case kProtoIpv6:
      opened = {Opened::What::kEtherType,
                kTypeIpv6,
                0,
                {payload.v6 ? LayerKind::kIp6In6 : LayerKind::kIp6In4, false, 0},
                in};
      break;
    case kProtoGre:
      opened = open_gre(in);
      break;
    case kProtoEtherIp:
      opened = open_ether_ip(in);
      break;
    case kProtoL2tp:
      opened = open_l2tp_v3(in);
      break;
    case kProtoMpls:
      opened = open_mpls(in);
      break;
    case kProtoEthernet:
      opened = {Opened::What::kEthernet, 0, 0, {LayerKind::kEthernet, false, 0}, in};
      break;
    default:
      return PacketKind::kOtherIp;
  }
  return enter(opened, PacketKind::kOtherIp, out);
}

// The datagram in `*out` came from or goes to a port of some tunnel.
PacketKind Decoder::decode_udp_tunnel(PacketView* out) {
  PacketKind kind = PacketKind::kUdp;
  const Span in{out->payload, out->payload_wire};
  const bool opened = options_.ports.any_of(out->key.src_port, out->key.dst_port, [&](LayerKind tunnel) {
    const Opened o = open_udp(tunnel, in);
    if (o.what == Opened::What::kMalformed) ++counters_.tunnels_malformed[static_cast<size_t>(tunnel)];
    if (o.what != Opened::What::kEthernet && o.what != Opened::What::kEtherType) return false;
    const PacketView datagram = *out;
    kind = enter(o, PacketKind::kUdp, out);
    if (kind != PacketKind::kMalformed && kind != PacketKind::kOtherLink) return true;
    *out = datagram;
    return false;
  });
  if (opened) return kind;
  ++counters_.tunnel_refused;
  return PacketKind::kUdp;
}

// Inlined into its two callers: most packets come this way. What it hands on it hands on by value, so that
// the payload need not stand in memory for the others.
[[gnu::always_inline]] inline PacketKind Decoder::decode_transport(const IpPayload& payload,
                                                                   PacketView* out) {
  switch (payload.protocol) {
    case kProtoTcp:
      return decode_tcp(payload, out);
    case kProtoUdp: {
      const PacketKind kind = decode_udp(payload, out);
      const bool tunnel = options_.ports.maybe(out->key.dst_port) || options_.ports.maybe(out->key.src_port);
      if (kind == PacketKind::kUdp && tunnel) [[unlikely]]
        return decode_udp_tunnel(out);
      return kind;
    }
    case kProtoIcmp:
      return payload.v6 ? PacketKind::kOtherIp : PacketKind::kIcmp;
    case kProtoIcmpV6:
      return payload.v6 ? PacketKind::kIcmp : PacketKind::kOtherIp;
    case kProtoEsp:
      return PacketKind::kEsp;
    default:
      return decode_ip_tunnel(payload, out);
  }
}

// RFC 791 3.1.
PacketKind Decoder::decode_ipv4(Bytes packet, size_t on_wire, PacketView* out) {
  const uint8_t* p = packet.data();
  if (!packet.empty() && (p[0] >> 4) != 4) return PacketKind::kMalformed;
  if (packet.size() < kIpv4Header) return PacketKind::kTruncated;
  size_t at = size_t{p[0]} % 16 * 4;
  size_t end = read_be16(p + 2);
  const bool open_length = end == 0;
  if (open_length) {
    end = on_wire;
    ++counters_.offload_length;
  }
  if (at < kIpv4Header || end < at) return PacketKind::kMalformed;
  out->key.src = IpAddress::v4(p + 12);
  out->key.dst = IpAddress::v4(p + 16);
  out->ip_id = read_be16(p + 4);
  out->ttl = p[8];
  out->checksum = check_ipv4_header(packet.first(std::min(packet.size(), at)));
  const size_t captured = std::min(packet.size(), end);
  const size_t begin = std::min(at, captured);
  const IpPayload payload{packet.subspan(begin, captured - begin), end - at, p[9], false, open_length};
  // More fragments, or an offset: a piece of a datagram.
  const uint16_t flags_offset = read_be16(p + 6);
  if ((flags_offset & 0x3fff) != 0) [[unlikely]] {
    fragment_ = {
        payload.bytes, static_cast<uint32_t>(end - at), (flags_offset & 0x1fffu) * 8, out->ip_id, p[9],
        false,         (flags_offset & 0x2000) != 0};
    return PacketKind::kFragment;
  }
  if (payload.protocol == kProtoAh) [[unlikely]]
    return decode_ip_payload(payload, out);
  return decode_transport(payload, out);
}

// RFC 8200 3.
PacketKind Decoder::decode_ipv6(Bytes packet, size_t on_wire, PacketView* out) {
  const uint8_t* p = packet.data();
  if (!packet.empty() && (p[0] >> 4) != 6) return PacketKind::kMalformed;
  if (packet.size() < kIpv6Header) return PacketKind::kTruncated;
  out->key.src = IpAddress::v6(p + 8);
  out->key.dst = IpAddress::v6(p + 24);
  out->ip_id = 0;
  out->ttl = p[7];
  out->checksum = Checksum::kUnchecked;  // no sum of its own
  const size_t payload_length = read_be16(p + 4);
  uint8_t next = p[6];
  size_t end = kIpv6Header + payload_length;
  bool open_length = false;
  if (payload_length == 0) [[unlikely]] {
    if (next == kProtoHopByHop) {
      uint32_t jumbo = 0;
      // The option's place is known only from bytes on the wire.
      if (!find_jumbo_length(packet.subspan(kIpv6Header), &jumbo)) return PacketKind::kTruncated;
      if (jumbo != 0) {
        // A jumbogram is longer than 65,535 bytes, and no longer than its frame: a length from the
        // peer that may say 4 GiB is never believed alone.
        if (jumbo <= 0xffff || jumbo > on_wire - kIpv6Header) return PacketKind::kMalformed;
        end = kIpv6Header + jumbo;
        open_length = true;
      }
    } else if (next == kProtoTcp || next == kProtoUdp) {
      end = on_wire;
      open_length = true;
      ++counters_.offload_length;
    }
  }
  const size_t captured = std::min(packet.size(), end);
  return decode_ip_payload(
      {packet.subspan(kIpv6Header, captured - kIpv6Header), end - kIpv6Header, next, true, open_length}, out);
}

PacketKind Decoder::decode_ip_payload(IpPayload payload, PacketView* out) {
  if (payload.v6 || payload.protocol == kProtoAh) {
    const std::optional<PacketKind> stop = walk_extensions(&payload);
    if (stop == PacketKind::kFragment) fragment_ = ipv6_fragment(payload);
    if (stop) return *stop;
  }
  return decode_transport(payload, out);
}

}  // namespace weir
