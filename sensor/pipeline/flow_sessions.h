// The sessions of one worker's flows: made when a flow's bytes come, put to rest when it is silent between
// two messages, on a memory budget. One per worker; outlives its flows' last call.
//
// Where the budget is full the flow that has been silent longest is put to rest, or, where it is in the
// middle of something, evicted: it ends, what has come of it is read. What then finds no room all the same is
// counted as unread for want of memory.
//
// For each packet with payload the worker calls make_room() before the stages that may need a session,
// charge() after them; both may evict other flows. of() and put_to_rest() evict nobody. leave() when the flow
// leaves.
#pragma once

#include <functional>

#include "sensor/pipeline/flow_session.h"
#include "sensor/pipeline/flow_state.h"
#include "sensor/pipeline/session_memory.h"

namespace weir {

class FlowSessions {
 public:
  // `context` outlives it. `evict` takes a flow out of the table, which calls leave().
  FlowSessions(SessionContext& context, size_t limit, std::function<void(WorkerFlow&)> evict)
      : context_(context), memory_(limit), evict_(std::move(evict)) {}

  // The flow's session, made where there is none: from its rest, or new. `packet`: the one at hand, for what
  // only packets tell; may be null. Null: there is no memory for one.
  FlowSession* of(WorkerFlow& flow, const PacketView* packet) {
    return flow.state.session ? flow.state.session.get() : make(flow, packet);
  }

  void make_room(WorkerFlow& flow) {
    if (!flow.state.session && !memory_.has_room(FlowSession::least_memory())) [[unlikely]] {
      make_room(flow, FlowSession::least_memory());
    }
  }
  void charge(WorkerFlow& flow) {
    FlowSession* session = flow.state.session.get();
    if (session == nullptr) return;
    const size_t n = session->memory();
    if (n != session->entry.charged) [[unlikely]]
      resize(flow, n);
  }
  // Where FlowSession::may_rest().
  void put_to_rest(WorkerFlow& flow);
  void leave(WorkerFlow& flow);

  uint64_t evicted() const { return evicted_; }
  uint64_t refused() const { return refused_; }  // flows with bytes that found no room
  const SessionMemory& memory() const { return memory_; }

 private:
  FlowSession* make(WorkerFlow& flow, const PacketView* packet);
  void make_room(const WorkerFlow& flow, size_t n);
  void resize(WorkerFlow& flow, size_t n);
  bool let_go(const WorkerFlow& but);

  SessionContext& context_;
  SessionMemory memory_;
  std::function<void(WorkerFlow&)> evict_;
  uint64_t evicted_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace weir
