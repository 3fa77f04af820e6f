// One line a parser. Order decides only between probes that are equally sure.
#include <iterator>

#include "parsers/api/parser.h"
#include "parsers/dtls/dtls_parser.h"
#include "parsers/http1/http1_parser.h"
#include "parsers/ipsec/ipsec_parser.h"
#include "parsers/quic/quic_parser.h"
#include "parsers/ssh/ssh_parser.h"
#include "parsers/tls/tls_parser.h"
#include "parsers/wireguard/wireguard_parser.h"

namespace weir {

std::span<const ParserInfo> parser_registry() {
  static const ParserInfo kParsers[] = {
      http1_parser_info(), tls_parser_info(),       ssh_parser_info(),   quic_parser_info(),
      dtls_parser_info(),  wireguard_parser_info(), ipsec_parser_info(),
  };
  static_assert(std::size(kParsers) <= kMaxParsers, "FlowReader keeps a bit a parser: widen its set first");
  return kParsers;
}

}  // namespace weir
