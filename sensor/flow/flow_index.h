// Open-addressing index from a flow's hash to its id: linear probing over eight-byte entries, so that a
// lookup is one cache line in nearly all cases; erasing shifts back, no tombstones. Owned by FlowTable.
#pragma once

#include <cstdint>

#include "sensor/base/memory_budget.h"
#include "sensor/flow/flow_arena.h"
#include "sensor/flow/flow_links.h"

namespace weir {

class FlowIndex {
 public:
  explicit FlowIndex(MemoryBudget& budget);

  // The id under `hash` for which same(id) holds; kNoFlow if none.
  template <class Same>
  uint32_t find(uint32_t hash, const Same& same) const {
    for (uint32_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Entry entry = entries_[at];
      if (entry.place == 0) return kNoFlow;
      if (entry.hash == hash && same(entry.place - 1)) return entry.place - 1;
    }
  }
  // The first id under `hash`, unchecked; for prefetching.
  uint32_t first(uint32_t hash) const {
    for (uint32_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Entry entry = entries_[at];
      if (entry.place == 0) return kNoFlow;
      if (entry.hash == hash) return entry.place - 1;
    }
  }
  [[gnu::always_inline]] void prefetch(uint64_t hash) const {
    __builtin_prefetch(&entries_[static_cast<uint32_t>(hash) & mask_]);
  }

  // Makes sure that one more entry fits; false when that needs memory which the budget refuses.
  bool make_room() { return size_ < limit_ || grow(); }
  // After make_room(). `id` is not in the index.
  void insert(uint32_t hash, uint32_t id);
  // `id` is in the index under `hash`.
  void erase(uint32_t hash, uint32_t id);
  // Empty again; keeps its memory.
  void clear();

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (uint64_t at = 0; size_ != 0 && at <= mask_; ++at) {
      if (entries_[at].place != 0) visit(entries_[at].place - 1);
    }
  }

  size_t size() const { return size_; }
  size_t memory() const { return arena_.committed(); }

 private:
  struct Entry {
    uint32_t hash;
    uint32_t place;  // id + 1; 0: empty
  };

  bool grow();

  MemoryBudget* budget_;
  FlowArena arena_;
  Entry* entries_ = nullptr;
  uint32_t mask_ = 0;
  size_t size_ = 0;
  size_t limit_ = 0;  // entries before it must grow
};

}  // namespace weir
