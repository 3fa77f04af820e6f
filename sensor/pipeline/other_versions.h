// What a flow says beside its streams: late pieces, second versions of bytes, the stream as a receiver sees
// it that takes urgent bytes out. Each becomes a raw item of its own with a little of the stream around it,
// so that a value that reaches over an edge is found; pieces that continue each other are one item.
//
// One per FlowReader, which calls on_extra and on_urgent as reassembly does, on_chunk and on_gap after it has
// given them to the stream's reader, on_end at a direction's end. An item stays open until the stream has
// gone on for a window, so that a value that both versions hold is reported where it stands in the stream.
// Bounded; what does not fit is closed earlier, never left out.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "sensor/base/timed_content_sink.h"
#include "sensor/reassembly/stream_sink.h"

namespace weir {

class OtherVersions {
 public:
  void on_chunk(Direction direction, uint64_t offset, Bytes bytes, TimedContentSink& sink);
  void on_gap(Direction direction, uint64_t offset, uint64_t n);
  void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, const Surroundings& around,
                TimedContentSink& sink);
  void on_urgent(Direction direction, uint64_t offset);
  void on_end(Direction direction, TimedContentSink& sink);

  // The stream's last bytes, without urgent ones; empty after a gap.
  Bytes recent(Direction direction) const { return sides_[index_of(direction)].tail.view(); }
  size_t open_items() const;
  // No hole, no urgent byte, no second version so far: there is nothing to keep but the last bytes.
  bool plain() const { return sides_[0].rare == nullptr && sides_[1].rare == nullptr; }
  // What it takes beside itself.
  size_t memory() const;

 private:
  static constexpr size_t kAround = 256;  // bytes of the stream on either side of an item's own
  static constexpr size_t kHead = 32;
  static constexpr size_t kHolesKept = 8;         // whose edges are remembered
  static constexpr size_t kOpen = 8;              // items a direction
  static constexpr size_t kUrgent = 16;           // urgent bytes that have not come
  static constexpr uint64_t kLinger = 32 * 1024;  // more than a window of the match

  struct Tail {
    uint64_t end = 0;  // stream offset behind the last byte
    uint16_t length = 0;
    std::array<uint8_t, kAround> bytes;

    Bytes view() const { return {bytes.data(), length}; }
    void add(Bytes more);
  };
  struct Hole {
    Tail before;
    uint64_t end = 0;
    uint8_t head_length = 0;
    std::array<uint8_t, kHead> head;  // what came behind it
  };
  struct Version {
    ItemId item = kNoItem;
    bool urgent = false;
    uint64_t item_offset = 0;  // behind its own bytes
    uint64_t begin = 0;        // stream offsets of its own bytes
    uint64_t end = 0;
    uint8_t head_length = 0;
    uint16_t follow_length = 0;
    uint64_t follow_end = 0;  // stream offset up to which `follow` has the stream
    std::array<uint8_t, kHead> head;
    std::array<uint8_t, kAround> follow;  // the stream behind its own bytes

    void add_follow(Bytes bytes);
  };
  struct Rare {  // what most flows never have
    std::vector<Hole> holes;
    std::vector<Version> open;
    std::vector<uint64_t> urgent;  // stream offsets, ascending
  };
  struct Side {
    Tail tail;
    std::unique_ptr<Rare> rare;
  };

  static Rare& rare(Side& side);
  static Version& start(Side& side, Direction direction, ExtraKind kind, bool urgent, uint64_t offset,
                        Bytes before, TimedContentSink& sink);
  static void close(Version& version, TimedContentSink& sink);
  static void chunk_with_versions(Side& side, Direction direction, uint64_t offset, Bytes bytes,
                                  TimedContentSink& sink);
  static void read_on(Side& side, Direction direction, uint64_t offset, Bytes bytes);

  std::array<Side, 2> sides_;
};

}  // namespace weir
