#include "sensor/pipeline/alert_outlet.h"

#include <chrono>
#include <thread>
#include <utility>

namespace weir {

namespace {

constexpr auto kFullRingPause = std::chrono::microseconds(50);

}  // namespace

OutletCounters& OutletCounters::operator+=(const OutletCounters& other) {
  folded += other.folded;
  storms += other.storms;
  lost += other.lost;
  return *this;
}

// False, and `alert` untouched, when the ring is full.
bool AlertOutlet::push(Alert& alert, Nanoseconds now) {
  QueuedAlert queued{now, std::move(alert)};
  if (channel_->ring.try_push(std::move(queued))) return true;
  // try_push moves from it only where there was room.
  alert = std::move(queued.alert);  // NOLINT(bugprone-use-after-move)
  return false;
}

// False when the output thread was told to end at once.
bool AlertOutlet::push_or_wait(Alert& alert, Nanoseconds now) {
  while (!push(alert, now)) {
    if (channel_->abandoned.load(std::memory_order_relaxed)) return false;
    // The output thread may be waiting for this worker's clock.
    channel_->watermark.store(now, std::memory_order_release);
    std::this_thread::sleep_for(kFullRingPause);
  }
  return true;
}

void AlertOutlet::put(Alert&& alert, Nanoseconds now) {
  if (channel_ == nullptr) return;
  advance(now);
  if (waits_) {
    if (!push_or_wait(alert, now)) ++counters_.lost;
    return;
  }
  if (push(alert, now)) return;
  if (storms_.empty()) storms_due_ = now + kStormGathers;
  storms_.fold(alert);
}

void AlertOutlet::push_storms(Nanoseconds now) {
  if (now < storms_due_) return;
  while (!storms_.empty()) {
    const uint64_t alerts = storms_.front().storm->alerts();
    if (!push(storms_.front(), now)) return;
    counters_.folded += alerts;
    ++counters_.storms;
    storms_.pop();
  }
}

void AlertOutlet::finish(Nanoseconds now) {
  if (channel_ == nullptr) return;
  for (; !storms_.empty(); storms_.pop()) {
    const uint64_t alerts = storms_.front().storm->alerts();
    if (push_or_wait(storms_.front(), now)) {
      counters_.folded += alerts;
      ++counters_.storms;
    } else {
      counters_.lost += alerts;
    }
  }
  channel_->done.store(true, std::memory_order_release);
}

}  // namespace weir
