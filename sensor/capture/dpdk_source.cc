#ifdef WEIR_HAVE_DPDK
#include "sensor/capture/dpdk_source.h"

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <utility>

#include "parsers/wire/bytes.h"
#include "sensor/base/clock.h"
#include "sensor/capture/dpdk_ports.h"
#include "sensor/capture/packet_filter.h"

namespace weir {
namespace {

constexpr size_t kMaxBurst = 64;
constexpr size_t kLinearBytes = 64 << 10;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kWaitNs = 100 * kMs;  // longest wait of one next_burst
constexpr int64_t kRefreshNs = 1000 * kMs;
constexpr int64_t kDrainNs = 200 * kMs;  // after stop(): what the queues still hold
// So many looks in vain, then sleeps between them: 20 µs of 64-byte packets at 10 Gbit/s are 300 descriptors.
constexpr int kLooks = 1000;
constexpr long kSleepNs = 20'000;
constexpr uint16_t kLinkEthernet = 1;

// A frame's length on the wire by its IP header, for devices that tell only what was captured. 0 where there
// is no IP header to go by.
uint32_t wire_length_by_ip(Bytes frame) {
  if (frame.size() < 14) return 0;
  size_t at = 12;
  uint16_t type = read_be16(frame.data() + at);
  while ((type == 0x8100 || type == 0x88a8) && frame.size() >= at + 6) {
    at += 4;
    type = read_be16(frame.data() + at);
  }
  at += 2;
  if (type == 0x0800 && frame.size() >= at + 20) {
    return static_cast<uint32_t>(at) + read_be16(frame.data() + at + 2);
  }
  if (type == 0x86dd && frame.size() >= at + 40) {
    return static_cast<uint32_t>(at) + 40 + read_be16(frame.data() + at + 4);
  }
  return 0;
}

// One receive queue of each port, taken in turn; or of a single source, all queues of all ports.
class DpdkSource final : public PacketSource {
 public:
  struct Queue {
    const DpdkPort* port;
    uint16_t index;
  };

  DpdkSource(std::shared_ptr<DpdkPortSet> ports, std::vector<Queue> queues, const DpdkOptions& options,
             PacketFilter filter, bool first, bool steered, size_t keep_limit)
      : ports_(std::move(ports)),
        queues_(std::move(queues)),
        filter_(std::move(filter)),
        burst_(static_cast<uint16_t>(std::clamp<uint32_t>(options.burst, 1, kMaxBurst))),
        first_(first),
        steered_(steered),
        keep_limit_(keep_limit),
        linear_(std::make_unique_for_overwrite<uint8_t[]>(kLinearBytes)) {
    plays_file_ =
        std::any_of(queues_.begin(), queues_.end(), [](const Queue& q) { return q.port->plays_file; });
  }
  ~DpdkSource() override {
    free_given();
    for (; next_ < held_count_; ++next_) rte_pktmbuf_free(held_[next_]);
  }

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    if (!started_) start_thread();
    free_given();
    const int64_t begin = monotonic_now();
    if (first_ && begin >= next_refresh_) {
      ports_->refresh();
      next_refresh_ = begin + kRefreshNs;
    }
    for (int looks = 0;; ++looks) {
      const bool stopping = stop_.load(std::memory_order_relaxed);
      if (next_ == held_count_ && !receive()) {
        if (stopping) return finish();
        if (looks < kLooks) continue;
        if (monotonic_now() - begin >= kWaitNs) return SourceStatus::kIdle;
        const timespec pause{0, kSleepNs};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
        continue;
      }
      if (stopping && past_drain()) return finish();
      fill(out, count);
      if (*count > 0) return SourceStatus::kOk;
      // All were refused by the filter: the next ones.
    }
  }

  void keep_burst(std::span<void*> handles) override {
    for (size_t i = 0; i < handles.size(); ++i) {
      handles[i] = nullptr;
      // What came in pieces lies in linear_, which the next call uses again.
      if (given_[i]->nb_segs > 1) continue;
      handles[i] = std::exchange(given_[i], nullptr);
    }
  }
  void release(std::span<void* const> handles) override {
    for (void* handle : handles) rte_pktmbuf_free(static_cast<rte_mbuf*>(handle));
  }
  size_t keep_limit() const override { return keep_limit_; }

  SourceStats stats() const override {
    SourceStats s = first_ ? ports_->stats() : SourceStats();
    s.packets = packets_.load(std::memory_order_relaxed);
    s.bytes = bytes_.load(std::memory_order_relaxed);
    s.filtered = filtered_.load(std::memory_order_relaxed);
    s.filtered_bytes = filtered_bytes_.load(std::memory_order_relaxed);
    s.linearised = linearised_.load(std::memory_order_relaxed);
    return s;
  }
  std::string error() const override { return {}; }
  void stop() override { stop_.store(true, std::memory_order_relaxed); }
  Clocks clocks() const override {
    return plays_file_ ? Clocks{} : Clocks{wall_clock_now(), monotonic_now()};
  }

