// The output thread: takes the workers' alerts, puts them in order, numbers them and gives them to the
// sinks. In a replay it merges by (clock, time, uid), holding an alert until every worker's clock has
// passed it, so that the order does not depend on the number of workers; live it passes on what comes.
//
// start() once, then finish() when all workers have ended (their channels say so).
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sensor/alert/ocsf_writer.h"
#include "sensor/output/sink.h"
#include "sensor/pipeline/alert_channel.h"

namespace weir {

struct OutputThreadOptions {
  WriterOptions writer;
  bool ordered = true;  // a replay; live: false
  // Hears of each alert in order, before the sinks; may be empty. Called on the output thread.
  std::function<void(const Alert&)> on_alert;
  std::vector<int> cpus;  // where the thread may run; empty: anywhere
};

class OutputThread {
 public:
  // Channels and sinks outlive the thread; a channel is read by this thread only.
  OutputThread(OutputThreadOptions options, std::vector<AlertChannel*> channels, std::vector<Sink*> sinks);
  ~OutputThread();
  OutputThread(const OutputThread&) = delete;
  OutputThread& operator=(const OutputThread&) = delete;

  void start();
  // Waits until the channels are done and empty, then drains the sinks: true when everything is safe.
  // `limit`: how long the sinks may take, all together; zero: until done or interrupted.
  bool finish(std::chrono::milliseconds limit);
  // finish() waits for nothing but the sinks. From any thread.
  bool delivering() const { return delivering_.load(std::memory_order_relaxed); }
  // The thread has ended before its time, by this exception; then finish() answers false. From any thread.
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  std::exception_ptr failure() const { return failed() ? failure_ : nullptr; }
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  // After finish(): why the thread could not run where it should; empty where it did.
  const std::string& placement_error() const { return placement_error_; }

 private:
  struct Later;
  void run();
  bool take(size_t channel, bool slowest);
  void write(const QueuedAlert& queued);

  OutputThreadOptions options_;
  std::vector<AlertChannel*> channels_;
  std::vector<Sink*> sinks_;
  std::vector<QueuedAlert> heap_;  // earliest first
  std::atomic<uint64_t> written_{0};
  std::atomic<bool> delivering_{false};
  std::exception_ptr failure_;  // read after failed_
  std::atomic<bool> failed_{false};
  std::string placement_error_;
  std::thread thread_;
};

}  // namespace weir
