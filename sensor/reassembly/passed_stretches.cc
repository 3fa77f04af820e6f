#include "sensor/reassembly/passed_stretches.h"

#include <memory>

namespace weir {

PooledPtr<PassedStretches> PassedStretches::make(TcpShared& shared) {
  if (!shared.budget().try_take(sizeof(PassedStretches))) return nullptr;
  void* memory = shared.pool().allocate(sizeof(PassedStretches), alignof(PassedStretches));
  return PooledPtr<PassedStretches>(::new (memory) PassedStretches(shared));
}

// first_ stays as it is: count_ says how much of it has a value.
PassedStretches::PassedStretches(TcpShared& shared) : shared_(shared), stretches_(nullptr) {
  stretches_ = first_.data();
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

}  // namespace weir
