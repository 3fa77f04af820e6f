// A capture that arrives through a descriptor and cannot be mapped.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "sensor/capture/capture_backends.h"
#include "sensor/capture/capture_file.h"
#include "sensor/capture/capture_parser.h"

namespace weir {
namespace {

class StreamCapture final : public CaptureFile {
 public:
  StreamCapture(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned), buffer_(kReadBytes) {}
  ~StreamCapture() override {
    if (owned_) close(descriptor_);
  }

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    for (;;) {
      size_t wanted = kCaptureHeaderBytes;
      if (!parser_ && error_.empty()) choose_format();
      if (!error_.empty()) return SourceStatus::kError;
      if (parser_) {
        const uint64_t before = parser_->position();
        const auto status = parser_->parse({buffer_.data() + begin_, end_ - begin_}, at_end_, out, count);
        begin_ += static_cast<size_t>(parser_->position() - before);
        if (*count > 0) return SourceStatus::kOk;
        if (status == CaptureParser::Status::kFinished) {
          return parser_->error().empty() ? SourceStatus::kEnd : SourceStatus::kError;
        }
        wanted = parser_->wanted();
      }
      // At the end of the input the parser always ends; a break here would be a defect of its own.
      if (at_end_) {
        error_ = "unexpected end of the stream";
        return SourceStatus::kError;
      }
      if (!fill(wanted)) return error_.empty() ? SourceStatus::kIdle : SourceStatus::kError;
    }
  }

  std::string error() const override { return parser_ && error_.empty() ? parser_->error() : error_; }
  uint64_t position() const override { return parser_ ? parser_->position() : 0; }
  uint64_t size() const override { return 0; }
  uint64_t kernel_drops() const override { return parser_ ? parser_->os_drops() : 0; }
  uint64_t interface_drops() const override { return parser_ ? parser_->interface_drops() : 0; }

 private:
  static constexpr size_t kReadBytes = 256 << 10;
  static constexpr int kWaitMs = 100;

  void choose_format() {
    const Bytes start(buffer_.data() + begin_, end_ - begin_);
    const CaptureFormat format = detect_capture_format(start, at_end_);
    if (format == CaptureFormat::kOther) {
      error_ = describe_foreign_format(start);
    } else if (format != CaptureFormat::kNeedMore) {
      parser_.emplace(format);
    }
  }

  // Reads once, with room for a record of `wanted` bytes (the parser bounds it to kMaxBlockBytes). False:
  // nothing came, or error_.
  bool fill(size_t wanted) {
    if (begin_ == end_) begin_ = end_ = 0;
    const size_t capacity = std::max(buffer_.size(), wanted);
    if (begin_ + wanted > buffer_.size() || end_ == buffer_.size()) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      // Grown to twice what has come at most, so that a length alone takes no memory.
      if (end_ == buffer_.size()) buffer_.resize(std::min(capacity, 2 * buffer_.size()));
    }
    pollfd poller{descriptor_, POLLIN, 0};
    const int ready = poll(&poller, 1, kWaitMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return false;
    const ssize_t n = read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
    if (n > 0) {
      end_ += static_cast<size_t>(n);
    } else if (n == 0) {
      at_end_ = true;
    } else if (errno == EINTR || errno == EAGAIN) {
      return false;
    } else {
      error_ = std::string("cannot read: ") + std::strerror(errno);
      return false;
    }
    return true;
  }

  int descriptor_;
  bool owned_;
  bool at_end_ = false;
  std::vector<uint8_t> buffer_;  // [begin_, end_) not yet parsed
  size_t begin_ = 0;
  size_t end_ = 0;
  std::optional<CaptureParser> parser_;
  std::string error_;
};

}  // namespace

std::unique_ptr<CaptureFile> open_capture_stream(int descriptor) {
  return std::make_unique<StreamCapture>(descriptor, false);
}

std::unique_ptr<CaptureFile> adopt_capture_stream(int descriptor) {
  return std::make_unique<StreamCapture>(descriptor, true);
}

}  // namespace weir
