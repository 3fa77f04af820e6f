// Folds alerts that found no room on their way to the output into one a policy, so that none goes unsaid:
// how many there were, of which kinds, how severe, and when. What is folded loses its item, its endpoints and
// its subjects; it keeps no value, not even a masked one. A storm may be folded in turn.
//
// One a worker, and one a sink: fold() what does not fit, front() and pop() when there is room. Bounded by
// the numbers of policies and detectors.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "sensor/alert/alert.h"

namespace weir {

class AlertStorms {
 public:
  // `of`: what tells the uids of these storms from those of others that begin with the same alert.
  explicit AlertStorms(std::string of = {}) : of_(std::move(of)) {}

  // A policy's first one begins its storm.
  void fold(const Alert& alert);

  bool empty() const { return storms_.empty(); }
  // The storm that began first, as the alert that it will be; may be moved from before pop().
  Alert& front() { return storms_.front(); }
  void pop() { storms_.pop_front(); }

 private:
  const std::string of_;
  std::deque<Alert> storms_;  // one a policy, in the order in which they began
};

}  // namespace weir
