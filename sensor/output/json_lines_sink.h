// JSON Lines to a file or to standard output: one record a line, each line whole or not there.
//
// write() and drain() belong to one thread at a time; the rest to any thread, and never waits for the
// descriptor. A pipe that nobody reads makes write() wait until it is read again or interrupt().
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "sensor/output/sink.h"

namespace weir {

class JsonLinesSink : public Sink {
 public:
  // Appends to `path` (made with mode 0640). Null, and `error` filled, when it can't be opened. Where the
  // file ends in a torn line, as after a crash, the first record begins on a line of its own.
  static std::unique_ptr<JsonLinesSink> open_file(const std::string& path, std::string* error);
  // Writes to an open descriptor that stays the caller's, e.g. 1.
  JsonLinesSink(int fd, std::string name);
  ~JsonLinesSink() override;
  JsonLinesSink(const JsonLinesSink&) = delete;
  JsonLinesSink& operator=(const JsonLinesSink&) = delete;

  void write(const Record& record) override;
  // Writes what is buffered; a file is also synced to disk, and a full disk tried again until `limit`.
  bool drain(std::chrono::milliseconds limit) override;
  void interrupt() override { interrupted_.store(true); }
  bool interrupted() const override { return interrupted_.load(); }
  SinkStats stats() const override;
  std::string problem() const override;
  std::string name() const override { return name_; }

 private:
  void flush();
  int put(size_t* done);
  void fail(const std::string& why, bool give_up);
  void retire(uint64_t SinkStats::*as);

  const std::string name_;
  const int fd_;
  bool owned_ = false;
  bool regular_ = false;  // a plain file: a torn line can be cut off again
  bool broken_ = false;   // the reader of a pipe is gone
  std::string buffer_;    // whole lines only
  std::atomic<bool> interrupted_{false};

  mutable std::mutex mutex_;  // of what follows; not held while writing
  SinkStats stats_;
  std::string problem_;
};

}  // namespace weir
