#include "sensor/capture/pcap_live.h"

#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "sensor/base/clock.h"
#include "sensor/capture/capture_backends.h"
#include "sensor/capture/start_gate.h"

namespace weir {
namespace {

constexpr size_t kMaxBurst = 256;
constexpr int kWaitMs = 100;  // longest wait of one next_burst
constexpr int64_t kStatsEveryMs = 200;

int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

struct PcapCloser {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapCloser>;

// An event that a signal handler may raise: next_burst waits on it beside the device.
class StopEvent {
 public:
  StopEvent() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~StopEvent() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  int descriptor() const { return descriptor_; }
  void raise() const {
    const int saved = errno;
    const uint64_t one = 1;
    // Full means raised already; there is nothing else to do about a failure here.
    [[maybe_unused]] const ssize_t n = write(descriptor_, &one, sizeof(one));
    errno = saved;
  }

 private:
  int descriptor_;
};

// Whether packets can come at all. Asked through a socket, not /sys, which may be another network
// namespace's.
std::string link_problem(const std::string& interface) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  // "any" is no interface, and has no link.
  const bool known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  close(fd);
  if (!known) return {};
  if ((request.ifr_flags & IFF_UP) == 0) {
    return interface + " is down, no packet can come: sudo ip link set " + interface + " up";
  }
  if ((request.ifr_flags & IFF_RUNNING) == 0) {
    return interface + " has no link, no packet can come: is the cable in, and the mirror port on?";
  }
  return {};
}

class LivePcap final : public PacketSource {
 public:
  LivePcap(PcapHandle handle, const LiveOptions& options)
      : handle_(std::move(handle)),
        name_(options.interface),
        descriptor_(pcap_get_selectable_fd(handle_.get())),
        link_type_(link_type_of_dlt(pcap_datalink(handle_.get()))),
        fraction_ns_(pcap_get_tstamp_precision(handle_.get()) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000),
        snaplen_(static_cast<size_t>(pcap_snapshot(handle_.get()))),
        drain_ms_(4 * int64_t{options.timeout_ms} + 20),
        // Pages of it are touched only as far as bursts are long.
        arena_(std::make_unique_for_overwrite<uint8_t[]>(kMaxBurst * snaplen_)) {}

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    const bool stopping = stop_.load(std::memory_order_relaxed);
    const int64_t now = monotonic_ms();
    if (stopping && drain_until_ == 0) drain_until_ = now + drain_ms_;
    if (now >= next_stats_) {
      read_stats();
      next_stats_ = now + kStatsEveryMs;
    }
    if (stopping && now >= drain_until_) return finish();

    Burst burst{this, out.first(std::min(out.size(), kMaxBurst)), 0, 0};
    if (!dispatch(&burst)) return SourceStatus::kError;
    if (burst.count == 0) {
      pollfd pollers[2] = {{descriptor_, POLLIN, 0}, {stopped_.descriptor(), POLLIN, 0}};
      // While draining only the device counts: the event stays raised.
      const int timeout = stopping ? static_cast<int>(drain_until_ - now) : kWaitMs;
      if (poll(pollers, stopping ? 1 : 2, timeout) > 0 && pollers[0].revents != 0 && !dispatch(&burst)) {
        return SourceStatus::kError;
      }
    }
    if (burst.count == 0) return SourceStatus::kIdle;
    *count = burst.count;
    packets_.store(packets_.load(std::memory_order_relaxed) + burst.count, std::memory_order_relaxed);
    uint64_t bytes = 0;
    for (const RawPacket& packet : out.first(burst.count)) bytes += packet.wire_length;
    bytes_.store(bytes_.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
    return SourceStatus::kOk;
  }

  SourceStats stats() const override {
    SourceStats s;
    s.packets = packets_.load(std::memory_order_relaxed);
    s.bytes = bytes_.load(std::memory_order_relaxed);
    s.kernel_drops = kernel_drops_.load(std::memory_order_relaxed);
    s.interface_drops = interface_drops_.load(std::memory_order_relaxed);
    s.early = early_.load(std::memory_order_relaxed);
    return s;
  }

  std::string error() const override { return error_; }
  std::string problem() const override { return speaks_ ? link_problem(name_) : std::string(); }
  // Another of the interface's sources tells its problems.
  void leave_problems_to_another() { speaks_ = false; }
  Clocks clocks() const override { return {wall_clock_now(), monotonic_now()}; }

