// TLS (RFC 8446, RFC 5246): recognised, its bytes counted as encrypted, its server name noted.
//
// A ClientHello that names a server opens and closes one kMessage item with that host. Every byte of the
// records is counted as Unread::kEncrypted, the handshake's too: none of it is scanned. Application data must
// look like ciphertext: from the first sample of it that does nothing is looked at any more
// (ParseStatus::kDone). A direction whose records break before that, or hold something else, is read raw from
// there on.
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo tls_parser_info();

}  // namespace weir
