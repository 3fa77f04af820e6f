#include "sensor/decode/duplicates.h"

#include <cstring>

namespace weir {
namespace {

// A full product, folded. Neither operand is known to the sender: the key is in both.
uint64_t fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

DuplicateFinder::DuplicateFinder(Nanoseconds window, const HashKey& key)
    : window_(window), key_(key), buckets_(window == 0 ? 1 : kBuckets), mask_(buckets_.size() - 1) {}

uint64_t DuplicateFinder::hash(const PacketView& view, uint64_t conversation) const {
  // The conversation's hash is that of both directions: the source tells which one this is.
  uint64_t source = 0;
  std::memcpy(&source, view.key.src.bytes.data() + 8, sizeof source);
  const uint64_t shape = uint64_t{view.payload_wire} << 32 | uint64_t{view.ip_id} << 16 | view.key.src_port;
  const uint64_t h = fold(conversation ^ source, shape ^ key_.k0);
  if (view.key.protocol != kProtoTcp) return fold(h ^ payload_hash(key_, view.payload), key_.k1 | 1);
  const uint64_t numbers = uint64_t{view.tcp_seq} << 32 | view.tcp_ack;
  const Bytes header = view.header();
  uint64_t state = uint64_t{view.tcp_window} << 8 | view.tcp_flags;
  // Options, the first twenty bytes: time stamps and SACK blocks tell two acknowledgements apart.
  if (header.size() >= 32) {
    state ^= std::rotl(
        fold(read_be64(header.data() + 20) ^ key_.k1, uint64_t{read_be32(header.data() + 28)} ^ key_.k0), 32);
  }
  if (header.size() >= 40) state += fold(read_be64(header.data() + 32) ^ key_.k0, key_.k1 | 1);
  return fold(h ^ numbers, state ^ key_.k1);
}

bool DuplicateFinder::is_repeat(uint64_t hash, Nanoseconds time) {
  Bucket& bucket = buckets_[hash & mask_];
  for (size_t i = 0; i < kWays; ++i) {
    if (bucket.hashes[i] != hash) [[likely]]
      continue;
    // Measured from the copy that was read: a packet sent again and again is read once a window.
    const Nanoseconds apart = time - bucket.times[i];
    if (apart <= window_ && apart >= -window_) return true;
    bucket.times[i] = time;
    return false;
  }
  // The newest first; the oldest falls out.
  std::memmove(&bucket.hashes[1], &bucket.hashes[0], (kWays - 1) * sizeof bucket.hashes[0]);
  std::memmove(&bucket.times[1], &bucket.times[0], (kWays - 1) * sizeof bucket.times[0]);
  bucket.hashes[0] = hash;
  bucket.times[0] = time;
  return false;
}

}  // namespace weir
