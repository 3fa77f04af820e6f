// What decoding may open and how it tells networks apart. Filled from the configuration (`decode.…`) once;
// Decoder and steer_hash take it by value, so it is small and owns nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sensor/base/packet.h"

namespace weir {

// UDP ports on which a tunnel is looked for. A port alone opens nothing: what stands behind it must be the
// tunnel's header with a plausible packet inside.
class TunnelPorts {
 public:
  static constexpr size_t kMax = 64;

  // The registered ports, and those that are common beside them.
  static constexpr TunnelPorts defaults() {
    TunnelPorts ports;
    ports.add(4789, LayerKind::kVxlan);
    ports.add(4790, LayerKind::kVxlan);  // VXLAN-GPE
    ports.add(8472, LayerKind::kVxlan);  // Linux before 4789 was assigned; still flannel's
    ports.add(6081, LayerKind::kGeneve);
    ports.add(2152, LayerKind::kGtp);
    ports.add(3544, LayerKind::kTeredo);
    ports.add(1701, LayerKind::kL2tp);
    ports.add(6635, LayerKind::kMpls);  // RFC 7510
    return ports;
  }

  // False where the list is full. One port may be tried for several tunnels, in the order of the calls.
  constexpr bool add(uint16_t port, LayerKind kind) {
    if (count_ == kMax) return false;
    filter_[port % 1024 / 64] |= uint64_t{1} << (port % 64);
    entries_[count_++] = {port, kind};
    return true;
  }

  std::vector<uint16_t> of(LayerKind kind) const {
    std::vector<uint16_t> ports;
    for (size_t i = 0; i < count_; ++i) {
      if (entries_[i].kind == kind) ports.push_back(entries_[i].port);
    }
    return ports;
  }

  // Never wrong when it says no.
  bool maybe(uint16_t port) const { return ((filter_[port % 1024 / 64] >> (port % 64)) & 1) != 0; }

  // Calls `visit(LayerKind)` for each tunnel that either port stands for, until it answers true.
  template <class Visit>
  bool any_of(uint16_t src, uint16_t dst, Visit visit) const {
    for (size_t i = 0; i < count_; ++i) {
      const Entry& e = entries_[i];
      if ((e.port == dst || e.port == src) && visit(e.kind)) return true;
    }
    return false;
  }

 private:
  struct Entry {
    uint16_t port = 0;
    LayerKind kind = LayerKind::kVlan;
  };
  std::array<uint64_t, 16> filter_{};  // by the port's lower ten bits
  std::array<Entry, kMax> entries_{};
  size_t count_ = 0;
};

// By which ids flows with equal addresses and ports are told apart (FlowKey::tenant). Only ids that both
// directions of a conversation carry alike serve: a TEID or an MPLS label belongs to its receiver.
struct TenantBy {
  bool vlan = false;     // every VLAN id but 0 (a priority tag), in order
  bool vni = false;      // VXLAN, GENEVE
  bool gre_key = false;  // GRE
  bool isid = false;     // IEEE 802.1ah

  bool names(const Layer& layer) const {
    switch (layer.kind) {
      case LayerKind::kVlan:
        return vlan && layer.id != 0;
      case LayerKind::kVxlan:
      case LayerKind::kGeneve:
        return vni;
      case LayerKind::kGre:
        return gre_key && layer.has_id;
      case LayerKind::kPbb:
        return isid;
      default:
        return false;
    }
  }
};

struct DecodeOptions {
  // The deepest that max_tunnels may say: each level costs stack.
  static constexpr uint8_t kMostTunnels = 12;
  uint8_t max_tunnels = 8;  // inside one another; what lies deeper is counted, not opened
  TunnelPorts ports = TunnelPorts::defaults();
  TenantBy tenant;
  Nanoseconds duplicate_window = 10'000'000;  // duplicates.h; 0: not looked for
};

}  // namespace weir
