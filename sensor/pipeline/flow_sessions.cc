#include "sensor/pipeline/flow_sessions.h"

#include <memory>
#include <utility>

#include "sensor/flow/flow_rules.h"

namespace weir {

FlowSession* FlowSessions::make(WorkerFlow& flow, const PacketView* packet) {
  FlowState& state = flow.state;
  if (!memory_.has_room(FlowSession::least_memory())) {
    if (!state.refused) ++refused_;
    state.refused = true;
    return nullptr;
  }
  FlowFacts facts = facts_of(flow);
  if (state.rest.resting()) {
    if (state.rest.rare) memory_.remove(state.rest.rare->entry);
    state.session = std::make_unique<FlowSession>(context_, std::move(facts), state.ledger,
                                                  std::exchange(state.rest, {}));
  } else {
    if (packet != nullptr) add_packet_facts(flow, *packet, &facts);
    const Opener opener = opener_of(flow);
    // A handshake that came late may have shown that the key has them the other way round.
    if (opener == Opener::kResponder) {
      take_asker(facts, Direction::kFromResponder);
      facts.roles.asker_known = facts.roles.asker_sure = false;
    }
    facts.roles.opener_seen = opener != Opener::kUnknown;
    // What was refused stood before these bytes.
    const bool midstream = state.refused || (flow.key.protocol == kProtoTcp && !state.tcp.handshake_seen());
    state.session = std::make_unique<FlowSession>(context_, std::move(facts), state.ledger, midstream);
  }
  memory_.try_add(state.session->entry, FlowSession::least_memory(), flow);
  return state.session.get();
}

void FlowSessions::make_room(const WorkerFlow& flow, size_t n) {
  while (!memory_.has_room(n) && let_go(flow)) {
  }
}

void FlowSessions::resize(WorkerFlow& flow, size_t n) {
  while (!memory_.try_resize(flow.state.session->entry, n) && let_go(flow)) {
  }
}

// False: there is nobody but `but`.
bool FlowSessions::let_go(const WorkerFlow& but) {
  auto* silent = static_cast<WorkerFlow*>(memory_.silent(but));
  if (silent == nullptr) return false;
  if (silent->state.session && silent->state.session->may_rest()) {
    put_to_rest(*silent);
  } else {
    ++evicted_;
    evict_(*silent);
  }
  return true;
}

void FlowSessions::put_to_rest(WorkerFlow& flow) {
  FlowState& state = flow.state;
  state.rest = state.session->rest();
  memory_.remove(state.session->entry);
  state.session.reset();
  // Room was just made, and more than this.
  if (RestingFlow::Rare* rare = state.rest.rare.get()) memory_.try_add(rare->entry, rare->memory(), flow);
}

void FlowSessions::leave(WorkerFlow& flow) {
  if (flow.state.session) memory_.remove(flow.state.session->entry);
  if (flow.state.rest.rare) memory_.remove(flow.state.rest.rare->entry);
}

}  // namespace weir
