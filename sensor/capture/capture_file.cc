#include "sensor/capture/capture_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sensor/capture/capture_backends.h"
#include "sensor/capture/capture_parser.h"
#include "sensor/capture/file_mapping.h"

namespace weir {
namespace {

std::string describe_errno() { return std::strerror(errno); }

class MappedCapture final : public CaptureFile {
 public:
  MappedCapture(std::unique_ptr<FileMapping> mapping, CaptureFormat format)
      : mapping_(std::move(mapping)), parser_(format), end_(mapping_->bytes().size()) {}

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    const auto at = static_cast<size_t>(parser_.position());
    // Not at the first call, which may be all that is wanted of a file (its first time).
    if (at > 0 && at >= next_advice_) move_ahead(at);
    if (!cut_off_) parser_.parse(mapping_->bytes().first(end_).subspan(at), true, out, count);
    if (!cut_off_) parsed_to_ = at;
    const size_t intact = mapping_->intact(static_cast<size_t>(parser_.position()));
    if (intact < end_) [[unlikely]]
      shorten(intact, out, count);
    if (*count > 0) return SourceStatus::kOk;
    return error().empty() ? SourceStatus::kEnd : SourceStatus::kError;
  }

  std::string error() const override { return shrunk_.empty() ? parser_.error() : shrunk_; }
  uint64_t position() const override { return parser_.position(); }
  uint64_t size() const override { return mapping_->bytes().size(); }
  bool stable() const override { return true; }
  uint64_t kernel_drops() const override { return parser_.os_drops(); }
  uint64_t interface_drops() const override { return parser_.interface_drops(); }

 private:
  static constexpr size_t kStep = 16 << 20;

  // Mapping pages ahead of the reader in one call (MADV_POPULATE_READ) was tried and is no faster than the
  // kernel's own fault-around; reading into a buffer is slower by a third.
  void move_ahead(size_t at) {
    const size_t here = at / kStep * kStep;
    mapping_->read_ahead(here + kStep, here + 3 * kStep);
    next_advice_ = here + kStep;
    // The burst before this one is over; what lies well behind it may go.
    if (here > released_ + 4 * kStep) {
      mapping_->release(released_, here - 2 * kStep);
      released_ = here - 2 * kStep;
    }
  }

  // The file has become shorter: what was parsed of its first `intact` bytes stands, the rest was zeros.
  void shorten(size_t intact, std::span<RawPacket> out, size_t* count) {
    end_ = intact;
    const uint8_t* const end = mapping_->bytes().data() + intact;
    size_t whole = 0;
    while (whole < *count && out[whole].bytes.data() + out[whole].bytes.size() <= end) ++whole;
    *count = whole;
    cut_off_ = cut_off_ || parser_.position() > intact;
    shrunk_ = "became shorter, or could not be read any more, while it was read: of " +
              std::to_string(mapping_->bytes().size()) + " bytes ";
    if (intact == 0) {
      // Emptied, as by a tool that writes it anew: what was handed on before has gone with the rest.
      shrunk_ += "nothing was left";
      if (parsed_to_ > 0) shrunk_ += " when the first " + std::to_string(parsed_to_) + " had been read";
    } else {
      shrunk_ += "the first " + std::to_string(intact) + " were left, and were read";
    }
  }

  std::unique_ptr<FileMapping> mapping_;
  CaptureParser parser_;
  size_t end_;            // of what there is
  bool cut_off_ = false;  // the parser has gone past it
  size_t parsed_to_ = 0;  // by the calls before the one that found it shorter
  std::string shrunk_;
  size_t next_advice_ = 0;
  size_t released_ = 0;
};

}  // namespace

std::unique_ptr<CaptureFile> open_capture(const std::string& path, std::string* error) {
  if (path == "-") return open_capture_stream(STDIN_FILENO);
  // O_NONBLOCK: opening a FIFO must not wait for its writer; reads are polled for anyway.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    *error = "cannot open: " + describe_errno();
    return nullptr;
  }
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    *error = "cannot read: " + describe_errno();
    close(fd);
    return nullptr;
  }
  if (S_ISDIR(info.st_mode)) {
    *error = "is a directory";
    close(fd);
    return nullptr;
  }
  if (!S_ISREG(info.st_mode)) return adopt_capture_stream(fd);
  if (info.st_size == 0) {
    *error = describe_foreign_format({});
    close(fd);
    return nullptr;
  }
  const auto size = static_cast<size_t>(info.st_size);
  auto mapping = FileMapping::take(fd, size, error);
  if (!mapping) return nullptr;
  const CaptureFormat format = detect_capture_format(mapping->bytes(), true);
  if (format != CaptureFormat::kOther) return std::make_unique<MappedCapture>(std::move(mapping), format);

  const std::string foreign = describe_foreign_format(mapping->bytes());
  mapping.reset();
  auto other = open_with_libpcap(path);
  if (!other) *error = foreign;
  return other;
}

bool is_stream_path(const std::string& path) {
  if (path == "-") return true;
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

}  // namespace weir
