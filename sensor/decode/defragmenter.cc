#include "sensor/decode/defragmenter.h"

#include <algorithm>
#include <memory>
#include <new>

namespace weir {
namespace {

constexpr size_t kFirstBuckets = 256;
constexpr size_t kIndexCost = 32;  // of an entry: buckets, and what the pool adds

std::pmr::pool_options pool_options() {
  std::pmr::pool_options options;
  options.largest_required_pool_block = 4096;  // a fragment of any usual MTU
  return options;
}

}  // namespace

struct Defragmenter::Entry {
  Entry(std::pmr::memory_resource& pool, MemoryBudget& budget, TargetPolicy policy)
      : datagram(pool, budget, policy) {}

  Datagram datagram;
  DatagramKey key;
  uint64_t hash = 0;
  PacketView context;
  Nanoseconds started = 0;
  Nanoseconds deadline = 0;
  Entry* bucket_next = nullptr;
  Entry* list_before = nullptr;
  Entry* list_next = nullptr;  // or in the queue of finished ones
  Entry* previous = nullptr;   // was whole, of the same key; owned
  size_t charged = 0;
  DatagramEnd end = DatagramEnd::kComplete;
  bool was_whole = false;  // read, and kept
  bool mine = false;
};

DefragmentCounters& DefragmentCounters::operator+=(const DefragmentCounters& other) {
  fragments += other.fragments;
  datagrams += other.datagrams;
  timed_out += other.timed_out;
  evicted += other.evicted;
  too_many += other.too_many;
  unfinished += other.unfinished;
  overlapping += other.overlapping;
  conflicting += other.conflicting;
  malformed += other.malformed;
  return *this;
}

void Defragmenter::List::push(Entry* entry) {
  entry->list_before = last;
  entry->list_next = nullptr;
  (last == nullptr ? first : last->list_next) = entry;
  last = entry;
}

void Defragmenter::List::remove(Entry* entry) {
  (entry->list_before == nullptr ? first : entry->list_before->list_next) = entry->list_next;
  (entry->list_next == nullptr ? last : entry->list_next->list_before) = entry->list_before;
  entry->list_before = entry->list_next = nullptr;
}

Defragmenter::Defragmenter(const DefragmentOptions& options, const HashKey& key, MemoryBudget& budget)
    : options_(options),
      hash_key_(key),
      budget_(budget),
      pool_(pool_options()),
      buckets_(kFirstBuckets, nullptr) {}

Defragmenter::~Defragmenter() {
  finish();
  DatagramReading reading;
  while (next(&reading)) {
  }
  for (List& list : whole_) {
    while (list.first != nullptr) forget_whole(list.first);
  }
}

uint64_t Defragmenter::hash(const DatagramKey& key) const {
  const uint8_t* src = key.src.bytes.data();
  const uint8_t* dst = key.dst.bytes.data();
  const uint64_t words[] = {read_be64(src), read_be64(src + 8), read_be64(dst), read_be64(dst + 8),
                            (uint64_t{key.id} << 32) | key.tenant};
  return sip13(hash_key_, words, (uint64_t{key.v6} << 8) | key.protocol);
}

auto Defragmenter::find(const DatagramKey& key, uint64_t hash) const -> Entry* {
  Entry* entry = buckets_[hash & (buckets_.size() - 1)];
  while (entry != nullptr && !(entry->hash == hash && entry->key == key)) entry = entry->bucket_next;
  return entry;
}

void Defragmenter::index(Entry* entry) {
  if (indexed_ == buckets_.size()) {
    std::vector<Entry*> old(2 * buckets_.size(), nullptr);
    old.swap(buckets_);
    for (Entry* chain : old) {
      while (chain != nullptr) {
        Entry* next = chain->bucket_next;
        Entry*& bucket = buckets_[chain->hash & (buckets_.size() - 1)];
        chain->bucket_next = bucket;
        bucket = chain;
        chain = next;
      }
    }
  }
  Entry*& bucket = buckets_[entry->hash & (buckets_.size() - 1)];
  entry->bucket_next = bucket;
  bucket = entry;
  ++indexed_;
}

void Defragmenter::unindex(Entry* entry) {
  Entry** link = &buckets_[entry->hash & (buckets_.size() - 1)];
  while (*link != entry) link = &(*link)->bucket_next;
  *link = entry->bucket_next;
  --indexed_;
}

// The budget has been asked for the entry's size.
auto Defragmenter::make(const DatagramKey& key, uint64_t hash, const PacketView& view, bool mine) -> Entry* {
  void* memory = pool_.allocate(sizeof(Entry), alignof(Entry));
  Entry* entry = new (memory) Entry(pool_, budget_, options_.targets.of(key.dst));
  entry->charged = sizeof(Entry) + kIndexCost;
  entry->key = key;
  entry->hash = hash;
  entry->mine = mine;
  entry->context = view;
  entry->started = clock_;
  entry->deadline = clock_ + timeout(key.v6);
  next_due_ = std::min(next_due_, entry->deadline);
  return entry;
}

void Defragmenter::destroy(Entry* entry) {
  if (entry->previous != nullptr) destroy(entry->previous);  // which has none of its own
  budget_.give(entry->charged);
  std::destroy_at(entry);
  pool_.deallocate(entry, sizeof(Entry), alignof(Entry));
}

bool Defragmenter::take(size_t bytes, const Entry* spare) {
  if (bytes > budget_.limit()) return false;
  while (budget_.used() > budget_.limit() - bytes) {
    if (!drop_oldest(spare)) return false;
  }
  return budget_.try_take(bytes);
}

// Makes room: what is kept of whole datagrams first, then the datagram that has waited longest.
bool Defragmenter::drop_oldest(const Entry* spare) {
  Entry* oldest = nullptr;
  for (const List& list : whole_) {
    if (list.first != nullptr && (oldest == nullptr || list.first->started < oldest->started))
      oldest = list.first;
  }
  if (oldest != nullptr) {
    forget_whole(oldest);
    return true;
  }
  for (const List& list : open_) {
    Entry* first = list.first;
    if (first != nullptr && first == spare) first = first->list_next;
    if (first != nullptr && (oldest == nullptr || first->started < oldest->started)) oldest = first;
  }
  if (oldest == nullptr) return false;
  end(oldest, DatagramEnd::kMemory);
  return true;
}

void Defragmenter::add(const Fragment& fragment, const PacketView& view, bool mine) {
  if (mine) {
    ++counters_.fragments;
    // RFC 791 3.2, RFC 8200 4.5: all but the last are multiples of eight octets, and hold some.
    const bool odd = fragment.wire == 0 || (fragment.more && fragment.wire % 8 != 0);
    if (odd || fragment.end() > Datagram::kMaxLength) ++counters_.malformed;
  }
  if (fragment.end() > Datagram::kMaxLength) {
    read_alone(fragment, view, mine, DatagramEnd::kMalformed);
    return;
  }
  if (fragment.wire == 0 && fragment.more) return;  // says nothing

  const DatagramKey key{
      view.key.src, view.key.dst, fragment.id, view.key.tenant, fragment.v6 ? uint8_t{0} : fragment.protocol,
      fragment.v6};
  const uint64_t hashed = hash(key);
  Entry* entry = find(key, hashed);
  if (entry != nullptr && !entry->was_whole && entry->datagram.fragments() >= options_.max_fragments) {
    end(entry, DatagramEnd::kTooMany);
    entry = nullptr;
  }
  if (entry == nullptr || entry->was_whole) {
    Entry* previous = entry;
    // Out of the lists, so that it does not go to make room.
    if (previous != nullptr) {
      whole_[key.v6].remove(previous);
      unindex(previous);
    }
    if (!take(sizeof(Entry) + kIndexCost, nullptr)) {
      if (previous != nullptr) destroy(previous);
      read_alone(fragment, view, mine, DatagramEnd::kMemory);
      return;
    }
    entry = make(key, hashed, view, mine);
    entry->previous = previous;
    index(entry);
    open_[key.v6].push(entry);
    ++waiting_;
  }
  if (!take(Datagram::cost_of(fragment), entry)) {
    if (entry->datagram.fragments() == 0) {
      open_[key.v6].remove(entry);
      unindex(entry);
      --waiting_;
      destroy(entry);
    }
    read_alone(fragment, view, mine, DatagramEnd::kMemory);
    return;
  }
  if (fragment.offset == 0) entry->context = view;
  entry->context.time = std::max(entry->context.time, view.time);
  entry->datagram.add(fragment);
  if (entry->datagram.complete()) end(entry, DatagramEnd::kComplete);
}

// No more is waited for: into the queue of what is to be read.
void Defragmenter::end(Entry* entry, DatagramEnd why) {
  open_[entry->key.v6].remove(entry);
  unindex(entry);
  --waiting_;
  entry->end = why;
  if (why == DatagramEnd::kMemory) {
    entry->datagram.give_back();
    if (entry->previous != nullptr) entry->previous->datagram.give_back();
  }
  (last_finished_ == nullptr ? first_finished_ : last_finished_->list_next) = entry;
  last_finished_ = entry;
  entry->list_next = nullptr;
  if (entry->mine) count_end(*entry);
}

void Defragmenter::count_end(const Entry& entry) {
  switch (entry.end) {
    case DatagramEnd::kComplete:
      ++counters_.datagrams;
      break;
    case DatagramEnd::kTimeout:
      ++counters_.timed_out;
      break;
    case DatagramEnd::kMemory:
      ++counters_.evicted;
      break;
    case DatagramEnd::kTooMany:
      ++counters_.too_many;
      break;
    case DatagramEnd::kCaptureEnd:
      ++counters_.unfinished;
      break;
    case DatagramEnd::kMalformed:
      break;
  }
  const Datagram& datagram = entry.datagram;
  if (datagram.overlapped()) ++counters_.overlapping;
  if (datagram.disputed() || datagram.end_disputed()) ++counters_.conflicting;
}

void Defragmenter::read_alone(const Fragment& fragment, const PacketView& view, bool mine, DatagramEnd why) {
  if (fragment.wire == 0) return;
  if (mine && why == DatagramEnd::kMemory) ++counters_.evicted;
  // Without tallies: of the bytes before it nobody can say that they never came.
  lone_view_ = view;
  lone_ = DatagramReading();
  lone_.kind = DatagramReading::Kind::kLone;
  lone_.end = why;
  lone_.protocol = fragment.protocol;
  lone_.v6 = fragment.v6;
  lone_.mine = mine;
  lone_.bytes = fragment.bytes;
  lone_.offset = fragment.offset;
  lone_.wire = fragment.wire;
  lone_.context = &lone_view_;
  has_lone_ = true;
}

bool Defragmenter::next(DatagramReading* out) {
  if (has_lone_) {
    has_lone_ = false;
    *out = lone_;
    return true;
  }
  for (;;) {
    if (reading_ != nullptr) {
      if (reader_.next(out)) return true;
      Entry* read = reading_;
      reading_ = nullptr;
      keep_whole(read);
    }
    if (first_finished_ == nullptr) return false;
    reading_ = first_finished_;
    first_finished_ = reading_->list_next;
    if (first_finished_ == nullptr) last_finished_ = nullptr;
    reader_.begin({&reading_->datagram,
                   reading_->previous == nullptr ? nullptr : &reading_->previous->datagram,
                   &reading_->context, reading_->end, reading_->key.v6, reading_->mine});
  }
}

// A whole datagram stays for its time, to know its fragments when they come again. One with bytes that were
// not captured is no use for that.
void Defragmenter::keep_whole(Entry* entry) {
  const bool keeps = entry->end == DatagramEnd::kComplete && entry->datagram.all_captured() &&
                     find(entry->key, entry->hash) == nullptr;
  if (!keeps) {
    destroy(entry);
    return;
  }
  if (entry->previous != nullptr) destroy(entry->previous);
  entry->previous = nullptr;
  entry->was_whole = true;
  entry->started = clock_;
  entry->deadline = clock_ + timeout(entry->key.v6);
  next_due_ = std::min(next_due_, entry->deadline);
  index(entry);
  whole_[entry->key.v6].push(entry);
}

void Defragmenter::forget_whole(Entry* entry) {
  whole_[entry->key.v6].remove(entry);
  unindex(entry);
  destroy(entry);
}

// Ends everything that is due, in the order of deadlines.
void Defragmenter::expire() {
  for (List& list : whole_) {
    while (list.first != nullptr && list.first->deadline < clock_) forget_whole(list.first);
  }
  for (;;) {
    Entry* due = nullptr;
    for (const List& list : open_) {
      if (list.first != nullptr && (due == nullptr || list.first->deadline < due->deadline)) due = list.first;
    }
    if (due == nullptr || due->deadline >= clock_) break;
    end(due, DatagramEnd::kTimeout);
  }
  next_due_ = kNever;
  for (const auto* lists : {&open_, &whole_}) {
    for (const List& list : *lists) {
      if (list.first != nullptr) next_due_ = std::min(next_due_, list.first->deadline);
    }
  }
}

void Defragmenter::age(Nanoseconds since, Nanoseconds more) {
  for (const auto* lists : {&open_, &whole_}) {
    for (const List& list : *lists) {
      for (Entry* entry = list.first; entry != nullptr && entry->started <= since; entry = entry->list_next) {
        entry->started -= more;
        entry->deadline -= more;
        next_due_ = std::min(next_due_, entry->deadline);
      }
    }
  }
}

void Defragmenter::finish() {
  for (;;) {
    Entry* oldest = nullptr;
    for (const List& list : open_) {
      if (list.first != nullptr && (oldest == nullptr || list.first->deadline < oldest->deadline)) {
        oldest = list.first;
      }
    }
    if (oldest == nullptr) return;
    end(oldest, DatagramEnd::kCaptureEnd);
  }
}

}  // namespace weir
