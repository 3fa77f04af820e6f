#include "sensor/pipeline/output_thread.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "sensor/base/cpus.h"

namespace weir {

namespace {

constexpr auto kIdlePause = std::chrono::milliseconds(1);
// Alerts held back for their order, beyond what the rings hold. A worker far behind makes the others wait.
constexpr size_t kHeldLimit = 100'000;
constexpr auto kDrainSlice = std::chrono::milliseconds(200);

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct OutputThread::Later {
  bool operator()(const QueuedAlert& a, const QueuedAlert& b) const {
    return std::tie(a.clock, a.alert.time, a.alert.uid) > std::tie(b.clock, b.alert.time, b.alert.uid);
  }
};

OutputThread::OutputThread(OutputThreadOptions options, std::vector<AlertChannel*> channels,
                           std::vector<Sink*> sinks)
    : options_(std::move(options)), channels_(std::move(channels)), sinks_(std::move(sinks)) {}

OutputThread::~OutputThread() {
  if (!thread_.joinable()) return;
  for (AlertChannel* channel : channels_) channel->abandoned.store(true);
  thread_.join();
}

void OutputThread::start() {
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      // Nobody takes alerts any more: who waits for room must not, and counts them as lost.
      failure_ = std::current_exception();
      for (AlertChannel* channel : channels_) channel->abandoned.store(true);
      failed_.store(true, std::memory_order_release);
    }
  });
}

bool OutputThread::finish(std::chrono::milliseconds limit) {
  thread_.join();
  delivering_.store(true);
  if (failed_.load(std::memory_order_acquire)) return false;
  const bool endless = limit.count() == 0;
  const auto until = std::chrono::steady_clock::now() + limit;
  bool safe = true;
  for (Sink* sink : sinks_) {
    bool drained = false;
    do {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      drained =
          sink->drain(endless ? kDrainSlice : std::clamp(left, std::chrono::milliseconds(0), kDrainSlice));
      if (drained) break;
      const SinkStats stats = sink->stats();
      if (stats.pending == 0 || sink->interrupted()) break;
    } while (endless || std::chrono::steady_clock::now() < until);
    safe &= drained;
  }
  return safe;
}

bool OutputThread::take(size_t channel, bool slowest) {
  QueuedAlert queued;
  bool any = false;
  while ((slowest || heap_.size() < kHeldLimit) && channels_[channel]->ring.try_pop(&queued)) {
    any = true;
    if (!options_.ordered) {
      write(queued);
      continue;
    }
    heap_.push_back(std::move(queued));
    std::push_heap(heap_.begin(), heap_.end(), Later());
  }
  return any;
}

void OutputThread::run() {
  name_this_thread("weir-output");
  std::string error;
  if (!place_this_thread(options_.cpus, &error)) placement_error_ = error;
  while (true) {
    // The clocks are read before the rings: an alert that a ring did not show yet has a clock at or after
    // the one that was read.
    Nanoseconds safe = std::numeric_limits<Nanoseconds>::max();
    bool all_done = true;
    for (const AlertChannel* channel : channels_) {
      if (channel->done.load(std::memory_order_acquire)) continue;
      all_done = false;
      safe = std::min(safe, channel->watermark.load(std::memory_order_acquire));
    }
    bool any = false;
    for (size_t i = 0; i < channels_.size(); ++i) {
      // What holds the others back is always taken in, or nothing would move.
      any |= take(i, channels_[i]->watermark.load(std::memory_order_relaxed) <= safe);
    }
    while (!heap_.empty() && (heap_.front().clock < safe || (all_done && !any))) {
      std::pop_heap(heap_.begin(), heap_.end(), Later());
      write(heap_.back());
      heap_.pop_back();
    }
    if (all_done && !any && heap_.empty()) return;
    if (!any) std::this_thread::sleep_for(kIdlePause);
  }
}

void OutputThread::write(const QueuedAlert& queued) {
  if (options_.on_alert) options_.on_alert(queued.alert);
  const uint64_t sequence = written_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (sinks_.empty()) return;
  const Record record = make_record(queued.alert, options_.writer, sequence, now_ms());
  for (Sink* sink : sinks_) sink->write(record);
}

}  // namespace weir
