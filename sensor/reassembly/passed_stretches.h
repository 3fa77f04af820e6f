// What one direction passed on and the peer has not acknowledged, as (start, length, hash): enough to
// tell whether a segment that comes again says the same. Bounded; the oldest is forgotten first. Made and
// owned by a TcpConnection, lives in the worker's pool while something is unacknowledged.
#pragma once

#include <array>
#include <cstdint>

#include "sensor/reassembly/tcp_shared.h"

namespace weir {

class PassedStretches {
 public:
  // Null when the budget refuses.
  static PooledPtr<PassedStretches> make(TcpShared& shared);
  // For PooledPtr: destroys and gives all memory back.
  static void release(PassedStretches* self);

  PassedStretches(const PassedStretches&) = delete;
  PassedStretches& operator=(const PassedStretches&) = delete;

  void add(uint32_t seq, Bytes bytes);

  struct Verdict {
    bool differs = false;   // a stretch inside is known and its bytes are others
    uint64_t verified = 0;  // bytes inside known stretches that are the same
  };
  // Compares `bytes` at `seq` with every stretch that lies wholly inside them.
  Verdict compare(uint32_t seq, Bytes bytes) const;

 private:
  struct Stretch {
    uint32_t seq;  // of its first byte
    uint32_t length;
    uint64_t hash;
  };

  static constexpr uint32_t kFirst = 16;  // stretches; then kMost when they do not do
  static constexpr uint32_t kMost = 256;

  explicit PassedStretches(TcpShared& shared);
  bool grow();

  TcpShared& shared_;
  std::array<Stretch, kFirst> first_;
  Stretch* stretches_;  // a ring of capacity_: first_, or kMost from the pool
  uint32_t capacity_ = kFirst;
  uint32_t count_ = 0;
  uint32_t oldest_ = 0;
};

}  // namespace weir
