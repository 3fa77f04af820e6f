#include "sensor/pipeline/flow_session.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weir {

namespace {

// Text that waits for a full window is scanned when its flow has been silent for so long: an alert about
// a few bytes does not wait for the flow's end.
constexpr Nanoseconds kQuiet = 100'000'000;

// A flow between two messages that has been silent for so long is put to rest. Long enough that the requests
// of one page do not find it resting.
constexpr Nanoseconds kRest = 500'000'000;

// A parser, and the lists of what is open, as they are between messages.
constexpr size_t kParserMemory = 512;

Transport transport_of(const FlowFacts& facts) {
  return facts.transport == kProtoTcp ? Transport::kTcp : Transport::kUdp;
}

class NullContent final : public TimedContentSink {
 public:
  void set_time(Nanoseconds) override {}
  ItemId open(ContentMeta&&, ItemId) override { return ++last_; }
  void data(ItemId, uint64_t, Bytes) override {}
  void gap(ItemId, uint64_t, uint64_t) override {}
  void meta(ItemId, const ContentMeta&) override {}
  void close(ItemId, CloseReason) override {}
  void unread(Direction, Unread, uint64_t) override {}

 private:
  ItemId last_ = kNoItem;
};

class NullText final : public TextSink {
 public:
  void on_item_begin(ItemId, const ItemFacts&) override {}
  uint64_t on_window(ItemId, const ItemFacts&, const TextWindow& window) override { return window.item_end; }
  void on_item_end(ItemId, const ItemFacts&) override {}
};

}  // namespace

FlowSession::FlowSession(SessionContext& context, FlowFacts facts, Inspection& ledger, bool midstream)
    : context_(context), facts_(std::move(facts)) {
  join(context, ledger);
  reader_.emplace(parser_registry(), transport_of(facts_), facts_.responder.port, midstream,
                  context.depth_limit);
  if (context.excluded != nullptr && (context.excluded->contains(facts_.initiator.address) ||
                                      context.excluded->contains(facts_.responder.address))) {
    reader_->skip_all(Unread::kExcluded);
  }
}

FlowSession::FlowSession(SessionContext& context, FlowFacts facts, Inspection& ledger, RestingFlow&& rest)
    : context_(context), facts_(std::move(facts)) {
  const uint16_t responder_port = facts_.responder.port;
  facts_.roles = rest.roles;
  if (rest.roles.turned) std::swap(facts_.initiator, facts_.responder);
  facts_.initiator.has_mac = facts_.responder.has_mac = rest.has_mac;
  facts_.initiator.mac = rest.initiator_mac;
  facts_.responder.mac = rest.responder_mac;
  std::array<uint64_t, 2> datagram_bytes{};
  if (rest.rare != nullptr) {
    facts_.vlans = std::move(rest.rare->vlans);
    facts_.tunnels = std::move(rest.rare->tunnels);
    datagram_bytes = rest.rare->datagram_bytes;
  }
  join(context, ledger);
  if (content_) content_->resume(rest.ordinals);
  if (inspector_ && rest.rare != nullptr) inspector_->reported() = std::move(rest.rare->reported);
  reader_.emplace(parser_registry(), transport_of(facts_), responder_port, rest.reader, datagram_bytes,
                  context.depth_limit, *sink_);
}

RestingFlow FlowSession::rest() {
  RestingFlow rest;
  rest.reader = reader_->at_rest().value_or(FlowReader::AtRest{});
  if (content_) rest.ordinals = content_->ordinals();
  rest.roles = facts_.roles;
  rest.has_mac = facts_.initiator.has_mac;
  rest.initiator_mac = facts_.initiator.mac;
  rest.responder_mac = facts_.responder.mac;
  const bool reported = inspector_ && inspector_->reported().size() != 0;
  const std::array<uint64_t, 2>& datagram_bytes = reader_->datagram_bytes();
  const bool counted = depth_limit_ && (datagram_bytes[0] != 0 || datagram_bytes[1] != 0);
  if (reported || counted || !facts_.vlans.empty() || !facts_.tunnels.empty()) {
    rest.rare = std::make_unique<RestingFlow::Rare>();
    rest.rare->vlans = std::move(facts_.vlans);
    rest.rare->tunnels = std::move(facts_.tunnels);
    rest.rare->datagram_bytes = datagram_bytes;
    if (reported) rest.rare->reported = std::move(inspector_->reported());
  }
  return rest;
}

