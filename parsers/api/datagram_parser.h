// What parsers of datagram protocols have in common: on_datagram is all they write. A datagram that turns out
// not to be the protocol's is read as it is (read_datagram), so that nothing hides behind a first impression.
#pragma once

#include <string_view>
#include <utility>

#include "parsers/api/parser.h"

namespace weir {

class DatagramParser : public Parser {
 public:
  // Never called: datagrams have no stream.
  ParseStatus on_data(Direction, Bytes, ContentSink&) final { return ParseStatus::kGaveUp; }
  ParseStatus on_gap(Direction, uint64_t, ContentSink&) final { return ParseStatus::kOk; }
  void on_end(Direction, ContentSink&) override {}
};

// One kDatagram item of `protocol` (static storage) with all of `bytes`.
inline void read_datagram(std::string_view protocol, Direction direction, Bytes bytes, ContentSink& sink) {
  ContentMeta meta;
  meta.kind = ItemKind::kDatagram;
  meta.direction = direction;
  meta.protocol = protocol;
  const ItemId item = sink.open(std::move(meta), kNoItem);
  sink.data(item, 0, bytes);
  sink.close(item, CloseReason::kComplete);
}

// True when every byte is printable ASCII, a tab or a line end: what no ciphertext of some length is.
inline bool is_printable(Bytes bytes) {
  for (const uint8_t c : bytes) {
    if ((c < 0x20 || c > 0x7e) && c != '\t' && c != '\r' && c != '\n') return false;
  }
  return true;
}

}  // namespace weir
