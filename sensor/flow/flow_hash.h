// The keyed hash of a conversation: unordered pair of (address, port), protocol, tenant.
#pragma once

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "sensor/base/flow_key.h"
#include "sensor/base/keyed_hash.h"

namespace weir {

// Both directions of a conversation give the same value.
inline uint64_t flow_hash(const HashKey& key, const FlowKey& flow) {
  // The last word tells the two layouts apart.
  if (flow.src.is_v4() && flow.dst.is_v4()) {
    const auto end_of = [](const IpAddress& address, uint16_t port) {
      uint32_t four;
      std::memcpy(&four, address.bytes.data() + 12, 4);
      return (uint64_t{four} << 16) | port;
    };
    const uint64_t a = end_of(flow.src, flow.src_port);
    const uint64_t b = end_of(flow.dst, flow.dst_port);
    const uint64_t words[] = {std::min(a, b) | (uint64_t{flow.tenant} << 48),
                              std::max(a, b) | (uint64_t{flow.tenant >> 16} << 48)};
    return sip13(key, words, (uint64_t{4} << 56) | flow.protocol);
  }
  using End = std::tuple<uint64_t, uint64_t, uint16_t>;
  const auto end_of = [](const IpAddress& address, uint16_t port) {
    uint64_t halves[2];
    std::memcpy(halves, address.bytes.data(), 16);
    return End{halves[0], halves[1], port};
  };
  End a = end_of(flow.src, flow.src_port);
  End b = end_of(flow.dst, flow.dst_port);
  if (b < a) std::swap(a, b);
  const auto [a0, a1, a_port] = a;
  const auto [b0, b1, b_port] = b;
  const uint64_t words[] = {a0, a1, b0, b1,
                            (uint64_t{a_port} << 48) | (uint64_t{b_port} << 32) | flow.tenant};
  return sip13(key, words, (uint64_t{6} << 56) | flow.protocol);
}

}  // namespace weir
