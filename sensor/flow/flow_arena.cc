#include "sensor/flow/flow_arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace weir {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kSmallStep = size_t{16} << 10;
// Below this a huge page a step would be most of the array.
constexpr size_t kHugeFrom = size_t{4} << 20;

size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

FlowArena::FlowArena(size_t capacity, MemoryBudget& budget)
    : budget_(&budget), step_(capacity >= kHugeFrom ? kHugePage : kSmallStep) {
  capacity_ = round_up(std::max<size_t>(capacity, 1), step_);
  mapped_ = capacity_ + step_;  // room to align
  void* mapping = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "cannot reserve address space for flows");
  }
  mapping_ = static_cast<std::byte*>(mapping);
  const size_t lead = (step_ - reinterpret_cast<uintptr_t>(mapping_) % step_) % step_;
  base_ = mapping_ + lead;
}

FlowArena::~FlowArena() { release(); }

FlowArena::FlowArena(FlowArena&& other) noexcept
    : budget_(other.budget_),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_(std::exchange(other.mapped_, 0)),
      base_(std::exchange(other.base_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)),
      committed_(std::exchange(other.committed_, 0)),
      step_(other.step_) {}

FlowArena& FlowArena::operator=(FlowArena&& other) noexcept {
  if (this == &other) return *this;
  release();
  budget_ = other.budget_;
  mapping_ = std::exchange(other.mapping_, nullptr);
  mapped_ = std::exchange(other.mapped_, 0);
  base_ = std::exchange(other.base_, nullptr);
  capacity_ = std::exchange(other.capacity_, 0);
  committed_ = std::exchange(other.committed_, 0);
  step_ = other.step_;
  return *this;
}

void FlowArena::release() {
  if (mapping_ == nullptr) return;
  munmap(mapping_, mapped_);
  budget_->give(committed_);
  mapping_ = nullptr;
  committed_ = 0;
}

bool FlowArena::commit_more(size_t size) {
  if (size > capacity_) return false;
  const size_t more = round_up(size - committed_, step_);
  if (!budget_->try_take(more)) return false;
  if (mprotect(base_ + committed_, more, PROT_READ | PROT_WRITE) != 0) {
    budget_->give(more);
    return false;
  }
  // A hint only: a million flows in 4 KiB pages miss the TLB with every packet.
  if (step_ == kHugePage) madvise(base_ + committed_, more, MADV_HUGEPAGE);
  committed_ += more;
  return true;
}

}  // namespace weir
