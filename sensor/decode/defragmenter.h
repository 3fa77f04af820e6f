// Puts fragmented IPv4 and IPv6 datagrams together (RFC 791 3.2, RFC 8200 4.5), and what never becomes whole
// as far as it came. One a worker, or a receiver that steers by inner addresses; not thread-safe.
//
//   age(), advance(now)     before every packet of the capture, by the worker's clock: datagrams whose time
//   is
//                           over are finished
//   add(fragment, view)     for every packet that the decoder calls a fragment
//   next(&reading)          after either, until false: the readings of what is finished. A reading borrows
//   the
//                           defragmenter's memory until the next call. Where decoding it finds a fragment
//                           again (in a tunnel), add() it at once and go on with next()
//   finish()                at the end of the capture, then next()
//
// Owns the fragments' bytes, copied in, on its budget. When that is full, first datagrams that were whole and
// are kept only to tell repeats go, then the oldest that waits is finished as it stands. RFC 5722 has
// receivers drop IPv6 datagrams whose fragments overlap; a sensor that did would be blind to them, so they
// are read.
//
// What becomes whole is kept until its time is over: a fragment that comes again then is a repeat, and one
// that differs makes another version of the same datagram.
//
// The result depends on the fragments and their times alone, never on how packets were cut into bursts: every
// worker of a replay that sees all fragments comes to the same readings.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <vector>

#include "sensor/base/keyed_hash.h"
#include "sensor/base/memory_budget.h"
#include "sensor/base/packet.h"
#include "sensor/base/target_policy.h"
#include "sensor/decode/datagram_reader.h"
#include "sensor/decode/fragment.h"

namespace weir {

struct DefragmentOptions {
  // Capture time from the first fragment that comes.
  Nanoseconds timeout_ipv4 = 30'000'000'000;  // RFC 1122 3.3.2 asks for 60 to 120 s; stacks take 30
  Nanoseconds timeout_ipv6 = 60'000'000'000;  // RFC 8200 4.5
  uint32_t max_fragments = 8192;              // of one datagram: 65,528 bytes in pieces of 8
  TargetPolicies targets;                     // by the destination
};

// Of fragments that add() was told are `mine`.
struct DefragmentCounters {
  uint64_t fragments = 0;
  uint64_t datagrams = 0;    // that became whole
  uint64_t timed_out = 0;    // never became whole; so the next three
  uint64_t evicted = 0;      // no memory
  uint64_t too_many = 0;     // more than max_fragments
  uint64_t unfinished = 0;   // at the end of the capture
  uint64_t overlapping = 0;  // datagrams with bytes that came twice, late repeats included
  uint64_t conflicting = 0;  // of those: the bytes differed, or ends or protocols contradicted each other
  uint64_t malformed = 0;    // fragments with lengths that no sender may use; read all the same

  DefragmentCounters& operator+=(const DefragmentCounters& other);
};

class Defragmenter {
 public:
  // `key` must be random in production; no result depends on it.
  Defragmenter(const DefragmentOptions& options, const HashKey& key, MemoryBudget& budget);
  ~Defragmenter();
  Defragmenter(const Defragmenter&) = delete;
  Defragmenter& operator=(const Defragmenter&) = delete;

  // Datagrams that were begun at `since` or before are older by `more` than the clock tells: there was a
  // silence.
  void age(Nanoseconds since, Nanoseconds more);
  // Time never goes back here. Cheap when nothing is due.
  void advance(Nanoseconds now) {
    if (now > clock_) clock_ = now;
    if (next_due_ < clock_) [[unlikely]]
      expire();
  }
  // `view` has the addresses, the tenant, the time, what is around them. `mine`: whether counters and
  // readings are this worker's business.
  void add(const Fragment& fragment, const PacketView& view, bool mine);
  bool has_finished() const { return reading_ != nullptr || first_finished_ != nullptr || has_lone_; }
  bool next(DatagramReading* out);
  void finish();

  size_t waiting() const { return waiting_; }  // datagrams that are not whole
  const DefragmentCounters& counters() const { return counters_; }

 private:
  struct Entry;
  struct List {
    Entry* first = nullptr;
    Entry* last = nullptr;
    void push(Entry* entry);
    void remove(Entry* entry);
  };
  static constexpr Nanoseconds kNever = std::numeric_limits<Nanoseconds>::max();

  Nanoseconds timeout(bool v6) const { return v6 ? options_.timeout_ipv6 : options_.timeout_ipv4; }
  uint64_t hash(const DatagramKey& key) const;
  Entry* find(const DatagramKey& key, uint64_t hash) const;
  void index(Entry* entry);
  void unindex(Entry* entry);
  Entry* make(const DatagramKey& key, uint64_t hash, const PacketView& view, bool mine);
  void destroy(Entry* entry);
  bool take(size_t bytes, const Entry* spare);
  bool drop_oldest(const Entry* spare);
  void end(Entry* entry, DatagramEnd why);
  void keep_whole(Entry* entry);
  void forget_whole(Entry* entry);
  void expire();
  void count_end(const Entry& entry);
  void read_alone(const Fragment& fragment, const PacketView& view, bool mine, DatagramEnd why);

  const DefragmentOptions options_;
  HashKey hash_key_;
  MemoryBudget& budget_;
  std::pmr::unsynchronized_pool_resource pool_;
  std::vector<Entry*> buckets_;
  size_t indexed_ = 0;
  size_t waiting_ = 0;
  std::array<List, 2> open_;   // IPv4, IPv6: in order of their deadlines
  std::array<List, 2> whole_;  // were whole, are kept to tell repeats
  Entry* first_finished_ = nullptr;
  Entry* last_finished_ = nullptr;
  Entry* reading_ = nullptr;
  DatagramReader reader_;
  // A fragment that is read by itself.
  bool has_lone_ = false;
  DatagramReading lone_;
  PacketView lone_view_;
  Nanoseconds clock_ = std::numeric_limits<Nanoseconds>::min();
  Nanoseconds next_due_ = kNever;  // no deadline is earlier
  DefragmentCounters counters_;
};

}  // namespace weir
