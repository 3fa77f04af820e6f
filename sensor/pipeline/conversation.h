// Whose a packet is, for the clock of the workers (sensor/flow/flow_clock.h), which asks where a packet's
// time is in doubt. One object a thread.
#pragma once

#include "sensor/decode/decoder.h"
#include "sensor/decode/steering.h"
#include "sensor/flow/flow_clock.h"

namespace weir {

class Conversation {
 public:
  explicit Conversation(const DecodeOptions& decode) : decoder_(decode) {}

  // As FlowClock::see() wants it. A tick brings what the receiver found.
  uint32_t of(const RawPacket& raw) {
    if (raw.is_tick()) return raw.flow;
    PacketView view;
    const PacketKind kind = decoder_.decode(raw, &view);
    const bool goes_on = kind == PacketKind::kTcp && (view.tcp_flags & kTcpSyn) == 0;
    return (steer_hash(view.key, SteerBy::kFlow) & ~FlowClock::kGoesOn) | (goes_on ? FlowClock::kGoesOn : 0);
  }

 private:
  Decoder decoder_;  // its counters are nobody's
};

}  // namespace weir
