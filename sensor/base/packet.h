// A packet on its way: RawPacket from capture, PacketView from decode. Both borrow the capture buffer
// and are valid for the length of the burst.
#pragma once

#include <array>
#include <cstdint>

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
};

// TCP header flags (RFC 9293 3.1).
inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpPsh = 0x08;
inline constexpr uint8_t kTcpAck = 0x10;
inline constexpr uint8_t kTcpUrg = 0x20;

struct PacketView {
  Nanoseconds time = 0;
  FlowKey key;
  Bytes payload;              // captured transport payload
  uint32_t payload_wire = 0;  // transport payload by the lengths in the headers; >= payload.size()
  uint32_t tcp_seq = 0;
  uint32_t tcp_ack = 0;
  uint16_t tcp_window = 0;
  uint8_t tcp_flags = 0;
  uint8_t ttl = 0;                  // or hop limit
  uint8_t vlan_count = 0;           // tags seen, outermost first; more than four are counted, not kept
  std::array<uint16_t, 4> vlans{};  // VLAN ids
  bool has_mac = false;
  std::array<uint8_t, 6> src_mac{};
  std::array<uint8_t, 6> dst_mac{};
};

// What became of a frame. Everything but kTcp and kUdp is counted by kind and goes no further.
enum class PacketKind : uint8_t {
  kTcp,
  kUdp,
  kIcmp,      // ICMP, ICMPv6
  kOtherIp,   // another IP protocol
  kFragment,  // an IP fragment; not reassembled
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
  constexpr std::string_view kNames[] = {"tcp",       "udp",       "icmp",       "other_ip",
                                         "fragment",  "arp",       "other_link", "unknown_link",
                                         "truncated", "malformed", "filtered"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace weir
