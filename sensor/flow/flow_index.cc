#include "sensor/flow/flow_index.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr size_t kFirstEntries = 2048;

}  // namespace

FlowIndex::FlowIndex(MemoryBudget& budget) : budget_(&budget), arena_(1, budget) {}

bool FlowIndex::grow() {
  const size_t old_count = entries_ == nullptr ? 0 : size_t{mask_} + 1;
  const size_t count = old_count == 0 ? kFirstEntries : old_count * 2;
  FlowArena larger(count * sizeof(Entry), *budget_);
  if (!larger.commit(count * sizeof(Entry))) return false;
  const Entry* const old_entries = entries_;
  entries_ = reinterpret_cast<Entry*>(larger.base());
  mask_ = static_cast<uint32_t>(count - 1);
  limit_ = count / 10 * 7;
  size_ = 0;
  for (size_t i = 0; i < old_count; ++i) {
    if (old_entries[i].place != 0) insert(old_entries[i].hash, old_entries[i].place - 1);
  }
  arena_ = std::move(larger);
  return true;
}

void FlowIndex::insert(uint32_t hash, uint32_t id) {
  uint32_t at = hash & mask_;
  while (entries_[at].place != 0) at = (at + 1) & mask_;
  entries_[at] = {hash, id + 1};
  ++size_;
}

void FlowIndex::erase(uint32_t hash, uint32_t id) {
  uint32_t hole = hash & mask_;
  while (entries_[hole].place != id + 1) hole = (hole + 1) & mask_;
  // Move back every entry of the run that its home does not forbid (Knuth, vol. 3, 6.4, algorithm R).
  for (uint32_t at = (hole + 1) & mask_; entries_[at].place != 0; at = (at + 1) & mask_) {
    const uint32_t home = entries_[at].hash & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      entries_[hole] = entries_[at];
      hole = at;
    }
  }
  entries_[hole].place = 0;
  --size_;
}

void FlowIndex::clear() {
  if (size_ == 0) return;
  std::fill_n(entries_, size_t{mask_} + 1, Entry{});
  size_ = 0;
}

}  // namespace weir
