#include "sensor/decode/steering.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace weir {
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

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;

constexpr std::array<uint64_t, 4> protocol_set(std::initializer_list<uint8_t> protocols) {
  std::array<uint64_t, 4> set{};
  for (const uint8_t p : protocols) set[p / 64] |= uint64_t{1} << (p % 64);
  return set;
}
constexpr bool has(const std::array<uint64_t, 4>& set, uint8_t protocol) {
  return ((set[protocol / 64] >> (protocol % 64)) & 1) != 0;
}

// IP protocols behind which other addresses may stand: tunnels (IP in IP, GRE, EtherIP, L2TPv3, MPLS,
// Ethernet), and headers that hide which protocol follows.
constexpr auto kDeeperInIpv4 = protocol_set({4, 41, 47, 51, 97, 115, 137, 143});
constexpr auto kDeeperInIpv6 = protocol_set({4, 41, 47, 51, 97, 115, 137, 143, 0, 43, 44, 60, 135, 139, 140});

bool is_tunnel_port(const DecodeOptions& options, Bytes packet, size_t at) {
  if (packet.size() < at + 4) return false;
  return options.ports.maybe(read_be16(packet.data() + at)) ||
         options.ports.maybe(read_be16(packet.data() + at + 2));
}

}  // namespace

uint32_t steer_hash(const IpAddress& a, const IpAddress& b) {
  return mix_pair(mix_address(read_be64(a.bytes.data()), read_be64(a.bytes.data() + 8)),
                  mix_address(read_be64(b.bytes.data()), read_be64(b.bytes.data() + 8)));
}

// Most packets are told by the first IP header. For the others the decoder itself is asked, so that a packet
// is always steered by the addresses that it will be decoded to.
Steer steer(const RawPacket& raw, const DecodeOptions& options) {
  IgnoreTags ignore;
  const LinkEnd end = walk_link(raw, ignore);
  const Bytes packet = raw.bytes.subspan(end.at);
  const uint8_t* p = packet.data();
  if (end.network == Network::kIpv4) {
    if (packet.size() < kIpv4Header || (p[0] >> 4) != 4) return {};
    const bool fragment = (read_be16(p + 6) & 0x3fff) != 0;
    const bool deeper =
        !fragment && (has(kDeeperInIpv4, p[9]) ||
                      (p[9] == kProtoUdp && is_tunnel_port(options, packet, size_t{p[0]} % 16 * 4)));
    if (!deeper) [[likely]] {
      constexpr uint64_t kMapped = 0x0000ffff00000000u;
      return {
          mix_pair(mix_address(0, kMapped | read_be32(p + 12)), mix_address(0, kMapped | read_be32(p + 16))),
          fragment};
    }
  } else if (end.network == Network::kIpv6) {
    if (packet.size() < kIpv6Header || (p[0] >> 4) != 6) return {};
    if (!has(kDeeperInIpv6, p[6]) && !(p[6] == kProtoUdp && is_tunnel_port(options, packet, kIpv6Header))) {
      return {mix_pair(mix_address(read_be64(p + 8), read_be64(p + 16)),
                       mix_address(read_be64(p + 24), read_be64(p + 32)))};
    }
  } else if (end.network != Network::kOther || end.ether_type == 0) {
    return {};
  }
  Decoder decoder(options);
  PacketView view;
  const PacketKind kind = decoder.decode_frame(raw, &view);
  const bool fragment = kind == PacketKind::kFragment;
  // A tag or label with no IP inside leaves the addresses as they were made.
  const bool no_ip = kind == PacketKind::kOtherLink || kind == PacketKind::kArp;
  if (no_ip && view.key.src == IpAddress{} && view.key.dst == IpAddress{}) return {};
  return {steer_hash(view.key.src, view.key.dst), fragment};
}

uint32_t steer_hash(const RawPacket& raw) {
  static const DecodeOptions kDefaults;
  return steer_hash(raw, kDefaults);
}

namespace {

uint32_t add_ports(uint32_t addresses, const FlowKey& key) {
  const uint32_t low = std::min(key.src_port, key.dst_port);
  const uint32_t high = std::max(key.src_port, key.dst_port);
  uint64_t x = (uint64_t{addresses} << 32 | (low << 16 | high)) + key.protocol;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  return static_cast<uint32_t>(x >> 32);
}

}  // namespace

Steer Steering::flow_of(const RawPacket& raw) {
  Steer steered = steer(raw, decode_);
  PacketView view;
  const PacketKind kind = decoder_.decode(raw, &view);
  if (kind == PacketKind::kTcp || kind == PacketKind::kUdp) steered.hash = add_ports(steered.hash, view.key);
  return steered;
}

uint32_t steer_hash(const FlowKey& key, SteerBy by) {
  const uint32_t addresses = steer_hash(key.src, key.dst);
  return by == SteerBy::kAddress ? addresses : add_ports(addresses, key);
}

}  // namespace weir
