// The way of alerts from one worker to the output thread: a bounded ring and the worker's clock.
#pragma once

#include <atomic>
#include <limits>

#include "sensor/alert/alert.h"
#include "sensor/pipeline/spsc_ring.h"

namespace weir {

// `clock`: the worker's capture clock when the alert left it. All workers of a replay advance their clocks
// with the same packets, so an alert's clock does not depend on how many there are.
struct QueuedAlert {
  Nanoseconds clock = 0;
  Alert alert;
};

struct AlertChannel {
  explicit AlertChannel(size_t capacity) : ring(capacity) {}

  SpscRing<QueuedAlert> ring;
  // No alert with an earlier clock will come.
  std::atomic<Nanoseconds> watermark{std::numeric_limits<Nanoseconds>::min()};
  // Its input is over: what comes now was read before, and may wait for room.
  std::atomic<bool> input_over{false};
  // The worker has ended; what is in the ring is all.
  std::atomic<bool> done{false};
  // The program is told to end at once: waiting for room is in vain.
  std::atomic<bool> abandoned{false};
};

}  // namespace weir
