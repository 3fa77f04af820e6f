// From the first byte of a frame to its network header: Ethernet with its VLAN tags, Linux cooked
// capture, BSD loopback, raw IP. Shared by Decoder::decode and steer_hash, so that both see the same
// network header; frames inside tunnels are read by walk_ether_type too. Reads nothing beyond the captured
// bytes and keeps nothing.
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

// Where the walk over a frame ended. Small enough for a register: this is answered for every packet.
struct LinkEnd {
  Network network = Network::kOther;
  uint16_t ether_type = 0;  // of kOther, where the link layer has EtherTypes, else 0
  uint32_t at = 0;          // behind the link header and its tags; at most the captured bytes
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
inline constexpr uint16_t kEtherCiscoMeta = 0x8909;    // Cisco metadata: a security group tag
inline constexpr uint16_t kEtherCiscoTime = 0x8988;    // time tag of Cisco ACI, in what it mirrors on egress
inline constexpr uint16_t kMinEtherType = 0x0600;      // below: a length (IEEE 802.3 3.2.6)

// Bytes from behind the EtherType of a tag that names no network to behind the next EtherType; 0: no such
// tag, or its length is cut off. (tshark reads both so.)
inline uint32_t quiet_tag(Bytes frame, uint16_t type, uint32_t at) {
  if (type == kEtherCiscoTime) return 6 + 2;  // the time
  // Version, length in words of four bytes, the options (the usual one: type and tag).
  if (type == kEtherCiscoMeta && frame.size() >= size_t{at} + 2) return 2 + 4u * frame[at + 1] + 2;
  return 0;
}

// `at`: offset behind the EtherType. Every tag is walked, however many: the cost is bounded by the frame.
template <class TagSink>
LinkEnd walk_ether_type(Bytes frame, uint16_t type, uint32_t at, TagSink& on_tag) {
  for (;;) {
    if (type == kEtherVlan || type == kEtherServiceVlan || type == kEtherOldQinq) [[unlikely]] {
      if (frame.size() < size_t{at} + 4) return {Network::kTruncated, 0, at};
      on_tag(read_be16(frame.data() + at));
      type = read_be16(frame.data() + at + 2);
      at += 4;
    } else if (type == kEtherCiscoMeta || type == kEtherCiscoTime) [[unlikely]] {
      const uint32_t size = quiet_tag(frame, type, at);
      if (size == 0 || frame.size() < size_t{at} + size) return {Network::kTruncated, 0, at};
      at += size;
      type = read_be16(frame.data() + at - 2);
    } else {
      break;
    }
  }
  switch (type) {
    case kEtherIpv4:
      return {Network::kIpv4, 0, at};
    case kEtherIpv6:
      return {Network::kIpv6, 0, at};
    case kEtherArp:
      return {Network::kArp, 0, at};
    default:
      return {type < kMinEtherType ? Network::kLlc : Network::kOther, type, at};
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

// Finds the network header of `raw`. `on_tag(uint16_t tci)` is called for every VLAN tag.
template <class TagSink>
LinkEnd walk_link(const RawPacket& raw, TagSink& on_tag) {
  namespace d = link_detail;
  constexpr LinkEnd kCut = {Network::kTruncated, 0, 0};
  const Bytes frame = raw.bytes;
  const uint8_t* p = frame.data();
  switch (raw.link_type) {
    [[likely]] case kLinkEthernet : {
      if (frame.size() < 14) return kCut;
      const uint16_t type = read_be16(p + 12);
      if (type == d::kEtherIpv4) return {Network::kIpv4, 0, 14};  // most frames
      return d::walk_ether_type(frame, type, 14, on_tag);
    }
    case kLinkRaw:
    case kLinkRawBsd:
    case kLinkRawOpenBsd:
      return {d::by_version(frame), 0, 0};
    case kLinkIpv4:
      return {Network::kIpv4, 0, 0};
    case kLinkIpv6:
      return {Network::kIpv6, 0, 0};
    case kLinkLinuxSll: {
      // Packet type, ARPHRD type, address length, address (8), protocol. Values below 0x0600 stand for
      // frames without an EtherType (novell, LLC, CAN).
      if (frame.size() < 16) return kCut;
      // On a netlink device (ARPHRD 824) the protocol is a netlink family, not an EtherType.
      if (read_be16(p + 2) == 824) return {Network::kOther, 0, 16};
      return d::walk_ether_type(frame, read_be16(p + 14), 16, on_tag);
    }
    case kLinkLinuxSll2: {
      // Protocol, reserved, interface index (4), ARPHRD type, packet type, address length, address (8).
      if (frame.size() < 20) return kCut;
      if (read_be16(p + 8) == 824) return {Network::kOther, 0, 20};
      return d::walk_ether_type(frame, read_be16(p), 20, on_tag);
    }
    case kLinkNull: {
      // The family is in the byte order of the capturing machine; families are small numbers.
      if (frame.size() < 4) return kCut;
      const uint32_t little = read_le32(p);
      return {d::by_family(little > 0xffff ? read_be32(p) : little), 0, 4};
    }
    case kLinkLoop:
      if (frame.size() < 4) return kCut;
      return {d::by_family(read_be32(p)), 0, 4};
    default:
      return {Network::kUnknownLink, 0, 0};
  }
}

}  // namespace weir
