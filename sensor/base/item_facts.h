// What policy and alert know of a flow and of an item, beside its findings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
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

// Who asks, as far as it is known.
struct FlowRoles {
  bool opener_seen : 1 = false;  // a handshake showed who opened the flow: initiator and responder are final
  bool asker_known : 1 = false;  // the protocol showed who asks …
  bool asker_sure : 1 = false;  // … for good: what it showed cannot have been content that speaks of it …
  bool responder_asks : 1 = false;  // … and that it is not who opened the flow
  // Initiator and responder have changed places since the flow began. Names (alert_uid.h) and the directions
  // of parsers go by the first order.
  bool turned : 1 = false;
};

// Fixed for the life of a flow (the protocol name is known when its items are), but for who asks: until a
// handshake or the protocol shows it, that is taken to be the sender of the first packet.
struct FlowFacts {
  EndpointFacts initiator;
  EndpointFacts responder;
  FlowRoles roles;
  uint8_t transport = 0;             // IANA protocol
  Nanoseconds first_packet = 0;      // capture time
  std::vector<uint16_t> vlans;       // outermost first
  std::vector<std::string> tunnels;  // decapsulation path, e.g. "vxlan:100"; outermost first
};
// The protocol shows that `side`, a direction in the flow's present order, asks. True: initiator and
// responder have changed places. The first word that is `sure` counts, and until it comes the last one.
inline bool take_asker(FlowFacts& flow, Direction side, bool sure = true) {
  if (flow.roles.asker_sure) return false;
  flow.roles.asker_known = true;
  flow.roles.asker_sure = sure;
  if (flow.roles.opener_seen) {
    flow.roles.responder_asks = side == Direction::kFromResponder;
    return false;
  }
  if (side == Direction::kFromInitiator) return false;
  std::swap(flow.initiator, flow.responder);
  flow.roles.turned = !flow.roles.turned;
  return true;
}
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

  // Those of another item, which is `known`; the memory of strings is kept.
  void restart(const FlowFacts& its_flow, ContentMeta&& known);
};

inline void ItemFacts::restart(const FlowFacts& its_flow, ContentMeta&& known) {
  flow = &its_flow;
  meta = std::move(known);
  meta_revision = ordinal = part = 0;
  top_kind = ItemKind::kMessage;
  continues = contested = ended = false;
  decode_path.clear();
  charset.clear();
  first_byte = last_byte = 0;
  size = wire_bytes = gap_bytes = 0;
  unread = {};
  end_reason = CloseReason::kComplete;
  sha256.reset();
  cut_by.reset();
}

}  // namespace weir
