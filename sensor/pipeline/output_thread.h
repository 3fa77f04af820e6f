// The output thread: takes the workers' alerts, puts them in order, numbers them and gives them to the
// sinks, each of which has a thread of its own (SinkLane). In a replay it merges by (clock, time, uid),
// holding an alert until every worker's clock has passed it, so that the order does not depend on the number
// of workers; live it passes on what comes.
//
// start() once, then finish() when all workers have ended (their channels say so).
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sensor/alert/ocsf_writer.h"
#include "sensor/output/sink.h"
#include "sensor/pipeline/alert_channel.h"
#include "sensor/pipeline/sink_lane.h"

namespace weir {

struct OutputThreadOptions {
  WriterOptions writer;
  bool ordered = true;  // a replay; live: false
  // The sink among the others that gets lines for people in place of JSON; null: none. Its lines come from
  // `line` (nothing: an alert that is not to be shown) and `last_line` (after all others; empty: none), both
  // called on the output thread.
  const Sink* for_people = nullptr;
  std::function<std::optional<std::string>(const Alert&)> line;
  std::function<std::string()> last_line;
  std::vector<int> cpus;  // where this thread and those of the sinks may run; empty: anywhere
  // Alerts held for their order, beyond which those of the earliest clock go in the order in which they came.
  size_t held_limit = 16'384;
};

class OutputThread {
 public:
  // Channels and sinks outlive the thread; a channel is read by this thread only.
  OutputThread(OutputThreadOptions options, std::vector<AlertChannel*> channels,
               const std::vector<Sink*>& sinks);
  ~OutputThread();
  OutputThread(const OutputThread&) = delete;
  OutputThread& operator=(const OutputThread&) = delete;

  // Throws std::system_error where the system gives no thread.
  void start();
  // Waits until the channels are done and empty, and every sink has what is its own or was interrupted: true
  // when everything is safe.
  bool finish();
  // From any thread: no sink is waited for any more. What they take without waiting they still get.
  void interrupt();
  // From any thread: the sinks open anew what may have been moved away.
  void reopen();
  // From any thread: there are sinks, and none of them can deliver anything any more.
  bool nobody_left() const;
  std::vector<SinkTally> tallies() const;
  // Alerts that went into storms of a sink's own so far, by sink.
  std::vector<uint64_t> folded_so_far() const;
  // One of its threads, or a sink's, has ended before its time, by this exception; then finish() answers
  // false. From any thread.
  std::exception_ptr failure() const;
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  // After finish(): why the thread could not run where it should; empty where it did.
  const std::string& placement_error() const { return placement_error_; }

 private:
  struct Later;
  void run();
  bool take(size_t channel, Nanoseconds safe);
  void write(const QueuedAlert& queued);
  void write_first();  // of heap_
  void close_lanes();

  OutputThreadOptions options_;
  std::vector<AlertChannel*> channels_;
  std::vector<std::unique_ptr<SinkLane>> lanes_;
  std::vector<QueuedAlert> heap_;  // earliest first
  std::atomic<uint64_t> written_{0};
  std::exception_ptr failure_;  // read after failed_
  std::atomic<bool> failed_{false};
  std::string placement_error_;
  std::thread thread_;
};

}  // namespace weir
