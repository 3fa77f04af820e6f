// Community ID v1 (corelight/community-id-spec): the flow id that other tools compute too, so that an
// analyst can join Weir's alerts with theirs.
#pragma once

#include <cstdint>
#include <string>

#include "sensor/base/flow_key.h"

namespace weir {

// "1:" and base64 of SHA-1 over seed, ordered endpoints, protocol, ports: the same for both directions. For
// ICMP and ICMPv6 `src_port` is the type and `dst_port` the code; protocols without ports ignore both.
// IPv4-mapped addresses count as IPv4.
std::string community_id(const IpAddress& src, const IpAddress& dst, uint16_t src_port, uint16_t dst_port,
                         uint8_t protocol, uint16_t seed = 0);

}  // namespace weir
