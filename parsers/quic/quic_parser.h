// QUIC (RFC 8999, 9000, 9369): recognised by its long header, its bytes counted as encrypted.
//
// Until the other side has answered to the connection id that the first side chose, every datagram must have
// QUIC's shape; one that has not is read as it is. From that answer on nothing is looked at any more.
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo quic_parser_info();

}  // namespace weir
