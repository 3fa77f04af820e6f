#include "sensor/capture/replay_source.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <system_error>
#include <utility>

#include "sensor/capture/capture_file.h"
#include "sensor/capture/capture_parser.h"
#include "sensor/capture/packet_filter.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFileBurst = 128;

Nanoseconds monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool is_capture_name(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".pcap" || extension == ".pcapng" || extension == ".cap";
}

// One input and its place in the merge.
struct Input {
  FileReport report;
  std::unique_ptr<CaptureFile> file;
  std::vector<RawPacket> burst;  // [next, count) not yet handed out
  size_t next = 0;
  size_t count = 0;
  Nanoseconds due = 0;  // time of the next packet
  uint64_t size = 0;    // bytes; 0 for streams
  uint64_t position = 0;
  uint64_t burst_from = 0;  // what `burst` is of the file
  uint64_t burst_to = 0;
  bool over = false;
  uint64_t kernel_drops = 0;
  uint64_t interface_drops = 0;
};

class MergedReplay final : public ReplaySource {
 public:
  MergedReplay(std::vector<std::string> paths, double speed, PacketFilter filter)
      : filter_(std::move(filter)), speed_(speed) {
    inputs_.reserve(paths.size());
    for (std::string& path : paths) {
      Input& input = inputs_.emplace_back();
      input.report.path = std::move(path);
    }
    for (size_t i = 0; i < inputs_.size(); ++i) enlist(i);
    std::make_heap(waiting_.begin(), waiting_.end(), later());
  }

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    if (stop_.load(std::memory_order_relaxed)) return SourceStatus::kEnd;
    return speed_ > 0 ? paced_burst(out, count) : filtered_burst(out, count);
  }

  SourceStats stats() const override {
    SourceStats s;
    s.packets = packets_.load(std::memory_order_relaxed);
    s.bytes = bytes_.load(std::memory_order_relaxed);
    s.kernel_drops = kernel_drops_.load(std::memory_order_relaxed);
    s.interface_drops = interface_drops_.load(std::memory_order_relaxed);
    s.filtered = filtered_.load(std::memory_order_relaxed);
    s.filtered_bytes = filtered_bytes_.load(std::memory_order_relaxed);
    return s;
  }

  std::string error() const override {
    std::string text;
    size_t more = 0;
    for (const Input& input : inputs_) {
      if (input.report.error.empty()) continue;
      if (text.empty()) {
        text = input.report.path + ": " + input.report.error;
      } else {
        ++more;
      }
    }
    if (more > 0) text += " (and " + std::to_string(more) + " more)";
    if (text.empty()) text = filter_.error();
    return text;
  }

  std::vector<FileReport> reports() const override {
    std::vector<FileReport> all;
    all.reserve(inputs_.size());
    for (const Input& input : inputs_) {
      all.push_back(input.report);
      all.back().unfinished = !input.over && input.report.error.empty();
    }
    return all;
  }

  void stop() override { stop_.store(true, std::memory_order_relaxed); }

  double progress() const override {
    if (has_stream_ || length_ == 0) return -1;
    const auto done = static_cast<double>(position_.load(std::memory_order_relaxed));
    return std::min(1.0, done / static_cast<double>(length_));
  }

 private:
  // Earliest packet at the top of the heap; of equal times the path named first.
  struct Later {
    const std::vector<Input>* inputs;
    bool operator()(size_t a, size_t b) const {
      const Nanoseconds time_a = (*inputs)[a].due;
      const Nanoseconds time_b = (*inputs)[b].due;
      return time_a != time_b ? time_a > time_b : a > b;
    }
  };
  Later later() const { return Later{&inputs_}; }

  // Finds the time of the input's first packet. A file is closed again; a stream cannot be, and waits in
  // silent_ for its first packet.
  void enlist(size_t index) {
    Input& input = inputs_[index];
    auto file = open_capture(input.report.path, &input.report.error);
    if (!file) {
      input.over = true;
      return;
    }
    input.size = file->size();
    length_ += input.size;
    if (is_stream_path(input.report.path)) {
      has_stream_ = true;
      input.file = std::move(file);
      input.burst.resize(kFileBurst);
      silent_.push_back(index);
      return;
    }
    RawPacket first;
    size_t count = 0;
    if (file->next_burst({&first, 1}, &count) == SourceStatus::kOk) {
      input.due = first.time;
      waiting_.push_back(index);
    } else {
      input.report.error = file->error();
      input.over = true;
      move_position(input, input.size);
    }
  }

  void move_position(Input& input, uint64_t to) {
    if (to <= input.position) return;
    position_.store(position_.load(std::memory_order_relaxed) + (to - input.position),
                    std::memory_order_relaxed);
    input.position = to;
  }

  void take_drops(Input& input) {
    const uint64_t kernel = input.file->kernel_drops();
    const uint64_t card = input.file->interface_drops();
    kernel_drops_.store(kernel_drops_.load(std::memory_order_relaxed) + (kernel - input.kernel_drops),
                        std::memory_order_relaxed);
    interface_drops_.store(interface_drops_.load(std::memory_order_relaxed) + (card - input.interface_drops),
                           std::memory_order_relaxed);
    input.kernel_drops = kernel;
    input.interface_drops = card;
  }

  // The input is over. Its memory stays until the next call: packets of this burst may borrow it.
  void close_input(Input& input) {
    input.over = true;
    input.report.error = input.file->error();
    take_drops(input);
    move_position(input, input.size);
    closed_.push_back(std::move(input.file));
    input.burst = {};
  }

  SourceStatus refill(Input& input) {
    input.next = input.count = 0;
    input.burst_from = input.position;
    const SourceStatus status = input.file->next_burst(input.burst, &input.count);
    input.burst_to = input.file->position();
    return status;
  }

  // As far as its packets have been handed out, not only read.
  void move_in_burst(Input& input) {
    if (input.count == 0) return;
    const uint64_t length = input.burst_to - input.burst_from;
    move_position(input, input.burst_from + length * input.next / input.count);
  }

  SourceStatus read_through(Input& input, std::span<RawPacket> out, size_t* count) {
    const SourceStatus status = input.file->next_burst(out, count);
    move_position(input, input.file->position());
    input.report.packets += *count;
    for (size_t i = 0; i < *count; ++i) input.report.bytes += out[i].wire_length;
    return status;
  }

  // Streams without a packet in hand: the merge cannot go on before each has one or is over.
  bool hear_silent() {
    for (size_t i = 0; i < silent_.size();) {
      const size_t index = silent_[i];
      Input& input = inputs_[index];
      const SourceStatus status = refill(input);
      if (status == SourceStatus::kIdle) return false;
      silent_.erase(silent_.begin() + static_cast<std::ptrdiff_t>(i));
      if (status == SourceStatus::kOk) {
        input.due = input.burst[0].time;
        waiting_.push_back(index);
        std::push_heap(waiting_.begin(), waiting_.end(), later());
      } else {
        close_input(input);
      }
    }
    return true;
  }

  // Moves packets of the earliest input until another is due before it, its next one is not due yet, `out` is
  // full, or more would cost the packets of this burst. False: this burst must end here.
  bool take(Input& input, std::span<RawPacket> out, size_t* count, const Input* rival, bool rival_first) {
    while (*count < out.size()) {
      if (input.next == input.count) {
        if (!input.file->stable() && *count > 0) return false;
        // Nothing to merge with: straight into the caller's burst.
        size_t direct = 0;
        const SourceStatus status = rival == nullptr && speed_ == 0
                                        ? read_through(input, out.subspan(*count), &direct)
                                        : refill(input);
        if (direct > 0) {
          *count += direct;
          continue;
        }
        if (status != SourceStatus::kOk) {
          if (status == SourceStatus::kIdle) {
            silent_.push_back(static_cast<size_t>(&input - inputs_.data()));
          } else {
            close_input(input);
          }
          return true;
        }
      }
      const RawPacket& packet = input.burst[input.next];
      if (packet.time > limit_ ||
          (rival != nullptr && (packet.time > rival->due || (packet.time == rival->due && rival_first)))) {
        input.due = packet.time;
        move_in_burst(input);
        return true;
      }
      ++input.report.packets;
      input.report.bytes += packet.wire_length;
      out[(*count)++] = packet;
      ++input.next;
    }
    if (input.next < input.count) input.due = input.burst[input.next].time;
    move_in_burst(input);
    return false;
  }

  SourceStatus merged_burst(std::span<RawPacket> out, size_t* count) {
    *count = 0;
    closed_.clear();
    for (;;) {
      // What a stream will bring may be earlier than anything in hand.
      if (!silent_.empty() && (*count > 0 || !hear_silent())) break;
      if (waiting_.empty() || inputs_[waiting_.front()].due > limit_) break;
      std::pop_heap(waiting_.begin(), waiting_.end(), later());
      const size_t index = waiting_.back();
      Input& input = inputs_[index];
      if (!input.file && !reopen(input)) {
        waiting_.pop_back();
        continue;
      }
      const Input* rival = waiting_.size() > 1 ? &inputs_[waiting_.front()] : nullptr;
      const bool more = take(input, out, count, rival, rival != nullptr && waiting_.front() < index);
      const bool silent = !silent_.empty() && silent_.back() == index;
      if (input.file && !silent) {
        std::push_heap(waiting_.begin(), waiting_.end(), later());
      } else {
        waiting_.pop_back();
      }
      if (!more) break;
    }
    if (*count > 0) {
      add_totals(out.first(*count));
      return SourceStatus::kOk;
    }
    if (!silent_.empty() || !waiting_.empty()) return SourceStatus::kIdle;
    return error().empty() ? SourceStatus::kEnd : SourceStatus::kError;
  }

  bool reopen(Input& input) {
    input.file = open_capture(input.report.path, &input.report.error);
    if (!input.file) {
      input.over = true;
      move_position(input, input.size);
      return false;
    }
    input.burst.resize(kFileBurst);
    return true;
  }

  void add_totals(std::span<const RawPacket> burst) {
    uint64_t bytes = 0;
    for (const RawPacket& packet : burst) bytes += packet.wire_length;
    packets_.store(packets_.load(std::memory_order_relaxed) + burst.size(), std::memory_order_relaxed);
    bytes_.store(bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }

  SourceStatus filtered_burst(std::span<RawPacket> out, size_t* count) {
    for (;;) {
      const SourceStatus status = merged_burst(out, count);
      if (status != SourceStatus::kOk || filter_.empty()) return status;
      size_t kept = 0;
      uint64_t refused_bytes = 0;
      for (size_t i = 0; i < *count; ++i) {
        if (filter_.accepts(out[i])) {
          out[kept++] = out[i];
        } else {
          refused_bytes += out[i].wire_length;
        }
      }
      filtered_.store(filtered_.load(std::memory_order_relaxed) + (*count - kept), std::memory_order_relaxed);
      filtered_bytes_.store(filtered_bytes_.load(std::memory_order_relaxed) + refused_bytes,
                            std::memory_order_relaxed);
      *count = kept;
      if (kept > 0) return SourceStatus::kOk;
      if (stop_.load(std::memory_order_relaxed)) return SourceStatus::kEnd;
    }
  }

  // Holds packets back until they are due; the first one sets the clock. A packet earlier than the one before
  // it is due at once.
  SourceStatus paced_burst(std::span<RawPacket> out, size_t* count) {
    constexpr Nanoseconds kSlice = 20'000'000;
    if (!clock_started_) {
      if (!silent_.empty() && !hear_silent()) return SourceStatus::kIdle;
      clock_started_ = !waiting_.empty();
      clock_start_ = monotonic_now();
      if (clock_started_) capture_start_ = inputs_[waiting_.front()].due;
    }
    limit_ = due_now();
    const SourceStatus status = filtered_burst(out, count);
    if (status != SourceStatus::kIdle || !silent_.empty()) return status;
    const double left = static_cast<double>(inputs_[waiting_.front()].due - limit_) / speed_;
    const timespec sleep{0, static_cast<long>(std::clamp(left, 0.0, static_cast<double>(kSlice)))};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, nullptr);
    limit_ = due_now();
    return filtered_burst(out, count);
  }

  // The capture's time by now; after the last time that a packet can have it stands.
  Nanoseconds due_now() const {
    const double gone = static_cast<double>(monotonic_now() - clock_start_) * speed_;
    const auto most = static_cast<double>(kMaxPacketTime - capture_start_);
    return capture_start_ + static_cast<Nanoseconds>(std::min(gone, most));
  }

  std::vector<Input> inputs_;    // never resized once made
  std::vector<size_t> waiting_;  // heap of inputs by their next packet
  std::vector<size_t> silent_;   // streams that have no packet in hand
  std::vector<std::unique_ptr<CaptureFile>> closed_;
  PacketFilter filter_;
  double speed_;
  bool has_stream_ = false;
  uint64_t length_ = 0;  // of all files that have one

  Nanoseconds limit_ = std::numeric_limits<Nanoseconds>::max();  // later packets wait
  bool clock_started_ = false;
  Nanoseconds clock_start_ = 0;
  Nanoseconds capture_start_ = 0;

  std::atomic<bool> stop_{false};
  // Written by the capture thread only; read by any.
  std::atomic<uint64_t> packets_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> kernel_drops_{0};
  std::atomic<uint64_t> interface_drops_{0};
  std::atomic<uint64_t> filtered_{0};
  std::atomic<uint64_t> filtered_bytes_{0};
  std::atomic<uint64_t> position_{0};
};

