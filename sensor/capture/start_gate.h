// Keeps out what a socket captured before all sockets of its group were there: until then each of them got
// every packet, which would be read several times.
//
// A socket hands out packets in the order in which they came, so the first packet that is not from before is
// the end of it: the clock that gives the times may be set back at any moment, and nothing is kept out for
// that. Where it was set back right after the start, the end comes `longest` after the first packet was asked
// for, by a clock that only runs: so long a packet may lie in the socket's ring.
#pragma once

#include <cstdint>

#include "sensor/base/packet.h"

namespace weir {

class StartGate {
 public:
  // Lets everything through.
  StartGate() = default;
  // Keeps out packets that came before `start`, by the clock that gives packets their times. `longest` in ns.
  StartGate(Nanoseconds start, Nanoseconds longest) : start_(start), longest_(longest), shut_(true) {}

  // Whether it still has to be asked.
  bool shut() const { return shut_; }
  // For each packet in turn while shut(): `monotonic` as it is handed out, in ns.
  bool keeps_out(Nanoseconds time, Nanoseconds monotonic) {
    if (!shut_) return false;
    if (!asked_) {
      asked_ = true;
      opens_at_ = monotonic + longest_;
    }
    shut_ = time < start_ && monotonic < opens_at_;
    return shut_;
  }

 private:
  Nanoseconds start_ = 0;
  Nanoseconds longest_ = 0;
  Nanoseconds opens_at_ = 0;
  bool asked_ = false;
  bool shut_ = false;
};

}  // namespace weir
