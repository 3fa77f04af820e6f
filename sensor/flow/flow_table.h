// The flows of one worker: which conversation a packet belongs to, and when one is over.
//
// One per worker, not thread-safe. For each burst the pipeline may warm the caches (hash, prefetch_index
// for all packets, then prefetch_flow), and for each packet in arrival order calls
//   age(silence)                        where the worker's clock (flow_clock.h) has told of one,
//   advance(now)                        timers due before this packet,
//   find_or_create(packet, hash, now)   its flow and direction,
//   set_timeout_class, set_alarm        as the flow's state asks for,
// and at the end flush(). `now` is the worker's clock at that packet, and never goes back: what a packet says
// of its own time only becomes FlowRecord::first_packet. The observer hears of every flow that leaves and of
// alarms; it must not call the table's changing functions.
//
// Owns the flows and their memory: one contiguous reserved mapping for flows (addresses are stable, pages
// are committed on the budget as flows come), one for links, an open-addressing index of keyed hashes. A
// packet of a known flow touches one line of the index and the first line of the flow.
//
// A full table evicts the longest idle flow: of those that have not opened, and of UDP, while they have more
// than a sixteenth of the places, else of the others. A flood of SYNs so turns over its own flows.
//
// Whether a packet starts a new flow follows from when this flow was last heard and from TCP flags: idle for
// longer than its time-out; a SYN with another initial sequence number once the connection is closing or
// still opening; on an established connection such a SYN only when the next packets bear it out (its
// answer or its first data), since a forged one would cut the stream. Timers free memory and do not
// change that.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "sensor/base/keyed_hash.h"
#include "sensor/base/memory_budget.h"
#include "sensor/base/packet.h"
#include "sensor/flow/flow.h"
#include "sensor/flow/flow_arena.h"
#include "sensor/flow/flow_clock.h"
#include "sensor/flow/flow_hash.h"
#include "sensor/flow/flow_index.h"
#include "sensor/flow/flow_links.h"
#include "sensor/flow/flow_rules.h"
#include "sensor/flow/idle_list.h"
#include "sensor/flow/timer_wheel.h"

namespace weir {

struct FlowTableOptions {
  FlowTimeouts timeouts{};
  uint32_t max_flows = 1u << 28;  // 1 … 2^28; the budget may allow fewer
};

struct FlowCounters {
  uint64_t created = 0;
  std::array<uint64_t, kFlowEnds> ended{};  // by FlowEnd; ended[kEvicted] are the evictions
  uint64_t evicted_half_open = 0;           // of them: TCP that had not opened
};

template <class State>
class FlowObserver {
 public:
  virtual ~FlowObserver() = default;
  // `flow` leaves and is destroyed after the call. `when`, by the worker's clock: for kIdle when its time-out
  // passed (last_packet + time-out), else the time given to the call that removed it.
  virtual void on_leave(Flow<State>& flow, FlowEnd why, Nanoseconds when) = 0;
  // The time of set_alarm has passed; the alarm is off before the call, the answer is the next one
  // (kNever: none). `now` is the time given to advance(), later than the alarm.
  virtual Nanoseconds on_alarm(Flow<State>& flow, Nanoseconds now) = 0;
};

template <class State>
class FlowTable {
 public:
  using FlowType = Flow<State>;

  struct Found {
    FlowType* flow;  // never null; valid until it leaves
    Direction direction;
    bool created;
    Nanoseconds heard;  // when it was last heard before this packet; created: now
  };

  // `key` must be random in production; no result depends on it. Throws std::runtime_error when the
  // budget does not hold even the first flows.
  FlowTable(const FlowTableOptions& options, const HashKey& key, MemoryBudget& budget,
            FlowObserver<State>& observer);
  ~FlowTable();  // flows still there are destroyed unheard
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  // Of the unordered five-tuple and tenant: both directions give the same.
  uint64_t hash(const FlowKey& key) const { return flow_hash(hash_key_, key); }
  // Burst hints; never needed for the result. First all prefetch_index, then all prefetch_flow.
  void prefetch_index(uint64_t hash) const { index_.prefetch(hash); }
  // Always inlined: out of line, GCC takes a function that only prefetches for one without effect and
  // drops its calls.
  [[gnu::always_inline]] void prefetch_flow(uint64_t hash) const {
    const uint32_t id = index_.first(static_cast<uint32_t>(hash));
    if (id == kNoFlow) return;
    const std::byte* line = reinterpret_cast<const std::byte*>(at(id));
    __builtin_prefetch(line, 1);
    __builtin_prefetch(line + 64, 1);
    __builtin_prefetch(line + 128, 1);
    __builtin_prefetch(line + 192, 1);
  }

