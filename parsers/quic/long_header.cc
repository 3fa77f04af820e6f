#include "parsers/quic/long_header.h"

#include "parsers/wire/cursor.h"

namespace weir::quic {

namespace {

constexpr uint32_t kVersion1 = 1;
constexpr uint32_t kVersion2 = 0x6b3343cf;
constexpr uint32_t kVersion2Draft = 0x709a50c4;  // draft-ietf-quic-v2

// RFC 9000 section 16.
uint64_t variable_length(Cursor& in) {
  const uint8_t first = in.u8();
  uint64_t value = first & 0x3f;
  for (int more = (1 << (first >> 6)) - 1; more > 0; --more) value = value << 8 | in.u8();
  return value;
}

PacketType type_of(uint8_t first, uint32_t version) {
  const unsigned bits = (first >> 4) & 3u;
  // Version 2 counts the types from another begin.
  return static_cast<PacketType>(version == kVersion2 || version == kVersion2Draft ? (bits + 3) & 3u : bits);
}

}  // namespace

bool known_version(uint32_t version) {
  if (version == kVersion1 || version == kVersion2 || version == kVersion2Draft) return true;
  if (version >= 0xff000017 && version <= 0xff000022) return true;  // draft-23 … draft-34
  if (version == 0x51303436 || version == 0x51303530) return true;  // Q046, Q050
  if (version == 0x54303530 || version == 0x54303531) return true;  // T050, T051
  return version >= 0xfaceb000 && version <= 0xfaceb010;            // mvfst
}

bool read_long_header(Bytes datagram, bool whole, LongHeader* out) {
  Cursor in(datagram);
  const uint8_t first = in.u8();
  out->version = in.be32();
  const uint8_t destination_size = in.u8();
  out->destination_id = in.bytes(destination_size);
  const uint8_t source_size = in.u8();
  out->source_id = in.bytes(source_size);
  if (!in.ok() || (first & kLongForm) == 0) return false;
  if (destination_size > kMaxConnectionId || source_size > kMaxConnectionId) return false;
  if (out->version == 0) {
    // Version negotiation (RFC 9000 section 17.2.1): a list of versions, some of them known.
    out->type = PacketType::kVersionNegotiation;
    if (in.remaining() == 0 || (whole && in.remaining() % 4 != 0)) return false;
    bool known = false;
    while (in.remaining() >= 4) known = known_version(in.be32()) || known;
    return known;
  }
  // The fixed bit may be anything where both sides agreed on that (RFC 9287).
  if (!known_version(out->version)) return false;
  out->type = type_of(first, out->version);
  // Google's own versions have the invariants alone in common with the others.
  if (out->version >> 24 == 0x51) return true;
  constexpr size_t kTag = 16;
  if (out->type == PacketType::kRetry) return !whole || in.remaining() >= kTag;
  if (out->type == PacketType::kInitial) {
    const uint64_t token = variable_length(in);
    if (token > in.remaining()) return false;
    in.skip(static_cast<size_t>(token));
  }
  const uint64_t length = variable_length(in);
  if (!in.ok() || length < 4 + kTag) return false;
  return !whole || length <= in.remaining();
}

}  // namespace weir::quic
