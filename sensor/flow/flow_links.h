// The cold links of a flow: its places in the timer wheel and in the idle list. Kept apart from the flow,
// so that moving a neighbour in a list does not touch a flow.
#pragma once

#include <cstdint>

#include "sensor/base/packet.h"

namespace weir {

inline constexpr uint32_t kNoFlow = 0xffffffff;
inline constexpr uint32_t kMaxFlows = 1u << 28;

struct FlowLinks {
  Nanoseconds deadline;  // when armed
  uint32_t timer_next;
  uint32_t timer_previous;
  uint32_t idle_newer;  // also chains the places that no flow has
  uint32_t idle_older;
  uint16_t timer_slot;  // TimerWheel's
  uint16_t reserved[3];
};
static_assert(sizeof(FlowLinks) == 32);

}  // namespace weir
