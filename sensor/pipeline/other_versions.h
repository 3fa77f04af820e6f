// What a flow says beside its streams: late pieces, second versions of bytes, the stream as a receiver sees
// it that takes urgent bytes out. Each becomes an item of its own with a little of the stream around it, so
// that a value that reaches over an edge is found; pieces that continue each other, or have only a little of
// the stream between them, are one item. An item tells the flow's protocol, and what is known of the message
// whose bytes it replaces.
//
// One per FlowReader, which calls flow_is() and then on_extra and on_urgent as reassembly does, on_chunk and
// on_gap after it has given them to the stream's reader, on_end at a direction's end. An item stays open
// until the stream has gone on for a window, so that a value that both versions hold is reported where it
// stands in the stream.
//
// Bounded: an item costs far more than a byte, so a flow may have only so many second versions for what it
// brings. A piece that would need one more is counted as unread (`conflict`). Never so what goes on where
// another version ended, what is as long as a segment usually is, and what is late or can no longer be
// compared: of it nothing else may have been read, and its packets pay for it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "sensor/base/timed_content_sink.h"
#include "sensor/reassembly/stream_sink.h"

namespace weir {

class OtherVersions {
 public:
  // The flow's protocol as far as it is known; static, empty while undecided.
  void flow_is(std::string_view protocol) { protocol_ = protocol; }
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
  // Credit in bytes of the flow: what an item takes of it, what a piece brings beside its length (a packet),
  // and how much a flow has at first and at most.
  static constexpr uint64_t kItemCost = 128;
  static constexpr uint64_t kPieceCredit = 64;
  static constexpr uint64_t kMostCredit = 1024 * kItemCost;

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
    Direction direction = Direction::kFromInitiator;
    bool urgent = false;
    bool told_message = false;  // its item has the message's metadata
    uint64_t item_offset = 0;   // behind its own bytes
    uint64_t begin = 0;         // stream offsets of its own bytes
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
  static Version* goes_on(Rare& rare, uint64_t offset, size_t before);
  Version* start(Side& side, Direction direction, ExtraKind kind, bool urgent, uint64_t offset, Bytes before,
                 TimedContentSink& sink);
  static void extend(Version& version, Bytes bytes, size_t shared, TimedContentSink& sink);
  static void close(Version& version, TimedContentSink& sink);
  void chunk_with_versions(Side& side, Direction direction, uint64_t offset, Bytes bytes,
                           TimedContentSink& sink);
  void take_out(Side& side, Direction direction, uint64_t urgent, TimedContentSink& sink);
  static void read_on(Side& side, uint64_t offset, Bytes bytes);
  void earn(uint64_t bytes);
  bool afford();

  std::array<Side, 2> sides_;
  std::string_view protocol_;
  uint64_t credit_ = kMostCredit;
  uint64_t counted_ = 0;  // bytes of both streams that are in the credit already
  uint64_t gaps_ = 0;     // of their offsets, what never came
};

}  // namespace weir
