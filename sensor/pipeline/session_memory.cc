#include "sensor/pipeline/session_memory.h"

namespace weir {

void SessionMemory::push_newest(Entry& entry) {
  entry.listed = entry.flow->last_packet;
  entry.newer = nullptr;
  entry.older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = &entry;
  newest_ = &entry;
}

void SessionMemory::unlink(Entry& entry) {
  (entry.older == nullptr ? oldest_ : entry.older->newer) = entry.newer;
  (entry.newer == nullptr ? newest_ : entry.newer->older) = entry.older;
}

bool SessionMemory::try_add(Entry& entry, size_t n, FlowRecord& flow) {
  if (!budget_.try_take(n)) return false;
  entry.flow = &flow;
  entry.charged = n;
  push_newest(entry);
  ++size_;
  return true;
}

bool SessionMemory::try_resize(Entry& entry, size_t n) {
  if (n > entry.charged && !budget_.try_take(n - entry.charged)) return false;
  if (n < entry.charged) budget_.give(entry.charged - n);
  entry.charged = n;
  return true;
}

void SessionMemory::remove(Entry& entry) {
  if (entry.flow == nullptr) return;
  unlink(entry);
  budget_.give(entry.charged);
  entry = Entry{};
  --size_;
}

FlowRecord* SessionMemory::silent(const FlowRecord& but) {
  for (int tries = 0; oldest_ != nullptr; ++tries) {
    Entry& entry = *oldest_;
    const bool spared = entry.flow == &but;
    if (spared && size_ == 1) return nullptr;
    if (!spared && (tries >= kTries || entry.listed == entry.flow->last_packet)) return entry.flow;
    unlink(entry);
    push_newest(entry);
  }
  return nullptr;
}

}  // namespace weir
