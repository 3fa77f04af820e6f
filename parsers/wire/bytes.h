// Borrowed bytes and big-endian reads: the alphabet of every parser and decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Bytes owned by somebody else (a capture buffer, a decoder's output), valid for the call only.
using Bytes = std::span<const uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline constexpr uint16_t read_be16(const uint8_t* p) {
  return static_cast<uint16_t>((uint16_t{p[0]} << 8) | p[1]);
}
inline constexpr uint32_t read_be32(const uint8_t* p) {
  return (uint32_t{p[0]} << 24) | (uint32_t{p[1]} << 16) | (uint32_t{p[2]} << 8) | p[3];
}
inline constexpr uint64_t read_be64(const uint8_t* p) {
  return (uint64_t{read_be32(p)} << 32) | read_be32(p + 4);
}
inline constexpr uint16_t read_le16(const uint8_t* p) {
  return static_cast<uint16_t>((uint16_t{p[1]} << 8) | p[0]);
}
inline constexpr uint32_t read_le32(const uint8_t* p) {
  return (uint32_t{p[3]} << 24) | (uint32_t{p[2]} << 16) | (uint32_t{p[1]} << 8) | p[0];
}
inline constexpr uint64_t read_le64(const uint8_t* p) {
  return (uint64_t{read_le32(p + 4)} << 32) | read_le32(p);
}

}  // namespace weir
