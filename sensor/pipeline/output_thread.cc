#include "sensor/pipeline/output_thread.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "sensor/base/cpus.h"

namespace weir {

namespace {

constexpr auto kIdlePause = std::chrono::milliseconds(1);
// Taken from one worker before the others and the sinks have their turn.
constexpr size_t kTurn = 256;

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
                           const std::vector<Sink*>& sinks)
    : options_(std::move(options)), channels_(std::move(channels)) {
  for (Sink* sink : sinks) {
    SinkLaneOptions lane;
    lane.writer = options_.writer;
    lane.waits = options_.ordered;
    lane.for_people = sink == options_.for_people;
    lane.cpus = options_.cpus;
    lanes_.push_back(std::make_unique<SinkLane>(sink, lane));
  }
}

OutputThread::~OutputThread() {
  if (!thread_.joinable()) return;
  for (AlertChannel* channel : channels_) {
    channel->abandoned.store(true);
    channel->done.store(true);
  }
  interrupt();
  thread_.join();
}

void OutputThread::start() {
  for (const auto& lane : lanes_) lane->start();
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      // Nobody takes alerts any more: who waits for room must not, and counts them as lost.
      failure_ = std::current_exception();
      for (AlertChannel* channel : channels_) channel->abandoned.store(true);
      failed_.store(true, std::memory_order_release);
      for (const auto& lane : lanes_) lane->close(nullptr);
    }
  });
}

bool OutputThread::finish() {
  thread_.join();
  bool safe = !failed_.load(std::memory_order_acquire);
  for (const auto& lane : lanes_) safe &= lane->join();
  return safe;
}

std::exception_ptr OutputThread::failure() const {
  if (failed_.load(std::memory_order_acquire)) return failure_;
  for (const auto& lane : lanes_) {
    if (std::exception_ptr what = lane->failure()) return what;
  }
  return nullptr;
}

void OutputThread::interrupt() {
  for (const auto& lane : lanes_) lane->interrupt();
}

void OutputThread::reopen() {
  for (const auto& lane : lanes_) lane->reopen();
}

bool OutputThread::nobody_left() const {
  return !lanes_.empty() && std::ranges::all_of(lanes_, [](const auto& lane) { return lane->sink().over(); });
}

std::vector<SinkTally> OutputThread::tallies() const {
  std::vector<SinkTally> all;
  for (const auto& lane : lanes_) all.push_back(lane->tally());
  return all;
}

std::vector<uint64_t> OutputThread::folded_so_far() const {
  std::vector<uint64_t> all;
  for (const auto& lane : lanes_) all.push_back(lane->folded_so_far());
  return all;
}

// All that lies before `safe`: nothing may go before it. Of the rest as much as there is room for; the
// slowest worker's a turn at a time however many are held, for nothing moves without them.
bool OutputThread::take(size_t channel, Nanoseconds safe) {
  SpscRing<QueuedAlert>& ring = channels_[channel]->ring;
  const bool slowest = channels_[channel]->watermark.load(std::memory_order_relaxed) <= safe;
  QueuedAlert queued;
  size_t ahead = 0;
  bool any = false;
  while (const QueuedAlert* next = ring.peek()) {
    if (!options_.ordered || next->clock >= safe) {
      if (ahead == kTurn || (heap_.size() >= options_.held_limit && !slowest)) break;
      ++ahead;
    }
    ring.try_pop(&queued);
    any = true;
    if (!options_.ordered) {
      write(queued);
      continue;
    }
    heap_.push_back(std::move(queued));
    std::push_heap(heap_.begin(), heap_.end(), Later());
    // A lone worker's clock never goes back: the room is given away at the same alerts in every run.
    if (channels_.size() == 1 && heap_.size() > options_.held_limit) write_first();
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
    for (size_t i = 0; i < channels_.size(); ++i) any |= take(i, safe);
    // Where a clock stands still its alerts fill the room: they go, each after those held that are before it.
    const auto goes = [&] {
      if (heap_.empty()) return false;
      const Nanoseconds clock = heap_.front().clock;
      return clock < safe || (all_done && !any) || (clock == safe && heap_.size() > options_.held_limit);
    };
    while (goes()) write_first();
    if (all_done && !any && heap_.empty()) break;
    if (!any) std::this_thread::sleep_for(kIdlePause);
  }
  close_lanes();
}

void OutputThread::write_first() {
  std::pop_heap(heap_.begin(), heap_.end(), Later());
  write(heap_.back());
  heap_.pop_back();
}

void OutputThread::close_lanes() {
  for (const auto& lane : lanes_) {
    std::shared_ptr<Record> last;
    if (&lane->sink() == options_.for_people && options_.last_line) {
      std::string line = options_.last_line();
      if (!line.empty()) {
        last = std::make_shared<Record>();
        last->json = std::move(line);
        last->alerts = 0;
      }
    }
    lane->close(std::move(last));
  }
}

void OutputThread::write(const QueuedAlert& queued) {
  const uint64_t sequence = written_.fetch_add(1, std::memory_order_relaxed) + 1;
  std::shared_ptr<const Record> json;  // made once, for all that want it
  for (const auto& lane : lanes_) {
    if (&lane->sink() != options_.for_people) {
      if (!json) {
        json = std::make_shared<Record>(make_record(queued.alert, options_.writer, sequence, now_ms()));
      }
      lane->put(queued.alert, json, sequence);
      continue;
    }
    std::optional<std::string> line = options_.line(queued.alert);
    if (!line) {
      lane->hold_back(queued.alert);
      continue;
    }
    auto record = std::make_shared<Record>();
    record->json = std::move(*line);
    record->storm = queued.alert.storm.has_value();
    if (record->storm) record->alerts = queued.alert.storm->alerts();
    lane->put(queued.alert, std::move(record), sequence);
  }
}

}  // namespace weir
