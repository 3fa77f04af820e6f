// Which of two overlapping segments a receiver keeps while both wait for bytes before them. What it has
// already taken in order it never exchanges: there the first version stays, whatever the policy.
#pragma once

#include <cstdint>

#include "sensor/base/target_policy.h"

namespace weir {

// [begin, end) of a segment in its stream, without what the receiver had taken when it came.
struct SegmentExtent {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// True when the bytes that both carry are then those of `newer`, which came after `older`. Novak and Sturges,
// "Target-Based TCP Stream Reassembly" (2007), table of overlap behaviour.
constexpr bool newer_wins(TargetPolicy policy, const SegmentExtent& older, const SegmentExtent& newer) {
  switch (policy) {
    case TargetPolicy::kFirst:
      return false;
    case TargetPolicy::kLast:
      return true;
    case TargetPolicy::kBsd:
    case TargetPolicy::kWindows:
      return newer.begin < older.begin;
    case TargetPolicy::kLinux:
      return newer.begin < older.begin || (newer.begin == older.begin && newer.end > older.end);
    case TargetPolicy::kSolaris:
      return newer.end > older.end || (newer.end == older.end && newer.begin <= older.begin);
  }
  return false;
}

}  // namespace weir
