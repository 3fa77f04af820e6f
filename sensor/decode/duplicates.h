// Packets that were mirrored twice: a SPAN session over two ports or two VLANs copies a packet where it comes
// in and where it goes out, so the second copy may have other tags, other MAC addresses, another tunnel
// around it and a TTL lower by some hops. The same IP packet is known by all that routers leave alone.
//
// The worker asks for each TCP and UDP packet, in the order of the capture: hash() and prefetch() while the
// burst is decoded, is_repeat() when the packet is handled. Owns a table of fixed size: 256 KiB a worker.
//
// What this must not do is take a sender's own repeat for a mirror's:
//   - IPv4 with an identification: a sender that repeats a packet gives it a new one.
//   - Without one (IPv6; IPv4 with "don't fragment" from many stacks) only time tells: two copies of a mirror
//     are microseconds to some milliseconds apart, so the window is short. What is left is a UDP sender that
//     says the very same to the very same port twice within it, where the second brings nothing to read.
//   - TCP is never dropped for it: a repeat goes to reassembly like a retransmission, and is only counted
//   here.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "sensor/base/keyed_hash.h"
#include "sensor/base/packet.h"

namespace weir {

class DuplicateFinder {
 public:
  // `window`: how far apart in capture time two copies may be, in ns; 0 finds none. Where more than 16,384
  // packets come within the window, the oldest are forgotten.
  DuplicateFinder(Nanoseconds window, const HashKey& key);

  bool enabled() const { return window_ != 0; }
  // Of the innermost packet: addresses, tenant, IPv4 identification, transport header but for its checksum,
  // UDP's payload. TTL, traffic class and what is around the packet are left out. `conversation`: the flow
  // table's keyed hash of the packet, which holds addresses, ports, protocol and tenant already.
  uint64_t hash(const PacketView& view, uint64_t conversation) const;
  void prefetch(uint64_t hash) const { __builtin_prefetch(&buckets_[hash & mask_]); }
  // Whether a packet with this hash came within the window; remembers it.
  bool is_repeat(uint64_t hash, Nanoseconds time);

 private:
  static constexpr size_t kWays = 4;
  struct alignas(64) Bucket {
    std::array<uint64_t, kWays> hashes{};
    std::array<Nanoseconds, kWays> times{};
  };
  static constexpr size_t kBuckets = 4096;

  Nanoseconds window_;
  HashKey key_;
  std::vector<Bucket> buckets_;
  size_t mask_ = 0;
};

}  // namespace weir
