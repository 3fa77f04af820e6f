#include "sensor/output/json_lines_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace weir {

namespace {
constexpr size_t kBuffer = 64 * 1024;
}

std::unique_ptr<JsonLinesSink> JsonLinesSink::open_file(const std::string& path, std::string* error) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    *error = path + ": " + std::strerror(errno);
    return nullptr;
  }
  auto sink = std::make_unique<JsonLinesSink>(fd, "file " + path);
  sink->owned_ = true;
  return sink;
}

JsonLinesSink::JsonLinesSink(int fd, std::string name) : name_(std::move(name)), fd_(fd) {
  struct stat info {};
  regular_ = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  // A closed pipe is an error of write(), told in problem(), not a signal that ends the program.
  std::signal(SIGPIPE, SIG_IGN);
}

JsonLinesSink::~JsonLinesSink() {
  drain(std::chrono::milliseconds(0));
  if (owned_) ::close(fd_);
}

void JsonLinesSink::write(const Record& record) {
  const std::lock_guard lock(mutex_);
  ++stats_.written;
  if (broken_) {
    ++stats_.failed;
    return;
  }
  buffer_ += record.json;
  buffer_ += '\n';
  ++buffered_;
  // A terminal or a pipe wants each line at once; a file may wait for drain().
  if (!regular_ || buffer_.size() >= kBuffer) flush_locked();
}

void JsonLinesSink::flush_locked() {
  const off_t begin = regular_ ? ::lseek(fd_, 0, SEEK_END) : -1;
  size_t at = 0;
  while (at < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + at, buffer_.size() - at);
    if (n >= 0) {
      at += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      pollfd waiting{fd_, POLLOUT, 0};
      ::poll(&waiting, 1, 1000);
    } else if (errno != EINTR) {
      problem_ = name_ + ": " + std::strerror(errno);
      // Nothing half-written stays behind, and the lines are kept: the disk may have room again later.
      if (regular_ && begin >= 0 && at > 0 && ::ftruncate(fd_, begin) != 0) problem_ += "; a line is torn";
      if (!regular_) {
        broken_ = true;
        stats_.failed += buffered_;
        buffer_.clear();
        buffered_ = 0;
      } else if (buffer_.size() > 64 * kBuffer) {
        stats_.failed += buffered_;
        problem_ += "; " + std::to_string(stats_.failed) + " records were given up";
        buffer_.clear();
        buffered_ = 0;
      }
      return;
    }
  }
  stats_.delivered += buffered_;
  buffer_.clear();
  buffered_ = 0;
  if (stats_.failed == 0) problem_.clear();
}

bool JsonLinesSink::drain(std::chrono::milliseconds) {
  const std::lock_guard lock(mutex_);
  if (!buffer_.empty()) flush_locked();
  if (regular_ && buffer_.empty() && ::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
    problem_ = name_ + ": " + std::strerror(errno);
  }
  return buffer_.empty() && stats_.failed == 0;
}

SinkStats JsonLinesSink::stats() const {
  const std::lock_guard lock(mutex_);
  SinkStats now = stats_;
  now.pending = buffered_;
  return now;
}

std::string JsonLinesSink::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace weir
