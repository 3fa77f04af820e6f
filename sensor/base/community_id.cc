#include "sensor/base/community_id.h"

#include <sodium.h>

#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "sensor/base/item_facts.h"
#include "sensor/base/sha1.h"

namespace weir {
namespace {

constexpr uint8_t kProtoIcmp = 1;
constexpr uint8_t kProtoIcmpV6 = 58;
constexpr uint8_t kProtoSctp = 132;

struct TypePair {
  uint8_t type;
  uint8_t answer;
};
// Message types that go together; each serves as the other's port (community-id-spec, "ICMP").
constexpr TypePair kIcmp[] = {{8, 0},   {0, 8},  {13, 14}, {14, 13}, {15, 16},
                              {16, 15}, {10, 9}, {9, 10},  {17, 18}, {18, 17}};
constexpr TypePair kIcmpV6[] = {{128, 129}, {129, 128}, {133, 134}, {134, 133}, {135, 136},
                                {136, 135}, {130, 131}, {131, 130}, {144, 145}, {145, 144}};

template <size_t N>
std::optional<uint16_t> answer_to(const TypePair (&pairs)[N], uint16_t type) {
  for (const TypePair& pair : pairs) {
    if (pair.type == type) return pair.answer;
  }
  return std::nullopt;
}

// What is hashed: at most 2 + 2 × 16 + 2 + 2 × 2 bytes.
class Message {
 public:
  void put(uint8_t byte) { bytes_[size_++] = byte; }
  void put16(uint16_t value) {
    put(static_cast<uint8_t>(value >> 8));
    put(static_cast<uint8_t>(value));
  }
  void put(const IpAddress& address) {
    for (size_t i = address.is_v4() ? 12 : 0; i < 16; ++i) put(address.bytes[i]);
  }
  Bytes bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<uint8_t, 40> bytes_{};
  size_t size_ = 0;
};

}  // namespace

std::string community_id(const IpAddress& src, const IpAddress& dst, uint16_t src_port, uint16_t dst_port,
                         uint8_t protocol, uint16_t seed) {
  bool one_way = false;
  bool ports = protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp;
  if (protocol == kProtoIcmp || protocol == kProtoIcmpV6) {
    const auto answer = protocol == kProtoIcmp ? answer_to(kIcmp, src_port) : answer_to(kIcmpV6, src_port);
    if (answer) {
      dst_port = *answer;
    } else {
      one_way = true;  // type and code as they are, ends in the packet's order
    }
    ports = true;
  }
  const IpAddress* first = &src;
  const IpAddress* second = &dst;
  if (!ports) src_port = dst_port = 0;
  if (!one_way && std::tie(dst, dst_port) < std::tie(src, src_port)) {
    std::swap(first, second);
    std::swap(src_port, dst_port);
  }
  Message message;
  message.put16(seed);
  message.put(*first);
  message.put(*second);
  message.put(protocol);
  message.put(0);
  if (ports) {
    message.put16(src_port);
    message.put16(dst_port);
  }
  const std::array<uint8_t, 20> digest = sha1(message.bytes());
  std::array<char, sodium_base64_ENCODED_LEN(20, sodium_base64_VARIANT_ORIGINAL)> text;
  sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), sodium_base64_VARIANT_ORIGINAL);
  return std::string("1:") + text.data();
}

std::string community_id_of(const FlowFacts& flow) {
  return community_id(flow.initiator.address, flow.responder.address, flow.initiator.port,
                      flow.responder.port, flow.transport);
}

}  // namespace weir
