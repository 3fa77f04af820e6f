#include "sensor/pipeline/port_reuse.h"

#include "sensor/flow/flow_rules.h"

namespace weir {

Reuse judge_reuse(WorkerFlow& flow, const PacketView& packet, Direction direction, bool outlived,
                  bool silent) {
  if (packet.key.protocol != kProtoTcp || packet.checksum == Checksum::kWrong) return Reuse::kSame;
  if ((packet.tcp_flags & (kTcpSyn | kTcpRst | kTcpAck)) != kTcpAck) return Reuse::kSame;
  if (!flow.state.tcp.is_elsewhere(packet, direction, kReach)) {
    flow.stranger = 0;
    return Reuse::kSame;
  }
  if (outlived || bears_stranger_out(flow, packet, direction)) return Reuse::kAnother;
  if (!silent && flow.stranger == 0) return Reuse::kSame;
  note_stranger(flow, packet, direction);
  return flow.stranger != 0 ? Reuse::kDoubtful : Reuse::kSame;
}

}  // namespace weir
