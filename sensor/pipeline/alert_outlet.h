// Where one worker's alerts leave it: into its ring, and when that is full the worker waits (a replay) or
// goes on, folding what does not fit into storms (live; the output thread itself is behind then, for it never
// waits for a sink). Every alert that was put in comes out, or is counted
// in a storm that comes out, or is counted as lost.
//
// put() for each alert, advance() between bursts, wait_from_now() when the input has ended, finish() after
// the last alert.
#pragma once

#include "sensor/alert/alert_storms.h"
#include "sensor/base/packet.h"
#include "sensor/pipeline/alert_channel.h"

namespace weir {

// Capture time for which a storm gathers before it takes room in the ring: where the output stays behind, it
// writes few storms of many alerts, and single alerts else.
inline constexpr Nanoseconds kStormGathers = 1'000'000'000;

struct OutletCounters {
  uint64_t folded = 0;  // alerts that storms in the ring stand for
  uint64_t storms = 0;  // those storms
  uint64_t lost = 0;    // alerts that found no room once the output thread was told to end at once

  OutletCounters& operator+=(const OutletCounters& other);
};

class AlertOutlet {
 public:
  // `channel` outlives the outlet; null: alerts go nowhere.
  AlertOutlet(AlertChannel* channel, bool waits) : channel_(channel), waits_(waits) {}

  // `now`: the worker's clock, here and below; never goes back.
  void put(Alert&& alert, Nanoseconds now);
  // Storms that are due go as far as there is room.
  void advance(Nanoseconds now) {
    if (!storms_.empty()) [[unlikely]]
      push_storms(now);
  }
  // Nothing is missed by waiting any more: what comes now, and what was folded before, waits for room.
  void wait_from_now() {
    waits_ = true;
    if (channel_ != nullptr) channel_->input_over.store(true, std::memory_order_release);
  }
  // Waits until every storm has gone; the ring is done then.
  void finish(Nanoseconds now);

  const OutletCounters& counters() const { return counters_; }

 private:
  bool push(Alert& alert, Nanoseconds now);
  bool push_or_wait(Alert& alert, Nanoseconds now);
  void push_storms(Nanoseconds now);

  AlertChannel* channel_;
  bool waits_;
  AlertStorms storms_;
  Nanoseconds storms_due_ = 0;  // when the first of them has gathered for long enough
  OutletCounters counters_;
};

}  // namespace weir
