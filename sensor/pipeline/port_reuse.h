// Addresses and ports that another connection uses by now, though the capture holds no SYN of it. Asked by
// the worker for a packet of a flow that was silent, before reassembly sees the packet: its sequence numbers
// would make a hole of gigabytes in the flow.
#pragma once

#include "sensor/base/packet.h"
#include "sensor/pipeline/flow_state.h"

namespace weir {

enum class Reuse : uint8_t {
  kSame,      // the flow's, as far as can be told
  kDoubtful,  // by its numbers none of the flow's, and nobody has borne it out: read apart
  kAnother,   // the flow is over
};

// `outlived`: as the packets tell the time, the flow was silent for longer than it may be; `silent`: for so
// long that ports may be used again. Only TCP has numbers to tell by: datagrams are read one by one.
Reuse judge_reuse(WorkerFlow& flow, const PacketView& packet, Direction direction, bool outlived,
                  bool silent);

}  // namespace weir