  std::string problem() const override {
    std::string text = first_ ? ports_->problem() : std::string();
    const uint64_t unhashed = unhashed_.load(std::memory_order_relaxed);
    if (unhashed != 0) {
      text += (text.empty() ? "" : "; ") +
              std::string(
                  "the card did not hash some TCP or UDP packets by their addresses: they may miss their "
                  "flow's worker; set capture.steer: handover");
    }
    return text;
  }
  std::vector<NamedCount> extended_stats() const override {
    return first_ ? ports_->extended_stats() : std::vector<NamedCount>();
  }

 private:
  // An lcore number of its own lets this thread use the pools' per-lcore caches. It works without.
  void start_thread() {
    started_ = true;
    prctl(PR_SET_TIMERSLACK, 1);
    registered_ = rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() == 0;
  }

  SourceStatus finish() {
    if (first_) ports_->refresh();
    if (registered_) rte_thread_unregister();
    registered_ = false;
    return SourceStatus::kEnd;
  }

  bool past_drain() {
    const int64_t now = monotonic_now();
    if (drain_until_ == 0) drain_until_ = now + kDrainNs;
    return now >= drain_until_;
  }

  // The next queue that has packets; false: none has.
  bool receive() {
    next_ = held_count_ = 0;
    for (size_t tries = 0; tries < queues_.size(); ++tries) {
      const Queue& queue = queues_[turn_];
      turn_ = turn_ + 1 == queues_.size() ? 0 : turn_ + 1;
      held_count_ = rte_eth_rx_burst(queue.port->id, queue.index, held_.data(), burst_);
      if (held_count_ == 0) continue;
      from_ = queue.port;
      // All heads are on their way while the packets are described one by one.
      for (size_t i = 0; i < held_count_; ++i) rte_prefetch0(rte_pktmbuf_mtod(held_[i], const void*));
      now_ = wall_clock_now();
      return true;
    }
    return false;
  }

  void fill(std::span<RawPacket> out, size_t* count) {
    size_t linear_used = 0;
    size_t n = 0;
    uint64_t bytes = 0;
    uint64_t taken = 0;
    uint64_t refused = 0;
    uint64_t refused_bytes = 0;
    uint64_t pieces = 0;
    for (; next_ < held_count_ && n < out.size(); ++next_) {
      rte_mbuf*& m = held_[next_];
      // A tag that the device took off is put back; there is headroom for it.
      if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) rte_vlan_insert(&m);
      RawPacket packet;
      if (m->nb_segs == 1) [[likely]] {
        packet.bytes = Bytes(rte_pktmbuf_mtod(m, const uint8_t*), m->data_len);
      } else {
        const auto length = static_cast<uint32_t>(std::min<size_t>(m->pkt_len, kLinearBytes));
        if (linear_used + length > kLinearBytes) break;  // the next call has room again
        uint8_t* copy = linear_.get() + linear_used;
        const void* whole = rte_pktmbuf_read(m, 0, length, copy);
        if (whole != copy) std::copy_n(static_cast<const uint8_t*>(whole), length, copy);
        packet.bytes = Bytes(copy, length);
        linear_used += length;
        ++pieces;
      }
      packet.wire_length = m->pkt_len;
      if (from_->cuts_length) [[unlikely]] {
        packet.wire_length = std::max(packet.wire_length, wire_length_by_ip(packet.bytes));
      }
      packet.link_type = kLinkEthernet;
      packet.interface = from_->id;
      packet.time = from_->has_time ? time_of(m) : now_;
      if (steered_ && (m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) == 0) [[unlikely]]
        count_unhashed(packet.bytes);
      ++taken;
      bytes += packet.wire_length;
      if (!filter_.empty() && !filter_.accepts(packet)) {
        ++refused;
        refused_bytes += packet.wire_length;
        rte_pktmbuf_free(m);
        continue;
      }
      given_[n] = m;
      out[n++] = packet;
    }
    given_count_ = n;
    *count = n;
    add(&packets_, taken);
    add(&bytes_, bytes);
    add(&filtered_, refused);
    add(&filtered_bytes_, refused_bytes);
    add(&linearised_, pieces);
  }

