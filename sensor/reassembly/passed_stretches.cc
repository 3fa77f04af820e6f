#include "sensor/reassembly/passed_stretches.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace weir {

PooledPtr<PassedStretches> PassedStretches::make(TcpShared& shared, uint32_t seq, Bytes before) {
  if (!shared.budget().try_take(sizeof(PassedStretches))) return nullptr;
  void* memory = shared.pool().allocate(sizeof(PassedStretches), alignof(PassedStretches));
  return PooledPtr<PassedStretches>(::new (memory) PassedStretches(shared, seq, before));
}

// The arrays stay as they are: the counts say how much of them has a value.
PassedStretches::PassedStretches(TcpShared& shared, uint32_t seq, Bytes before)
    : shared_(shared), stretches_(nullptr), lead_seq_(seq) {
  stretches_ = first_.data();
  before = before.last(std::min(before.size(), kEdge));
  lead_length_ = static_cast<uint32_t>(before.size());
  if (!before.empty()) std::memcpy(lead_.data() + (kEdge - before.size()), before.data(), before.size());
}

void PassedStretches::release(PassedStretches* self) {
  TcpShared& shared = self->shared_;
  if (self->capacity_ == kMost) {
    shared.pool().deallocate(self->stretches_, kMost * sizeof(Stretch), alignof(Stretch));
    shared.budget().give(kMost * sizeof(Stretch));
  }
  std::destroy_at(self);
  shared.pool().deallocate(self, sizeof(PassedStretches), alignof(PassedStretches));
  shared.budget().give(sizeof(PassedStretches));
}

bool PassedStretches::grow() {
  if (capacity_ == kMost || !shared_.budget().try_take(kMost * sizeof(Stretch))) return false;
  auto* larger = static_cast<Stretch*>(shared_.pool().allocate(kMost * sizeof(Stretch), alignof(Stretch)));
  for (uint32_t i = 0; i < count_; ++i) larger[i] = stretches_[(oldest_ + i) % capacity_];
  stretches_ = larger;
  capacity_ = kMost;
  oldest_ = 0;
  return true;
}

void PassedStretches::add(uint32_t seq, Bytes bytes) {
  Edges& edges = edges_[edge_count_++ % kEdges];
  edges.seq = seq;
  edges.length = static_cast<uint32_t>(bytes.size());
  if (bytes.size() >= kEdge) {
    std::memcpy(edges.head.data(), bytes.data(), kEdge);
    std::memcpy(edges.tail.data(), bytes.data() + (bytes.size() - kEdge), kEdge);
  } else {
    std::memcpy(edges.head.data(), bytes.data(), bytes.size());
    std::memcpy(edges.tail.data() + (kEdge - bytes.size()), bytes.data(), bytes.size());
  }
  const Stretch stretch{seq, static_cast<uint32_t>(bytes.size()), payload_hash(shared_.key(), bytes)};
  if (count_ == capacity_ && !grow()) {
    stretches_[oldest_] = stretch;
    oldest_ = (oldest_ + 1) % capacity_;
    return;
  }
  stretches_[(oldest_ + count_) % capacity_] = stretch;
  ++count_;
}

PassedStretches::Verdict PassedStretches::compare(uint32_t seq, Bytes bytes) const {
  Verdict verdict;
  for (uint32_t i = 0; i < count_; ++i) {
    const Stretch& known = stretches_[(oldest_ + i) % capacity_];
    const uint32_t from = known.seq - seq;  // modulo 2^32: before `seq` is far above any length
    if (from >= bytes.size() || known.length > bytes.size() - from) continue;
    if (payload_hash(shared_.key(), bytes.subspan(from, known.length)) != known.hash) {
      verdict.differs = true;
      return verdict;
    }
    verdict.verified += known.length;
  }
  return verdict;
}

size_t PassedStretches::before(uint32_t seq, std::span<uint8_t, kEdge> out) const {
  size_t room = kEdge;
  for (uint32_t age = 0; age < edges() && room != 0; ++age) {  // newest first: back through the stream
    const Edges& e = edge(age);
    if (e.seq + e.length != seq) continue;
    const size_t n = std::min({room, size_t{e.length}, kEdge});
    room -= n;
    std::memcpy(out.data() + room, e.tail.data() + (kEdge - n), n);
    if (e.length > kEdge) return kEdge - room;
    seq = e.seq;
  }
  if (room != 0 && seq == lead_seq_) {
    const size_t n = std::min<size_t>(room, lead_length_);
    room -= n;
    std::memcpy(out.data() + room, lead_.data() + (kEdge - n), n);
  }
  return kEdge - room;
}

size_t PassedStretches::after(uint32_t seq, std::span<uint8_t, kEdge> out) const {
  size_t filled = 0;
  for (uint32_t age = edges(); age-- > 0 && filled < kEdge;) {  // oldest first: on through the stream
    const Edges& e = edge(age);
    if (e.seq != seq) continue;
    const size_t n = std::min({kEdge - filled, size_t{e.length}, kEdge});
    std::memcpy(out.data() + filled, e.head.data(), n);
    filled += n;
    if (e.length > kEdge) break;
    seq += e.length;
  }
  return filled;
}

}  // namespace weir
