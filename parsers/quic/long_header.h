// The QUIC long header: what every version shares (RFC 8999 section 5.1), and the packet types of version 1
// (RFC 9000 section 17.2) and 2 (RFC 9369 section 3.2).
#pragma once

#include <cstdint>

#include "parsers/wire/bytes.h"

namespace weir::quic {

inline constexpr uint8_t kLongForm = 0x80;
inline constexpr uint8_t kFixedBit = 0x40;
inline constexpr size_t kMaxConnectionId = 20;  // of the versions known here

enum class PacketType : uint8_t { kInitial, kZeroRtt, kHandshake, kRetry, kVersionNegotiation };

struct LongHeader {
  PacketType type = PacketType::kInitial;
  uint32_t version = 0;
  Bytes destination_id;
  Bytes source_id;
};

// Versions 1 and 2 and their drafts (23 to 34 of version 1), Google's Q046 and later, Meta's mvfst.
bool known_version(uint32_t version);

// Reads the first packet of a datagram. False: no QUIC long header, or one of another version, or lengths in
// it that do not fit. `whole`: `datagram` is all of it.
bool read_long_header(Bytes datagram, bool whole, LongHeader* out);

}  // namespace weir::quic
