// A bounded ring for one producer and one consumer thread. Neither side locks; each keeps a copy of the
// other's index, so that an index is read across cores only when the ring looks full or empty.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace weir {

template <class T>
class SpscRing {
 public:
  // Holds at least `capacity` elements (rounded up to a power of two).
  explicit SpscRing(size_t capacity) : slots_(std::bit_ceil(capacity)), mask_(slots_.size() - 1) {}

  // Producer: false, and `value` untouched, when full.
  bool try_push(T&& value) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == slots_.size()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == slots_.size()) return false;
    }
    slots_[tail & mask_] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Consumer: the element that try_pop() would give, or null when empty.
  const T* peek() {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return nullptr;
    }
    return &slots_[head & mask_];
  }

  // Consumer: false when empty.
  bool try_pop(T* out) {
    if (peek() == nullptr) return false;
    const size_t head = head_.load(std::memory_order_relaxed);
    *out = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  std::vector<T> slots_;
  size_t mask_;
  alignas(64) std::atomic<size_t> head_{0};
  size_t tail_seen_ = 0;  // consumer's copy
  alignas(64) std::atomic<size_t> tail_{0};
  size_t head_seen_ = 0;  // producer's copy
};

}  // namespace weir
