#include "sensor/flow/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace weir {
namespace {

constexpr int kTickBits = 20;  // 1.05 ms
constexpr uint64_t kSignBit = uint64_t{1} << 63;

// std::*_heap keep the greatest in front; the earliest deadline is wanted there.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.deadline != b.deadline ? a.deadline > b.deadline : a.id > b.id;
};

}  // namespace

TimerWheel::TimerWheel(FlowLinks* links)
    : links_(links), quiet_until_(std::numeric_limits<Nanoseconds>::max()) {
  heads_.fill(kNoFlow);
}

// Flipping the sign bit keeps the order of times before 1970.
uint64_t TimerWheel::tick_of(Nanoseconds time) {
  return (static_cast<uint64_t>(time) ^ kSignBit) >> kTickBits;
}
Nanoseconds TimerWheel::start_of(uint64_t tick) {
  return static_cast<Nanoseconds>((tick << kTickBits) ^ kSignBit);
}

void TimerWheel::arm(uint32_t id, Nanoseconds deadline) {
  if (links_[id].timer_slot != kUnarmed) disarm(id);
  links_[id].deadline = deadline;
  quiet_until_ = std::min(quiet_until_, deadline);
  const uint64_t tick = tick_of(deadline);
  if (tick <= present_) {
    links_[id].timer_slot = kInHeap;
    heap_.push_back({deadline, id});
    std::push_heap(heap_.begin(), heap_.end(), kLater);
    return;
  }
  // The level of the highest digit in which the tick differs from the present one: that slot opens
  // exactly when the present enters its range.
  const int level = (63 - std::countl_zero(tick ^ present_)) / kSlotBits;
  const auto digit = static_cast<uint32_t>(tick >> (level * kSlotBits)) & (kSlots - 1);
  link(id, static_cast<uint32_t>(level) * kSlots + digit);
}

void TimerWheel::disarm(uint32_t id) {
  const uint16_t slot = links_[id].timer_slot;
  if (slot == kUnarmed) return;
  if (slot != kInHeap) unlink(id);
  links_[id].timer_slot = kUnarmed;  // an entry in the heap is now stale
}

void TimerWheel::clear() {
  heads_.fill(kNoFlow);
  occupied_.fill(0);
  heap_.clear();
  quiet_until_ = std::numeric_limits<Nanoseconds>::max();
}

void TimerWheel::link(uint32_t id, uint32_t slot) {
  FlowLinks& own = links_[id];
  own.timer_slot = static_cast<uint16_t>(slot);
  own.timer_previous = kNoFlow;
  own.timer_next = heads_[slot];
  if (own.timer_next != kNoFlow) links_[own.timer_next].timer_previous = id;
  heads_[slot] = id;
  occupied_[slot / 64] |= uint64_t{1} << (slot % 64);
}

void TimerWheel::unlink(uint32_t id) {
  const FlowLinks& own = links_[id];
  const uint32_t slot = own.timer_slot;
  (own.timer_previous == kNoFlow ? heads_[slot] : links_[own.timer_previous].timer_next) = own.timer_next;
  if (own.timer_next != kNoFlow) links_[own.timer_next].timer_previous = own.timer_previous;
  if (heads_[slot] == kNoFlow) occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
}

bool TimerWheel::next_slot(uint32_t* slot, uint64_t* tick) const {
  for (int level = 0; level < kLevels; ++level) {
    const int shift = level * kSlotBits;
    const auto digit = static_cast<uint32_t>(present_ >> shift) & (kSlots - 1);
    // A lower level's slots all come before those of a higher one: they lie in the present's own slot there.
    for (uint32_t at = digit + 1; at < kSlots;) {
      const uint32_t number = static_cast<uint32_t>(level) * kSlots + at;
      const uint64_t word = occupied_[number / 64] >> (number % 64);
      if (word == 0) {
        at = (at / 64 + 1) * 64;
        continue;
      }
      at += static_cast<uint32_t>(std::countr_zero(word));
      *slot = static_cast<uint32_t>(level) * kSlots + at;
      const uint64_t above = present_ >> (shift + kSlotBits) << (shift + kSlotBits);
      *tick = above | (uint64_t{at} << shift);
      return true;
    }
  }
  return false;
}

// The present moves to the slot's first tick; its timers go down the levels or into the heap.
void TimerWheel::open_slot(uint32_t slot, uint64_t tick) {
  present_ = tick;
  uint32_t id = heads_[slot];
  heads_[slot] = kNoFlow;
  occupied_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
  while (id != kNoFlow) {
    const uint32_t next = links_[id].timer_next;
    links_[id].timer_slot = kUnarmed;
    arm(id, links_[id].deadline);
    id = next;
  }
}

bool TimerWheel::pop_due(Nanoseconds now, uint32_t* id) {
  const uint64_t now_tick = tick_of(now);
  for (;;) {
    while (!heap_.empty()) {
      const Due top = heap_.front();
      FlowLinks& own = links_[top.id];
      const bool stale = own.timer_slot != kInHeap || own.deadline != top.deadline;
      if (!stale && top.deadline >= now) break;
      std::pop_heap(heap_.begin(), heap_.end(), kLater);
      heap_.pop_back();
      if (stale) continue;
      own.timer_slot = kUnarmed;
      *id = top.id;
      return true;
    }
    uint32_t slot = 0;
    uint64_t tick = 0;
    const bool more = next_slot(&slot, &tick);
    if (!more || tick > now_tick) {
      // The heap's head, if any, comes before every slot.
      quiet_until_ = !heap_.empty() ? heap_.front().deadline
                     : more         ? start_of(tick)
                                    : std::numeric_limits<Nanoseconds>::max();
      return false;
    }
    open_slot(slot, tick);
  }
}

}  // namespace weir
