// Where finished records go. Each sink has a thread of its own (sensor/pipeline/sink_lane.h), which calls
// write() for each record in order, flush() whenever no record waits and a few times a second, and drain() at
// the end. The rest may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sensor/base/record.h"

namespace weir {

// In alerts: a record counts as the alerts that it stands for. Always written = delivered + pending + failed.
struct SinkStats {
  uint64_t written = 0;    // given to write()
  uint64_t delivered = 0;  // known to be safe at their destination
  uint64_t pending = 0;    // not yet safe; at the end: not delivered
  uint64_t failed = 0;     // given up, with a reason in losses()
  uint64_t storms = 0;     // records among the delivered that stand for many alerts
  uint64_t folded = 0;     // those alerts

  void deliver(uint64_t alerts, bool storm) {
    delivered += alerts;
    if (!storm) return;
    ++storms;
    folded += alerts;
  }
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Takes the record. Waits when the sink's bounded memory is full.
  virtual void write(const Record& record) = 0;
  // Pushes out what write() kept back, tries again what was refused, and sees to it that the destination is
  // still there. Returns within some 100 ms.
  virtual void flush() {}
  // Pushes out what is pending; true when everything written is safe.
  virtual bool drain(std::chrono::milliseconds limit) = 0;
  // The program is told to end at once: from here on nothing waits. A waiting write() or drain() returns
  // soon; what can be taken without waiting still is, the rest stays pending or is given up.
  virtual void interrupt() {}
  virtual bool interrupted() const { return false; }
  // The destination may have been moved away (SIGHUP of a log rotation): opened anew at the next flush().
  virtual void reopen() {}
  // Nothing can be delivered any more, whatever happens: what is written now is lost.
  virtual bool over() const { return false; }
  // It is over because the one who read it has left, as in `weir replay … | head -1`.
  virtual bool reader_left() const { return false; }
  virtual SinkStats stats() const = 0;
  // What is wrong at present, for a person; empty when nothing is.
  virtual std::string problem() const = 0;
  // How many alerts were given up, and why the last; empty when none was.
  virtual std::string losses() const { return {}; }
  virtual std::string name() const = 0;
};

}  // namespace weir
