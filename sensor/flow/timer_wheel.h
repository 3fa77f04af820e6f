// One timer a flow, without scans: a hierarchical wheel (six levels of 256 slots, ticks of 2^20 ns) that
// holds what is not due within the present tick, and a small heap with what is, so that timers come out
// in the exact order of their deadlines. Arming and disarming are O(1) outside the present tick. Time may
// jump either way: forwards it skips empty slots; backwards nothing is due until time comes again.
//
// Owned by FlowTable, which re-arms lazily: a timer that comes early is armed again by its owner.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sensor/base/packet.h"
#include "sensor/flow/flow_links.h"

namespace weir {

class TimerWheel {
 public:
  explicit TimerWheel(FlowLinks* links);

  // `id` is new: not armed.
  void add(uint32_t id) { links_[id].timer_slot = kUnarmed; }
  // Arms or re-arms.
  void arm(uint32_t id, Nanoseconds deadline);
  void disarm(uint32_t id);
  // Disarms all; time goes on from where it is.
  void clear();
  // Of an armed timer.
  Nanoseconds deadline(uint32_t id) const { return links_[id].deadline; }

  // True when no deadline is before `now`; false is no promise.
  bool quiet_until(Nanoseconds now) const { return now <= quiet_until_; }
  // Takes out the timer with the least deadline (then id) of those before `now`. False when there is none.
  bool pop_due(Nanoseconds now, uint32_t* id);

 private:
  static constexpr int kLevels = 6;
  static constexpr int kSlotBits = 8;
  static constexpr uint32_t kSlots = 1u << kSlotBits;
  static constexpr uint16_t kUnarmed = 0xffff;
  static constexpr uint16_t kInHeap = 0xfffe;

  struct Due {
    Nanoseconds deadline;
    uint32_t id;
  };

  static uint64_t tick_of(Nanoseconds time);
  static Nanoseconds start_of(uint64_t tick);
  void link(uint32_t id, uint32_t slot);
  void unlink(uint32_t id);
  // The first occupied slot at or after the present tick: its number and first tick. False if all are empty.
  bool next_slot(uint32_t* slot, uint64_t* tick) const;
  void open_slot(uint32_t slot, uint64_t tick);

  FlowLinks* links_;
  uint64_t present_ = 0;  // the tick whose timers are in the heap, as are those before it
  Nanoseconds quiet_until_;
  std::array<uint32_t, kLevels * kSlots> heads_;
  std::array<uint64_t, kLevels * kSlots / 64> occupied_{};
  std::vector<Due> heap_;  // may hold entries that were disarmed or re-armed since
};

}  // namespace weir
