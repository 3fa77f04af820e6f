// The values that a flow has reported, so that a late or conflicting piece of it does not report them again.
//
// One a flow (ItemInspector). Holds nothing before the first value, then a 64-bit fingerprint of each: names
// are keyed hashes already, so a new value is taken for a known one by one chance in 2^64 for each that is
// kept. Bounded: the last kGeneration values at least are known, and twice as many at most; older ones are
// forgotten together, counted (forgotten()), and would be reported again. What is known depends on the flow's
// values alone.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "sensor/base/finding.h"

namespace weir {

class ReportedValues {
 public:
  static constexpr size_t kGeneration = 65536;

  bool contains(DetectorIndex detector, const ValueName& name) const {
    const uint64_t print = print_of(detector, name);
    return recent_.contains(print) || older_.contains(print);
  }

  void add(DetectorIndex detector, const ValueName& name) {
    const uint64_t print = print_of(detector, name);
    if (recent_.contains(print)) return;
    if (recent_.size == kGeneration) {
      forgotten_ += older_.size;
      older_ = std::exchange(recent_, {});
    }
    recent_.add(print);
  }

  // Values that are known, some of them twice.
  size_t size() const { return recent_.size + older_.size; }
  uint64_t forgotten() const { return forgotten_; }
  size_t memory() const { return (recent_.slots.capacity() + older_.slots.capacity()) * sizeof(uint64_t); }

 private:
  // Open addressing; 0 is a free slot.
  struct Prints {
    std::vector<uint64_t> slots;  // a power of two, at most half of them taken
    size_t size = 0;

    size_t place_of(uint64_t print) const {
      const size_t mask = slots.size() - 1;
      size_t i = static_cast<size_t>(print) & mask;
      while (slots[i] != 0 && slots[i] != print) i = (i + 1) & mask;
      return i;
    }
    bool contains(uint64_t print) const { return !slots.empty() && slots[place_of(print)] == print; }
    void add(uint64_t print) {  // which is not there
      if (2 * (size + 1) > slots.size()) grow();
      slots[place_of(print)] = print;
      ++size;
    }
    void grow() {
      std::vector<uint64_t> old(slots.empty() ? 16 : 2 * slots.size());
      old.swap(slots);
      for (const uint64_t print : old) {
        if (print != 0) slots[place_of(print)] = print;
      }
    }
  };

  static uint64_t print_of(DetectorIndex detector, const ValueName& name) {
    uint64_t words[2];
    static_assert(sizeof words == sizeof name.bytes);
    std::memcpy(words, name.bytes.data(), sizeof words);
    const uint64_t print =
        words[0] ^ std::rotl(words[1], 31) ^ (uint64_t{detector} + 1) * 0x9e3779b97f4a7c15u;
    return print != 0 ? print : 1;
  }

  Prints recent_;
  Prints older_;
  uint64_t forgotten_ = 0;
};

}  // namespace weir
