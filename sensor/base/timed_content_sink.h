// A ContentSink that is told what time it is: what the pipeline drives, and content implements.
#pragma once

#include "parsers/api/item.h"
#include "sensor/base/packet.h"

namespace weir {

class TimedContentSink : public ContentSink {
 public:
  // Capture time of the bytes, holes and ends that the next calls tell of.
  virtual void set_time(Nanoseconds time) = 0;
  // From here on `direction` is not read because of `why`: what is open there and ends without its own end
  // was cut short by it.
  virtual void cut_short(Direction /*direction*/, Unread /*why*/) {}
};

}  // namespace weir