// What the entry of a directory is, where it is no capture; empty: one.
std::string not_a_capture(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (fs::is_directory(status)) return "a directory: name it to have it read";
  if (!fs::is_regular_file(status)) return "no plain file";
  if (is_capture_name(path)) return {};  // damaged ones are told as such
  std::array<uint8_t, kCaptureHeaderBytes> start{};
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(start.data()), start.size());
  const Bytes read = Bytes(start).first(static_cast<size_t>(in.gcount()));
  if (detect_capture_format(read, true) != CaptureFormat::kOther) return {};
  return in.is_open() ? describe_foreign_format(read) : "cannot be opened";
}

bool expand(const std::string& path, ReplayFiles* files, std::string* error) {
  std::error_code failure;
  if (path == "-" || !fs::is_directory(path, failure)) {
    files->paths.push_back(path);
    return true;
  }
  std::set<std::string> names;
  for (fs::directory_iterator entry(path, failure), end; !failure && entry != end; entry.increment(failure)) {
    names.insert(entry->path().string());
  }
  if (failure) {
    *error = path + ": cannot list: " + failure.message();
    return false;
  }
  const size_t before = files->paths.size();
  for (const std::string& name : names) {
    FileReport report;
    report.path = name;
    report.passed_over = not_a_capture(name);
    if (report.passed_over.empty()) {
      files->paths.push_back(name);
    } else {
      files->passed_over.push_back(std::move(report));
    }
  }
  if (files->paths.size() > before) return true;
  *error = path + ": no capture (pcap or pcapng) in this directory";
  if (!files->passed_over.empty()) {
    const FileReport& one = files->passed_over.front();
    *error += "; of " + std::to_string(files->passed_over.size()) + " entries the first is " + one.path +
              ": " + one.passed_over;
  }
  return false;
}

}  // namespace

bool list_captures(std::span<const std::string> paths, ReplayFiles* files, std::string* error) {
  return std::ranges::all_of(paths, [&](const std::string& path) { return expand(path, files, error); });
}

std::unique_ptr<ReplaySource> make_replay_source(std::span<const std::string> paths,
                                                 const ReplayOptions& options, std::string* error) {
  if (!std::isfinite(options.speed) || options.speed < 0) {
    *error = "the speed must be 0 (as fast as it goes) or more";
    return nullptr;
  }
  PacketFilter filter;
  if (!filter.set(options.filter, error)) return nullptr;
  ReplayFiles listed;
  if (!list_captures(paths, &listed, error)) return nullptr;
  std::vector<std::string>& files = listed.paths;
  if (files.empty()) {
    *error = "no capture file named";
    return nullptr;
  }
  if (std::count(files.begin(), files.end(), "-") > 1) {
    *error = "standard input (\"-\") is named twice";
    return nullptr;
  }
  return std::make_unique<MergedReplay>(std::move(files), options.speed, std::move(filter));
}

bool any_stream(std::span<const std::string> paths) {
  return std::any_of(paths.begin(), paths.end(), is_stream_path);
}

}  // namespace weir
