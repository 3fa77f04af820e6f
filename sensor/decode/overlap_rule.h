// Who keeps the bytes that two fragments of a datagram share (Novak, "Target-Based Fragmentation Reassembly",
// 2005, after Shankar and Paxson's measurements). Asked by Datagram for each pair that meets.
#pragma once

#include <cstdint>

#include "sensor/base/target_policy.h"

namespace weir {

// True: the piece [piece_start, piece_end) that is there keeps them; false: the fragment [start, end) that
// came later gets them.
constexpr bool earlier_keeps(TargetPolicy policy, uint32_t piece_start, uint32_t piece_end, uint32_t start,
                             uint32_t end) {
  switch (policy) {
    case TargetPolicy::kFirst:
      return true;
    case TargetPolicy::kLast:
      return false;
    case TargetPolicy::kBsd:
      return piece_start <= start;
    case TargetPolicy::kLinux:
      return piece_start < start;
    case TargetPolicy::kWindows:
      return !(start < piece_start && end > piece_end);
    case TargetPolicy::kSolaris:
      return !(start < piece_start && end >= piece_end);
  }
  return true;
}

}  // namespace weir
