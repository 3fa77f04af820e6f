// What one direction passed on and the peer has not acknowledged, as (start, length, hash): enough to
// tell whether a segment that comes again says the same. Of the latest ones the first and last bytes are
// kept too: where another version of one turns up, a value may reach over its edge. Bounded; the oldest is
// forgotten first. Made and owned by a TcpConnection, lives in the worker's pool while something is
// unacknowledged.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sensor/reassembly/tcp_shared.h"

namespace weir {

class PassedStretches {
 public:
  // Bytes kept at either edge of a stretch.
  static constexpr size_t kEdge = 32;

  // `before` are the stream's bytes up to `seq`, as far as known. Null when the budget refuses.
  static PooledPtr<PassedStretches> make(TcpShared& shared, uint32_t seq, Bytes before);
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

  // The stream's bytes up to `seq` (from its start on), as many as are kept, at most out.size(): their
  // number. They end (begin) in out. Nothing where no stretch has its edge there.
  size_t before(uint32_t seq, std::span<uint8_t, kEdge> out) const;
  size_t after(uint32_t seq, std::span<uint8_t, kEdge> out) const;

 private:
  struct Stretch {
    uint32_t seq;  // of its first byte
    uint32_t length;
    uint64_t hash;
  };
  struct Edges {
    uint32_t seq;     // of the stretch's first byte
    uint32_t length;  // of the stretch
    std::array<uint8_t, kEdge> head;
    std::array<uint8_t, kEdge> tail;  // its last bytes, at the end
  };

  static constexpr uint32_t kEdges = 16;  // a ring, a power of two
  static constexpr uint32_t kFirst = 16;  // stretches; then kMost when they do not do
  static constexpr uint32_t kMost = 256;

  PassedStretches(TcpShared& shared, uint32_t seq, Bytes before);
  bool grow();
  const Edges& edge(uint32_t age) const { return edges_[(edge_count_ - 1 - age) % kEdges]; }
  uint32_t edges() const { return edge_count_ < kEdges ? edge_count_ : kEdges; }

  TcpShared& shared_;
  std::array<Stretch, kFirst> first_;
  Stretch* stretches_;  // a ring of capacity_: first_, or kMost from the pool
  uint32_t capacity_ = kFirst;
  uint32_t count_ = 0;
  uint32_t oldest_ = 0;
  uint32_t edge_count_ = 0;  // ever added
  uint32_t lead_seq_;        // behind the last byte of lead_
  uint32_t lead_length_;
  std::array<uint8_t, kEdge> lead_;  // what stood before the first stretch, at the end
  std::array<Edges, kEdges> edges_;
};

}  // namespace weir
