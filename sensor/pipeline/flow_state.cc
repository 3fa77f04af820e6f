#include "sensor/pipeline/flow_state.h"

#include <algorithm>

#include "sensor/decode/tunnel_path.h"

namespace weir {

FlowFacts facts_of(const WorkerFlow& flow) {
  FlowFacts facts;
  facts.initiator.address = flow.key.src;
  facts.initiator.port = flow.key.src_port;
  facts.responder.address = flow.key.dst;
  facts.responder.port = flow.key.dst_port;
  facts.transport = flow.key.protocol;
  facts.first_packet = flow.first_packet;
  return facts;
}

void add_packet_facts(const WorkerFlow& flow, const PacketView& packet, FlowFacts* facts) {
  const bool forward = packet.key.src == flow.key.src && packet.key.src_port == flow.key.src_port;
  facts->initiator.has_mac = facts->responder.has_mac = packet.has_mac;
  facts->initiator.mac = forward ? packet.src_mac : packet.dst_mac;
  facts->responder.mac = forward ? packet.dst_mac : packet.src_mac;
  const size_t kept = std::min<size_t>(packet.vlan_count, packet.vlans.size());
  facts->tunnels = tunnel_path(packet);
  facts->vlans.assign(packet.vlans.begin(), packet.vlans.begin() + static_cast<ptrdiff_t>(kept));
}

std::string_view row_of(const FlowState& state) {
  if (state.no_ports) return kFragmentsRow;
  if (!state.session && !state.rest.resting()) return state.refused ? "undecided" : "no payload";
  const std::string_view name = state.session ? state.session->protocol()
                                              : FlowReader::protocol_of(parser_registry(), state.rest.reader);
  return name.empty() ? "undecided" : name;
}

}  // namespace weir
