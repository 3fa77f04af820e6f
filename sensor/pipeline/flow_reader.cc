#include "sensor/pipeline/flow_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir {

namespace {

ContentMeta raw_meta(ItemKind kind, Direction direction) {
  ContentMeta meta;
  meta.kind = kind;
  meta.direction = direction;
  meta.protocol = "raw";
  return meta;
}

}  // namespace

FlowReader::FlowReader(std::span<const ParserInfo> parsers, Transport transport, uint16_t responder_port,
                       bool midstream)
    : parsers_(parsers), responder_port_(responder_port), transport_(transport), midstream_(midstream) {}

std::string_view FlowReader::protocol() const {
  if (info_ != nullptr) return info_->name;
  return mode_ == Mode::kRaw ? std::string_view("raw") : std::string_view();
}

void FlowReader::on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                          TimedContentSink& sink) {
  sink.set_time(time);
  remember_tail(direction, offset, bytes);
  if (mode_ == Mode::kProbing && !settle(direction, bytes, sink)) {
    held_.push_back({direction, static_cast<uint32_t>(bytes.size()), time});
    return;
  }
  sink.set_time(time);
  deliver(direction, bytes, sink);
}

// Tries to settle who gets the flow, with `latest` as the newest bytes of `direction`. True: settled, and
// what was held before has been delivered. False: `latest` was kept in head_ (all of it: a full head
// settles).
bool FlowReader::settle(Direction direction, Bytes latest, TimedContentSink& sink) {
  ProbeView view;
  bool must_decide = ended_[0] && ended_[1];
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
  bool undecided = false;
  const ParserInfo* winner = decide(view, must_decide, &undecided);
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
  parser_ = info.make(midstream_);
  mode_ = Mode::kParser;
}

// Gives what was held to whoever has the flow now. A parser may give up in the middle: deliver() then
// goes the raw way by itself.
void FlowReader::replay_held(TimedContentSink& sink) {
  const std::array<std::vector<uint8_t>, 2> heads = std::exchange(head_, {});
  const std::vector<Held> held = std::exchange(held_, {});
  std::array<size_t, 2> at{};
  for (const Held& piece : held) {
    const size_t i = index_of(piece.direction);
    sink.set_time(piece.time);
    deliver(piece.direction, Bytes(heads[i]).subspan(at[i], piece.length), sink);
    at[i] += piece.length;
  }
}

void FlowReader::deliver(Direction direction, Bytes bytes, TimedContentSink& sink) {
  switch (mode_) {
    case Mode::kParser:
      after_parser(parser_->on_data(direction, bytes, sink), sink);
      break;
    case Mode::kSkipping:
      parser_->on_skipped(direction, bytes.size(), sink);
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
  } else if (status == ParseStatus::kGaveUp) {
    // The parser has closed or will not touch its items any more; what follows is read raw.
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) parser_->on_end(d, sink);
    parser_.reset();
    mode_ = Mode::kRaw;
  }
}

void FlowReader::raw_data(Direction direction, Bytes bytes, TimedContentSink& sink) {
  const size_t i = index_of(direction);
  if (raw_item_[i] == kNoItem) {
    raw_item_[i] = sink.open(raw_meta(ItemKind::kRawStream, direction), kNoItem);
    raw_offset_[i] = 0;
  }
  sink.data(raw_item_[i], raw_offset_[i], bytes);
  raw_offset_[i] += bytes.size();
}

void FlowReader::close_raw(size_t i, CloseReason why, TimedContentSink& sink) {
  if (raw_item_[i] == kNoItem) return;
  sink.close(raw_item_[i], why);
  raw_item_[i] = kNoItem;
}

