// Reassembly's way to a flow's session, for the length of one call. Made by the worker on the stack.
#pragma once

#include "sensor/pipeline/flow_sessions.h"
#include "sensor/pipeline/flow_state.h"
#include "sensor/reassembly/stream_sink.h"

namespace weir {

class FlowSink final : public StreamSink {
 public:
  // `reads`: payload goes to sessions at all. `packet`: the one at hand; null where there is none.
  FlowSink(FlowSessions& sessions, bool reads, WorkerFlow& flow, const PacketView* packet = nullptr)
      : sessions_(sessions), flow_(flow), packet_(packet), reads_(reads) {}

  void on_chunk(Direction d, uint64_t offset, Bytes bytes, Nanoseconds time) override {
    if (FlowSession* s = session()) {
      s->on_chunk(d, offset, bytes, time, flow_.state.tcp.is_behind(opposite(d)));
    } else {
      refuse(bytes);
    }
  }
  void on_gap(Direction d, uint64_t offset, uint64_t n, Nanoseconds time) override {
    if (FlowSession* s = session()) s->on_gap(d, offset, n, time);
  }
  void on_end(Direction d, Nanoseconds time) override {
    FlowState& state = flow_.state;
    if (state.session) state.session->on_end(d, time);
    if (state.rest.resting()) state.rest.end(d);  // nothing is open: there is nothing else to do
  }
  void on_extra(ExtraKind kind, Direction d, uint64_t offset, Bytes bytes, const Surroundings& around,
                Nanoseconds time) override {
    if (FlowSession* s = session()) {
      s->on_extra(kind, d, offset, bytes, around, time);
    } else {
      refuse(bytes.first(bytes.size() - around.shared));
    }
  }
  void on_urgent(Direction d, uint64_t offset) override {
    if (FlowSession* s = session()) s->on_urgent(d, offset);
  }
  Bytes recent(Direction d) const override {
    return flow_.state.session ? flow_.state.session->recent(d) : Bytes();
  }

 private:
  FlowSession* session() { return reads_ ? sessions_.of(flow_, packet_) : nullptr; }
  void refuse(Bytes bytes) {
    if (reads_) flow_.state.ledger.add_unread(Unread::kMemory, bytes.size());
  }

  FlowSessions& sessions_;
  WorkerFlow& flow_;
  const PacketView* packet_;
  bool reads_;
};

}  // namespace weir
