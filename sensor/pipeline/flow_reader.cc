#include "sensor/pipeline/flow_reader.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace weir {

namespace {

// How often the probes are asked while every piece counts; after that each time when what there is has
// doubled. So the probes see a byte a few times, however small the pieces it comes in.
constexpr uint32_t kEagerAsks = 4;

constexpr std::array<Direction, 2> kBoth = {Direction::kFromInitiator, Direction::kFromResponder};

ContentMeta raw_meta(ItemKind kind, Direction direction) {
  ContentMeta meta;
  meta.kind = kind;
  meta.direction = direction;
  meta.protocol = "raw";
  return meta;
}

}  // namespace

FlowReader::FlowReader(std::span<const ParserInfo> parsers, Transport transport, uint16_t responder_port,
                       bool midstream, uint64_t depth)
    : parsers_(parsers),
      responder_port_(responder_port),
      transport_(transport),
      midstream_(midstream),
      depth_(depth),
      headless_{midstream, midstream} {
  assert(parsers.size() <= kMaxParsers);
}

FlowReader::FlowReader(std::span<const ParserInfo> parsers, Transport transport, uint16_t responder_port,
                       const AtRest& rest, const std::array<uint64_t, 2>& datagram_bytes, uint64_t depth,
                       TimedContentSink& sink)
    : parsers_(parsers),
      info_(rest.claimed == 0 ? nullptr : &parsers[rest.claimed - size_t{1}]),
      responder_port_(responder_port),
      transport_(transport),
      midstream_(false),  // for probing, which is over, or begins anew after a gap
      mode_(rest.mode),
      pieces_(rest.has(AtRest::kPieces)),
      skipped_as_(rest.skipped_as),
      deep_{rest.has(AtRest::kDeep[0]), rest.has(AtRest::kDeep[1])},
      depth_(depth),
      datagram_bytes_(datagram_bytes),
      ended_{rest.has(AtRest::kEnded[0]), rest.has(AtRest::kEnded[1])} {
  spoke_ = {true, true};
  for (const Direction d : kBoth) {
    if (deep_[index_of(d)]) sink.cut_short(d, Unread::kDepth);
  }
  if (mode_ == Mode::kParser) parser_ = info_->resume(rest.parser);
  tell_ends(sink);
}

std::optional<FlowReader::AtRest> FlowReader::at_rest() const {
  if (mode_ == Mode::kProbing || raw_item_[0] != kNoItem || raw_item_[1] != kNoItem) return std::nullopt;
  const bool read = !skipped(Direction::kFromInitiator) || !skipped(Direction::kFromResponder);
  if (read && !versions_.plain()) return std::nullopt;
  AtRest rest;
  if (mode_ == Mode::kParser) {
    const std::optional<uint32_t> parser = parser_->at_rest();
    if (!parser) return std::nullopt;
    rest.parser = *parser;
  }
  if (info_ != nullptr) rest.claimed = static_cast<uint8_t>(info_ - parsers_.data() + 1);
  rest.mode = mode_;
  rest.skipped_as = skipped_as_;
  rest.flags = pieces_ ? AtRest::kPieces : 0;
  for (size_t i = 0; i < 2; ++i) {
    if (deep_[i]) rest.flags |= AtRest::kDeep[i];
    if (ended_[i]) rest.flags |= AtRest::kEnded[i];
  }
  return rest;
}

size_t FlowReader::memory() const {
  return head_[0].capacity() + head_[1].capacity() + held_.capacity() * sizeof(Held) + versions_.memory() +
         (parser_ == nullptr ? 0 : parser_->held_bytes());
}

namespace {

std::string_view protocol_name(const ParserInfo* info, FlowReader::Mode mode, Unread skipped_as,
                               bool pieces) {
  if (info != nullptr) return info->name;
  if (mode == FlowReader::Mode::kSkipping) return name_of(skipped_as);
  return mode == FlowReader::Mode::kRaw || pieces ? std::string_view("raw") : std::string_view();
}

}  // namespace

std::string_view FlowReader::protocol() const { return protocol_name(info_, mode_, skipped_as_, pieces_); }

std::string_view FlowReader::protocol_of(std::span<const ParserInfo> parsers, const AtRest& rest) {
  return protocol_name(rest.claimed == 0 ? nullptr : &parsers[rest.claimed - size_t{1}], rest.mode,
                       rest.skipped_as, rest.has(AtRest::kPieces));
}

void FlowReader::skip_all(Unread why) {
  mode_ = Mode::kSkipping;
  skipped_as_ = why;
}

void FlowReader::probe_again() {
  mode_ = Mode::kProbing;
  refused_ = 0;
  asked_ = 0;
  ask_at_ = 0;
}

