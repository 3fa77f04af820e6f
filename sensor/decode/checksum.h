// The Internet checksum (RFC 1071) of IPv4 headers, TCP and UDP: does a packet arrive as it was sent, or
// would its receiver throw it away? Called once for each packet where the configuration asks for it
// (`decode.checksums`); what follows from the answer is the business of reassembly and of the worker.
#pragma once

#include <cstdint>

#include "sensor/base/packet.h"

namespace weir {

// The one's-complement sum of `bytes` as 16-bit words of the machine's order, folded to 16 bits. An odd last
// byte counts as if a zero followed.
uint16_t ones_sum(Bytes bytes);

// Of an IPv4 header, options included: kGood, kWrong, or kPartial where the field is 0.
Checksum check_ipv4_header(Bytes header);

// All of a packet as decode() leaves it, whose `checksum` is that of the IPv4 header: the worse of the two.
// The pseudo header is that of RFC 9293 3.1 and RFC 768, or of RFC 8200 8.1 where an address is IPv6's.
// kUnchecked where the capture cut the packet, and for UDP without a checksum.
Checksum check_packet(const PacketView& view);

}  // namespace weir
