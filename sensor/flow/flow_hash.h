// The keyed hash of a conversation: unordered pair of (address, port), protocol, tenant.
#pragma once

#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "sensor/base/flow_key.h"
#include "sensor/base/keyed_hash.h"

namespace weir {

// Both directions of a conversation give the same value.
inline uint64_t flow_hash(const HashKey& key, const FlowKey& flow) {
  struct End {
    std::array<uint64_t, 2> address;
    uint16_t port;
  };
  const auto end_of = [](const IpAddress& address, uint16_t port) {
    End end{{}, port};
    std::memcpy(end.address.data(), address.bytes.data(), 16);
    return end;
  };
  End a = end_of(flow.src, flow.src_port);
  End b = end_of(flow.dst, flow.dst_port);
  if (std::tie(a.address[1], a.address[0], a.port) > std::tie(b.address[1], b.address[0], b.port)) {
    std::swap(a, b);
  }
  const uint64_t ports = (uint64_t{a.port} << 48) | (uint64_t{b.port} << 32) | flow.tenant;
  // IPv4-mapped pairs differ in their last four bytes only: fewer words to mix. The last word tells the
  // two layouts apart.
  if (flow.src.is_v4() && flow.dst.is_v4()) {
    const uint64_t words[] = {(a.address[1] & 0xffffffff00000000u) | (b.address[1] >> 32), ports};
    return sip13(key, words, (uint64_t{4} << 56) | flow.protocol);
  }
  const uint64_t words[] = {a.address[0], a.address[1], b.address[0], b.address[1], ports};
  return sip13(key, words, (uint64_t{6} << 56) | flow.protocol);
}

}  // namespace weir
