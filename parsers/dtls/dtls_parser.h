// DTLS 1.0 to 1.3 (RFC 4347, 6347, 9147): recognised by records that fill their datagram, its bytes counted
// as encrypted, the handshake's too, as TLS's are.
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo dtls_parser_info();

}  // namespace weir