void FlowReader::read_again(bool for_good) {
  if (mode_ != Mode::kSkipping || skipped_as_ != Unread::kEncrypted) return;
  midstream_ = true;
  headless_ = {true, true};
  end_told_ = {};
  probe_again();
  if (for_good) mode_ = Mode::kRaw;
}

std::optional<Unread> FlowReader::skipped(Direction direction) const {
  if (mode_ == Mode::kSkipping) return skipped_as_;
  if (deep_[index_of(direction)]) return Unread::kDepth;
  return std::nullopt;
}

void FlowReader::on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                          TimedContentSink& sink, bool peer_is_behind) {
  if (bytes.empty()) return;
  sink.set_time(time);
  if (const std::optional<Unread> why = skipped(direction)) {
    sink.unread(direction, *why, bytes.size());
    return;
  }
  if (depth_ == 0 || offset + bytes.size() < depth_) {
    take_chunk(direction, offset, bytes, time, peer_is_behind, sink);
    return;
  }
  const uint64_t shallow = depth_ - std::min(depth_, offset);
  if (shallow > 0) {
    take_chunk(direction, offset, bytes.first(static_cast<size_t>(shallow)), time, peer_is_behind, sink);
  }
  // The last of them may have settled the whole flow's fate.
  const std::optional<Unread> why = skipped(direction);
  if (!why) reach_depth(direction, time, sink);
  if (shallow < bytes.size()) sink.unread(direction, why.value_or(Unread::kDepth), bytes.size() - shallow);
}

// The direction's end, as far as parsers and items are concerned.
void FlowReader::reach_depth(Direction direction, Nanoseconds time, TimedContentSink& sink) {
  deep_[index_of(direction)] = true;
  sink.cut_short(direction, Unread::kDepth);
  on_end(direction, time, sink);
}

void FlowReader::take_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                            bool peer_is_behind, TimedContentSink& sink) {
  // Nobody knew what the one side said; what the other answers may tell (a client with a word of its own
  // before HTTP). Bytes that were read raw stay so.
  if (!std::exchange(spoke_[index_of(direction)], true) && mode_ == Mode::kRaw) {
    probe_again();
    late_ = true;
  }
  if (mode_ == Mode::kProbing && !settle(direction, bytes, sink)) {
    held_.push_back({time, offset, static_cast<uint32_t>(bytes.size()), direction, peer_is_behind});
  } else {
    sink.set_time(time);
    sink.set_place(direction, offset);
    deliver(direction, bytes, peer_is_behind, sink);
  }
  if (mode_ != Mode::kSkipping) versions_.on_chunk(direction, offset, bytes, sink);
}

// Whether asking the probes again may tell more: a direction has spoken for the first time, `must_decide`, or
// enough has come since they were asked last.
bool FlowReader::asks_again(size_t shown, bool first, bool must_decide) {
  if (!first && !must_decide && shown < ask_at_) return false;
  ++asked_;
  ask_at_ = asked_ < kEagerAsks ? shown + 1 : 2 * shown;
  return true;
}

// Tries to settle who gets the flow, with `latest` as the newest bytes of `direction`; empty: it has ended.
// True: settled, and what was held before has been delivered. False: `latest` was kept in head_ (all of it: a
// full head settles).
bool FlowReader::settle(Direction direction, Bytes latest, TimedContentSink& sink) {
  ProbeView view;
  bool must_decide = ended_[0] && ended_[1];
  const bool first = head_[index_of(direction)].empty() || latest.empty();
  for (size_t i = 0; i < 2; ++i) {
    view.head[i] = head_[i];
    if (i == index_of(direction) && !latest.empty()) {
      const Bytes kept = latest.first(std::min(latest.size(), kProbeLimit - head_[i].size()));
      if (head_[i].empty()) {
        view.head[i] = kept;  // the usual case: the first bytes tell, and nothing is copied
      } else {
        head_[i].insert(head_[i].end(), kept.begin(), kept.end());
        view.head[i] = head_[i];
      }
    }
    const bool full = view.head[i].size() >= kProbeLimit;
    view.finished[i] = ended_[i] || full;
    must_decide |= full;
  }
  view.midstream = midstream_;
  view.responder_port = responder_port_;
  bool undecided = true;
  const ParserInfo* winner = nullptr;
  if (asks_again(view.head[0].size() + view.head[1].size(), first, must_decide)) {
    winner = decide(view, must_decide, &undecided);
  }
  if (undecided) {
    std::vector<uint8_t>& head = head_[index_of(direction)];
    if (head.empty()) head.assign(latest.begin(), latest.end());
    return false;
  }
  if (winner != nullptr) {
    claim(*winner, sink);
  } else {
    mode_ = Mode::kRaw;
  }
  replay_held(sink);
  return true;
}

