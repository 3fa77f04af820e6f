// Reads one flow: finds the parser by what both sides say, hands it the bytes in order, and gives what
// no parser claims to the raw path. Made by the worker at the flow's first payload byte; every byte that
// arrives here reaches a parser, the raw path or the ledger.
//
// Calls: on_chunk / on_gap / on_end / on_extra from reassembly, or on_datagram; then finish() once. Where
// skipped() answers, bytes need not come any more: whoever has them may count them as that instead.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "parsers/api/parser.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/timed_content_sink.h"
#include "sensor/pipeline/other_versions.h"
#include "sensor/reassembly/stream_sink.h"

namespace weir {

// IP fragments may contradict each other.
enum class DatagramVersion : uint8_t {
  kOnly,
  kContested,  // the first of several
  kOther,      // one of the others
};

class FlowReader {
 public:
  enum class Mode : uint8_t { kProbing, kParser, kSkipping, kRaw };
  // A reader with nothing open and nothing held, from which it can be made again.
  struct AtRest {
    static constexpr uint8_t kPieces = 1;
    static constexpr std::array<uint8_t, 2> kDeep = {2, 4};    // by direction
    static constexpr std::array<uint8_t, 2> kEnded = {8, 16};  // by direction

    uint32_t parser = 0;         // Parser::at_rest()
    uint8_t claimed = 0;         // 1 + the parser's place among the parsers; 0: nobody claimed the flow
    Mode mode = Mode::kProbing;  // never of a reader at rest
    Unread skipped_as = Unread::kUnsupported;  // with kSkipping
    uint8_t flags = 0;
    bool has(uint8_t flag) const { return (flags & flag) != 0; }
  };

  // `parsers`: kMaxParsers at most; they outlive the reader. `midstream`: the flow's beginning was not seen.
  // `depth`: bytes of each direction that are read, holes among them counted; 0: all.
  FlowReader(std::span<const ParserInfo> parsers, Transport transport, uint16_t responder_port,
             bool midstream, uint64_t depth = 0);
  // Goes on from `rest`, which came of a reader of the same flow. on_end() may have been left out since: only
  // `ended` tells of it. `datagram_bytes` as that reader told them.
  FlowReader(std::span<const ParserInfo> parsers, Transport transport, uint16_t responder_port,
             const AtRest& rest, const std::array<uint64_t, 2>& datagram_bytes, uint64_t depth,
             TimedContentSink& sink);

  // Before anything came: nothing of the flow is to be read.
  void skip_all(Unread why);

  // What was skipped as encrypted shows something else from here on: it is probed and read as a stream that
  // was picked up late; `for_good`: and skipped no more. Does nothing where the flow is not skipped as
  // encrypted.
  void read_again(bool for_good);

  // `peer_is_behind`: Parser::peer_is_behind.
  void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time, TimedContentSink& sink,
                bool peer_is_behind = false);
  void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time, TimedContentSink& sink);
  void on_end(Direction direction, Nanoseconds time, TimedContentSink& sink);
  void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, const Surroundings& around,
                Nanoseconds time, TimedContentSink& sink);
  void on_urgent(Direction direction, uint64_t offset);
  // The stream's last bytes, for reassembly; empty after a gap.
  Bytes recent(Direction direction) const { return versions_.recent(direction); }
  // `version`: whether its bytes came in several versions, and which this is.
  void on_datagram(Direction direction, Bytes bytes, Nanoseconds time, TimedContentSink& sink,
                   DatagramVersion version = DatagramVersion::kOnly);
  // Ends what has not ended; nothing may be called after it.
  void finish(Nanoseconds time, TimedContentSink& sink);

  // Why nothing that `direction` still brings will be read; empty while it is read.
  std::optional<Unread> skipped(Direction direction) const;

  // "http", "tls", …; "raw" when nobody claimed the flow, "excluded" when nobody may; empty while undecided.
  std::string_view protocol() const;
  // Bytes held while undecided (kProbeLimit a direction at most).
  size_t held_bytes() const { return head_[0].size() + head_[1].size(); }
  static std::string_view protocol_of(std::span<const ParserInfo> parsers, const AtRest& rest);

  // Between messages: nothing is open, held or waited for, and the flow's bytes have come in one version and
  // without a hole, or are not read any more. Then the last bytes of the stream may be let go too.
  std::optional<AtRest> at_rest() const;
  const std::array<uint64_t, 2>& datagram_bytes() const { return datagram_bytes_; }
  // What it takes beside itself and an idle parser.
  size_t memory() const;

 private:
  struct Held {
    Nanoseconds time;
    uint64_t offset;
    uint32_t length;
    Direction direction;
    bool peer_is_behind;
  };

  void take_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time, bool peer_is_behind,
                  TimedContentSink& sink);
  void take_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time, TimedContentSink& sink);
  void reach_depth(Direction direction, Nanoseconds time, TimedContentSink& sink);
  bool asks_again(size_t shown, bool first, bool must_decide);
  bool settle(Direction direction, Bytes latest, TimedContentSink& sink);
  const ParserInfo* decide(const ProbeView& view, bool must_decide, bool* undecided);
  void claim(const ParserInfo& info, TimedContentSink& sink);
  void replay_held(TimedContentSink& sink);
  void probe_again();
  void deliver(Direction direction, Bytes bytes, bool peer_is_behind, TimedContentSink& sink);
  void after_parser(ParseStatus status, TimedContentSink& sink);
  void raw_data(Direction direction, Bytes bytes, TimedContentSink& sink);
  void close_raw(size_t i, CloseReason why, TimedContentSink& sink);
  void tell_ends(TimedContentSink& sink);

  std::span<const ParserInfo> parsers_;
  std::unique_ptr<Parser> parser_;
  const ParserInfo* info_ = nullptr;
  uint64_t refused_ = 0;  // bit i: parsers_[i] said no
  static_assert(kMaxParsers <= 8 * sizeof(refused_) && kMaxParsers < UINT8_MAX, "refused_, AtRest::claimed");
  uint16_t responder_port_;
  Transport transport_;
  bool midstream_;
  Mode mode_ = Mode::kProbing;
  bool pieces_ = false;                       // pieces of datagrams were read, which no parser gets
  Unread skipped_as_ = Unread::kUnsupported;  // with kSkipping
  std::array<bool, 2> deep_{};                // at or past the depth
  std::array<bool, 2> spoke_{};               // has brought bytes
  bool late_ = false;  // probed again: who claims the flow now has not seen its beginning
  uint64_t depth_;
  std::array<uint64_t, 2> datagram_bytes_{};
  std::array<bool, 2> ended_{};
  std::array<bool, 2> end_told_{};  // … and whoever has the flow has heard of it

  std::array<std::vector<uint8_t>, 2> head_;  // while probing
  std::vector<Held> held_;
  uint32_t asked_ = 0;  // times that the probes were asked since the beginning or the last hole
  size_t ask_at_ = 0;   // bytes held at which they are asked again
  std::array<ItemId, 2> raw_item_{};
  std::array<uint64_t, 2> raw_offset_{};
  // A raw item that begins now stands in something whose beginning was not seen: it is closed as truncated.
  std::array<bool, 2> headless_{};

  OtherVersions versions_;
};

}  // namespace weir
