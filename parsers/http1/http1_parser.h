// HTTP/1 (RFC 9110, 9112): requests and responses of one TCP flow, read passively.
//
// Each message becomes an item of kind kMessage with its metadata, and under it kUrl (requests), kHeaders,
// kBody (transfer coding undone, content codings named in its metadata), and, where there are any, a second
// kHeaders with chunk extensions and trailers. See README.md for what happens to the rest.
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo http1_parser_info();

}  // namespace weir
