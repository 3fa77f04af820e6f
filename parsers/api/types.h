// Words that parsers and the sensor share: directions, and the reasons why bytes were not read.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// Who sent the bytes, by who opened the flow (the sender of its first packet where no handshake was seen).
enum class Direction : uint8_t { kFromInitiator = 0, kFromResponder = 1 };

constexpr Direction opposite(Direction d) {
  return d == Direction::kFromInitiator ? Direction::kFromResponder : Direction::kFromInitiator;
}
constexpr size_t index_of(Direction d) { return static_cast<size_t>(d); }

// Why transport payload was not read: seen = read + duplicate + unread by reason.
enum class Unread : uint8_t {
  kSnaplen,      // the capture holds less of the packet than was on the wire
  kDepth,        // past the configured depth of a flow
  kMemory,       // a budget was full
  kEncrypted,    // TLS and the like
  kUndecodable,  // a content coding that broke
  kUnsupported,  // a content coding or file format that Weir does not read
  kTimeout,      // given up because time ran out
  kExcluded,     // inspect.exclude said not to read it
  kChecksum,     // bad transport checksum, not delivered
  kFiltered,     // a BPF filter inside Weir
  kMalformed,    // framing that contradicts itself
  kConflict,     // a second version of bytes that could not be read
  kCount,
};
inline constexpr size_t kUnreadReasons = static_cast<size_t>(Unread::kCount);
inline constexpr std::array<std::string_view, kUnreadReasons> kUnreadNames = {
    "snaplen", "depth",    "memory",   "encrypted", "undecodable", "unsupported",
    "timeout", "excluded", "checksum", "filtered",  "malformed",   "conflict"};
constexpr std::string_view name_of(Unread reason) { return kUnreadNames[static_cast<size_t>(reason)]; }

}  // namespace weir
