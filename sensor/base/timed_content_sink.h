// A ContentSink that is told what time it is: what the pipeline drives, and content implements.
#pragma once

#include <array>
#include <cstdint>

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

  // Where in the stream of `direction` the bytes of the next calls begin.
  void set_place(Direction direction, uint64_t offset) { places_[index_of(direction)] = offset; }
  // The next `n` bytes of `item` are another item's too, and counted there.
  virtual void counted_elsewhere(ItemId /*item*/, uint64_t /*n*/) {}
  // Puts into *meta what is known of the message that the byte at `offset` of the stream belongs to. False
  // where nothing is; the last few messages are remembered.
  virtual bool message_at(Direction /*direction*/, uint64_t /*offset*/, ContentMeta* /*meta*/) const {
    return false;
  }

 protected:
  uint64_t place(Direction direction) const { return places_[index_of(direction)]; }

 private:
  std::array<uint64_t, 2> places_{};
};

}  // namespace weir
