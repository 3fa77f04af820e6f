#include "sensor/output/line_sink.h"

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

namespace weir {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr size_t kBuffer = 64 * 1024;
// Lines are remembered after they were written as far back as a pipe may hold them (F_SETPIPE_SZ allows so
// much without privileges).
constexpr size_t kPipeHolds = 1 << 20;
constexpr auto kPatience = milliseconds(100);
constexpr auto kRetryPause = milliseconds(50);
// A reader that has taken nothing for so long is told of.
constexpr auto kStill = std::chrono::seconds(2);
// The limit is added to a clock: "for ever" must not overflow it.
constexpr auto kLongest = milliseconds(std::chrono::hours(24 * 365));

std::string count_of(uint64_t n) { return std::to_string(n) + (n == 1 ? " alert is" : " alerts are"); }

}  // namespace

std::unique_ptr<LineSink> LineSink::open(const std::string& path, std::string* error) {
  auto target = LineTarget::open(path, error);
  if (!target) return nullptr;
  return std::unique_ptr<LineSink>(new LineSink(std::move(target), "file " + path));
}

LineSink::LineSink(int fd, std::string name) : LineSink(std::make_unique<LineTarget>(fd), std::move(name)) {}

LineSink::LineSink(std::unique_ptr<LineTarget> target, std::string name)
    : name_(std::move(name)), target_(std::move(target)), progress_at_(Clock::now()) {
  // A closed pipe and a file-size limit are errors of write(), told in problem(), not signals that end the
  // program.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

LineSink::~LineSink() { LineSink::drain(milliseconds(0)); }

void LineSink::write(const Record& record) {
  {
    const std::lock_guard lock(mutex_);
    stats_.written += record.alerts;
    (over_.load() ? stats_.failed : stats_.pending) += record.alerts;
  }
  if (over_.load() || dropped_) return;
  if (lines_.empty()) progress_at_ = Clock::now();
  buffer_ += record.json;
  buffer_ += '\n';
  lines_.push_back({record.json.size() + 1, record.alerts, record.storm});
  while (buffer_.size() >= kBuffer && !push()) {
    if (interrupted_.load()) {
      drop();
      return;
    }
    if (buffer_.size() >= kBuffer) std::this_thread::sleep_for(kRetryPause);
  }
}

void LineSink::flush() {
  if (!over_.load() && !dropped_) push();
}

// True when no line is left. Waits a little for a slow reader.
bool LineSink::push() {
  const bool anew = reopen_.exchange(false);
  if (anew || lines_.empty()) settle(target_->look(anew));
  if (!lines_.empty()) settle(target_->put(buffer_, kPatience));
  return lines_.empty();
}

// Takes what was written out of the buffer, and notes how it stands.
void LineSink::settle(const LineTarget::Put& put) {
  const std::lock_guard lock(mutex_);
  size_t bytes = 0;
  while (bytes < put.taken) {
    const Line line = lines_.front();
    lines_.pop_front();
    bytes += line.size;
    stats_.pending -= line.alerts;
    stats_.deliver(line.alerts, line.storm);
    written_.push_back(line);
    written_bytes_ += line.size;
    while (written_bytes_ - written_.front().size >= kPipeHolds) {
      written_bytes_ -= written_.front().size;
      written_.pop_front();
    }
  }
  buffer_.erase(0, put.taken);
  if (put.taken > 0) progress_at_ = Clock::now();
  reader_left_.store(target_->reader_left());
  switch (put.state) {
    case LineTarget::State::kGood:
      problem_.clear();
      break;
    case LineTarget::State::kWaits:
      if (!put.why.empty()) {
        problem_ = put.why;
      } else if (Clock::now() - progress_at_ >= kStill) {
        problem_ = "its reader takes nothing";
      }
      break;
    case LineTarget::State::kOver:
      problem_.clear();
      loss_ = put.why;
      stats_.failed += std::exchange(stats_.pending, 0);
      buffer_.clear();
      lines_.clear();
      over_.store(true);
      break;
  }
}

// Told to end at once while nothing goes: the lines are let go, and stay counted as pending.
void LineSink::drop() {
  dropped_ = true;
  buffer_.clear();
  lines_.clear();
}

// The last `bytes` written lie in a pipe that nobody reads: they were not delivered after all.
void LineSink::take_back(size_t bytes) {
  const std::lock_guard lock(mutex_);
  while (bytes > 0 && !written_.empty()) {
    const Line line = written_.back();
    written_.pop_back();
    bytes -= std::min(bytes, line.size);
    stats_.delivered -= line.alerts;
    if (line.storm) {
      --stats_.storms;
      stats_.folded -= line.alerts;
    }
    (over_.load() ? stats_.failed : stats_.pending) += line.alerts;
  }
  written_.clear();
  written_bytes_ = 0;
}

bool LineSink::drain(milliseconds limit) {
  const auto until = Clock::now() + std::min(limit, kLongest);
  while (true) {
    bool safe = !dropped_ && (over_.load() || push());
    std::string why;
    if (!target_->sync(&why)) {
      safe = false;
      const std::lock_guard lock(mutex_);
      problem_ = why;
    }
    const size_t unread = target_->unread();
    if (over_.load()) {
      take_back(unread);
      const std::lock_guard lock(mutex_);
      return stats_.failed == 0;
    }
    if (safe && unread == 0) {
      const std::lock_guard lock(mutex_);
      return stats_.failed == 0;
    }
    if (interrupted_.load()) {
      take_back(unread);
      if (!dropped_) drop();
      return false;
    }
    if (Clock::now() >= until) return false;
    std::this_thread::sleep_for(kRetryPause);
  }
}

SinkStats LineSink::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::string LineSink::problem() const {
  const std::lock_guard lock(mutex_);
  if (problem_.empty()) return {};
  std::string text = name_ + ": " + problem_;
  if (stats_.pending > 0) text += "; " + count_of(stats_.pending) + " kept and tried again";
  return text;
}

std::string LineSink::losses() const {
  const std::lock_guard lock(mutex_);
  if (stats_.failed == 0) return {};
  return name_ + ": " + loss_ + "; " + count_of(stats_.failed) + " lost";
}

}  // namespace weir