const ParserInfo* FlowReader::decide(const ProbeView& view, bool must_decide, bool* undecided) {
  const ParserInfo* maybe = nullptr;
  bool more = false;
  *undecided = false;
  for (const bool usual : {true, false}) {
    for (size_t i = 0; i < parsers_.size(); ++i) {
      const ParserInfo& info = parsers_[i];
      if (info.transport != transport_ || ((refused_ >> i) & 1) != 0) continue;
      const bool port_fits = std::ranges::find(info.usual_ports, responder_port_) != info.usual_ports.end();
      if (port_fits != usual) continue;
      switch (info.probe(view)) {
        case ProbeResult::kNo:
          refused_ |= uint64_t{1} << i;
          break;
        case ProbeResult::kMore:
          more = true;
          break;
        case ProbeResult::kMaybe:
          if (maybe == nullptr) maybe = &info;
          break;
        case ProbeResult::kCertain:
          return &info;
      }
    }
  }
  *undecided = !must_decide && (more || maybe != nullptr);
  return *undecided ? nullptr : maybe;
}

void FlowReader::claim(const ParserInfo& info, TimedContentSink& sink) {
  for (size_t i = 0; i < 2; ++i) close_raw(i, CloseReason::kTruncated, sink);
  info_ = &info;
  parser_ = info.make(midstream_ || late_);
  mode_ = Mode::kParser;
  headless_ = {};  // the parser's to know
  end_told_ = {};
}

// Gives what was held to whoever has the flow now, and tells of the ends that have come. A parser may give up
// in the middle: deliver() then goes the raw way by itself.
void FlowReader::replay_held(TimedContentSink& sink) {
  const std::array<std::vector<uint8_t>, 2> heads = std::exchange(head_, {});
  const std::vector<Held> held = std::exchange(held_, {});
  std::array<size_t, 2> at{};
  for (const Held& piece : held) {
    const size_t i = index_of(piece.direction);
    sink.set_time(piece.time);
    sink.set_place(piece.direction, piece.offset);
    deliver(piece.direction, Bytes(heads[i]).subspan(at[i], piece.length), piece.peer_is_behind, sink);
    at[i] += piece.length;
  }
  tell_ends(sink);
}

void FlowReader::deliver(Direction direction, Bytes bytes, bool peer_is_behind, TimedContentSink& sink) {
  switch (mode_) {
    case Mode::kParser:
      parser_->peer_is_behind = peer_is_behind;
      after_parser(parser_->on_data(direction, bytes, sink), sink);
      break;
    case Mode::kSkipping:
      sink.unread(direction, skipped_as_, bytes.size());
      break;
    case Mode::kRaw:
    case Mode::kProbing:
      raw_data(direction, bytes, sink);
      break;
  }
}

void FlowReader::after_parser(ParseStatus status, TimedContentSink& sink) {
  if (status == ParseStatus::kDone) {
    mode_ = Mode::kSkipping;
    skipped_as_ = parser_->skipped_as();
    parser_.reset();
  } else if (status == ParseStatus::kGaveUp) {
    // What it has open ends here; what follows is read raw.
    for (const Direction d : kBoth) {
      if (!end_told_[index_of(d)]) parser_->on_end(d, sink);
    }
    parser_.reset();
    mode_ = Mode::kRaw;
  }
}

void FlowReader::raw_data(Direction direction, Bytes bytes, TimedContentSink& sink) {
  const size_t i = index_of(direction);
  if (raw_item_[i] == kNoItem) {
    ContentMeta meta = raw_meta(ItemKind::kRawStream, direction);
    if (info_ != nullptr) meta.protocol = info_->name;  // not what it was claimed to be, but that is its name
    raw_item_[i] = sink.open(std::move(meta), kNoItem);
    raw_offset_[i] = 0;
  }
  sink.data(raw_item_[i], raw_offset_[i], bytes);
  raw_offset_[i] += bytes.size();
}

void FlowReader::close_raw(size_t i, CloseReason why, TimedContentSink& sink) {
  if (raw_item_[i] == kNoItem) return;
  sink.close(raw_item_[i], std::exchange(headless_[i], false) ? CloseReason::kTruncated : why);
  raw_item_[i] = kNoItem;
}

void FlowReader::on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time,
                        TimedContentSink& sink) {
  if (skipped(direction)) return;
  sink.set_time(time);
  if (depth_ == 0 || offset + n < depth_) {
    take_gap(direction, offset, n, time, sink);
    return;
  }
  // What lies deeper is not missed.
  if (offset < depth_) take_gap(direction, offset, depth_ - offset, time, sink);
  if (!skipped(direction)) reach_depth(direction, time, sink);
}

