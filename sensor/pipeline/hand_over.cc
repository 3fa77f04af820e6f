#include "sensor/pipeline/hand_over.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "sensor/base/clock.h"
#include "sensor/base/cpus.h"
#include "sensor/base/plain_failure.h"
#include "sensor/pipeline/conversation.h"
#include "sensor/pipeline/spsc_ring.h"

namespace weir {
namespace {

constexpr size_t kBlockPackets = 256;
constexpr size_t kReceiveBurst = 64;
// A block is passed on when so much is copied into it. Its memory has room for one more packet of the largest
// kind (CaptureParser::kMaxPacketBytes); pages that no packet reaches are never touched.
constexpr size_t kBlockBytes = 128 << 10;
constexpr size_t kLargestPacket = 1 << 20;
constexpr Nanoseconds kIdleNs = 100'000'000;

void sleep_ns(long ns) {
  const timespec pause{0, ns};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
}

// First a few looks in a row, then sleeps that grow from 20 µs to 1 ms.
class Backoff {
 public:
  void wait() {
    if (looks_ < kLooks) {
      ++looks_;
      __builtin_ia32_pause();
      return;
    }
    sleep_ns(pause_);
    pause_ = std::min(2 * pause_, 1'000'000l);
  }

 private:
  static constexpr int kLooks = 200;
  int looks_ = 0;
  long pause_ = 20'000;
};

struct Block {
  std::array<RawPacket, kBlockPackets> packets;
  std::array<uint8_t, kBlockPackets> owner;
  std::array<void*, kBlockPackets> handles;  // the first `kept`: what goes back to the source
  size_t count = 0;
  size_t kept = 0;
  size_t used = 0;       // of memory
  uint32_t pending = 0;  // workers that have it; the receiver's own count
  std::unique_ptr<uint8_t[]> memory;
};

// What receiver and one worker share, and what the receiver knows of the worker.
struct Lane {
  explicit Lane(size_t blocks) : to_worker(blocks), back(blocks) {}
  SpscRing<Block*> to_worker;
  SpscRing<Block*> back;
  std::atomic<uint64_t> dropped{0};
  std::atomic<uint64_t> dropped_bytes{0};
  // The receiver's:
  size_t outstanding = 0;
  size_t mine = 0;  // packets of the block being filled
  uint64_t mine_bytes = 0;
};

class HandOver {
 public:
  HandOver(std::unique_ptr<PacketSource> source, const HandOverOptions& options)
      : source_(std::move(source)),
        options_(options),
        steering_(options.steer, options.decode),
        conversation_(options.decode),
        clock_(options.timeouts) {
    assert(options.workers >= 1 && options.workers <= 256);
    limit_ = std::max<size_t>(1, options.queue_packets / kBlockPackets);
    // Packets that are kept are the source's: never more than it can spare.
    if (source_->keep_limit() > 0) {
      const size_t blocks =
          std::max<size_t>(2, source_->keep_limit() / kBlockPackets) - 1;  // one is being filled
      limit_ = std::clamp<size_t>(blocks / options.workers, 1, limit_);
    }
    for (uint32_t i = 0; i < options.workers; ++i) lanes_.push_back(std::make_unique<Lane>(limit_));
    // With every worker's ring full, one more to fill.
    const size_t blocks = (options.ticks ? limit_ : limit_ * options.workers) + 1;
    blocks_.resize(blocks);
    free_.reserve(blocks);
    for (Block& block : blocks_) {
      block.memory = std::make_unique_for_overwrite<uint8_t[]>(kBlockBytes + kLargestPacket);
      free_.push_back(&block);
    }
  }

