// Folds alerts that found no room on their way to the output into one a policy, so that none goes unsaid:
// how many there were, of which kinds, how severe, and when. What is folded loses its item, its endpoints and
// its subjects; it keeps no value, not even a masked one.
//
// One a worker: fold() what does not fit, front() and pop() when there is room. Bounded by the numbers of
// policies and detectors.
#pragma once

#include <deque>

#include "sensor/alert/alert.h"

namespace weir {

class AlertStorms {
 public:
  // `alert` is of an item. A policy's first one begins its storm.
  void fold(const Alert& alert);

  bool empty() const { return storms_.empty(); }
  // The storm that began first, as the alert that it will be; may be moved from before pop().
  Alert& front() { return storms_.front(); }
  void pop() { storms_.pop_front(); }

 private:
  std::deque<Alert> storms_;  // one a policy, in the order in which they began
};

}  // namespace weir
