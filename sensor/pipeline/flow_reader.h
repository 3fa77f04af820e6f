// Reads one flow: finds the parser by what both sides say, hands it the bytes in order, and gives what
// no parser claims to the raw path. Made by the worker at the flow's first payload byte; every byte that
// arrives here reaches a parser, the raw path or the ledger.
//
// Calls: on_chunk / on_gap / on_end / on_extra from reassembly, or on_datagram; then finish() once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "parsers/api/parser.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/timed_content_sink.h"
#include "sensor/reassembly/stream_sink.h"

namespace weir {

class FlowReader {
 public:
  // `parsers` outlive the reader. `midstream`: the flow's beginning was not seen.
  FlowReader(std::span<const ParserInfo> parsers, Transport transport, uint16_t responder_port,
             bool midstream);

  void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time, TimedContentSink& sink);
  void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time, TimedContentSink& sink);
  void on_end(Direction direction, Nanoseconds time, TimedContentSink& sink);
  void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                TimedContentSink& sink);
  void on_datagram(Direction direction, Bytes bytes, Nanoseconds time, TimedContentSink& sink);
  // Ends what has not ended; nothing may be called after it.
  void finish(Nanoseconds time, TimedContentSink& sink);

  // "http", "tls", …; "raw" when nobody claimed the flow; empty while undecided.
  std::string_view protocol() const;
  // Bytes held while undecided (kProbeLimit a direction at most).
  size_t held_bytes() const { return head_[0].size() + head_[1].size(); }

 private:
  enum class Mode : uint8_t { kProbing, kParser, kSkipping, kRaw };
  struct Held {
    Direction direction;
    uint32_t length;
    Nanoseconds time;
  };

  bool settle(Direction direction, Bytes latest, TimedContentSink& sink);
  const ParserInfo* decide(const ProbeView& view, bool must_decide, bool* undecided);
  void claim(const ParserInfo& info, TimedContentSink& sink);
  void replay_held(TimedContentSink& sink);
  void deliver(Direction direction, Bytes bytes, TimedContentSink& sink);
  void after_parser(ParseStatus status, TimedContentSink& sink);
  void raw_data(Direction direction, Bytes bytes, TimedContentSink& sink);
  void close_raw(size_t i, CloseReason why, TimedContentSink& sink);
  void end_direction(Direction direction, TimedContentSink& sink);
  void remember_tail(Direction direction, uint64_t offset, Bytes bytes);

  static constexpr size_t kTail = 256;     // bytes of the stream that an extra item starts with
  static constexpr size_t kTailsKept = 8;  // holes a direction whose tail is remembered

  std::span<const ParserInfo> parsers_;
  std::unique_ptr<Parser> parser_;
  const ParserInfo* info_ = nullptr;
  uint64_t refused_ = 0;  // bit i: parsers_[i] said no
  uint16_t responder_port_;
  Transport transport_;
  bool midstream_;
  Mode mode_ = Mode::kProbing;
  std::array<bool, 2> ended_{};

  std::array<std::vector<uint8_t>, 2> head_;  // while probing
  std::vector<Held> held_;
  std::array<ItemId, 2> raw_item_{};
  std::array<uint64_t, 2> raw_offset_{};

  // The stream's last bytes, and those before each hole: what a late or conflicting piece begins with.
  struct Tail {
    uint64_t end = 0;  // stream offset after the last byte
    uint16_t length = 0;
    std::array<uint8_t, kTail> bytes;
  };
  std::array<Tail, 2> tail_;
  std::array<std::vector<Tail>, 2> hole_tails_;
};

}  // namespace weir
