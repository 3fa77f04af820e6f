// What the flows that are being read take, on a budget, and which of them has been silent longest. One per
// worker; outlives what it keeps account of.
//
// The worker adds an entry with each FlowSession (and with what a resting flow keeps beside its record), says
// when its size changes, takes it out before it dies. Where a call is refused it lets go what silent() tells,
// and asks again. Places are not moved with every packet, as in the flow table: silent() makes up for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sensor/base/memory_budget.h"
#include "sensor/flow/flow.h"

namespace weir {

class SessionMemory {
 public:
  // A place in the order; lies in what it keeps account of.
  struct Entry {
    Entry* older = nullptr;
    Entry* newer = nullptr;
    FlowRecord* flow = nullptr;  // null: not in the list
    size_t charged = 0;
    Nanoseconds listed = 0;  // the flow's last packet when the entry got its place
  };

  explicit SessionMemory(size_t limit) : budget_(limit) {}
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;

  bool has_room(size_t n) const { return n <= budget_.limit() - budget_.used(); }
  // False, and nothing changed, when the budget refuses.
  bool try_add(Entry& entry, size_t n, FlowRecord& flow);
  bool try_resize(Entry& entry, size_t n);
  // Nothing for an entry that was not added.
  void remove(Entry& entry);

  // The flow that has been silent longest, to within a few; never `but`. Null: there is no other.
  FlowRecord* silent(const FlowRecord& but);

  size_t size() const { return size_; }
  const MemoryBudget& budget() const { return budget_; }

 private:
  static constexpr int kTries = 16;
  void push_newest(Entry& entry);
  void unlink(Entry& entry);

  MemoryBudget budget_;
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
  size_t size_ = 0;
};

}  // namespace weir
