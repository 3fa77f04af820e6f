#include "sensor/output/line_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace weir {

namespace {

constexpr const char* kNobody = "nobody reads it";
// After a write the file may turn out to have been deleted meanwhile: written again, so often at most.
constexpr int kTries = 3;

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

std::string own_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// A pipe without a name in the file system: once its readers are gone nobody can come.
bool is_anonymous(int fd) {
  std::array<char, 8> text{};
  const ssize_t n = ::readlink(own_path(fd).c_str(), text.data(), text.size());
  return n > 0 && std::string_view(text.data(), static_cast<size_t>(n)).starts_with("pipe:[");
}

bool has_room_again(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

}  // namespace

std::unique_ptr<LineTarget> LineTarget::open(const std::string& path, std::string* error) {
  std::unique_ptr<LineTarget> target(new LineTarget);
  target->path_ = path;
  std::string why;
  if (!target->open_path(&why)) {
    *error = path + ": " + why;
    return nullptr;
  }
  return target;
}

LineTarget::LineTarget(int fd) {
  take_over(fd);
  if (regular_ || socket_) return;
  // A description of one's own may refuse to wait without changing what others see of the descriptor. Where
  // it cannot be had (a terminal of another user) little is written at a time, after asking for room.
  const int mine = ::open(own_path(fd).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (mine < 0) return;
  fd_ = mine;
  owned_ = true;
  waits_ = false;
}

LineTarget::~LineTarget() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

// Takes note of what `fd` is.
void LineTarget::take_over(int fd) {
  fd_ = fd;
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  regular_ = known && S_ISREG(info.st_mode);
  pipe_ = known && S_ISFIFO(info.st_mode);
  socket_ = known && S_ISSOCK(info.st_mode);
  waits_ = true;
  begun_ = 0;
}

bool LineTarget::open_path(std::string* why) {
  const int fd =
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
  struct stat info {};
  if (fd < 0) {
    const int error = errno;
    if (error == ENXIO && ::stat(path_.c_str(), &info) == 0 && S_ISFIFO(info.st_mode)) {
      if (owned_ && fd_ >= 0) ::close(fd_);
      fd_ = -1;
      regular_ = socket_ = false;
      pipe_ = true;
      begun_ = 0;
      return true;  // its reader is still to come
    }
    *why = std::strerror(error);
    return false;
  }
  struct stat old {};
  if (owned_ && fd_ >= 0) {
    // The same pipe: what is in it, and the line that was begun, stay.
    if (::fstat(fd, &info) == 0 && !S_ISREG(info.st_mode) && ::fstat(fd_, &old) == 0 &&
        old.st_ino == info.st_ino && old.st_dev == info.st_dev) {
      ::close(fd);
      return true;
    }
    if (regular_) ::fdatasync(fd_);
    ::close(fd_);
  }
  take_over(fd);
  owned_ = true;
  waits_ = false;
  torn_ = ends_in_torn_line(path_);
  if (pipe_ && is_anonymous(fd)) path_.clear();  // /dev/stdout
  return true;
}

// Whether the path leads elsewhere than to the open file.
bool LineTarget::moved() const {
  struct stat here {};
  struct stat there {};
  if (::fstat(fd_, &here) != 0 || ::stat(path_.c_str(), &there) != 0) return true;
  return here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

LineTarget::Put LineTarget::look(bool anew) {
  if (!path_.empty() && (anew || fd_ < 0 || moved())) {
    std::string why;
    // Until it can be made anew, lines go on into the old one, wherever that is now.
    if (!open_path(&why)) return {0, State::kWaits, "moved away, and cannot be opened anew: " + why};
  }
  if (fd_ < 0) return {0, State::kWaits, kNobody};
  if (pipe_) {
    pollfd end{fd_, 0, 0};
    if (::poll(&end, 1, 0) > 0 && (end.revents & POLLERR) != 0) return without_reader(0, EPIPE);
  }
  return {};
}

LineTarget::Put LineTarget::put(std::string_view lines, std::chrono::milliseconds wait) {
  return regular_ ? put_file(lines, kTries) : put_stream(lines, wait);
}

LineTarget::Put LineTarget::put_file(std::string_view lines, int tries) {
  struct stat info {};
  std::string moved_why;
  if (!path_.empty() && moved() && !open_path(&moved_why)) {
    moved_why = "moved away, and cannot be opened anew: " + moved_why;
    if (::fstat(fd_, &info) == 0 && info.st_nlink == 0) return {0, State::kWaits, moved_why};
  }
  if (!regular_) return {};  // a pipe stands there now: the next call's
  if (torn_ && ::write(fd_, "\n", 1) == 1) torn_ = false;
  const off_t begin = ::lseek(fd_, 0, SEEK_END);
  size_t done = 0;
  int error = 0;
  while (done < lines.size() && error == 0) {
    const ssize_t n = ::write(fd_, lines.data() + done, lines.size() - done);
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if (n == 0) {
      error = ENOSPC;
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // Deleted before the lines were in it, or after: nobody can tell, so they are written again.
  if (!path_.empty() && done > 0 && ::fstat(fd_, &info) == 0 && info.st_nlink == 0 && moved()) {
    return tries > 1 ? put_file(lines, tries - 1) : Put{0, State::kWaits, "deleted again and again"};
  }
  if (error == 0) return {done, moved_why.empty() ? State::kGood : State::kWaits, moved_why};

  // Whole lines that fit stay; nothing half-written does, but where another program has appended meanwhile:
  // cutting would take its lines too.
  std::string why = std::strerror(error);
  const size_t newline = done == 0 ? std::string_view::npos : lines.rfind('\n', done - 1);
  const size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
  if (whole < done) {
    const bool ours =
        begin >= 0 && ::fstat(fd_, &info) == 0 && info.st_size == begin + static_cast<off_t>(done);
    if (!ours || ::ftruncate(fd_, begin + static_cast<off_t>(whole)) != 0) {
      torn_ = true;
      why += "; a line is torn";
    }
  }
  // A descriptor that is broken (a file server that forgot it) is opened anew.
  std::string ignored;
  if (!has_room_again(error) && !path_.empty()) open_path(&ignored);
  return {whole, State::kWaits, why};
}

// Nobody reads a pipe. One with a name may be read again, and keeps what is in it as long as we hold it open.
// Of the line that was on its way the reader who left may have had a part: then the whole line comes again,
// on a line of its own.
LineTarget::Put LineTarget::without_reader(size_t taken, int error) {
  if (!pipe_ || path_.empty()) {
    reader_left_ = error == EPIPE;
    return {taken, State::kOver, std::strerror(error)};
  }
  int left = 0;
  if (begun_ > 0 && (::ioctl(fd_, FIONREAD, &left) != 0 || static_cast<size_t>(left) < begun_)) {
    begun_ = 0;
    torn_ = left > 0;
  }
  reader_left_ = true;
  return {taken, State::kWaits, kNobody};
}

LineTarget::Put LineTarget::put_stream(std::string_view lines, std::chrono::milliseconds wait) {
  std::string why;
  if (pipe_ && !path_.empty() && (fd_ < 0 || (reader_left_ && moved())) && !open_path(&why))
    return {0, State::kWaits, why};
  if (regular_) return {};  // a file stands there now
  if (fd_ < 0) return {0, State::kWaits, kNobody};
  size_t taken = 0;
  while (taken < lines.size()) {
    pollfd end{fd_, POLLOUT, 0};
    const int ready = ::poll(&end, 1, static_cast<int>(wait.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return {taken, State::kWaits, {}};
    if (pipe_ && (end.revents & POLLERR) != 0) return without_reader(taken, EPIPE);
    reader_left_ = false;
    if (torn_) {
      if (::write(fd_, "\n", 1) != 1) return {taken, State::kWaits, {}};
      torn_ = false;
    }
    const std::string_view rest = lines.substr(taken + begun_);
    // Where it waits: one that says it has room takes PIPE_BUF bytes without waiting.
    const size_t size = waits_ && !socket_ ? std::min<size_t>(rest.size(), PIPE_BUF) : rest.size();
    const ssize_t n = socket_ ? ::send(fd_, rest.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::write(fd_, rest.data(), size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return {taken, State::kWaits, {}};
    if (n <= 0) return without_reader(taken, n == 0 ? ENOSPC : errno);
    const size_t at = taken + begun_ + static_cast<size_t>(n);
    const size_t newline = lines.rfind('\n', at - 1);
    if (newline != std::string_view::npos && newline >= taken) taken = newline + 1;
    begun_ = at - taken;
  }
  return {taken, State::kGood, {}};
}

bool LineTarget::sync(std::string* why) const {
  if (!regular_ || ::fdatasync(fd_) == 0 || errno == EINVAL || errno == EROFS) return true;
  *why = std::strerror(errno);
  return false;
}

size_t LineTarget::unread() const {
  int left = 0;
  if (!pipe_ || fd_ < 0) return 0;
  pollfd end{fd_, 0, 0};
  if (::poll(&end, 1, 0) <= 0 || (end.revents & POLLERR) == 0) return 0;
  if (::ioctl(fd_, FIONREAD, &left) != 0 || left <= 0) return 0;
  return static_cast<size_t>(left) - std::min(static_cast<size_t>(left), begun_);
}

}  // namespace weir
