// SHA-1 (FIPS 180-4), for community_id only, whose definition asks for it. Not for anything that must
// resist an attacker.
#pragma once

#include <array>
#include <cstdint>

#include "parsers/wire/bytes.h"

namespace weir {

// Digest of at most 2^32 bytes.
std::array<uint8_t, 20> sha1(Bytes message);

}  // namespace weir