  Found find_or_create(const PacketView& packet, Nanoseconds now) {
    return find_or_create(packet, hash(packet.key), now);
  }
  Found find_or_create(const PacketView& packet, uint64_t hash, Nanoseconds now);

  void set_timeout_class(FlowType& flow, TimeoutClass timeout_class);
  // on_alarm is called by the first advance(now) with now > when. kNever turns it off.
  void set_alarm(FlowType& flow, Nanoseconds when);
  // Takes the flow out at once. `flow` is gone after the call.
  void remove(FlowType& flow, FlowEnd why, Nanoseconds when) { leave(flow, why, when); }

  // Runs every timer due before `now`, in the order of their times. Cheap when none is.
  void advance(Nanoseconds now);
  // Who was last heard when the silence began, or before, has been silent for so much longer; those whose
  // time-out has passed in it leave with the next advance().
  void age(const FlowClock::Silence& silence);
  // advance(end), then everything that is left leaves with kShutdown, by first packet, then key.
  void flush(Nanoseconds end);

  size_t size() const { return index_.size(); }
  size_t capacity() const { return capacity_; }  // flows that fit at most, the budget apart
  size_t memory() const { return arena_.committed() + links_.committed() + index_.memory(); }  // bytes
  const FlowCounters& counters() const { return counters_; }

 private:
  static constexpr int kEvictionTries = 16;
  // Flows begin on cache lines.
  static constexpr size_t kStride = (sizeof(FlowType) + 63) & ~size_t{63};
  FlowType* at(uint32_t id) const { return reinterpret_cast<FlowType*>(arena_.base() + id * kStride); }
  // Always inlined: of every packet.
  [[gnu::always_inline]] FlowType* find(const FlowKey& key, uint64_t hash, Direction* direction) const;
  Found create(const PacketView& packet, uint64_t hash, Nanoseconds now);
  uint32_t take_id(Nanoseconds now);
  void leave(FlowType& flow, FlowEnd why, Nanoseconds when);
  Nanoseconds due(const FlowRecord& flow) const { return std::min(idle_end(flow, timeouts_), flow.alarm); }
  void touch(FlowType& flow, Nanoseconds time);
  void renew(FlowType& flow);
  void evict(Nanoseconds now);

  FlowTimeouts timeouts_;
  HashKey hash_key_;
  FlowObserver<State>& observer_;
  uint32_t capacity_;
  FlowArena arena_;
  FlowArena links_;
  FlowIndex index_;
  TimerWheel wheel_;
  IdleList& list_of(const FlowRecord& flow) { return idle_[flow.idle_list]; }
  void unlist(const FlowRecord& flow);
  void list(FlowRecord& flow);

