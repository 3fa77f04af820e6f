#include "sensor/pipeline/sink_lane.h"

#include <chrono>
#include <exception>
#include <utility>

#include "sensor/base/cpus.h"

namespace weir {

namespace {

// How long a storm gathers before it goes: few storms of many alerts.
constexpr auto kStormTime = std::chrono::seconds(1);
// A sink that has nothing to do is asked to look after its destination so often.
constexpr auto kTick = std::chrono::milliseconds(200);
constexpr auto kDrainSlice = std::chrono::milliseconds(200);

uint64_t alerts_of(const Alert& alert) { return alert.storm ? alert.storm->alerts() : 1; }

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

SinkLane::SinkLane(Sink* sink, SinkLaneOptions options)
    : sink_(sink), options_(std::move(options)), storms_("/" + sink->name()) {}

SinkLane::~SinkLane() {
  if (!thread_.joinable()) return;
  sink_->interrupt();
  close(nullptr);
  thread_.join();
}

void SinkLane::start() {
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      safe_ = false;
      room_.notify_all();
    }
  });
}

void SinkLane::put(const Alert& alert, std::shared_ptr<const Record> record, uint64_t sequence) {
  const size_t size = record->json.size();
  std::unique_lock lock(mutex_);
  const auto has_room = [&] {
    return queue_.empty() || (queue_.size() < options_.max_records && bytes_ + size <= options_.max_bytes);
  };
  // A sink that is told not to wait takes or refuses at once: there will be room.
  if (options_.waits) room_.wait(lock, [&] { return has_room() || failure_ != nullptr; });
  waiting_ += alerts_of(alert);
  if (failure_ != nullptr) return;
  if (has_room()) {
    queue_.push_back(std::move(record));
    bytes_ += size;
  } else {
    if (storms_.empty()) storms_due_ = Clock::now() + kStormTime;
    storms_.fold(alert);
    sequences_[alert.policy_id] = sequence;
    folded_so_far_ += alerts_of(alert);
  }
  lock.unlock();
  wake_.notify_one();
}

void SinkLane::hold_back(const Alert& alert) {
  const std::lock_guard lock(mutex_);
  held_back_ += alerts_of(alert);
}

void SinkLane::close(std::shared_ptr<const Record> last) {
  const std::lock_guard lock(mutex_);
  if (last) {
    bytes_ += last->json.size();
    queue_.push_back(std::move(last));
  }
  closed_ = true;
  wake_.notify_one();
}

bool SinkLane::join() {
  if (thread_.joinable()) thread_.join();
  return safe_;
}

void SinkLane::reopen() {
  sink_->reopen();
  const std::lock_guard lock(mutex_);
  reopen_ = true;
  wake_.notify_one();
}

std::exception_ptr SinkLane::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

SinkTally SinkLane::tally() const {
  const SinkStats stats = sink_->stats();
  const std::lock_guard lock(mutex_);
  SinkTally tally;
  tally.name = sink_->name();
  tally.delivered = stats.delivered - stats.folded;
  tally.storms = stats.storms;
  tally.folded = stats.folded;
  tally.lost = stats.failed;
  tally.not_delivered = stats.pending + waiting_;
  tally.held_back = held_back_;
  return tally;
}

uint64_t SinkLane::folded_so_far() const {
  const std::lock_guard lock(mutex_);
  return folded_so_far_;
}

// All storms at once, before the next begin. One bears the number of the last alert that was folded into it:
// that one has gone to this sink under no other name. Mutex held.
void SinkLane::take_storms() {
  for (; !storms_.empty(); storms_.pop()) {
    const Alert& storm = storms_.front();
    auto record =
        std::make_shared<Record>(make_record(storm, options_.writer, sequences_[storm.policy_id], now_ms()));
    if (options_.for_people) record->json = alert_line(storm);
    due_.push_back(std::move(record));
  }
  sequences_.clear();
}

// What goes next; null where nothing does. Mutex held.
std::shared_ptr<const Record> SinkLane::next() {
  if (!storms_.empty() && due_.empty() && (closed_ ? queue_.empty() : Clock::now() >= storms_due_))
    take_storms();
  std::shared_ptr<const Record> record;
  if (!due_.empty()) {
    record = std::move(due_.front());
    due_.pop_front();
  } else if (!queue_.empty()) {
    record = std::move(queue_.front());
    queue_.pop_front();
    bytes_ -= record->json.size();
  }
  return record;
}

void SinkLane::run() {
  name_this_thread("weir-sink");
  std::string ignored;  // the output thread, which has the same CPUs, tells
  place_this_thread(options_.cpus, &ignored);
  std::unique_lock lock(mutex_);
  while (true) {
    if (auto record = next()) {
      room_.notify_one();
      lock.unlock();
      sink_->write(*record);
      lock.lock();
      waiting_ -= record->alerts;
      continue;
    }
    const bool last = closed_;
    reopen_ = false;
    lock.unlock();
    sink_->flush();
    lock.lock();
    if (last) break;
    wake_.wait_for(lock, kTick, [&] { return !queue_.empty() || closed_ || reopen_; });
  }
  lock.unlock();
  while (!(safe_ = sink_->drain(kDrainSlice))) {
    const SinkStats stats = sink_->stats();
    if ((stats.pending == 0 && stats.failed > 0) || sink_->interrupted() || sink_->over()) break;
  }
}

}  // namespace weir
