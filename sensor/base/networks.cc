#include "sensor/base/networks.h"

#include <charconv>

namespace weir {
namespace {

constexpr uint8_t kMappedBits = 96;  // IPv4-mapped IPv6: 96 bits stand before the IPv4 address

void clear_host_bits(IpAddress* address, unsigned prefix) {
  for (unsigned byte = 0; byte < 16; ++byte) {
    const unsigned kept = prefix > byte * 8 ? std::min(8u, prefix - byte * 8) : 0;
    const auto mask = static_cast<uint8_t>(0xff00u >> kept);
    address->bytes[byte] = static_cast<uint8_t>(address->bytes[byte] & mask);
  }
}

}  // namespace

bool Cidr::parse(std::string_view text, Cidr* out, std::string* problem) {
  const size_t slash = text.find('/');
  IpAddress address;
  if (!IpAddress::parse(std::string(text.substr(0, slash)), &address)) {
    if (problem != nullptr) *problem = "is no address or network (such as 10.0.0.0/8 or fc00::/7)";
    return false;
  }
  unsigned prefix = 128;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const unsigned longest = address.is_v4() ? 32 : 128;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > longest) {
      if (problem != nullptr) *problem = "has a prefix length that is not 0 to " + std::to_string(longest);
      return false;
    }
    if (address.is_v4()) prefix += kMappedBits;
  }
  Cidr network{address, static_cast<uint8_t>(prefix)};
  clear_host_bits(&network.address, prefix);
  if (network.address != address) {
    if (problem != nullptr) {
      *problem = "has bits set behind its prefix; " + network.to_string() + " is the network";
    }
    return false;
  }
  *out = network;
  return true;
}

bool Cidr::contains(const IpAddress& a) const {
  const unsigned whole = prefix / 8u;
  if (std::memcmp(a.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = prefix % 8u;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff00u >> rest);
  return (a.bytes[whole] & mask) == address.bytes[whole];
}

std::string Cidr::to_string() const {
  const bool v4 = address.is_v4() && prefix >= kMappedBits;
  const unsigned length = v4 ? prefix - unsigned{kMappedBits} : prefix;
  return address.to_string() + "/" + std::to_string(length);
}

NetworkList private_networks() {
  std::vector<Cidr> networks;
  for (const std::string_view text : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                                      "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"}) {
    Cidr network;
    if (Cidr::parse(text, &network)) networks.push_back(network);
  }
  return NetworkList(std::move(networks));
}

}  // namespace weir
