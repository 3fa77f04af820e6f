// Card networks by number prefix (ISO/IEC 7812 issuer identification numbers, as the networks publish them).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class CardNetwork : uint8_t {
  kNone,
  kUnionPay,
  kVisa,
  kMastercard,
  kAmex,
  kJcb,
  kDiners,
  kDiscover,
  kMaestro,
};

// The network whose prefix the digits have and whose lengths allow theirs; kNone where no network fits. The
// most specific prefix decides (6011 is Discover, never Maestro). Says nothing about the check digit.
CardNetwork card_network(std::string_view digits);

std::string_view name_of(CardNetwork network);  // "UnionPay"; "" for kNone

}  // namespace weir
