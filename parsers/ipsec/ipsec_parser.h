// IPsec over UDP: IKE (RFC 7296, RFC 2408) and ESP behind address translation (RFC 3948). What is encrypted
// is counted so; the readable begin of IKE (IKE_SA_INIT, version 1's first messages) is read.
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo ipsec_parser_info();

}  // namespace weir
