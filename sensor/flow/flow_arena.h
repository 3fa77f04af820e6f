// A contiguous array that grows in place: address space reserved once, pages committed on a budget.
// What it holds never moves. Owned by FlowTable and FlowIndex.
#pragma once

#include <cstddef>

#include "sensor/base/memory_budget.h"

namespace weir {

class FlowArena {
 public:
  // Reserves address space for `capacity` bytes; nothing is committed. Throws std::system_error when
  // there is no such space.
  FlowArena(size_t capacity, MemoryBudget& budget);
  ~FlowArena();
  FlowArena(FlowArena&& other) noexcept;
  FlowArena& operator=(FlowArena&& other) noexcept;

  std::byte* base() const { return base_; }
  size_t committed() const { return committed_; }

  // Makes the first `size` bytes usable (new ones are zero), in steps of a huge page where that pays.
  // False, and nothing changed, when the budget or the system refuses or `size` is past the capacity.
  bool commit(size_t size) { return size <= committed_ || commit_more(size); }

 private:
  bool commit_more(size_t size);
  void release();

  MemoryBudget* budget_;
  std::byte* mapping_ = nullptr;
  size_t mapped_ = 0;
  std::byte* base_ = nullptr;
  size_t capacity_ = 0;  // a multiple of step_
  size_t committed_ = 0;
  size_t step_ = 0;
};

}  // namespace weir
