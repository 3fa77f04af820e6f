// What the worker keeps of a flow in the flow table's record, and what it says of it to the stages behind.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sensor/base/inspection.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/packet.h"
#include "sensor/flow/flow.h"
#include "sensor/pipeline/flow_session.h"
#include "sensor/pipeline/resting_flow.h"
#include "sensor/reassembly/tcp_connection.h"

namespace weir {

struct FlowState {
  // What a packet of a flow that is read touches stands in the flow's first four cache lines.
  TcpConnection tcp;
  std::unique_ptr<FlowSession> session;  // from the first payload byte on, but while `rest` says so
  Inspection ledger;
  RestingFlow rest;
  uint8_t udp_sound = 0;     // bit by direction: a datagram with a right checksum was seen
  bool no_ports = false;     // of fragments whose datagram's beginning never came
  bool refused = false;      // bytes of it found no memory for a session
  uint8_t contradicted = 0;  // times that what was skipped as encrypted turned out to be something else
  // UDP: what is not read any more, by direction; kCount while it is read.
  std::array<Unread, 2> skipped{Unread::kCount, Unread::kCount};
};
using WorkerFlow = Flow<FlowState>;

// What the flow's key and times tell.
FlowFacts facts_of(const WorkerFlow& flow);
// … and what only packets do: MAC addresses, VLANs, tunnels.
void add_packet_facts(const WorkerFlow& flow, const PacketView& packet, FlowFacts* facts);

// The protocol row that the flow is counted in.
std::string_view row_of(const FlowState& state);
// Protocol row of payload that no flow could be found for.
inline constexpr std::string_view kFragmentsRow = "fragments";

}  // namespace weir
