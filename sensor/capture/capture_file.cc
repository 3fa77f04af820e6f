#include "sensor/capture/capture_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sensor/capture/capture_backends.h"
#include "sensor/capture/capture_parser.h"

namespace weir {
namespace {

std::string describe_errno() { return std::strerror(errno); }

class Mapping {
 public:
  Mapping(const void* data, size_t size) : data_(static_cast<const uint8_t*>(data)), size_(size) {}
  ~Mapping() { munmap(const_cast<uint8_t*>(data_), size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  Bytes bytes() const { return {data_, size_}; }

  void read_ahead(size_t from, size_t to) const {
    if (from >= size_) return;
    madvise(const_cast<uint8_t*>(data_) + from, std::min(to, size_) - from, MADV_WILLNEED);
  }
  // Takes pages out of our address space, not out of the page cache: they come back when touched.
  void release(size_t from, size_t to) const {
    madvise(const_cast<uint8_t*>(data_) + from, std::min(to, size_) - from, MADV_DONTNEED);
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

class MappedCapture final : public CaptureFile {
 public:
  MappedCapture(std::unique_ptr<Mapping> mapping, CaptureFormat format)
      : mapping_(std::move(mapping)), parser_(format) {}

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    const auto at = static_cast<size_t>(parser_.position());
    // Not at the first call, which may be all that is wanted of a file (its first time).
    if (at > 0 && at >= next_advice_) move_ahead(at);
    parser_.parse(mapping_->bytes().subspan(at), true, out, count);
    if (*count > 0) return SourceStatus::kOk;
    return parser_.error().empty() ? SourceStatus::kEnd : SourceStatus::kError;
  }

  std::string error() const override { return parser_.error(); }
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

  std::unique_ptr<Mapping> mapping_;
  CaptureParser parser_;
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
  const void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) {
    *error = "cannot map: " + describe_errno();
    close(fd);
    return nullptr;
  }
  close(fd);
  auto mapping = std::make_unique<Mapping>(data, size);
  madvise(const_cast<void*>(data), size, MADV_SEQUENTIAL);
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
