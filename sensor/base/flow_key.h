// Addresses and the five-tuple. IPv4 addresses are kept as IPv4-mapped IPv6 (RFC 4291 2.5.5.2).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>

namespace weir {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // network order

  static IpAddress v4(const uint8_t* four) {
    IpAddress a;
    a.bytes[10] = a.bytes[11] = 0xff;
    std::memcpy(a.bytes.data() + 12, four, 4);
    return a;
  }
  static IpAddress v6(const uint8_t* sixteen) {
    IpAddress a;
    std::memcpy(a.bytes.data(), sixteen, 16);
    return a;
  }
  bool is_v4() const {
    static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes.data(), kMapped, 12) == 0;
  }
  // "192.0.2.1", "2001:db8::1" (RFC 5952).
  std::string to_string() const;
  // Parses either family; false when `text` is no address.
  static bool parse(const std::string& text, IpAddress* out);

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

inline constexpr uint8_t kProtoTcp = 6;
inline constexpr uint8_t kProtoUdp = 17;

// As on the packet: source and destination, not yet who opened the flow.
struct FlowKey {
  IpAddress src;
  IpAddress dst;
  uint16_t src_port = 0;
  uint16_t dst_port = 0;
  uint8_t protocol = 0;  // IANA
  uint32_t tenant = 0;   // VNI or VLAN where the configuration tells flows apart by it, else 0

  friend bool operator==(const FlowKey&, const FlowKey&) = default;
};

}  // namespace weir
