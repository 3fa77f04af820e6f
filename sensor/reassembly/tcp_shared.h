// What all TCP connections of one worker share: options, the budget that held data draws on, pools of
// buffers, counters. One per worker, made before and outliving its connections.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "sensor/base/memory_budget.h"
#include "sensor/base/packet.h"
#include "sensor/base/target_policy.h"

namespace weir {

struct TcpOptions {
  // A hole that the receiver has acknowledged is given up after so many more packets of the flow …
  uint32_t hold_packets = 128;
  // … or so much capture time, whatever comes first.
  Nanoseconds hold_time = 200'000'000;
  // Out-of-order bytes (with what they cost to keep) of one connection, both directions.
  size_t hold_limit = size_t{8} << 20;
  // Of overlapping segments that wait, which one the receiver keeps.
  TargetPolicies targets{};
  // A segment with a wrong checksum does not exist (`decode.checksums: verify`); else it is doubtful.
  bool drop_wrong_checksums = false;
};

// Sums over all connections of the worker.
struct ReassemblyCounters {
  uint64_t segments = 0;        // with payload
  uint64_t chunks = 0;          // handed to on_chunk
  uint64_t held = 0;            // pieces copied because they came out of order
  uint64_t hold_refused = 0;    // pieces for which there was no room: the hole before them was given up
  uint64_t gaps = 0;            // holes given up, the capture's own (snaplen) apart
  uint64_t gap_bytes = 0;       // their length when they were given up
  uint64_t late = 0;            // pieces that came after their hole was given up
  uint64_t duplicates = 0;      // pieces that repeat what was there
  uint64_t conflicts = 0;       // segments that differ from what was there, or replace it
  uint64_t uncompared = 0;      // pieces that come again where the first version is no longer known
  uint64_t unplaced = 0;        // payload outside any window, handed on as an extra
  uint64_t resets_ignored = 0;  // RST out of window
  uint64_t fins_ignored = 0;    // FIN out of window, or another place than the first
  uint64_t urgent = 0;          // segments with URG; their bytes stay in the stream (RFC 6093)
  uint64_t doubtful = 0;        // segments that the receiver may not have taken: held until that is known
  uint64_t replaced = 0;        // held pieces that gave way to a later version, wholly or in part
  uint64_t bad_checksum = 0;    // segments with a wrong checksum that were dropped

  ReassemblyCounters& operator+=(const ReassemblyCounters& other);
};

// Owns a T that lies in a TcpShared's pool; T::release destroys it and gives its memory back.
struct ReleaseToPool {
  template <class T>
  void operator()(T* pooled) const {
    T::release(pooled);
  }
};
template <class T>
using PooledPtr = std::unique_ptr<T, ReleaseToPool>;

class TcpShared {
 public:
  TcpShared(MemoryBudget& budget, const TcpOptions& options);
  TcpShared(const TcpShared&) = delete;
  TcpShared& operator=(const TcpShared&) = delete;

  const TcpOptions& options() const { return options_; }
  MemoryBudget& budget() { return budget_; }
  // Of the budget, for copies of what was passed on: half at most, so that they never take the room of what
  // waits for its turn.
  bool try_keep(size_t n) {
    if (n > budget_.limit() / 2 - kept_ || !budget_.try_take(n)) return false;
    kept_ += n;
    return true;
  }
  void give_kept(size_t n) {
    kept_ -= n;
    budget_.give(n);
  }
  // Room for `n` bytes during one call; what it held is gone.
  uint8_t* scratch(size_t n) {
    if (scratch_.size() < n) scratch_.resize(n);
    return scratch_.data();
  }
  std::pmr::memory_resource& pool() { return pool_; }
  ReassemblyCounters& counters() { return counters_; }
  const ReassemblyCounters& counters() const { return counters_; }

 private:
  MemoryBudget& budget_;
  TcpOptions options_;
  size_t kept_ = 0;
  std::vector<uint8_t> scratch_;
  std::pmr::unsynchronized_pool_resource pool_;
  ReassemblyCounters counters_;
};

}  // namespace weir
