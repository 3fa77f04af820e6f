// One sink's own queue and thread, so that a sink that stands still holds up no other. Where the queue is
// full the output thread waits (a replay) or goes on (live): then what the sink cannot take is folded into
// storms of this sink alone, which its own thread writes when they are due. Whatever was put in comes out, or
// is in a storm that comes out, or stands in the tally as lost or not delivered.
//
// start(), put() for each alert from the output thread, close(), join(); the rest from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sensor/alert/alert_storms.h"
#include "sensor/alert/ocsf_writer.h"
#include "sensor/output/sink.h"

namespace weir {

struct SinkLaneOptions {
  WriterOptions writer;
  bool waits = true;        // a replay; live: false
  bool for_people = false;  // its records are lines of text
  size_t max_records = 8192;
  size_t max_bytes = 32u << 20;
  std::vector<int> cpus;  // where the thread may run; empty: anywhere
};

// What became of the alerts made, at one sink. At the end of a run their sum is the number of alerts and
// updates made.
struct SinkTally {
  std::string name;
  uint64_t delivered = 0;      // one by one
  uint64_t storms = 0;         // storm alerts delivered
  uint64_t folded = 0;         // alerts that those stand for
  uint64_t lost = 0;           // given up
  uint64_t not_delivered = 0;  // waiting; at the end: when the program was told to end
  uint64_t held_back = 0;      // not meant to be shown: lines for people say no more than what is new

  uint64_t sum() const { return delivered + folded + lost + not_delivered + held_back; }
};

class SinkLane {
 public:
  // `sink` outlives the lane.
  SinkLane(Sink* sink, SinkLaneOptions options);
  ~SinkLane();
  SinkLane(const SinkLane&) = delete;
  SinkLane& operator=(const SinkLane&) = delete;

  // Throws std::system_error where the system gives no thread.
  void start();
  // `record` is `alert`'s, with the number `sequence`.
  void put(const Alert& alert, std::shared_ptr<const Record> record, uint64_t sequence);
  // An alert that this sink is not to show.
  void hold_back(const Alert& alert);
  // Nothing more comes. Returns at once; `last`: a record that goes after all others, or null.
  void close(std::shared_ptr<const Record> last);
  // Waits until the sink has everything, or is told not to wait: true when everything is safe.
  bool join();

  void interrupt() { sink_->interrupt(); }
  // Its thread has ended before its time, by this exception: what is put from then on is not delivered.
  std::exception_ptr failure() const;
  void reopen();
  const Sink& sink() const { return *sink_; }
  SinkTally tally() const;
  // Alerts that went into storms so far, delivered or not.
  uint64_t folded_so_far() const;

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  std::shared_ptr<const Record> next();
  void take_storms();

  Sink* const sink_;
  const SinkLaneOptions options_;
  std::thread thread_;
  bool safe_ = false;  // of the thread, read after join

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  std::condition_variable room_;
  std::deque<std::shared_ptr<const Record>> queue_;
  size_t bytes_ = 0;
  AlertStorms storms_;
  std::map<std::string, uint64_t> sequences_;  // by policy: the last alert folded
  Clock::time_point storms_due_{};
  std::deque<std::shared_ptr<const Record>> due_;  // storms that go now
  uint64_t waiting_ = 0;                           // alerts in queue_, storms_ and due_
  uint64_t folded_so_far_ = 0;
  uint64_t held_back_ = 0;
  std::exception_ptr failure_;
  bool closed_ = false;
  bool reopen_ = false;
};

}  // namespace weir
