// WireGuard (Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel", section 5.4): recognised by the
// types, zeros and lengths of its four messages, its bytes counted as encrypted.
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo wireguard_parser_info();

}  // namespace weir
