#include "sensor/content/flow_content.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sensor/content/content_item.h"
#include "sensor/content/content_pools.h"

namespace weir {

namespace {

// What a version of a message's bytes is told with.
constexpr std::string ContentMeta::*kToldStrings[] = {
    &ContentMeta::method,  &ContentMeta::host,       &ContentMeta::path, &ContentMeta::sender,
    &ContentMeta::subject, &ContentMeta::message_id, &ContentMeta::user};
constexpr std::vector<std::string> ContentMeta::*kToldLists[] = {&ContentMeta::recipients,
                                                                 &ContentMeta::forwarded_for};

void put_told(const ContentMeta& from, ContentMeta* to) {
  for (const auto field : kToldStrings) to->*field = from.*field;
  for (const auto list : kToldLists) to->*list = from.*list;
  to->status = from.status;
}

// Most of both are empty.
void swap_told(ContentMeta* a, ContentMeta* b) {
  const auto swap = [&](auto field) {
    if (!(a->*field).empty() || !(b->*field).empty()) (a->*field).swap(b->*field);
  };
  for (const auto field : kToldStrings) swap(field);
  for (const auto list : kToldLists) swap(list);
  std::swap(a->status, b->status);
}

}  // namespace

struct FlowContent::PastMessages {
  struct Message {
    ContentMeta meta;    // direction, and what is told
    uint64_t begin = 0;  // places where it opened …
    uint64_t end = 0;    // … and where it was closed
    size_t cost = 0;
  };
  std::array<Message, 4> ring;
  size_t count = 0;
};

ContentContext::ContentContext(const ContentOptions& options, MemoryBudget& budget)
    : options_(options), pools_(std::make_unique<ContentPools>(options, budget)) {
  // The tables of the charsets that are looked for are made now, not under the first packet.
  charset_gb18030();
  charset_big5();
}
ContentContext::~ContentContext() = default;

FlowContent::FlowContent(FlowFacts& flow, Inspection& ledger, TextSink& sink, ContentContext& context)
    : flow_(flow), scope_{.flow = flow, .ledger = ledger, .sink = sink, .context = context} {}

FlowContent::~FlowContent() {
  for (std::unique_ptr<ContentItem>& item : slots_) {
    if (item == nullptr) continue;
    item->drop();
    release(*item);
  }
  forget_messages();
}

ContentItem* FlowContent::find(ItemId id) const {
  const size_t slot = slot_of(id);  // kNoItem: far out of range
  if (slot >= slots_.size() || slots_[slot] == nullptr || slots_[slot]->id() != id) return nullptr;
  return slots_[slot].get();
}

// Items opened since. Generations wrap after a million; by then old items are closed, or still the oldest.
uint32_t FlowContent::age(const ContentItem& item) const {
  return (scope_.generation - generation_of(item.id())) & kGenerationMask;
}

// Open items in the order of their open() calls.
std::vector<ContentItem*> FlowContent::in_order() const {
  std::vector<ContentItem*> items;
  for (const std::unique_ptr<ContentItem>& item : slots_) {
    if (item != nullptr) items.push_back(item.get());
  }
  std::ranges::sort(items, [this](const ContentItem* a, const ContentItem* b) { return age(*a) > age(*b); });
  return items;
}

void FlowContent::release(ContentItem& item) {
  ContentItem::give_back(scope_, std::move(slots_[slot_of(item.id())]));
  if (scope_.open == 0 && slots_.size() > 16) decltype(slots_)().swap(slots_);
}

ItemId FlowContent::open(ContentMeta&& meta, ItemId parent) {
  const uint32_t ordinal = ++ordinals_[index_of(meta.direction)];
  meta.direction = told(meta.direction);
  ContentItem* above = find(parent);
  if (above == nullptr && parent != kNoItem) ++scope_.context.counters().stale_calls;
  const bool contested = meta.differs;
  if (contested && meta.kind == ItemKind::kConflict) {
    for (ContentItem* item : in_order()) {
      if (item->direction() == meta.direction) item->contest();
    }
  }
  size_t slot = 0;
  while (slot < slots_.size() && slots_[slot] != nullptr) ++slot;
  if (slot == slots_.size()) slots_.emplace_back();
  slots_[slot] = ContentItem::open(scope_, slot, std::move(meta), above, false, ordinal);
  if (slots_[slot] == nullptr) return kNoItem;
  if (contested) slots_[slot]->contest();
  slots_[slot]->place = place(told(slots_[slot]->direction()));
  return slots_[slot]->id();
}

void FlowContent::data(ItemId item, uint64_t offset, Bytes bytes) {
  ContentItem* to = find(item);
  if (to != nullptr) {
    to->data(offset, bytes);
    return;
  }
  if (item != kNoItem) ++scope_.context.counters().stale_calls;
  scope_.ledger.add_unread(Unread::kMemory, bytes.size());
}

void FlowContent::gap(ItemId item, uint64_t offset, uint64_t n) {
  if (ContentItem* to = find(item)) to->gap(offset, n);
}

void FlowContent::meta(ItemId item, const ContentMeta& update) {
  if (ContentItem* to = find(item)) update_item(*to, update);
}

// Children that have something from it get the new one.
void FlowContent::update_item(ContentItem& item, const ContentMeta& update) {
  const ContentMeta old = item.update(update);
  for (const std::unique_ptr<ContentItem>& child : slots_) {
    if (child != nullptr && child->parent() == &item) update_item(*child, item.news_for(*child, old));
  }
}

void FlowContent::close(ItemId item, CloseReason why) {
  if (ContentItem* to = find(item)) close_item(*to, why);
}

// The oldest open item that `fits`, or null.
template <typename Fits>
ContentItem* FlowContent::oldest(Fits fits) const {
  ContentItem* found = nullptr;
  for (const std::unique_ptr<ContentItem>& item : slots_) {
    if (item != nullptr && fits(*item) && (found == nullptr || age(*item) > age(*found))) found = item.get();
  }
  return found;
}

void FlowContent::close_item(ContentItem& item, CloseReason why) {
  // What a parser has left open below it.
  while (scope_.open > 1) {
    ContentItem* child = oldest([&](const ContentItem& i) { return i.parent() == &item; });
    if (child == nullptr) break;
    close_item(*child, why);
  }
  item.close(why);
  if (item.facts().meta.kind == ItemKind::kMessage && item.parent() == nullptr) remember(item);
  release(item);
}

void FlowContent::unread(Direction, Unread why, uint64_t n) { scope_.ledger.add_unread(why, n); }

void FlowContent::asks(Direction side, bool sure) {
  if (!take_asker(flow_, told(side), sure)) return;
  std::swap(scope_.cut_by[0], scope_.cut_by[1]);
  for (const std::unique_ptr<ContentItem>& item : slots_) {
    if (item != nullptr) item->turn();
  }
}

void FlowContent::remember(ContentItem& message) {
  if (past_ == nullptr) past_ = std::make_unique<PastMessages>();
  PastMessages::Message& past = past_->ring[past_->count % past_->ring.size()];
  MemoryBudget& budget = scope_.context.pools().budget();
  budget.give(std::exchange(past.cost, 0));
  const Direction wire = this->told(message.direction());
  past.meta.direction = wire;
  past.begin = message.place;
  past.end = place(wire);
  ++past_->count;
  swap_told(&past.meta, &message.last_meta());
  if (budget.try_take(message.weight())) {
    past.cost = message.weight();
  } else {
    past.meta = ContentMeta();
    past.meta.direction = wire;
  }
}

bool FlowContent::message_at(Direction direction, uint64_t offset, ContentMeta* meta) const {
  const size_t kept = past_ == nullptr ? 0 : std::min(past_->count, past_->ring.size());
  for (size_t age = kept; age > 0; --age) {  // the oldest first: later ones may begin in the same bytes
    const PastMessages::Message& message = past_->ring[(past_->count - age) % past_->ring.size()];
    if (message.meta.direction != direction || offset < message.begin || offset > message.end) continue;
    put_told(message.meta, meta);
    return true;
  }
  const ContentItem* open = oldest([&](const ContentItem& item) {
    return item.facts().meta.kind == ItemKind::kMessage && item.parent() == nullptr &&
           told(item.direction()) == direction && item.place <= offset;
  });
  if (open == nullptr) return false;
  put_told(open->facts().meta, meta);
  return true;
}

void FlowContent::forget_messages() {
  if (past_ == nullptr) return;
  for (const PastMessages::Message& message : past_->ring) scope_.context.pools().budget().give(message.cost);
  past_.reset();
}

void FlowContent::counted_elsewhere(ItemId item, uint64_t n) {
  if (ContentItem* to = find(item)) to->counted_elsewhere(n);
}

void FlowContent::flush(Nanoseconds now) {
  scope_.time = std::max(scope_.time, now);
  for (ContentItem* item : in_order()) item->flush();
}

void FlowContent::finish() {
  while (ContentItem* item = oldest([](const ContentItem& i) { return i.parent() == nullptr; })) {
    close_item(*item, CloseReason::kFlowEnd);
  }
  forget_messages();
}

bool FlowContent::pending() const {
  if (scope_.open == 0) return false;
  return std::ranges::any_of(slots_, [](const auto& item) { return item != nullptr && item->pending(); });
}

}  // namespace weir
