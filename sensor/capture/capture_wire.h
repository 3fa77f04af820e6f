// Integers of a capture file, whose byte order is that of the machine that wrote it.
#pragma once

#include "parsers/wire/bytes.h"

namespace weir {

template <bool kBig>
constexpr uint16_t read16(const uint8_t* p) {
  return kBig ? read_be16(p) : read_le16(p);
}
template <bool kBig>
constexpr uint32_t read32(const uint8_t* p) {
  return kBig ? read_be32(p) : read_le32(p);
}
template <bool kBig>
constexpr uint64_t read64(const uint8_t* p) {
  return kBig ? read_be64(p) : read_le64(p);
}

}  // namespace weir
