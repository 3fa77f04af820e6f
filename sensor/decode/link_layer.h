// From the first byte of a frame to its network header: Ethernet with its VLAN tags, Linux cooked
// capture, BSD loopback, raw IP. Shared by Decoder::decode and steer_hash, so that both see the same
// network header. Reads nothing beyond the captured bytes and keeps nothing.
#pragma once

#include <cstdint>

#include "parsers/wire/bytes.h"
#include "sensor/base/packet.h"

namespace weir {

// LINKTYPE_ values (tcpdump.org/linktypes.html) that Weir decodes.
inline constexpr uint16_t kLinkNull = 0;
inline constexpr uint16_t kLinkEthernet = 1;
inline constexpr uint16_t kLinkRawBsd = 12;      // DLT_RAW where it was written without mapping
inline constexpr uint16_t kLinkRawOpenBsd = 14;  // … and on OpenBSD
inline constexpr uint16_t kLinkRaw = 101;
inline constexpr uint16_t kLinkLoop = 108;
inline constexpr uint16_t kLinkLinuxSll = 113;
inline constexpr uint16_t kLinkIpv4 = 228;
inline constexpr uint16_t kLinkIpv6 = 229;
inline constexpr uint16_t kLinkLinuxSll2 = 276;

enum class Network : uint8_t {
  kIpv4,
  kIpv6,
  kArp,
  kLlc,          // IEEE 802.3 length field: LLC or SNAP follows
  kOther,        // another EtherType or address family
  kUnknownLink,  // another link type
  kTruncated,    // the captured bytes end before the network header begins
  kMalformed,    // raw IP of a version that is neither 4 nor 6
};

// Takes a VLAN tag's control information, outermost first. The one that throws them away:
struct IgnoreTags {
  void operator()(uint16_t) const {}
};

namespace link_detail {

inline constexpr uint16_t kEtherIpv4 = 0x0800;
inline constexpr uint16_t kEtherArp = 0x0806;
inline constexpr uint16_t kEtherVlan = 0x8100;  // IEEE 802.1Q C-tag
inline constexpr uint16_t kEtherIpv6 = 0x86dd;
inline constexpr uint16_t kEtherServiceVlan = 0x88a8;  // IEEE 802.1ad S-tag
inline constexpr uint16_t kEtherOldQinq = 0x9100;      // S-tag of switches older than 802.1ad
inline constexpr uint16_t kMinEtherType = 0x0600;      // below: a length (IEEE 802.3 3.2.6)

// `at`: offset behind the EtherType. Every tag is walked, however many: the cost is bounded by the frame.
template <class TagSink>
Network walk_ether_type(Bytes frame, uint16_t type, size_t at, size_t* network_at, TagSink& on_tag) {
  while (type == kEtherVlan || type == kEtherServiceVlan || type == kEtherOldQinq) [[unlikely]] {
      if (frame.size() < at + 4) return Network::kTruncated;
      on_tag(read_be16(frame.data() + at));
      type = read_be16(frame.data() + at + 2);
      at += 4;
    }
  *network_at = at;
  switch (type) {
    case kEtherIpv4:
      return Network::kIpv4;
    case kEtherIpv6:
      return Network::kIpv6;
    case kEtherArp:
      return Network::kArp;
    default:
      return type < kMinEtherType ? Network::kLlc : Network::kOther;
  }
}

inline Network by_version(Bytes frame) {
  if (frame.empty()) return Network::kTruncated;
  const int version = frame[0] >> 4;
  if (version == 4) return Network::kIpv4;
  return version == 6 ? Network::kIpv6 : Network::kMalformed;
}

// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS.
inline Network by_family(uint32_t family) {
  switch (family) {
    case 2:
      return Network::kIpv4;
    case 10:
    case 24:
    case 28:
    case 30:
      return Network::kIpv6;
    default:
      return Network::kOther;
  }
}

}  // namespace link_detail

// Finds the network header of `raw`. Where the result is kIpv4 or kIpv6, `*network_at` is its offset,
// at most raw.bytes.size(). `on_tag(uint16_t tci)` is called for every VLAN tag.
template <class TagSink>
Network walk_link(const RawPacket& raw, size_t* network_at, TagSink& on_tag) {
  namespace d = link_detail;
  const Bytes frame = raw.bytes;
  const uint8_t* p = frame.data();
  *network_at = 0;
  switch (raw.link_type) {
    [[likely]] case kLinkEthernet : if (frame.size() < 14) return Network::kTruncated;
    return d::walk_ether_type(frame, read_be16(p + 12), 14, network_at, on_tag);
    case kLinkRaw:
    case kLinkRawBsd:
    case kLinkRawOpenBsd:
      return d::by_version(frame);
    case kLinkIpv4:
      return Network::kIpv4;
    case kLinkIpv6:
      return Network::kIpv6;
    case kLinkLinuxSll: {
      // Packet type, ARPHRD type, address length, address (8), protocol. Values below 0x0600 stand for
      // frames without an EtherType (novell, LLC, CAN).
      if (frame.size() < 16) return Network::kTruncated;
      // On a netlink device (ARPHRD 824) the protocol is a netlink family, not an EtherType.
      if (read_be16(p + 2) == 824) return Network::kOther;
      return d::walk_ether_type(frame, read_be16(p + 14), 16, network_at, on_tag);
    }
    case kLinkLinuxSll2: {
      // Protocol, reserved, interface index (4), ARPHRD type, packet type, address length, address (8).
      if (frame.size() < 20) return Network::kTruncated;
      if (read_be16(p + 8) == 824) return Network::kOther;
      return d::walk_ether_type(frame, read_be16(p), 20, network_at, on_tag);
    }
    case kLinkNull: {
      // The family is in the byte order of the capturing machine; families are small numbers.
      if (frame.size() < 4) return Network::kTruncated;
      *network_at = 4;
      const uint32_t little = read_le32(p);
      return d::by_family(little > 0xffff ? read_be32(p) : little);
    }
    case kLinkLoop:
      if (frame.size() < 4) return Network::kTruncated;
      *network_at = 4;
      return d::by_family(read_be32(p));
    default:
      return Network::kUnknownLink;
  }
}

}  // namespace weir