  // All workers' sources are gone.
  ~HandOver() {
    abandoned_.store(true, std::memory_order_relaxed);
    source_->stop();
    if (receiver_.joinable()) receiver_.join();
    for (Block& block : blocks_) release(block);
  }
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  // Throws where the system refuses the thread; then whoever asks next tries again.
  void start() {
    if (started_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(start_);
    if (started_.load(std::memory_order_relaxed)) return;
    receiver_ = std::thread([this] {
      try {
        receive();
      } catch (const std::exception& e) {
        end_with_error("the receiver ended: " + plain_failure(e));
      } catch (...) {
        end_with_error("the receiver ended");
      }
    });
    started_.store(true, std::memory_order_release);
  }

  PacketSource& source() { return *source_; }
  const PacketSource& source() const { return *source_; }
  Lane& lane(uint32_t worker) { return *lanes_[worker]; }
  bool ticks() const { return options_.ticks; }
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  SourceStatus last_status() const { return last_; }

  SourceStats stats() const {
    SourceStats sum = source_->stats();
    for (const auto& lane : lanes_) {
      sum.weir_drops += lane->dropped.load(std::memory_order_relaxed);
      sum.weir_drop_bytes += lane->dropped_bytes.load(std::memory_order_relaxed);
    }
    return sum;
  }
  std::string error() const {
    const std::string mine = ended() ? own_error_ : std::string();
    return mine.empty() ? source_->error() : mine;
  }

 private:
  void receive() {
    name_this_thread("weir-receiver");
    // Sleeps of microseconds end when asked, not with the kernel's slack of 50 µs.
    prctl(PR_SET_TIMERSLACK, 1);
    if (std::string error; !place_this_thread(options_.cpus, &error)) {
      end_with_error(std::move(error));
      return;
    }
    std::array<RawPacket, kReceiveBurst> burst;
    std::array<void*, kReceiveBurst> handles;
    SourceStatus status = SourceStatus::kOk;
    while (status == SourceStatus::kOk || status == SourceStatus::kIdle) {
      size_t count = 0;
      status = source_->next_burst(burst, &count);
      source_->keep_burst(std::span(handles).first(count));
      take_back();
      for (size_t i = 0; i < count; ++i) add(burst[i], handles[i]);
      // After a burst that is not full the source may have nothing for a while.
      if (status != SourceStatus::kOk || somebody_waits(count < burst.size())) pass_on();
      if (abandoned_.load(std::memory_order_relaxed)) break;
    }
    last_ = status == SourceStatus::kError ? SourceStatus::kError : SourceStatus::kEnd;
    ended_.store(true, std::memory_order_release);
  }

  void end_with_error(std::string error) {
    own_error_ = std::move(error);
    last_ = SourceStatus::kError;
    ended_.store(true, std::memory_order_release);
  }

  void add(const RawPacket& packet, void* handle) {
    if (filling_ == nullptr) filling_ = next_free();
    if (filling_ == nullptr) {  // abandoned: nobody reads any more
      if (handle != nullptr) source_->release(std::span<void* const>(&handle, 1));
      return;
    }
    Block& block = *filling_;
    const Steer steered = steering_.of(packet);
    const auto owner = static_cast<uint8_t>(steered.hash % options_.workers);
    RawPacket& kept = block.packets[block.count];
    kept = packet;
    if (handle != nullptr) {
      block.handles[block.kept++] = handle;
    } else {
      const size_t length = std::min(packet.bytes.size(), kLargestPacket);
      uint8_t* copy = block.memory.get() + block.used;
      if (length > 0) std::memcpy(copy, packet.bytes.data(), length);
      kept.bytes = Bytes(copy, length);
      block.used += length;
    }
    kept.foreign = steered.fragment;  // to all but its owner
    if (options_.ticks) {
      // The clock of every worker, to know when they will ask.
      clock_.see(packet.time, [&] {
        kept.flow = conversation_.of(packet);
        return kept.flow;
      });
    }
    block.owner[block.count++] = owner;
    Lane& lane = *lanes_[owner];
    ++lane.mine;
    lane.mine_bytes += packet.wire_length;
    if (block.count == kBlockPackets || block.used >= kBlockBytes) pass_on();
  }

  // Whether a worker has nothing to do but what stands in the block being filled; or, where the source is
  // `quiet`, little else. A worker with many blocks to go is better served by a full one.
  bool somebody_waits(bool quiet) const {
    if (filling_ == nullptr) return false;
    const size_t few = quiet ? limit_ / 2 : 0;
    return std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
      return lane->outstanding <= few && (options_.ticks || lane->mine > 0);
    });
  }

  void pass_on() {
    if (filling_ == nullptr) return;
    Block* block = std::exchange(filling_, nullptr);
    block->pending = 1;  // the receiver's own: not used again while it is passed on
    for (const auto& lane : lanes_) {
      if (lane->mine == 0 && !options_.ticks) continue;
      if (lane->outstanding == limit_) take_back();
      if (lane->outstanding == limit_ && options_.wait) {
        Backoff backoff;
        while (lane->outstanding == limit_ && !abandoned_.load(std::memory_order_relaxed)) {
          backoff.wait();
          take_back();
        }
      }
      if (lane->outstanding == limit_) {
        lane->dropped.store(lane->dropped.load(std::memory_order_relaxed) + lane->mine,
                            std::memory_order_relaxed);
        lane->dropped_bytes.store(lane->dropped_bytes.load(std::memory_order_relaxed) + lane->mine_bytes,
                                  std::memory_order_relaxed);
      } else {
        ++lane->outstanding;
        ++block->pending;
        Block* passed = block;
        lane->to_worker.try_push(std::move(passed));  // room: the ring holds `limit_`
      }
      lane->mine = 0;
      lane->mine_bytes = 0;
    }
    if (--block->pending == 0) recycle(*block);
  }