void FlowReader::on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time,
                        TimedContentSink& sink) {
  sink.set_time(time);
  const size_t i = index_of(direction);
  if (tail_[i].length > 0 && tail_[i].end == offset) {
    if (hole_tails_[i].size() == kTailsKept) hole_tails_[i].erase(hole_tails_[i].begin());
    hole_tails_[i].push_back(tail_[i]);
  }
  if (mode_ == Mode::kParser) {
    after_parser(parser_->on_gap(direction, n, sink), sink);
    return;
  }
  if (mode_ == Mode::kSkipping) return;
  if (mode_ == Mode::kProbing && !held_.empty()) {
    mode_ = Mode::kRaw;
    replay_held(sink);
    sink.set_time(time);
  }
  if (raw_item_[i] != kNoItem) {
    sink.gap(raw_item_[i], raw_offset_[i], n);
    raw_offset_[i] += n;
  }
  // An unclaimed flow is probed again after a gap: what follows may begin with something known.
  mode_ = Mode::kProbing;
  refused_ = 0;
  midstream_ = true;
}

void FlowReader::on_end(Direction direction, Nanoseconds time, TimedContentSink& sink) {
  const size_t i = index_of(direction);
  if (ended_[i]) return;
  sink.set_time(time);
  ended_[i] = true;
  if (mode_ == Mode::kProbing && !held_.empty()) {
    if (!settle(direction, {}, sink)) return;  // the other side may still tell
    sink.set_time(time);
    if (ended_[1 - i]) end_direction(opposite(direction), sink);
  }
  end_direction(direction, sink);
}

void FlowReader::end_direction(Direction direction, TimedContentSink& sink) {
  if (mode_ == Mode::kParser) {
    parser_->on_end(direction, sink);
  } else {
    close_raw(index_of(direction), CloseReason::kFlowEnd, sink);
  }
}

void FlowReader::on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                          TimedContentSink& sink) {
  sink.set_time(time);
  if (mode_ == Mode::kSkipping) {
    parser_->on_skipped(direction, bytes.size(), sink);
    return;
  }
  const size_t i = index_of(direction);
  const Tail* before = tail_[i].length > 0 && tail_[i].end == offset ? &tail_[i] : nullptr;
  for (const Tail& tail : hole_tails_[i]) {
    if (tail.end == offset) before = &tail;
  }
  const ItemKind item_kind = kind == ExtraKind::kLate ? ItemKind::kLate : ItemKind::kConflict;
  const ItemId item = sink.open(raw_meta(item_kind, direction), kNoItem);
  uint64_t at = 0;
  if (before != nullptr) {
    sink.data(item, 0, Bytes(before->bytes.data(), before->length));
    at = before->length;
  }
  sink.data(item, at, bytes);
  sink.close(item, CloseReason::kComplete);
}

void FlowReader::on_datagram(Direction direction, Bytes bytes, Nanoseconds time, TimedContentSink& sink) {
  sink.set_time(time);
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
    if (status != ParseStatus::kGaveUp) return;
    parser_.reset();
    mode_ = Mode::kRaw;
  }
  const ItemId item = sink.open(raw_meta(ItemKind::kDatagram, direction), kNoItem);
  sink.data(item, 0, bytes);
  sink.close(item, CloseReason::kComplete);
}

void FlowReader::finish(Nanoseconds time, TimedContentSink& sink) {
  sink.set_time(time);
  for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) on_end(d, time, sink);
}

void FlowReader::remember_tail(Direction direction, uint64_t offset, Bytes bytes) {
  Tail& tail = tail_[index_of(direction)];
  const size_t n = std::min(bytes.size(), kTail);
  if (n < kTail && tail.length > 0 && tail.end == offset) {
    const size_t keep = std::min<size_t>(tail.length, kTail - n);
    std::memmove(tail.bytes.data(), tail.bytes.data() + tail.length - keep, keep);
    std::memcpy(tail.bytes.data() + keep, bytes.data() + bytes.size() - n, n);
    tail.length = static_cast<uint16_t>(keep + n);
  } else {
    std::memcpy(tail.bytes.data(), bytes.data() + bytes.size() - n, n);
    tail.length = static_cast<uint16_t>(n);
  }
  tail.end = offset + bytes.size();
}

}  // namespace weir