void FlowReader::take_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time,
                          TimedContentSink& sink) {
  const size_t i = index_of(direction);
  versions_.on_gap(direction, offset, n);
  if (mode_ == Mode::kParser) {
    after_parser(parser_->on_gap(direction, n, sink), sink);
    return;
  }
  if (mode_ == Mode::kProbing && !held_.empty()) {
    mode_ = Mode::kRaw;
    replay_held(sink);
    sink.set_time(time);
  }
  if (raw_item_[i] != kNoItem) {
    sink.gap(raw_item_[i], raw_offset_[i], n);
    raw_offset_[i] += n;
  } else {
    headless_[i] = true;
  }
  // An unclaimed flow is probed again after a gap: what follows may begin with something known.
  probe_again();
  midstream_ = true;
}

void FlowReader::on_end(Direction direction, Nanoseconds time, TimedContentSink& sink) {
  if (ended_[index_of(direction)]) return;
  sink.set_time(time);
  ended_[index_of(direction)] = true;
  if (mode_ == Mode::kProbing && !held_.empty()) {
    if (!settle(direction, {}, sink)) return;  // the other side may still tell
    sink.set_time(time);
  }
  tell_ends(sink);
}

// Whoever has the flow hears of each end once.
void FlowReader::tell_ends(TimedContentSink& sink) {
  for (const Direction d : kBoth) {
    const size_t i = index_of(d);
    if (!ended_[i] || std::exchange(end_told_[i], true)) continue;
    if (mode_ == Mode::kParser) {
      parser_->on_end(d, sink);
    } else {
      close_raw(i, CloseReason::kFlowEnd, sink);
    }
    versions_.on_end(d, sink);
  }
}

void FlowReader::on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                          const Surroundings& around, Nanoseconds time, TimedContentSink& sink) {
  sink.set_time(time);
  if (const std::optional<Unread> why = skipped(direction)) {
    sink.unread(direction, *why, bytes.size() - around.shared);
    return;
  }
  if (offset == kNoOffset) {
    pieces_ = true;
    ContentMeta meta =
        raw_meta(kind == ExtraKind::kPiece ? ItemKind::kDatagram : ItemKind::kConflict, direction);
    meta.differs = kind == ExtraKind::kConflict;
    const ItemId item = sink.open(std::move(meta), kNoItem);
    sink.data(item, 0, bytes);
    // Of a datagram of which nobody saw the rest.
    sink.close(item, kind == ExtraKind::kPiece ? CloseReason::kTruncated : CloseReason::kComplete);
    return;
  }
  versions_.flow_is(protocol());
  versions_.on_extra(kind, direction, offset, bytes, around, sink);
}

void FlowReader::on_urgent(Direction direction, uint64_t offset) {
  if (mode_ == Mode::kSkipping) return;
  versions_.flow_is(protocol());
  versions_.on_urgent(direction, offset);
}

void FlowReader::on_datagram(Direction direction, Bytes bytes, Nanoseconds time, TimedContentSink& sink,
                             DatagramVersion version) {
  sink.set_time(time);
  const size_t i = index_of(direction);
  if (!deep_[i] && depth_ != 0 && datagram_bytes_[i] >= depth_) reach_depth(direction, time, sink);
  datagram_bytes_[i] += bytes.size();
  if (const std::optional<Unread> why = skipped(direction)) {
    sink.unread(direction, *why, bytes.size());
    return;
  }
  if (mode_ == Mode::kProbing) {
    ProbeView view;
    view.head[index_of(direction)] = bytes.first(std::min(bytes.size(), kProbeLimit));
    view.finished = {true, true};
    view.responder_port = responder_port_;
    bool undecided = false;
    const ParserInfo* winner = decide(view, true, &undecided);
    if (winner != nullptr) {
      info_ = winner;
      parser_ = winner->make(midstream_);
      mode_ = Mode::kParser;
    } else {
      mode_ = Mode::kRaw;
    }
  }
  if (mode_ == Mode::kParser) {
    const ParseStatus status = parser_->on_datagram(direction, bytes, sink);
    if (status == ParseStatus::kDone) after_parser(status, sink);
    if (status != ParseStatus::kGaveUp) return;
    parser_.reset();
    mode_ = Mode::kRaw;
  }
  const bool other = version == DatagramVersion::kOther;
  ContentMeta meta = raw_meta(other ? ItemKind::kConflict : ItemKind::kDatagram, direction);
  meta.differs = version != DatagramVersion::kOnly;
  const ItemId item = sink.open(std::move(meta), kNoItem);
  sink.data(item, 0, bytes);
  sink.close(item, CloseReason::kComplete);
}

void FlowReader::finish(Nanoseconds time, TimedContentSink& sink) {
  sink.set_time(time);
  for (const Direction d : kBoth) {
    on_end(d, time, sink);
    versions_.on_end(d, sink);
  }
}

}  // namespace weir
