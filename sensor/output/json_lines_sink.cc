#include "sensor/output/json_lines_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <thread>

namespace weir {

namespace {

constexpr size_t kBuffer = 64 * 1024;
// A full disk: so much is kept in the hope of room, then given up.
constexpr size_t kKept = 64 * kBuffer;
constexpr int kPollMs = 100;
constexpr int kInterrupted = -1;
// The limit is added to a clock: "for ever" must not overflow it.
constexpr auto kLongest = std::chrono::milliseconds(std::chrono::hours(24 * 365));

bool ends_in_torn_line(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  struct stat info {};
  char last = '\n';
  const bool torn = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
                    ::pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n';
  ::close(fd);
  return torn;
}

}  // namespace

std::unique_ptr<JsonLinesSink> JsonLinesSink::open_file(const std::string& path, std::string* error) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    *error = path + ": " + std::strerror(errno);
    return nullptr;
  }
  auto sink = std::make_unique<JsonLinesSink>(fd, "file " + path);
  sink->owned_ = true;
  if (ends_in_torn_line(path)) sink->buffer_ = "\n";
  return sink;
}

JsonLinesSink::JsonLinesSink(int fd, std::string name) : name_(std::move(name)), fd_(fd) {
  struct stat info {};
  regular_ = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  // A closed pipe and a file-size limit are errors of write(), told in problem(), not signals that end the
  // program.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

JsonLinesSink::~JsonLinesSink() {
  JsonLinesSink::drain(std::chrono::milliseconds(0));
  if (owned_) ::close(fd_);
}

void JsonLinesSink::write(const Record& record) {
  {
    const std::lock_guard lock(mutex_);
    ++stats_.written;
    ++(broken_ ? stats_.failed : stats_.pending);
  }
  if (broken_) return;
  buffer_ += record.json;
  buffer_ += '\n';
  // A terminal or a pipe wants each line at once; a file may wait for drain().
  if (!regular_ || buffer_.size() >= kBuffer) flush();
}

// Writes buffer_ from *done on: 0, an errno, or kInterrupted.
int JsonLinesSink::put(size_t* done) {
  while (*done < buffer_.size()) {
    size_t size = buffer_.size() - *done;
    if (!regular_) {
      // A pipe that says it has room takes PIPE_BUF bytes without waiting: interrupt() is always heard.
      pollfd waiting{fd_, POLLOUT, 0};
      const int ready = ::poll(&waiting, 1, kPollMs);
      if (ready <= 0) {
        if (interrupted_.load()) return kInterrupted;
        if (ready == 0 || errno == EINTR) continue;
        return errno;
      }
      size = std::min<size_t>(size, PIPE_BUF);
    }
    const ssize_t n = ::write(fd_, buffer_.data() + *done, size);
    if (n > 0) {
      *done += static_cast<size_t>(n);
    } else if (n == 0) {
      return ENOSPC;
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

void JsonLinesSink::flush() {
  const off_t begin = regular_ ? ::lseek(fd_, 0, SEEK_END) : -1;
  size_t done = 0;
  const int error = put(&done);
  if (error == 0) {
    buffer_.clear();
    retire(&SinkStats::delivered);
    return;
  }
  if (!regular_) {
    broken_ = true;
    fail(error == kInterrupted ? "nobody reads it, and the program was told to end at once"
                               : std::strerror(error),
         true);
    return;
  }
  // Nothing half-written stays behind, and the lines are kept: the disk may have room again later. Where
  // another program has appended meanwhile, cutting would take its lines too.
  std::string why = std::strerror(error);
  if (done > 0) {
    struct stat info {};
    const bool ours =
        begin >= 0 && ::fstat(fd_, &info) == 0 && info.st_size == begin + static_cast<off_t>(done);
    if (!ours || ::ftruncate(fd_, begin) != 0) why += "; a line is torn";
  }
  fail(why, buffer_.size() > kKept || interrupted_.load());
}

void JsonLinesSink::fail(const std::string& why, bool give_up) {
  {
    const std::lock_guard lock(mutex_);
    problem_ = why;
  }
  if (!give_up) return;
  buffer_.clear();
  retire(&SinkStats::failed);
}

void JsonLinesSink::retire(uint64_t SinkStats::*as) {
  const std::lock_guard lock(mutex_);
  stats_.*as += stats_.pending;
  stats_.pending = 0;
  // Over when what was kept could be written; what was lost stays told.
  if (as == &SinkStats::delivered && stats_.failed == 0) problem_.clear();
}

bool JsonLinesSink::drain(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + std::min(limit, kLongest);
  while (true) {
    if (!buffer_.empty()) flush();
    bool synced = true;
    if (regular_ && ::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
      synced = false;
      fail(std::strerror(errno), false);
    }
    {
      const std::lock_guard lock(mutex_);
      const bool waiting = stats_.pending > 0 || !synced;
      if (!waiting) return stats_.failed == 0;
    }
    if (interrupted_.load() || std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));  // a full disk may get room
  }
}

SinkStats JsonLinesSink::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

std::string JsonLinesSink::problem() const {
  const std::lock_guard lock(mutex_);
  if (problem_.empty()) return {};
  const auto count = [](uint64_t n) { return std::to_string(n) + (n == 1 ? " alert is" : " alerts are"); };
  std::string text = name_ + ": " + problem_;
  if (stats_.pending > 0) text += "; " + count(stats_.pending) + " kept and tried again";
  if (stats_.failed > 0) text += "; " + count(stats_.failed) + " lost";
  return text;
}

}  // namespace weir
