// The values that a flow has reported, so that a late or conflicting piece of it does not report them again.
//
// One a flow (ItemInspector). Holds nothing before the first value, then at most kMost of them; later ones
// are not remembered. Open addressing over the tokens, which are hashes already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sensor/base/finding.h"

namespace weir {

class ReportedValues {
 public:
  static constexpr size_t kMost = 4096;

  bool contains(DetectorIndex detector, const Token& token) const {
    return !slots_.empty() && slots_[place_of(detector, token)].detector == detector;
  }

  void add(DetectorIndex detector, const Token& token) {
    if (size_ == kMost) return;
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[place_of(detector, token)];
    if (slot.detector == detector) return;
    slot = {token, detector};
    ++size_;
  }

  size_t size() const { return size_; }
  size_t memory() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    Token token;
    DetectorIndex detector = kNoDetector;
  };

  // Of the value's slot, or of the free one that it would take. At most half of them are taken.
  size_t place_of(DetectorIndex detector, const Token& token) const {
    uint64_t hash = 0;
    std::memcpy(&hash, token.bytes.data(), sizeof hash);
    const size_t mask = slots_.size() - 1;
    for (size_t i = static_cast<size_t>(hash) & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (slot.detector == kNoDetector || (slot.detector == detector && slot.token == token)) return i;
    }
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.detector != kNoDetector) slots_[place_of(slot.detector, slot.token)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  size_t size_ = 0;
};

}  // namespace weir
