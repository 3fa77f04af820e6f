// One IP fragment as the decoder found it, and what names the datagram that it is a piece of.
#pragma once

#include <cstdint>

#include "sensor/base/packet.h"

namespace weir {

struct Fragment {
  Bytes bytes;           // captured, behind the IP header (IPv6: behind the fragment header)
  uint32_t wire = 0;     // by the lengths in the headers; at least bytes.size()
  uint32_t offset = 0;   // of its first byte in the datagram's payload; a multiple of 8
  uint32_t id = 0;       // 16 bits in IPv4, 32 in IPv6
  uint8_t protocol = 0;  // IANA; in IPv6 only the first fragment's tells (RFC 8200 4.5)
  bool v6 = false;
  bool more = false;  // not the last

  uint64_t end() const { return uint64_t{offset} + wire; }
  uint32_t captured_end() const { return offset + static_cast<uint32_t>(bytes.size()); }
};

// RFC 791 3.2: addresses, protocol and identification; RFC 8200 4.5: addresses and identification. With the
// tenant, so that networks with the same addresses do not mix.
struct DatagramKey {
  IpAddress src;
  IpAddress dst;
  uint32_t id = 0;
  uint32_t tenant = 0;
  uint8_t protocol = 0;  // 0 in IPv6
  bool v6 = false;

  friend bool operator==(const DatagramKey&, const DatagramKey&) = default;
};

}  // namespace weir