  int socket() const { return descriptor_; }
  // Leaves out what came before `start`: what every socket of a group got before the group was whole.
  void begin_at(Nanoseconds start) {
    gate_ = StartGate(start, drain_ms_ * 1'000'000);
    read_stats();
    kernel_drops_.store(0, std::memory_order_relaxed);
    interface_drops_.store(0, std::memory_order_relaxed);
  }

  void stop() override {
    stop_.store(true, std::memory_order_relaxed);
    stopped_.raise();
  }

 private:
  struct Burst {
    LivePcap* source;
    std::span<RawPacket> out;
    size_t count;
    size_t used;
  };

  // libpcap's packet lives until this returns.
  static void on_packet(u_char* user, const pcap_pkthdr* header, const u_char* data) {
    auto& burst = *reinterpret_cast<Burst*>(user);
    LivePcap& self = *burst.source;
    const int64_t time = int64_t{header->ts.tv_sec} * 1'000'000'000 +
                         static_cast<int64_t>(header->ts.tv_usec) * self.fraction_ns_;
    if (self.gate_.shut() && self.gate_.keeps_out(time, monotonic_now())) [[unlikely]] {
      self.early_.store(self.early_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return;
    }
    const size_t captured = std::min<size_t>(header->caplen, self.snaplen_);
    uint8_t* copy = self.arena_.get() + burst.used;
    std::memcpy(copy, data, captured);
    RawPacket& packet = burst.out[burst.count++];
    packet.time = std::clamp<int64_t>(time, 0, kMaxPacketTime);
    packet.bytes = Bytes(copy, captured);
    packet.wire_length = std::max(header->len, header->caplen);
    packet.link_type = self.link_type_;
    packet.interface = 0;
    burst.used += captured;
  }

  // Takes what the ring holds, without waiting. The count is the room in the burst and in the arena.
  bool dispatch(Burst* burst) {
    const int room = static_cast<int>(burst->out.size() - burst->count);
    const int n = pcap_dispatch(handle_.get(), room, on_packet, reinterpret_cast<u_char*>(burst));
    if (n >= 0 || n == PCAP_ERROR_BREAK) return true;
    if (burst->count > 0) return true;  // hand these out first; the next call fails again
    error_ = name_ + ": " + pcap_geterr(handle_.get());
    return false;
  }

  SourceStatus finish() {
    read_stats();
    return SourceStatus::kEnd;
  }

  void read_stats() {
    pcap_stat now{};
    if (pcap_stats(handle_.get(), &now) != 0) return;
    // 32-bit counters that wrap.
    kernel_drops_.store(kernel_drops_.load(std::memory_order_relaxed) + (now.ps_drop - seen_drop_),
                        std::memory_order_relaxed);
    interface_drops_.store(interface_drops_.load(std::memory_order_relaxed) + (now.ps_ifdrop - seen_ifdrop_),
                           std::memory_order_relaxed);
    seen_drop_ = now.ps_drop;
    seen_ifdrop_ = now.ps_ifdrop;
  }

  PcapHandle handle_;
  std::string name_;
  bool speaks_ = true;
  StopEvent stopped_;
  int descriptor_;
  uint16_t link_type_;
  int64_t fraction_ns_;
  size_t snaplen_;
  int64_t drain_ms_;
  std::unique_ptr<uint8_t[]> arena_;
  StartGate gate_;
  int64_t drain_until_ = 0;
  int64_t next_stats_ = 0;
  u_int seen_drop_ = 0;
  u_int seen_ifdrop_ = 0;
  std::string error_;

  std::atomic<bool> stop_{false};
  // Written by the capture thread only; read by any.
  std::atomic<uint64_t> packets_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> kernel_drops_{0};
  std::atomic<uint64_t> interface_drops_{0};
  std::atomic<uint64_t> early_{0};
};

std::string list_interfaces() {
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_if_t* all = nullptr;
  if (pcap_findalldevs(&all, message) != 0) return "";
  std::string names;
  for (const pcap_if_t* one = all; one != nullptr; one = one->next) {
    // Also lists USB buses, D-Bus and netfilter queues; no network traffic comes from those.
    const std::string_view name = one->name;
    if (name.starts_with("nf") || name.starts_with("dbus") || name.starts_with("usbmon") ||
        name.starts_with("bluetooth")) {
      continue;
    }
    if (!names.empty()) names += ", ";
    names += name;
  }
  pcap_freealldevs(all);
  return names;
}

std::string explain(int status, pcap_t* handle, const std::string& interface) {
  const std::string detail = pcap_geterr(handle);
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE: {
      const std::string names = list_interfaces();
      return "no interface \"" + interface + "\"" +
             (names.empty() ? "; none can be captured on here" : "; there are: " + names);
    }
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return "no permission to capture on " + interface +
             ": run as root, or give the program the capabilities CAP_NET_RAW and CAP_NET_ADMIN: "
             "sudo setcap cap_net_raw,cap_net_admin+ep \"$(command -v weir)\"";
    case PCAP_ERROR_IFACE_NOT_UP:
      return interface + " is down: sudo ip link set " + interface + " up";
    default:
      return "cannot capture on " + interface + ": " +
             (detail.empty() ? pcap_statustostr(status) : detail.c_str());
  }
}

bool check_options(const LiveOptions& options, std::string* error) {
  if (options.interface.empty()) {
    *error = "no interface named; there are: " + list_interfaces();
  } else if (options.snaplen < 64 || options.snaplen > 262144) {
    *error = "the snap length must be 64 to 262144 bytes";
  } else if (options.buffer_bytes < (1 << 20) || options.buffer_bytes > 0x7fffffff) {
    *error = "the capture buffer must be 1 MiB to 2 GiB";
  } else if (options.timeout_ms < 1 || options.timeout_ms > 1000) {
    *error = "the capture time-out must be 1 to 1000 ms";
  } else {
    return true;
  }
  return false;
}

}  // namespace

namespace {

std::unique_ptr<LivePcap> open_live(const LiveOptions& options, std::string* error) {
  if (!check_options(options, error)) return nullptr;
  char message[PCAP_ERRBUF_SIZE] = "";
  PcapHandle handle(pcap_create(options.interface.c_str(), message));
  if (!handle) {
    *error = "cannot capture on " + options.interface + ": " + message;
    return nullptr;
  }
  pcap_t* p = handle.get();
  // These fail only on an activated handle; nanoseconds also where the device has none: then µs stay.
  pcap_set_snaplen(p, options.snaplen);
  pcap_set_promisc(p, options.promiscuous ? 1 : 0);
  pcap_set_timeout(p, options.timeout_ms);
  pcap_set_buffer_size(p, static_cast<int>(options.buffer_bytes));
  pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
  const int status = pcap_activate(p);
  // Positive is a warning: promiscuous mode is not supported ("any"), the packets come nevertheless.
  if (status < 0) {
    *error = explain(status, p, options.interface);
    return nullptr;
  }
  if (!options.filter.empty()) {
    bpf_program program{};
    if (pcap_compile(p, &program, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
      *error = "filter \"" + options.filter + "\": " + pcap_geterr(p);
      return nullptr;
    }
    const int set = pcap_setfilter(p, &program);
    pcap_freecode(&program);
    if (set != 0) {
      *error = "filter \"" + options.filter + "\": " + pcap_geterr(p);
      return nullptr;
    }
  }
  if (pcap_setnonblock(p, 1, message) != 0 || pcap_get_selectable_fd(p) < 0) {
    *error = options.interface + " cannot be waited for: " + message;
    return nullptr;
  }
  return std::make_unique<LivePcap>(std::move(handle), options);
}

}  // namespace

std::unique_ptr<PacketSource> make_live_source(const LiveOptions& options, std::string* error) {
  return open_live(options, error);
}

std::vector<std::unique_ptr<PacketSource>> make_live_sources(const LiveOptions& options, uint32_t workers,
                                                             FanoutBy by, std::string* error) {
  LiveOptions mine = options;
  mine.buffer_bytes = std::max<int64_t>(1 << 20, options.buffer_bytes / workers);
  std::vector<std::unique_ptr<LivePcap>> opened;
  std::vector<int> sockets;
  for (uint32_t i = 0; i < workers; ++i) {
    opened.push_back(open_live(mine, error));
    if (!opened.back()) return {};
    if (i > 0) opened.back()->leave_problems_to_another();
    sockets.push_back(opened.back()->socket());
  }
  if (workers > 1) {
    if (!join_fanout(sockets, by, error)) return {};
    const Nanoseconds start = wall_clock_now();
    for (const auto& source : opened) source->begin_at(start);
  }
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (auto& source : opened) sources.push_back(std::move(source));
  return sources;
}

}  // namespace weir