  void take_back() {
    for (const auto& lane : lanes_) {
      Block* block = nullptr;
      while (lane->outstanding > 0 && lane->back.try_pop(&block)) {
        --lane->outstanding;
        if (--block->pending == 0) recycle(*block);
      }
    }
  }

  Block* next_free() {
    if (free_.empty()) {
      Backoff backoff;
      for (take_back(); free_.empty() && !abandoned_.load(std::memory_order_relaxed); take_back()) {
        backoff.wait();
      }
    }
    if (free_.empty()) return nullptr;
    Block* block = free_.back();
    free_.pop_back();
    return block;
  }

  void release(Block& block) {
    if (block.kept > 0) source_->release(std::span<void* const>(block.handles).first(block.kept));
    block.count = block.kept = block.used = 0;
  }
  void recycle(Block& block) {
    release(block);
    free_.push_back(&block);
  }

  std::unique_ptr<PacketSource> source_;
  const HandOverOptions options_;
  Steering steering_;
  Conversation conversation_;
  FlowClock clock_;   // of the ticks
  size_t limit_ = 1;  // blocks that one worker may have
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Block> blocks_;
  std::vector<Block*> free_;
  Block* filling_ = nullptr;
  std::mutex start_;
  std::atomic<bool> started_{false};
  std::thread receiver_;
  std::string own_error_;                   // read after ended_
  SourceStatus last_ = SourceStatus::kEnd;  // read after ended_
  std::atomic<bool> ended_{false};
  std::atomic<bool> abandoned_{false};
};

class HandOverSource final : public PacketSource {
 public:
  HandOverSource(std::shared_ptr<HandOver> shared, uint32_t index)
      : shared_(std::move(shared)), lane_(shared_->lane(index)), index_(index) {}

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    shared_->start();
    *count = 0;
    while (*count == 0) {
      if (block_ != nullptr && at_ == block_->count) give_back();
      if (block_ == nullptr) {
        const SourceStatus status = wait_for_block();
        if (status != SourceStatus::kOk) return status;
      }
      take(out, count);
    }
    return SourceStatus::kOk;
  }

  SourceStats stats() const override { return index_ == 0 ? shared_->stats() : SourceStats(); }
  std::string error() const override { return index_ == 0 ? shared_->error() : std::string(); }
  void stop() override { shared_->source().stop(); }
  double progress() const override { return shared_->source().progress(); }
  Clocks clocks() const override { return shared_->source().clocks(); }
  std::string problem() const override { return index_ == 0 ? shared_->source().problem() : std::string(); }
  std::vector<NamedCount> extended_stats() const override {
    return index_ == 0 ? shared_->source().extended_stats() : std::vector<NamedCount>();
  }

 private:
  void take(std::span<RawPacket> out, size_t* count) {
    const Block& block = *block_;
    const bool ticks = shared_->ticks();
    size_t n = 0;
    for (; at_ < block.count && n < out.size(); ++at_) {
      const RawPacket& packet = block.packets[at_];
      if (block.owner[at_] == index_ || (ticks && packet.foreign)) {
        out[n] = packet;
        out[n++].foreign = block.owner[at_] != index_;
        __builtin_prefetch(packet.bytes.data());
      } else if (ticks) {
        out[n++] = RawPacket::tick(packet.time, packet.flow);
      }
    }
    *count = n;
  }

  void give_back() {
    lane_.back.try_push(std::move(block_));  // room: it holds as many as a worker can have
    block_ = nullptr;
    at_ = 0;
  }

  SourceStatus wait_for_block() {
    if (lane_.to_worker.try_pop(&block_)) return SourceStatus::kOk;
    const Nanoseconds until = monotonic_now() + kIdleNs;
    Backoff backoff;
    for (;;) {
      // Read before the ring: what was passed on before the end is seen.
      const bool ended = shared_->ended();
      if (lane_.to_worker.try_pop(&block_)) return SourceStatus::kOk;
      if (ended) return shared_->last_status();
      if (monotonic_now() >= until) return SourceStatus::kIdle;
      backoff.wait();
    }
  }

  std::shared_ptr<HandOver> shared_;
  Lane& lane_;
  uint32_t index_;
  Block* block_ = nullptr;
  size_t at_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<PacketSource>> split_source(std::unique_ptr<PacketSource> source,
                                                        const HandOverOptions& options) {
  auto shared = std::make_shared<HandOver>(std::move(source), options);
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (uint32_t i = 0; i < options.workers; ++i) {
    sources.push_back(std::make_unique<HandOverSource>(shared, i));
  }
  return sources;
}

}  // namespace weir