  std::array<IdleList, 2> idle_;  // by idle_list_of()
  uint32_t first_to_go_ = 0;      // flows in idle_[0]
  uint32_t free_ = kNoFlow;       // first of the ids below used_ that no flow has, chained by their links
  uint32_t used_ = 0;             // ids ever given out
  FlowCounters counters_;
};

template <class State>
FlowTable<State>::FlowTable(const FlowTableOptions& options, const HashKey& key, MemoryBudget& budget,
                            FlowObserver<State>& observer)
    : timeouts_(options.timeouts),
      hash_key_(key),
      observer_(observer),
      capacity_(static_cast<uint32_t>(std::clamp<size_t>(
          std::min<size_t>(options.max_flows, budget.limit() / (kStride + sizeof(FlowLinks))), 1,
          kMaxFlows))),
      arena_(capacity_ * kStride, budget),
      links_(capacity_ * sizeof(FlowLinks), budget),
      index_(budget),
      wheel_(reinterpret_cast<FlowLinks*>(links_.base())),
      idle_{IdleList(reinterpret_cast<FlowLinks*>(links_.base())),
            IdleList(reinterpret_cast<FlowLinks*>(links_.base()))} {
  if (!arena_.commit(kStride) || !links_.commit(sizeof(FlowLinks)) || !index_.make_room()) {
    throw std::runtime_error("the memory limit for flows is too small to keep one flow");
  }
}

template <class State>
FlowTable<State>::~FlowTable() {
  index_.for_each([this](uint32_t id) { std::destroy_at(at(id)); });
}

template <class State>
inline auto FlowTable<State>::find(const FlowKey& key, uint64_t hash, Direction* direction) const
    -> FlowType* {
  const uint32_t id = index_.find(static_cast<uint32_t>(hash), [&](uint32_t candidate) {
    return same_conversation(at(candidate)->key, key, direction);
  });
  return id == kNoFlow ? nullptr : at(id);
}

template <class State>
auto FlowTable<State>::find_or_create(const PacketView& packet, uint64_t hash, Nanoseconds now) -> Found {
  Direction direction = Direction::kFromInitiator;
  FlowType* flow = find(packet.key, hash, &direction);
  if (flow == nullptr) return create(packet, hash, now);
  const Nanoseconds end = idle_end(*flow, timeouts_);
  if (now > end) {
    leave(*flow, FlowEnd::kIdle, end);
    return create(packet, hash, now);
  }
  if (starts_anew(*flow, packet, direction)) {
    leave(*flow, FlowEnd::kReplaced, now);
    return create(packet, hash, now);
  }
  const Nanoseconds heard = flow->last_packet;
  touch(*flow, now);
  return {flow, direction, false, heard};
}

template <class State>
auto FlowTable<State>::create(const PacketView& packet, uint64_t hash, Nanoseconds now) -> Found {
  while (!index_.make_room()) evict(now);
  const uint32_t id = take_id(now);
  FlowType* flow = std::construct_at(at(id));
  const Direction direction = begin_flow(*flow, packet);
  flow->id = id;
  flow->hash = static_cast<uint32_t>(hash);
  flow->last_packet = now;
  flow->idle_mark = idle_mark_of(now);
  index_.insert(flow->hash, id);
  list(*flow);
  wheel_.arm(id, due(*flow));
  ++counters_.created;
  return {flow, direction, true, now};
}

// A place for a new flow: one given back, a fresh one if the budget allows, or the longest idle flow's.
template <class State>
uint32_t FlowTable<State>::take_id(Nanoseconds now) {
  if (free_ == kNoFlow) {
    if (used_ < capacity_ && arena_.commit((used_ + size_t{1}) * kStride) &&
        links_.commit((used_ + size_t{1}) * sizeof(FlowLinks))) {
      wheel_.add(used_);
      return used_++;
    }
    evict(now);
  }
  const uint32_t id = free_;
  free_ = idle_[0].free_next(id);
  return id;
}

template <class State>
void FlowTable<State>::leave(FlowType& flow, FlowEnd why, Nanoseconds when) {
  observer_.on_leave(flow, why, when);
  ++counters_.ended[static_cast<size_t>(why)];
  const uint32_t id = flow.id;
  index_.erase(flow.hash, id);
  wheel_.disarm(id);
  unlist(flow);
  std::destroy_at(&flow);
  idle_[0].set_free_next(id, free_);
  free_ = id;
}

// The idle list is not moved with every packet: moving touches two other flows' links, and a million flows
// do not lie in the cache. evict() makes up for it.
template <class State>
void FlowTable<State>::touch(FlowType& flow, Nanoseconds time) {
  if (time <= flow.last_packet) return;
  flow.last_packet = time;
  const uint32_t mark = idle_mark_of(time);
  if (mark - flow.idle_mark >= kIdleSteps) renew(flow);
}

template <class State>
void FlowTable<State>::renew(FlowType& flow) {
  flow.idle_mark = idle_mark_of(flow.last_packet);
  list_of(flow).remove(flow.id);
  list_of(flow).push_newest(flow.id);
}

template <class State>
void FlowTable<State>::list(FlowRecord& flow) {
  flow.idle_list = idle_list_of(flow.timeout_class);
  if (flow.idle_list == 0) ++first_to_go_;
  list_of(flow).push_newest(flow.id);
}

template <class State>
void FlowTable<State>::unlist(const FlowRecord& flow) {
  if (flow.idle_list == 0) --first_to_go_;
  list_of(flow).remove(flow.id);
}

// The longest idle flow leaves, to within the time for which a place in the idle list is kept: a flow
// that had packets since it got its place is passed over, a few times at most.
template <class State>
void FlowTable<State>::evict(Nanoseconds now) {
  const bool others = first_to_go_ <= used_ / kFirstToGoShare && idle_[1].oldest() != kNoFlow;
  const IdleList& idle = idle_[others ? 1 : 0];
  for (int tries = 0; tries < kEvictionTries; ++tries) {
    FlowType& flow = *at(idle.oldest());
    if (flow.idle_mark == idle_mark_of(flow.last_packet)) break;
    renew(flow);
  }
  FlowType& oldest = *at(idle.oldest());
  if (oldest.timeout_class == TimeoutClass::kTcpOpening) ++counters_.evicted_half_open;
  leave(oldest, FlowEnd::kEvicted, now);
}

template <class State>
void FlowTable<State>::set_timeout_class(FlowType& flow, TimeoutClass timeout_class) {
  if (flow.timeout_class == timeout_class) return;
  flow.timeout_class = timeout_class;
  if (idle_list_of(timeout_class) != flow.idle_list) {
    unlist(flow);
    flow.idle_mark = idle_mark_of(flow.last_packet);
    list(flow);
  }
  // A later deadline is found when the armed one comes; an earlier one must be armed.
  const Nanoseconds deadline = due(flow);
  if (deadline < wheel_.deadline(flow.id)) wheel_.arm(flow.id, deadline);
}

template <class State>
void FlowTable<State>::set_alarm(FlowType& flow, Nanoseconds when) {
  if (flow.alarm == when) return;
  flow.alarm = when;
  if (when < wheel_.deadline(flow.id)) wheel_.arm(flow.id, when);
}

template <class State>
void FlowTable<State>::advance(Nanoseconds now) {
  if (wheel_.quiet_until(now)) return;
  uint32_t id = 0;
  while (wheel_.pop_due(now, &id)) {
    FlowType& flow = *at(id);
    const Nanoseconds end = idle_end(flow, timeouts_);
    if (flow.alarm <= end && flow.alarm < now) {
      flow.alarm = kNever;
      const Nanoseconds next = observer_.on_alarm(flow, now);
      flow.alarm = std::max(next, now);  // an alarm in the past would ring for ever
    } else if (end < now) {
      leave(flow, FlowEnd::kIdle, end);
      continue;
    }
    wheel_.arm(id, due(flow));
  }
}

template <class State>
void FlowTable<State>::age(const FlowClock::Silence& silence) {
  index_.for_each([&](uint32_t id) {
    FlowType& flow = *at(id);
    if (flow.last_packet > silence.since) return;
    const bool listed = flow.idle_mark == idle_mark_of(flow.last_packet);
    flow.last_packet -= silence.more;
    if (listed) flow.idle_mark = idle_mark_of(flow.last_packet);
    const Nanoseconds deadline = due(flow);
    if (deadline < wheel_.deadline(id)) wheel_.arm(id, deadline);
  });
}

template <class State>
void FlowTable<State>::flush(Nanoseconds end) {
  advance(end);
  struct Leaving {
    Nanoseconds first_packet;
    uint32_t id;
  };
  // Times stand beside the ids: a sort that looked each flow up would miss the cache with every comparison.
  std::vector<Leaving> leaving;
  leaving.reserve(size());
  std::vector<bool> here(used_);
  index_.for_each([&](uint32_t id) { here[id] = true; });
  for (uint32_t id = 0; id < used_; ++id) {
    if (here[id]) leaving.push_back({at(id)->first_packet, id});
  }
  const auto before = [this](const Leaving& a, const Leaving& b) {
    if (a.first_packet != b.first_packet) return a.first_packet < b.first_packet;
    const FlowKey& x = at(a.id)->key;
    const FlowKey& y = at(b.id)->key;
    return std::tie(x.src, x.dst, x.src_port, x.dst_port, x.protocol, x.tenant) <
           std::tie(y.src, y.dst, y.src_port, y.dst_port, y.protocol, y.tenant);
  };
  // Ids are given out in the order in which flows come, until one is given back.
  if (!std::ranges::is_sorted(leaving, before)) std::ranges::sort(leaving, before);
  for (const Leaving& l : leaving) {
    FlowType& flow = *at(l.id);
    observer_.on_leave(flow, FlowEnd::kShutdown, end);
    ++counters_.ended[static_cast<size_t>(FlowEnd::kShutdown)];
    std::destroy_at(&flow);
  }
  // Nothing is left: all places are forgotten at once, not flow by flow.
  index_.clear();
  wheel_.clear();
  idle_.fill(IdleList(reinterpret_cast<FlowLinks*>(links_.base())));
  first_to_go_ = 0;
  free_ = kNoFlow;
  used_ = 0;
}

}  // namespace weir
