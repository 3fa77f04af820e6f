// Sets of addresses: the internal networks, the addresses that a policy or an exception names. Filled once
// from the configuration, then only asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/api/types.h"
#include "sensor/base/flow_key.h"

namespace weir {

// "10.0.0.0/8", "2001:db8::/32", a single address without a length. Prefix lengths are kept as those of
// IPv6: an IPv4 network's is 96 more.
struct Cidr {
  IpAddress address;  // host bits are zero
  uint8_t prefix = 128;

  // False when `text` is no network, or has bits set behind its prefix (then *problem says which network
  // was meant).
  static bool parse(std::string_view text, Cidr* out, std::string* problem = nullptr);
  bool contains(const IpAddress& a) const;
  std::string to_string() const;
  friend bool operator==(const Cidr&, const Cidr&) = default;
};

class NetworkList {
 public:
  NetworkList() = default;
  explicit NetworkList(std::vector<Cidr> networks) : networks_(std::move(networks)) {}
  bool contains(const IpAddress& a) const {
    for (const Cidr& c : networks_) {
      if (c.contains(a)) return true;
    }
    return false;
  }
  bool empty() const { return networks_.empty(); }
  const std::vector<Cidr>& networks() const { return networks_; }

 private:
  std::vector<Cidr> networks_;
};

// What counts as internal where nothing is configured: RFC 1918, RFC 4193, loopback and link-local.
NetworkList private_networks();

// Which way an item's bytes go, by the internal networks.
enum class Way : uint8_t { kOutbound, kInbound, kInternal, kExternal };
inline constexpr size_t kWays = 4;
constexpr std::string_view name_of(Way way) {
  constexpr std::string_view kNames[] = {"outbound", "inbound", "internal", "external"};
  return kNames[static_cast<size_t>(way)];
}
inline Way way_of(const NetworkList& internal, const IpAddress& sender, const IpAddress& receiver) {
  const bool from_inside = internal.contains(sender);
  const bool to_inside = internal.contains(receiver);
  return from_inside ? (to_inside ? Way::kInternal : Way::kOutbound)
                     : (to_inside ? Way::kInbound : Way::kExternal);
}

}  // namespace weir
