// What policy and alert know of a flow and of an item, beside its findings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parsers/api/item.h"
#include "sensor/base/inspection.h"
#include "sensor/base/packet.h"

namespace weir {

// One end of a flow.
struct EndpointFacts {
  IpAddress address;
  uint16_t port = 0;
  bool has_mac = false;
  std::array<uint8_t, 6> mac{};
};

// Fixed for the life of a flow (the protocol name is known when its items are).
struct FlowFacts {
  EndpointFacts initiator;
  EndpointFacts responder;
  uint8_t transport = 0;             // IANA protocol
  Nanoseconds first_packet = 0;      // capture time
  std::vector<uint16_t> vlans;       // outermost first
  std::vector<std::string> tunnels;  // decapsulation path, e.g. "vxlan:100"; outermost first
};
// "1:…" (sensor/base/community_id.h). A hash: computed where it is shown, not for every flow.
std::string community_id_of(const FlowFacts& flow);

struct ItemFacts {
  const FlowFacts* flow = nullptr;
  ContentMeta meta;            // the item's own, completed with its parents' (wire strings: unmasked)
  uint32_t meta_revision = 0;  // goes up with every change of `meta`
  ItemKind top_kind = ItemKind::kMessage;  // kind of the outermost parent
  uint32_t ordinal = 0;                    // of the item in its direction, from 1: the order of open() calls
  uint32_t part = 0;           // file of a multipart body (1, …), piece of an endless item (0, …)
  bool continues = false;      // goes on where piece `part` - 1 was cut: offsets go on
  std::string decode_path;     // "http/gzip", "http/gzip/multipart"
  std::string charset;         // as read, e.g. "GB18030"; empty while unknown
  Nanoseconds first_byte = 0;  // capture time of the first byte seen
  Nanoseconds last_byte = 0;   // … of the last byte so far
  uint64_t size = 0;           // item bytes after codings, so far
  uint64_t wire_bytes = 0;     // bytes the parser handed over (before codings), so far
  uint64_t gap_bytes = 0;
  std::array<uint64_t, kUnreadReasons> unread{};  // of wire_bytes
  bool contested = false;  // a second, differing version of bytes of its stream came while it was open
  bool ended = false;
  CloseReason end_reason = CloseReason::kComplete;
  std::optional<std::array<uint8_t, 32>> sha256;  // of a file with a name that was read whole; when it ended
  std::optional<Unread> cut_by;  // why what follows of it was not read, where Weir itself stopped
};

}  // namespace weir
