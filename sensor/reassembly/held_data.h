// What one direction of a connection keeps while it is not in order: pieces that wait for bytes before
// them, how long their holes have been acknowledged, and the holes that were given up. Made and owned by a
// TcpConnection in the worker's pool; everything in it is on the budget.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory_resource>
#include <vector>

#include "sensor/reassembly/tcp_shared.h"

namespace weir {

class HeldData {
 public:
  static constexpr Nanoseconds kUnstamped = std::numeric_limits<Nanoseconds>::max();

  // When the receiver was seen to have what we have not.
  struct Stamp {
    Nanoseconds time = kUnstamped;  // as the packets tell it
    uint32_t packet = 0;            // number of the flow's packet then
    Nanoseconds clock = 0;          // the worker's then
    bool set() const { return time != kUnstamped; }
  };
  // What a piece keeps of the segment that brought it.
  struct Origin {
    uint32_t lead = 0;      // bytes of the segment before the piece …
    uint32_t trail = 0;     // … and behind it
    uint8_t ttl = 0;        // of its packet
    bool doubtful = false;  // the receiver may not have taken it
  };
  struct Piece {
    uint8_t* data = nullptr;   // null: bytes that the capture cut off
    uint8_t* block = nullptr;  // that `data` lies in
    uint32_t length = 0;
    uint32_t block_size = 0;
    Origin origin;
    Nanoseconds time = 0;  // capture time of its packet
    Stamp acked;           // of the hole before it
  };
  // [start, end) was given up.
  struct Hole {
    uint64_t start;
    uint64_t end;
    bool missing;  // counted as gap; else cut off by the capture
  };
  using Pieces = std::pmr::map<uint64_t, Piece>;  // by offset, never overlapping

  // Null when the budget refuses.
  static PooledPtr<HeldData> make(TcpShared& shared);
  // For PooledPtr: destroys and gives all memory back.
  static void release(HeldData* self);

  HeldData(const HeldData&) = delete;
  HeldData& operator=(const HeldData&) = delete;

  Pieces& pieces() { return pieces_; }
  bool empty() const { return pieces_.empty() && holes_.empty() && !tail_.set(); }
  bool has_pieces() const { return !pieces_.empty(); }
  size_t charged() const { return charged_; }  // bytes of the budget that pieces take

  // The first piece that ends after `offset`.
  Pieces::iterator ending_after(uint64_t offset);
  // End of the last piece; 0 without pieces.
  uint64_t end() const;

  // Copies `bytes` (null data: `length` bytes that the capture cut off) to [offset, offset + length), which
  // no piece covers. `fresh` stamps the hole before it unless an older stamp is known; unset: not
  // acknowledged. False when more than `room` or the budget would be taken.
  bool add(uint64_t offset, const uint8_t* bytes, uint32_t length, Nanoseconds time, Stamp fresh, size_t room,
           const Origin& origin);
  void pop_front();
  // Takes [from, to), which lies in `piece`, out of it; what is left on either side stays, the smaller side
  // as a copy: however a piece is cut up, a byte moves a few times. False, and nothing changed, when the
  // budget refuses a second piece.
  bool cut(Pieces::iterator piece, uint64_t from, uint64_t to);
  // Joins neighbours within [from, to] into one piece with the latest of their times, so that a flow of
  // tiny pieces does not cost a step each for ever. Doubtful ones only with their like.
  void join(uint64_t from, uint64_t to);

  // The receiver has everything up to `acked`; the stream stands at `next`.
  void acknowledge(uint64_t acked, uint64_t next, Stamp now);
  // The stream went on to `next`: drops a tail that it has passed.
  void advance(uint64_t next);
  // Nothing was acknowledged beyond `offset` after all: the rest was FIN.
  void limit_tail(uint64_t offset) { tail_offset_ = std::min(tail_offset_, offset); }
  // Nothing is waited for any more.
  void forget_tail() { tail_ = Stamp{}; }
  // What is acknowledged beyond the last piece: up to tail_offset() since tail().
  const Stamp& tail() const { return tail_; }
  uint64_t tail_offset() const { return tail_offset_; }

  // Remembers a hole, in order of offsets. False when an older one had to be forgotten or it could not be
  // kept.
  bool add_hole(const Hole& hole);
  const std::pmr::vector<Hole>& holes() const { return holes_; }
  // Takes [start, end) out of the hole at `index`, which contains it.
  // False when the rest of the hole could not be kept.
  bool fill_hole(size_t index, uint64_t start, uint64_t end);

 private:
  static constexpr size_t kPieceCost = 120;  // a map node and what the pool adds
  static constexpr size_t kHoleCost = 2 * sizeof(Hole);
  static constexpr size_t kMostHoles = 64;
  static constexpr size_t kMostJoined = 16384;  // bytes of a joined piece

  explicit HeldData(TcpShared& shared);
  ~HeldData();
  void drop(Pieces::iterator piece);
  Piece copy_of(const Piece& like, const uint8_t* bytes, uint32_t length);
  static size_t cost_of(const Piece& piece) { return kPieceCost + piece.block_size; }

  TcpShared& shared_;
  Pieces pieces_;
  std::pmr::vector<Hole> holes_;  // by offset
  size_t charged_ = 0;
  uint64_t stamped_to_ = 0;  // pieces before this offset were stamped
  uint64_t tail_offset_ = 0;
  Stamp tail_;
};

}  // namespace weir