// Content, inspection, and where the reader gives its items.
void FlowSession::join(SessionContext& context, Inspection& ledger) {
  depth_limit_ = context.depth_limit != 0;
  if (context.depth < Depth::kContent) {
    null_content_ = std::make_unique<NullContent>();
    sink_ = null_content_.get();
    return;
  }
  TextSink* text = nullptr;
  if (context.depth < Depth::kMatch) {
    null_text_ = std::make_unique<NullText>();
    text = null_text_.get();
  } else {
    text = &inspector_.emplace(*context.inspect);
  }
  sink_ = &content_.emplace(facts_, ledger, *text, *context.content);
}

size_t FlowSession::least_memory() { return sizeof(FlowSession) + kParserMemory; }

size_t FlowSession::memory() const {
  return least_memory() + reader_->memory() + (inspector_ ? inspector_->memory() : 0);
}

void FlowSession::note_rest() {
  note_create();
  const bool idle = (!content_ || content_->open_items() == 0) && (!inspector_ || inspector_->idle());
  rests_at_ = idle && reader_->at_rest() ? last_data_ + kRest : std::numeric_limits<Nanoseconds>::max();
}

// A Create waits by the times of its bytes; what is left of that time runs by the worker's clock.
void FlowSession::note_create() {
  if (!inspector_) return;
  const Nanoseconds time = inspector_->wakes_at();
  if (time == create_time_) return;
  create_time_ = time;
  create_at_ = time == std::numeric_limits<Nanoseconds>::max()
                   ? time
                   : heard_ + std::clamp<Nanoseconds>(time - time_, 0, kCreateWaitTime);
}

void FlowSession::set_time(Nanoseconds time) {
  time_ = time;
  heard_ = context_.now;
  if (inspector_) inspector_->set_time(time);
}

void FlowSession::on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                           bool peer_is_behind) {
  set_time(time);
  last_data_ = heard_;
  reader_->on_chunk(direction, offset, bytes, time, *sink_, peer_is_behind);
  note_rest();
}

void FlowSession::on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time) {
  set_time(time);
  reader_->on_gap(direction, offset, n, time, *sink_);
  note_rest();
}

void FlowSession::on_end(Direction direction, Nanoseconds time) {
  set_time(time);
  reader_->on_end(direction, time, *sink_);
  note_rest();
}

void FlowSession::on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                           const Surroundings& around, Nanoseconds time) {
  set_time(time);
  last_data_ = heard_;
  reader_->on_extra(kind, direction, offset, bytes, around, time, *sink_);
  note_rest();
}

void FlowSession::on_datagram(Direction direction, Bytes bytes, Nanoseconds time, DatagramVersion version) {
  set_time(time);
  last_data_ = heard_;
  reader_->on_datagram(direction, bytes, time, *sink_, version);
  note_rest();
}

void FlowSession::finish(Nanoseconds time) {
  set_time(time);
  reader_->finish(time, *sink_);
  if (content_) content_->finish();
}

void FlowSession::wake(Nanoseconds now) {
  const Nanoseconds time = time_ + (now - heard_);
  if (content_ && content_->pending() && last_data_ + kQuiet < now) content_->flush(time);
  // What the flush found waits by the same clock.
  note_create();
  if (inspector_ && create_at_ < now) inspector_->tick(std::max(time, create_time_ + 1));
  note_create();
}

Nanoseconds FlowSession::wakes_at() const {
  if (may_rest()) return rests_at_;  // nothing is open
  Nanoseconds at = create_at_;
  if (content_ && content_->pending()) at = std::min(at, last_data_ + kQuiet);
  return at;
}

}  // namespace weir
