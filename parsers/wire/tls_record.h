// The five bytes before each TLS record (RFC 8446 section 5.1, RFC 5246 section 6.2).
#pragma once

#include "parsers/wire/bytes.h"

namespace weir::tls {

inline constexpr size_t kRecordHeader = 5;
inline constexpr size_t kMaxRecord = 16384 + 2048;  // ciphertext of TLS 1.2; TLS 1.3 allows less

enum ContentType : uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kHeartbeat = 24,
};

struct RecordHeader {
  uint8_t type = 0;
  uint16_t length = 0;  // of the record's payload
};

// Reads the header at the begin of `bytes` (at least kRecordHeader of them). False: not a record.
inline bool read_record_header(const uint8_t* bytes, RecordHeader* out) {
  out->type = bytes[0];
  out->length = read_be16(bytes + 3);
  if (bytes[0] < kChangeCipherSpec || bytes[0] > kHeartbeat || bytes[1] != 3 || bytes[2] > 4) return false;
  // Only application data may be empty (RFC 8446 section 5.1).
  return out->length <= kMaxRecord && (out->length > 0 || out->type == kApplicationData);
}

}  // namespace weir::tls
