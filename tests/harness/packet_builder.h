// Frames for tests: layers are named from the outside in, lengths and checksums are filled in at the end.
//
//   PacketBuilder().ethernet().vlan(5).ipv4("192.0.2.1", "198.51.100.7").tcp(40000,
//   80).seq(7).payload("x").frame()
//
// ethernet() first and ipv4()/ipv6() must come before tcp()/udp(); without ethernet() the frame is raw IP.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/packet.h"

namespace weir::harness {

using Frame = std::vector<uint8_t>;

class PacketBuilder {
 public:
  PacketBuilder& ethernet();                                     // 02:00:00:00:00:01 → 02:00:00:00:00:02
  PacketBuilder& vlan(uint16_t id, uint16_t tag_type = 0x8100);  // after ethernet(), outermost first
  PacketBuilder& ipv4(const std::string& source, const std::string& destination, uint8_t ttl = 64);
  PacketBuilder& ipv6(const std::string& source, const std::string& destination, uint8_t hop_limit = 64);
  // An IPv6 extension header; its first byte is filled in with the next header's number.
  PacketBuilder& extension(uint8_t number, Frame header);
  PacketBuilder& tcp(uint16_t source_port, uint16_t destination_port);  // ACK, window 65535
  PacketBuilder& udp(uint16_t source_port, uint16_t destination_port);
  PacketBuilder& protocol(uint8_t number);  // another protocol: the payload follows the IP header
  PacketBuilder& seq(uint32_t number);
  PacketBuilder& ack(uint32_t number);
  PacketBuilder& flags(uint8_t tcp_flags);
  PacketBuilder& window(uint16_t bytes);
  PacketBuilder& tcp_options(Frame options);  // a multiple of four bytes
  PacketBuilder& payload(std::string_view bytes);

  Frame frame() const;

 private:
  Frame transport() const;

  Frame link_;
  std::vector<uint16_t> tag_types_;
  std::vector<uint16_t> vlans_;
  IpAddress source_;
  IpAddress destination_;
  bool ipv6_ = false;
  uint8_t ttl_ = 64;
  std::vector<std::pair<uint8_t, Frame>> extensions_;
  uint8_t protocol_ = 0;
  uint16_t source_port_ = 0;
  uint16_t destination_port_ = 0;
  uint32_t seq_ = 0;
  uint32_t ack_ = 0;
  uint8_t flags_ = kTcpAck;
  uint16_t window_ = 65535;
  Frame options_;
  Frame payload_;
};

// A RawPacket that borrows `frame`, captured whole.
RawPacket raw_packet(const Frame& frame, Nanoseconds time = 0, uint16_t link_type = 1);

struct TimedFrame {
  Nanoseconds time = 0;
  Frame frame;
};
// A capture file (pcap, nanoseconds, little endian) in memory, and on disk.
Frame pcap_image(const std::vector<TimedFrame>& frames, uint16_t link_type = 1);
void write_file(const std::string& path, const Frame& bytes);

}  // namespace weir::harness
