// The last bytes that one direction passed on, while another version of them may still come: what comes again
// is compared with them byte by byte, wherever it is cut, and a version that differs has the stream around
// it.
//
// Made by a TcpConnection at the first byte that the peer has not acknowledged, in the worker's pool, and let
// go when all is acknowledged. One block for itself and its ring, which grows with what is unacknowledged up
// to a limit; on the share of the budget that TcpShared gives to this (try_keep). Where there is no more room
// the oldest bytes are forgotten, and whoever asks for them hears so.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sensor/reassembly/tcp_shared.h"

namespace weir {

class PassedBytes {
 public:
  // Bytes of the stream that are told on either side of another version. Few: a version of one byte must not
  // have hundreds read with it.
  static constexpr size_t kAround = 32;
  // Of the whole block: where acknowledgements are seen (as far as senders go on real paths), and where none
  // are, so that nothing is ever known to be taken.
  static constexpr size_t kMost = size_t{1} << 20;
  static constexpr size_t kMostBlind = size_t{1} << 18;

  // `before` are the stream's bytes up to `offset`, as far as known: told, and not compared with. `bytes`:
  // how many come next; `log2_size`: what size_wanted() of the one before said, or 0. Null when the budget
  // refuses.
  static PooledPtr<PassedBytes> make(TcpShared& shared, uint64_t offset, Bytes before, size_t bytes,
                                     uint8_t log2_size);
  // For PooledPtr: destroys and gives all memory back.
  static void release(PassedBytes* self);

  PassedBytes(const PassedBytes&) = delete;
  PassedBytes& operator=(const PassedBytes&) = delete;

  // Keeps `bytes`, which stand at `offset`: at the end of all before, or behind a hole. Those before `taken`
  // make room for them first, then a larger block of at most `most` in place of *self, then the oldest:
  // false where these had to.
  static bool append(PooledPtr<PassedBytes>& self, uint64_t offset, Bytes bytes, uint64_t taken, size_t most);
  // What came late for a hole.
  void fill(uint64_t offset, Bytes bytes);

  struct Verdict {
    bool differs = false;
    uint64_t unknown_from = 0;  // from the first byte to the last that could not be compared; nothing where
    uint64_t unknown_to = 0;    // both are the same
  };
  // Compares `bytes` at `start` with what is kept. What is not kept and lies before `vouched` counts as the
  // same.
  Verdict compare(uint64_t start, Bytes bytes, uint64_t vouched) const;

  // The stream's bytes up to `offset` (from it on), as many as are kept without a hole: their number. They
  // end (begin) in out.
  size_t before(uint64_t offset, std::span<uint8_t, kAround> out) const;
  size_t after(uint64_t offset, std::span<uint8_t, kAround> out) const;

  // For the next make(): the block that would have done.
  uint8_t size_wanted() const;

 private:
  struct Range {
    uint64_t begin;
    uint64_t end;
  };
  static constexpr size_t kLeast = 512;                // of a block
  static constexpr uint64_t kLongestHole = 16 * 1024;  // one that is longer begins anew behind it

  PassedBytes(TcpShared& shared, uint64_t begin, uint32_t capacity);
  static PooledPtr<PassedBytes> allocate(TcpShared& shared, uint64_t begin, size_t size);
  static bool make_room(PooledPtr<PassedBytes>& self, size_t bytes, uint64_t taken, size_t most);
  static bool skip(PooledPtr<PassedBytes>& self, uint64_t to, uint64_t taken, size_t most);

  uint8_t* ring() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* ring() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  size_t used() const { return static_cast<size_t>(end_ - begin_); }
  size_t room() const { return capacity_ - used(); }
  size_t place_of(uint64_t offset) const {
    const size_t at = head_ + static_cast<size_t>(offset - begin_);
    return at < capacity_ ? at : at - capacity_;
  }
  void begin_anew(uint64_t offset);
  void drop_to(uint64_t offset);
  void write(uint64_t offset, Bytes bytes);
  void read(uint64_t offset, std::span<uint8_t> out) const;
  bool same(uint64_t offset, Bytes bytes) const;

  TcpShared& shared_;
  uint64_t begin_;       // stream offset of the first byte in the ring
  uint64_t known_from_;  // from here on bytes are compared
  uint64_t end_;
  uint32_t capacity_;
  uint32_t head_ = 0;  // place of begin_
  // Holes in it: of their places the ring has no bytes. In order.
  std::array<Range, 4> holes_;
  uint32_t hole_count_ = 0;
};

}  // namespace weir
