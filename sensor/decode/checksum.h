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
// kUnchecked where the capture cut the packet.
Checksum check_packet(const PacketView& view);

// Of a segment or datagram between these addresses (RFC 9293 3.1, RFC 768, RFC 8200 8.1): `header` and
// `payload` as captured, whole. kUnchecked for UDP without a checksum. The pseudo header is IPv4's where `v6`
// is false.
Checksum check_transport(const FlowKey& key, bool v6, Bytes header, Bytes payload);

}  // namespace weir
