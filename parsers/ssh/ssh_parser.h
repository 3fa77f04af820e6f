// SSH (RFC 4253): the version lines are read, the rest is counted as encrypted.
//
// One kRawStream item a direction: its version lines, and what DISCONNECT, IGNORE and DEBUG say before the
// keys. When both directions are past NEWKEYS nothing is looked at any more (ParseStatus::kDone).
#pragma once

#include "parsers/api/parser.h"

namespace weir {

ParserInfo ssh_parser_info();

}  // namespace weir
