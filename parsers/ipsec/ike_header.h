// The header of ISAKMP and IKE messages: RFC 7296 section 3.1 (version 2), RFC 2408 section 3.1 (version 1).
#pragma once

#include <cstdint>

#include "parsers/wire/bytes.h"

namespace weir::ipsec {

inline constexpr size_t kIkeHeader = 28;

struct IkeHeader {
  bool encrypted = false;  // what follows the header is
};

// `message` is one whole message. False: its version, exchange type, flags, cookies or length are no IKE's.
bool read_ike_header(Bytes message, IkeHeader* out);

}  // namespace weir::ipsec
