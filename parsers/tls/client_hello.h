// Reads the server name out of a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3).
#pragma once

#include <string_view>

#include "parsers/wire/bytes.h"

namespace weir::tls {

// `hello` is one whole handshake message, its four-byte header included. Empty: it names none, or is
// damaged, or the name holds what no host name does.
std::string_view server_name_of(Bytes hello);

}  // namespace weir::tls
