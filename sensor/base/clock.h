// The two clocks, in nanoseconds. Capture time is not one of them: it comes with the packets.
#pragma once

#include <time.h>

#include <cstdint>

namespace weir {

inline int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
// Since the epoch, UTC; may be set back.
inline int64_t wall_clock_now() { return read_clock(CLOCK_REALTIME); }
// Since some moment; only ever moves on.
inline int64_t monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace weir
