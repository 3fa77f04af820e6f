#include "sensor/decode/decoder.h"

#include <algorithm>
#include <cstring>

#include "sensor/decode/link_layer.h"

namespace weir {
namespace {

// IANA protocol numbers.
constexpr uint8_t kProtoHopByHop = 0;
constexpr uint8_t kProtoIcmp = 1;
constexpr uint8_t kProtoRouting = 43;
constexpr uint8_t kProtoFragment = 44;
constexpr uint8_t kProtoAh = 51;
constexpr uint8_t kProtoIcmpV6 = 58;
constexpr uint8_t kProtoDestination = 60;
constexpr uint8_t kProtoMobility = 135;
constexpr uint8_t kProtoHip = 139;
constexpr uint8_t kProtoShim6 = 140;

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;

// The packet behind the IP headers: `captured` may end before `on_wire`, the length by the headers.
struct Transport {
  const uint8_t* data = nullptr;
  size_t captured = 0;
  size_t on_wire = 0;
  bool open_length = false;  // a jumbogram, or segmentation offload: UDP's length may be 0
};

void set_payload(const Transport& t, size_t header, size_t end, PacketView* out) {
  const size_t captured_end = std::min(t.captured, end);
  out->payload = captured_end > header ? Bytes(t.data + header, captured_end - header) : Bytes();
  out->payload_wire = static_cast<uint32_t>(end - header);
}

// RFC 9293 3.1.
PacketKind decode_tcp(const Transport& t, PacketView* out) {
  if (t.on_wire < 20) return PacketKind::kMalformed;
  if (t.captured < 20) return PacketKind::kTruncated;
  const uint8_t* p = t.data;
  const size_t header = size_t{p[12]} / 16 * 4;
  if (header < 20 || header > t.on_wire) return PacketKind::kMalformed;
  out->key.src_port = read_be16(p);
  out->key.dst_port = read_be16(p + 2);
  out->key.protocol = kProtoTcp;
  out->tcp_seq = read_be32(p + 4);
  out->tcp_ack = read_be32(p + 8);
  out->tcp_flags = p[13];
  out->tcp_window = read_be16(p + 14);
  set_payload(t, header, t.on_wire, out);
  return PacketKind::kTcp;
}

// RFC 768; a length of 0 in a jumbogram: RFC 2675 4.
PacketKind decode_udp(const Transport& t, PacketView* out) {
  if (t.on_wire < 8) return PacketKind::kMalformed;
  if (t.captured < 8) return PacketKind::kTruncated;
  const uint8_t* p = t.data;
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
  set_payload(t, 8, end, out);
  return PacketKind::kUdp;
}

// RFC 4302 2.2: the length is in 4-octet units, minus 2; the other extension headers count 8-octet units
// after the first (RFC 8200 4.3).
size_t extension_length(uint8_t type, uint8_t length) {
  return type == kProtoAh ? (size_t{length} + 2) * 4 : (size_t{length} + 1) * 8;
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

class TagKeeper {
 public:
  explicit TagKeeper(PacketView* out) : out_(out) {}
  void operator()(uint16_t tci) {
    if (seen_ < out_->vlans.size()) out_->vlans[seen_] = tci & 0x0fff;
    ++seen_;
  }
  size_t seen() const { return seen_; }

 private:
  PacketView* out_;
  size_t seen_ = 0;
};

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
  return *this;
}

PacketKind Decoder::decode(const RawPacket& raw, PacketView* out) {
  const PacketKind kind = decode_frame(raw, out);
  const auto index = static_cast<size_t>(kind);
  ++counters_.packets[index];
  counters_.bytes[index] += std::max<size_t>(raw.wire_length, raw.bytes.size());
  return kind;
}

PacketKind Decoder::decode_frame(const RawPacket& raw, PacketView* out) {
  out->time = raw.time;
  out->key.tenant = 0;
  out->vlans = {};
  TagKeeper tags(out);
  size_t at = 0;
  const Network network = walk_link(raw, &at, tags);
  out->vlan_count = static_cast<uint8_t>(std::min(tags.seen(), out->vlans.size()));
  if (tags.seen() > 0) [[unlikely]] {
    ++counters_.vlan_tagged;
    if (tags.seen() > out->vlans.size()) ++counters_.vlan_depth_exceeded;
  }

  const size_t frame_length = std::max<size_t>(raw.wire_length, raw.bytes.size());
  switch (network) {
    case Network::kIpv4:
    case Network::kIpv6:
      out->has_mac = raw.link_type == kLinkEthernet;
      if (out->has_mac) {
        std::memcpy(out->dst_mac.data(), raw.bytes.data(), 6);
        std::memcpy(out->src_mac.data(), raw.bytes.data() + 6, 6);
      } else {
        out->dst_mac = {};
        out->src_mac = {};
      }
      return network == Network::kIpv4 ? decode_ipv4(raw.bytes.subspan(at), frame_length - at, out)
                                       : decode_ipv6(raw.bytes.subspan(at), frame_length - at, out);
    case Network::kArp:
      return PacketKind::kArp;
    case Network::kLlc:
      ++counters_.llc;
      return PacketKind::kOtherLink;
    case Network::kOther:
      return PacketKind::kOtherLink;
    case Network::kUnknownLink:
      return PacketKind::kUnknownLink;
    case Network::kTruncated:
      return PacketKind::kTruncated;
    case Network::kMalformed:
      return PacketKind::kMalformed;
  }
  return PacketKind::kMalformed;
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
  // More fragments, or an offset: a piece of a datagram.
  if ((read_be16(p + 6) & 0x3fff) != 0) return PacketKind::kFragment;

  out->key.src = IpAddress::v4(p + 12);
  out->key.dst = IpAddress::v4(p + 16);
  out->ttl = p[8];
  uint8_t protocol = p[9];
  const size_t captured = std::min(packet.size(), end);
  // IPsec's authentication header leaves what it protects readable.
  while (protocol == kProtoAh) [[unlikely]] {
      if (end - at < 8) return PacketKind::kMalformed;
      if (captured < at + 2) return PacketKind::kTruncated;
      const size_t length = extension_length(protocol, p[at + 1]);
      if (length > end - at) return PacketKind::kMalformed;
      protocol = p[at];
      at += length;
    }
  const Transport transport{p + std::min(at, captured), captured > at ? captured - at : 0, end - at,
                            open_length};
  switch (protocol) {
    case kProtoTcp:
      return decode_tcp(transport, out);
    case kProtoUdp:
      return decode_udp(transport, out);
    case kProtoIcmp:
      return PacketKind::kIcmp;
    default:
      return PacketKind::kOtherIp;
  }
}

// RFC 8200 3 and 4. The chain is walked to its end, however long: each step takes eight captured bytes.
PacketKind Decoder::decode_ipv6(Bytes packet, size_t on_wire, PacketView* out) {
  const uint8_t* p = packet.data();
  if (!packet.empty() && (p[0] >> 4) != 6) return PacketKind::kMalformed;
  if (packet.size() < kIpv6Header) return PacketKind::kTruncated;
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
  out->key.src = IpAddress::v6(p + 8);
  out->key.dst = IpAddress::v6(p + 24);
  out->ttl = p[7];

  const size_t captured = std::min(packet.size(), end);
  size_t at = kIpv6Header;
  for (;;) {
    switch (next) {
      case kProtoHopByHop:
      case kProtoRouting:
      case kProtoDestination:
      case kProtoAh:
      case kProtoMobility:
      case kProtoHip:
      case kProtoShim6: {
        if (end - at < 8) return PacketKind::kMalformed;
        if (captured < at + 2) return PacketKind::kTruncated;
        const size_t length = extension_length(next, p[at + 1]);
        if (length > end - at) return PacketKind::kMalformed;
        next = p[at];
        at += length;
        continue;
      }
      case kProtoFragment:
        if (end - at < 8) return PacketKind::kMalformed;
        if (captured < at + 8) return PacketKind::kTruncated;
        // Offset and M flag; both zero is an atomic fragment (RFC 6946), a whole packet.
        if ((read_be16(p + at + 2) & 0xfff9) != 0) return PacketKind::kFragment;
        next = p[at];
        at += 8;
        continue;
      default:
        break;
    }
    break;
  }
  const Transport transport{p + std::min(at, captured), captured > at ? captured - at : 0, end - at,
                            open_length};
  switch (next) {
    case kProtoTcp:
      return decode_tcp(transport, out);
    case kProtoUdp:
      return decode_udp(transport, out);
    case kProtoIcmpV6:
      return PacketKind::kIcmp;
    default:
      return PacketKind::kOtherIp;
  }
}

namespace {

// Two rounds of multiply and fold (the constants are odd and without pattern); equal for the two
// directions because the halves are added.
uint64_t mix_address(uint64_t high, uint64_t low) {
  uint64_t x = (high ^ 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
  x ^= x >> 32;
  x = (x ^ low) * 0x94d049bb133111ebu;
  return x ^ (x >> 29);
}

uint32_t mix_pair(uint64_t a, uint64_t b) {
  uint64_t x = a + b;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  return static_cast<uint32_t>(x >> 32);
}

}  // namespace

uint32_t steer_hash(const RawPacket& raw) {
  IgnoreTags ignore;
  size_t at = 0;
  const Network network = walk_link(raw, &at, ignore);
  if (network != Network::kIpv4 && network != Network::kIpv6) return 0;
  const Bytes packet = raw.bytes.subspan(at);
  const uint8_t* p = packet.data();
  if (network == Network::kIpv4) {
    if (packet.size() < kIpv4Header || (p[0] >> 4) != 4) return 0;
    constexpr uint64_t kMapped = 0x0000ffff00000000u;
    return mix_pair(mix_address(0, kMapped | read_be32(p + 12)), mix_address(0, kMapped | read_be32(p + 16)));
  }
  if (packet.size() < kIpv6Header || (p[0] >> 4) != 6) return 0;
  return mix_pair(mix_address(read_be64(p + 8), read_be64(p + 16)),
                  mix_address(read_be64(p + 24), read_be64(p + 32)));
}

}  // namespace weir
