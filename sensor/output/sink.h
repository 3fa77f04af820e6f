// Where finished records go. The output thread calls write() for each record in order, drain() at the
// end; stats() and problem() may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sensor/base/record.h"

namespace weir {

struct SinkStats {
  uint64_t written = 0;    // records given to write()
  uint64_t delivered = 0;  // known to be safe at their destination
  uint64_t pending = 0;    // kept by the sink, not yet safe
  uint64_t failed = 0;     // given up, each with a reason in problem()
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Takes the record. Waits when the sink's bounded memory is full.
  virtual void write(const Record& record) = 0;
  // Pushes out what is pending; true when everything written is safe.
  virtual bool drain(std::chrono::milliseconds limit) = 0;
  // Any thread: makes a waiting write() or drain() return soon (the program is told to end at once).
  virtual void interrupt() {}
  virtual bool interrupted() const { return false; }
  // Any thread, on SIGHUP: what this sink has open may have been moved away (logrotate): it is opened anew.
  virtual void reopen() {}
  virtual SinkStats stats() const = 0;
  // What is wrong at present, for a person; empty when nothing is.
  virtual std::string problem() const = 0;
  virtual std::string name() const = 0;
};

}  // namespace weir
