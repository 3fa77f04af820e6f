#include "sensor/pipeline/flow_session.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weir {

namespace {

// Text that waits for a full window is scanned when its flow has been silent for so long: an alert about
// a few bytes does not wait for the flow's end.
constexpr Nanoseconds kQuiet = 100'000'000;

class NullContent final : public TimedContentSink {
 public:
  void set_time(Nanoseconds) override {}
  ItemId open(ContentMeta, ItemId) override { return ++last_; }
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
    : facts_(std::move(facts)),
      reader_(parser_registry(), facts_.transport == kProtoTcp ? Transport::kTcp : Transport::kUdp,
              facts_.responder.port, midstream, context.depth_limit) {
  if (context.excluded != nullptr && (context.excluded->contains(facts_.initiator.address) ||
                                      context.excluded->contains(facts_.responder.address))) {
    reader_.skip_all(Unread::kExcluded);
  }
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

void FlowSession::set_time(Nanoseconds time) {
  if (inspector_) inspector_->set_time(time);
}

void FlowSession::on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time) {
  set_time(time);
  last_data_ = std::max(last_data_, time);
  reader_.on_chunk(direction, offset, bytes, time, *sink_);
}

void FlowSession::on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time) {
  set_time(time);
  reader_.on_gap(direction, offset, n, time, *sink_);
}

void FlowSession::on_end(Direction direction, Nanoseconds time) {
  set_time(time);
  reader_.on_end(direction, time, *sink_);
}

void FlowSession::on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                           const Surroundings& around, Nanoseconds time) {
  set_time(time);
  last_data_ = std::max(last_data_, time);
  reader_.on_extra(kind, direction, offset, bytes, around, time, *sink_);
}

void FlowSession::on_datagram(Direction direction, Bytes bytes, Nanoseconds time, DatagramVersion version) {
  set_time(time);
  reader_.on_datagram(direction, bytes, time, *sink_, version);
}

void FlowSession::finish(Nanoseconds time) {
  set_time(time);
  reader_.finish(time, *sink_);
  if (content_) content_->finish();
}

void FlowSession::wake(Nanoseconds now) {
  if (content_ && content_->pending() && last_data_ + kQuiet < now) content_->flush(now);
  if (inspector_) inspector_->tick(now);
}

Nanoseconds FlowSession::wakes_at() const {
  Nanoseconds at = inspector_ ? inspector_->wakes_at() : std::numeric_limits<Nanoseconds>::max();
  if (content_ && content_->pending()) at = std::min(at, last_data_ + kQuiet);
  return at;
}

}  // namespace weir