  static void add(std::atomic<uint64_t>* counter, uint64_t n) {
    counter->store(counter->load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  Nanoseconds time_of(const rte_mbuf* m) const {
    if (ports_->time_offset() < 0 || (m->ol_flags & ports_->time_flag()) == 0) return now_;
    const uint64_t us = *RTE_MBUF_DYNFIELD(m, ports_->time_offset(), const uint64_t*);
    return static_cast<Nanoseconds>(std::min<uint64_t>(us, kMaxPacketTime / 1000) * 1000);
  }

  // A card that hashes only what is neither TCP nor UDP puts those all in one queue.
  void count_unhashed(Bytes frame) {
    if (wire_length_by_ip(frame) == 0) return;
    const size_t at = 14;
    const bool v4 = frame.size() > at + 9 && read_be16(frame.data() + 12) == 0x0800;
    const bool v6 = frame.size() > at + 6 && read_be16(frame.data() + 12) == 0x86dd;
    const uint8_t protocol = v4 ? frame[at + 9] : v6 ? frame[at + 6] : uint8_t{0};
    if (protocol == kProtoTcp || protocol == kProtoUdp) add(&unhashed_, 1);
  }

  void free_given() {
    for (size_t i = 0; i < given_count_; ++i) {
      if (given_[i] != nullptr) rte_pktmbuf_free(given_[i]);
    }
    given_count_ = 0;
  }

  std::shared_ptr<DpdkPortSet> ports_;
  std::vector<Queue> queues_;
  PacketFilter filter_;
  uint16_t burst_;
  bool first_;  // speaks for the ports
  bool steered_;
  bool plays_file_ = false;
  size_t keep_limit_;
  std::unique_ptr<uint8_t[]> linear_;

  std::array<rte_mbuf*, kMaxBurst> held_{};  // [next_, held_count_) not yet handed out
  size_t next_ = 0;
  uint16_t held_count_ = 0;
  std::array<rte_mbuf*, kMaxBurst> given_{};  // by place in the last burst; null: kept by the caller
  size_t given_count_ = 0;
  const DpdkPort* from_ = nullptr;
  Nanoseconds now_ = 0;
  size_t turn_ = 0;
  bool started_ = false;
  bool registered_ = false;
  int64_t next_refresh_ = 0;
  int64_t drain_until_ = 0;

  std::atomic<bool> stop_{false};
  // Written by the capture thread only; read by any.
  std::atomic<uint64_t> packets_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> filtered_{0};
  std::atomic<uint64_t> filtered_bytes_{0};
  std::atomic<uint64_t> linearised_{0};
  std::atomic<uint64_t> unhashed_{0};
};

bool check_options(const DpdkOptions& options, uint32_t workers, std::string* error) {
  if (options.ports.empty()) {
    *error = "no DPDK port named";
  } else if (options.ports.size() > 32) {
    *error = "32 DPDK ports at most";
  } else if (workers < 1 || workers > 256) {
    *error = "1 to 256 workers";
  } else if (options.queues > workers) {
    *error = "capture.dpdk.queues: more queues (" + std::to_string(options.queues) + ") than workers (" +
             std::to_string(workers) + ")";
  } else {
    return true;
  }
  return false;
}

}  // namespace

bool open_dpdk(const DpdkOptions& options, DpdkSteer steer, uint32_t workers, DpdkPorts* ports,
               std::string* error) {
  if (!check_options(options, workers, error)) return false;
  PacketFilter filter;
  if (!filter.set(options.filter, error)) return false;
  const uint64_t keep = uint64_t{options.keep_packets} + 512;
  const uint64_t most =
      mbufs_wanted(options, std::max(workers, options.queues), options.rx_descriptors, keep);
  // 2,176 bytes of data, 128 of description, 64 of the pool's own, and as much again for alignment as is
  // usual.
  const uint64_t memory_mb = options.ports.size() * most * 2560 / 1'000'000 + 128;
  if (!start_eal(options, memory_mb, error)) return false;

  auto set = std::make_shared<DpdkPortSet>();
  if (!set->attach(options, error)) return false;
  // One worker takes all; steering by the card needs a queue a worker.
  std::string why;
  bool by_card =
      workers > 1 && steer != DpdkSteer::kHandOver && (options.queues == 0 || options.queues == workers);
  if (by_card && !set->can_steer(workers, &why)) by_card = false;
  if (workers > 1 && steer == DpdkSteer::kRss && !by_card) {
    *error = why.empty() ? "capture.dpdk.queues must be the number of workers where the card steers" : why;
    *error += "; capture.steer: auto hands the packets over instead";
    return false;
  }
  bool refused = false;
  if (by_card && !set->start(options, workers, true, 0, &refused, error)) {
    if (!refused || steer == DpdkSteer::kRss) return false;
    why = *error;
    by_card = false;
  }
  const uint32_t queues = by_card ? workers : std::max(1u, options.queues);
  if (!by_card && !set->start(options, queues, false, workers > 1 ? keep : 0, &refused, error)) return false;

  ports->notes = set->notes();
  if (!by_card && workers > 1) {
    ports->notes.push_back("one receiver hands packets over to " + std::to_string(workers) + " workers" +
                           (why.empty() ? "" : ": " + why));
  }
  ports->node = set->ports().front().node;
  size_t spare = SIZE_MAX;
  for (const DpdkPort& port : set->ports()) {
    if (port.node != ports->node) ports->node = -1;
    spare = std::min<size_t>(spare, port.mbufs - port.queues * port.descriptors - 512);
  }
  for (uint32_t i = 0; i < (by_card ? workers : 1); ++i) {
    std::vector<DpdkSource::Queue> mine;
    for (const DpdkPort& port : set->ports()) {
      for (uint16_t queue = 0; queue < port.queues; ++queue) {
        if (!by_card || queue == i) mine.push_back({&port, queue});
      }
    }
    PacketFilter own;
    own.set(options.filter, error);  // compiled above already
    ports->sources.push_back(std::make_unique<DpdkSource>(set, std::move(mine), options, std::move(own),
                                                          i == 0, by_card, by_card ? 0 : spare));
  }
  ports->steered = by_card || workers == 1;
  return true;
}

}  // namespace weir
#endif
