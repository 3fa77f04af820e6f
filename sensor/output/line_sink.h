// Records as lines, in a file, a pipe or on standard output: each line whole or not there. A full disk, a
// reader that stands still and a named pipe without a reader are waited for, with a bounded number of lines
// kept; a file that is moved or deleted is made anew.
//
// Threads: see sink.h. Nothing that another thread calls waits for the destination.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "sensor/output/line_target.h"
#include "sensor/output/sink.h"

namespace weir {

class LineSink : public Sink {
 public:
  // Appends to `path`. Null, and `error` filled, when it can't be opened. Where the file ends in a torn line,
  // as after a crash, the first record begins on a line of its own.
  static std::unique_ptr<LineSink> open(const std::string& path, std::string* error);
  // Writes to an open descriptor that stays the caller's, e.g. 1.
  LineSink(int fd, std::string name);
  ~LineSink() override;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;

  void write(const Record& record) override;
  void flush() override;
  // A file is also synced to disk.
  bool drain(std::chrono::milliseconds limit) override;
  void interrupt() override { interrupted_.store(true); }
  bool interrupted() const override { return interrupted_.load(); }
  void reopen() override { reopen_.store(true); }
  bool over() const override { return over_.load(); }
  bool reader_left() const override { return reader_left_.load(); }
  SinkStats stats() const override;
  std::string problem() const override;
  std::string losses() const override;
  std::string name() const override { return name_; }

 private:
  struct Line {
    size_t size;
    uint64_t alerts;
    bool storm;
  };

  LineSink(std::unique_ptr<LineTarget> target, std::string name);
  bool push();
  void settle(const LineTarget::Put& put);
  void tell(const std::string& why);
  void drop();
  void take_back(size_t bytes);

  const std::string name_;
  std::unique_ptr<LineTarget> target_;
  std::string buffer_;        // whole lines only
  std::deque<Line> lines_;    // of buffer_
  std::deque<Line> written_;  // the last ones, as many bytes as a pipe may hold unread
  size_t written_bytes_ = 0;
  bool dropped_ = false;  // interrupted while nothing went: what comes stays pending for good
  std::chrono::steady_clock::time_point progress_at_;
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> over_{false};
  std::atomic<bool> reader_left_{false};

  mutable std::mutex mutex_;  // of what follows; not held while writing
  SinkStats stats_;
  std::string problem_;
  std::string loss_;  // why lines were given up
};

}  // namespace weir
