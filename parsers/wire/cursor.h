// A bounded reader over borrowed bytes. A read past the end gives zero (or an empty span) and poisons
// the cursor for good: parse a whole header, then check ok() once.
#pragma once

#include "parsers/wire/bytes.h"

namespace weir {

class Cursor {
 public:
  explicit Cursor(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return rest_.size(); }
  Bytes rest() const { return rest_; }

  uint8_t u8() {
    const uint8_t* p = take(1);
    return p ? p[0] : uint8_t{0};
  }
  uint16_t be16() {
    const uint8_t* p = take(2);
    return p ? read_be16(p) : uint16_t{0};
  }
  uint32_t be24() {
    const uint8_t* p = take(3);
    return p ? (uint32_t{p[0]} << 16) | read_be16(p + 1) : 0;
  }
  uint32_t be32() {
    const uint8_t* p = take(4);
    return p ? read_be32(p) : 0;
  }
  uint64_t be64() {
    const uint8_t* p = take(8);
    return p ? read_be64(p) : 0;
  }
  uint16_t le16() {
    const uint8_t* p = take(2);
    return p ? read_le16(p) : uint16_t{0};
  }
  uint32_t le32() {
    const uint8_t* p = take(4);
    return p ? read_le32(p) : 0;
  }
  Bytes bytes(size_t n) {
    const uint8_t* p = take(n);
    return p ? Bytes(p, n) : Bytes();
  }
  void skip(size_t n) { take(n); }

 private:
  const uint8_t* take(size_t n) {
    if (!ok_ || n > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return nullptr;
    }
    const uint8_t* p = rest_.data();
    rest_ = rest_.subspan(n);
    return p;
  }

  Bytes rest_;
  bool ok_ = true;
};

}  // namespace weir
