// Where lines go: a file by its path, which is followed when it is rotated; a named pipe, whose readers may
// come and go; or an open descriptor (standard output). Never waits longer than it is told to, and leaves
// whole lines: what was begun and could not be ended is cut off, continued, or written anew on a line of its
// own.
//
// One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir {

class LineTarget {
 public:
  enum class State : uint8_t {
    kGood,
    kWaits,  // nothing more goes now: no room, no reader, or a reader that takes nothing; try again
    kOver,   // nothing will ever go
  };
  struct Put {
    size_t taken = 0;  // bytes of whole lines that are written
    State state = State::kGood;
    std::string why;  // empty with kWaits: the reader takes nothing
  };

  // Opens `path` to append (a file is made with mode 0640). A named pipe need not have a reader yet. Null,
  // and `error` filled, when it cannot be opened.
  static std::unique_ptr<LineTarget> open(const std::string& path, std::string* error);
  // An open descriptor, which stays the caller's.
  explicit LineTarget(int fd);
  ~LineTarget();
  LineTarget(const LineTarget&) = delete;
  LineTarget& operator=(const LineTarget&) = delete;

  // Writes of `lines` (whole ones) as much as goes; waits for a slow reader up to `wait`. The next call
  // begins with what was not taken.
  Put put(std::string_view lines, std::chrono::milliseconds wait);
  // Between lines: opens anew what was moved or deleted, or where `anew` asks for it; sees whether the reader
  // is gone.
  Put look(bool anew);
  // What was written is on the disk. False, with a reason, where the system says that it is not.
  bool sync(std::string* why) const;
  // Bytes of lines that were taken, and lie in a pipe that nobody reads any more: they did not arrive.
  size_t unread() const;
  bool reader_left() const { return reader_left_; }

 private:
  LineTarget() = default;
  bool open_path(std::string* why);
  void take_over(int fd);
  bool moved() const;
  Put put_file(std::string_view lines, int tries);
  Put put_stream(std::string_view lines, std::chrono::milliseconds wait);
  Put without_reader(size_t taken, int error);

  std::string path_;  // empty: a descriptor that was given
  int fd_ = -1;       // -1: a named pipe that nobody has read yet
  bool owned_ = false;
  bool regular_ = false;
  bool pipe_ = false;    // a named one where path_ is there
  bool socket_ = false;  // written with send()
  bool waits_ = true;    // write() may wait: given little at a time
  bool torn_ = false;    // what is there ends in a torn line: the next one begins on a line of its own
  bool reader_left_ = false;
  size_t begun_ = 0;  // bytes of the first line not taken that a stream has already
};

}  // namespace weir
