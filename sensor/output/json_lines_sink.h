// JSON Lines to a file or to standard output: one record a line, each line whole or not there.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "sensor/output/sink.h"

namespace weir {

class JsonLinesSink : public Sink {
 public:
  // Appends to `path` (made with mode 0640). Null, and `error` filled, when it can't be opened.
  static std::unique_ptr<JsonLinesSink> open_file(const std::string& path, std::string* error);
  // Writes to an open descriptor that stays the caller's, e.g. 1.
  JsonLinesSink(int fd, std::string name);
  ~JsonLinesSink() override;
  JsonLinesSink(const JsonLinesSink&) = delete;
  JsonLinesSink& operator=(const JsonLinesSink&) = delete;

  void write(const Record& record) override;
  // Writes what is buffered; a file is also synced to disk.
  bool drain(std::chrono::milliseconds limit) override;
  SinkStats stats() const override;
  std::string problem() const override;
  std::string name() const override { return name_; }

 private:
  void flush_locked();

  mutable std::mutex mutex_;
  std::string name_;
  int fd_;
  bool owned_ = false;
  bool regular_ = false;   // a plain file: a torn line can be cut off again
  bool broken_ = false;    // the reader of a pipe is gone
  std::string buffer_;     // whole lines only
  uint64_t buffered_ = 0;  // lines in buffer_
  SinkStats stats_;
  std::string problem_;
};

}  // namespace weir
