// One IP datagram while its fragments come in: which bytes are there, whose they are where fragments overlap,
// and what else was said about them. Made and owned by a Defragmenter; its memory lies in that one's pool and
// is on the budget.
//
// add() for every fragment; when complete() (or when it is given up) the bytes are read back: runs() names
// the stretches without a hole, assemble() lays them into a buffer, and where fragments differed each further
// version() does the same for another reading. Bytes that the capture cut off are known to have been on the
// wire: they complete a datagram, and leave a hole in what can be read.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <vector>

#include "sensor/base/memory_budget.h"
#include "sensor/base/target_policy.h"
#include "sensor/decode/fragment.h"

namespace weir {

// A count of the datagram's bytes that can leave out the transport header, whose length is known only when
// the first fragment is read.
class ByteTally {
 public:
  void add(uint32_t from, uint32_t to) {
    total_ += to - from;
    for (uint32_t word = from / kWord; word < kWords && word * kWord < to; ++word) {
      const uint32_t begin = word * kWord > from ? word * kWord : from;
      const uint32_t end = (word + 1) * kWord < to ? (word + 1) * kWord : to;
      head_[word] += end - begin;
    }
  }
  uint64_t total() const { return total_; }
  // Those at `header` or behind it; `header` is a multiple of 4, at most 60 as in TCP.
  uint64_t behind(size_t header) const {
    uint64_t n = total_;
    for (size_t word = 0; word < kWords && word * kWord < header; ++word) n -= head_[word];
    return n;
  }

 private:
  static constexpr uint32_t kWord = 4;
  static constexpr uint32_t kWords = 15;
  uint64_t total_ = 0;
  std::array<uint32_t, kWords> head_{};
};

class Datagram {
 public:
  // The longest payload: IPv6's; IPv4's is shorter by its header.
  static constexpr uint32_t kMaxLength = 65535;
  // Readings of one datagram beyond the first; what differs still more is read fragment by fragment.
  static constexpr uint8_t kMaxVersions = 4;

  Datagram(std::pmr::memory_resource& pool, MemoryBudget& budget, TargetPolicy policy);
  ~Datagram();
  Datagram(const Datagram&) = delete;
  Datagram& operator=(const Datagram&) = delete;

  // What add() takes from the budget for this fragment.
  static size_t cost_of(const Fragment& fragment);

  // `fragment` ends at kMaxLength at most. cost_of(fragment) has been taken from the budget; it is given back
  // with the datagram (give_back or the destructor).
  void add(const Fragment& fragment);

  // Every byte up to the last fragment's end was on the wire.
  bool complete() const { return end_known_ && covered_ == end_; }
  bool end_known() const { return end_known_; }
  uint32_t end() const { return end_; }  // the datagram's length, where known
  // Bytes that were on the wire, each place counted once.
  uint32_t covered() const { return covered_; }
  uint32_t fragments() const { return fragments_; }  // but those that said nothing new
  uint8_t protocol() const { return protocol_; }
  bool has_beginning() const { return !pieces_.empty() && pieces_.begin()->first == 0; }
  // Not known to be the same, the same, and not captured: bytes that came again.
  const ByteTally& differing() const { return differing_; }
  const ByteTally& repeated() const { return repeated_; }
  const ByteTally& cut_again() const { return cut_again_; }
  // Fragments that contradicted the datagram's end.
  bool end_disputed() const { return end_disputed_; }
  bool overlapped() const { return differing_.total() + repeated_.total() + cut_again_.total() != 0; }
  bool disputed() const { return differing_.total() != 0 || has_other_protocol_; }
  // Bytes of versions that were refused by the budget.
  uint64_t versions_lost() const { return versions_lost_; }

  // A stretch without a hole: bytes [start, end) are there; [end, wire_end) was on the wire but not captured.
  // [wire_end, the next run or the end) never came.
  struct Run {
    uint32_t start;
    uint32_t end;
    uint32_t wire_end;
  };
  // In order; runs without a captured byte too. Replaces what *out holds.
  void runs(std::vector<Run>* out) const;
  // Lays the bytes of the policy's reading into `buffer` (kMaxLength long) at their offsets.
  void assemble(uint8_t* buffer) const;

  // How many other readings there are; 0 where nothing differed. Sorts them out: call it once, at the end.
  uint8_t sort_versions();
  // Lays the bytes of reading 1 … sort_versions() over `buffer`, which holds the policy's reading, and says
  // which stretch [*start, *end) they lie in. False: that reading has the same bytes, and another protocol.
  bool assemble_version(uint8_t version, uint8_t* buffer, uint32_t* start, uint32_t* end) const;
  uint8_t protocol_of(uint8_t version) const {
    return version == protocol_version_ ? other_protocol_ : protocol_;
  }
  // Fragments with bytes beyond kMaxVersions, whole: the next one's bytes, and where they stand. False when
  // there is none.
  bool next_leftover(Bytes* bytes, uint32_t* offset);

  // Counts this one's captured bytes as the same as in `whole`, or not.
  void compare(const Datagram& whole, ByteTally* same, ByteTally* other) const;
  // True when no byte of it was cut off by the capture.
  bool all_captured() const;
  // Behind the last byte that was on the wire.
  uint32_t extent() const { return pieces_.empty() ? 0 : pieces_.rbegin()->second.end; }

  // Gives all that add() took back to the budget, while the bytes stay readable.
  void give_back();

 private:
  struct Block;  // one fragment's captured bytes
  struct Piece {
    uint32_t end;
    Block* block;  // null: on the wire, not captured
  };
  // Bytes [start, end) of `block` lost against others.
  struct Version {
    uint32_t start;
    uint32_t end;
    Block* block;
    uint32_t order;  // of their coming
    uint8_t number;  // of the reading that has them; 0: none
  };
  using Pieces = std::pmr::map<uint32_t, Piece>;  // by start, never overlapping

  // The first piece that ends behind `offset`.
  Pieces::iterator first_behind(uint32_t offset);
  Pieces::const_iterator first_behind(uint32_t offset) const {
    return const_cast<Datagram*>(this)->first_behind(offset);
  }
  void note_end(const Fragment& fragment);
  void note_protocol(const Fragment& fragment);
  bool has_all(const Fragment& fragment) const;
  Block* copy(const Fragment& fragment);
  void place(Block* block, uint32_t start, uint32_t end);
  void place_cut(uint32_t start, uint32_t end);
  void insert(Pieces::iterator hint, uint32_t start, uint32_t end, Block* block);
  void add_version(uint32_t start, uint32_t end, Block* block);

  std::pmr::memory_resource& pool_;
  MemoryBudget& budget_;
  Pieces pieces_;
  std::pmr::vector<Version> versions_;
  Block* blocks_ = nullptr;
  size_t charged_ = 0;
  uint64_t versions_lost_ = 0;
  ByteTally differing_;
  ByteTally repeated_;
  ByteTally cut_again_;
  uint32_t end_ = 0;
  uint32_t covered_ = 0;
  uint32_t fragments_ = 0;
  size_t next_leftover_ = 0;
  TargetPolicy policy_;
  uint8_t protocol_ = 0;
  uint8_t other_protocol_ = 0;
  uint8_t protocol_version_ = 0;
  bool protocol_from_first_ = false;
  bool has_other_protocol_ = false;
  bool end_known_ = false;
  bool end_disputed_ = false;
};

}  // namespace weir
