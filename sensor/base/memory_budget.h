// A limit on the memory that one stage of one worker keeps for its peers. Not thread-safe: each worker
// has its own. try_take() before keeping, give() when done; a refusal is counted and answered by the
// stage's defined loss of service, never by an allocation anyway.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

namespace weir {

class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit) : limit_(limit) {}

  bool try_take(size_t n) {
    if (n > limit_ - used_) {
      ++refusals_;
      return false;
    }
    used_ += n;
    if (used_ > peak_) peak_ = used_;
    return true;
  }
  void give(size_t n) {
    assert(n <= used_);
    used_ -= n <= used_ ? n : used_;
  }

  size_t limit() const { return limit_; }
  size_t used() const { return used_; }
  size_t peak() const { return peak_; }
  uint64_t refusals() const { return refusals_; }

 private:
  size_t limit_;
  size_t used_ = 0;
  size_t peak_ = 0;
  uint64_t refusals_ = 0;
};

}  // namespace weir
