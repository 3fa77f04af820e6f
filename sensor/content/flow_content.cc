#include "sensor/content/flow_content.h"

#include <algorithm>
#include <utility>

#include "sensor/content/content_item.h"
#include "sensor/content/content_pools.h"

namespace weir {

namespace {

constexpr uint32_t kSlotBits = 12;
constexpr uint32_t kSlotMask = (1u << kSlotBits) - 1;
constexpr uint32_t kGenerationMask = (1u << (32 - kSlotBits)) - 1;

// What a peer's strings cost beside the item itself.
size_t weight(const ContentMeta& meta) {
  size_t n = 0;
  for (const std::string* s :
       {&meta.method, &meta.host, &meta.path, &meta.file_name, &meta.field, &meta.declared_type, &meta.sender,
        &meta.subject, &meta.message_id, &meta.user, &meta.range}) {
    n += s->size();
  }
  for (const auto* list : {&meta.codings, &meta.recipients, &meta.forwarded_for}) {
    for (const std::string& s : *list) n += sizeof(std::string) + s.size();
  }
  return n;
}

}  // namespace

ContentContext::ContentContext(const ContentOptions& options, MemoryBudget& budget)
    : options_(options), pools_(std::make_unique<ContentPools>(options, budget)) {
  // The tables of the charsets that are looked for are made now, not under the first packet.
  charset_gb18030();
  charset_big5();
}
ContentContext::~ContentContext() = default;

FlowContent::FlowContent(const FlowFacts& flow, Inspection& ledger, TextSink& sink, ContentContext& context)
    : flow_(flow), ledger_(ledger), sink_(sink), context_(context) {}

FlowContent::~FlowContent() {
  for (std::unique_ptr<ContentItem>& item : slots_) {
    if (item == nullptr) continue;
    item->drop();
    release(*item);
  }
}

ContentItem* FlowContent::find(ItemId id) const {
  const uint32_t slot = (id & kSlotMask) - 1;  // kNoItem: far out of range
  if (slot >= slots_.size() || slots_[slot] == nullptr || slots_[slot]->id() != id) return nullptr;
  return slots_[slot].get();
}

// Items opened since. Generations wrap after a million; by then old items are closed, or still the oldest.
uint32_t FlowContent::age(const ContentItem& item) const {
  return (generation_ - (item.id() >> kSlotBits)) & kGenerationMask;
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

ContentItem* FlowContent::start_item(ContentMeta&& meta, ContentItem* parent, bool part, uint32_t ordinal) {
  ContentPools& pools = context_.pools();
  const size_t cost = weight(meta) + (parent != nullptr ? weight(parent->facts().meta) : 0);
  const auto refuse = [this]() -> ContentItem* {
    ++context_.counters().items_refused;
    return nullptr;
  };
  if (open_ >= std::min(context_.options().max_open_items, kSlotMask) || !pools.budget().try_take(cost))
    return refuse();
  std::unique_ptr<ContentItem> item = pools.take_item();
  if (item == nullptr) {
    pools.budget().give(cost);
    return refuse();
  }
  size_t slot = 0;
  while (slot < slots_.size() && slots_[slot] != nullptr) ++slot;
  if (slot == slots_.size()) slots_.emplace_back();
  generation_ = (generation_ + 1) & kGenerationMask;
  slots_[slot] = std::move(item);
  ++open_;
  ContentItem& opened = *slots_[slot];
  opened.cost = cost;
  opened.start(*this, generation_ << kSlotBits | static_cast<uint32_t>(slot + 1), std::move(meta), parent,
               part, ordinal);
  return &opened;
}

void FlowContent::release(ContentItem& item) {
  std::unique_ptr<ContentItem>& slot = slots_[(item.id() & kSlotMask) - 1];
  context_.pools().budget().give(item.cost);
  --open_;
  context_.pools().give_item(std::move(slot));
  if (open_ == 0 && slots_.size() > 16) decltype(slots_)().swap(slots_);
}

ItemId FlowContent::open(ContentMeta meta, ItemId parent) {
  const uint32_t ordinal = ++ordinals_[index_of(meta.direction)];
  ContentItem* above = find(parent);
  if (above == nullptr && parent != kNoItem) ++context_.counters().stale_calls;
  const bool contested = meta.differs;
  if (contested && meta.kind == ItemKind::kConflict) {
    for (ContentItem* item : in_order()) {
      if (item->direction() == meta.direction) item->contest();
    }
  }
  ContentItem* opened = start_item(std::move(meta), above, false, ordinal);
  if (opened != nullptr && contested) opened->contest();
  return opened == nullptr ? kNoItem : opened->id();
}

ContentItem* FlowContent::open_part(ContentItem& body, const PartHead& head) {
  ContentMeta meta;
  meta.kind = ItemKind::kPart;
  meta.direction = body.direction();
  meta.protocol = body.facts().meta.protocol;
  meta.field = head.name.substr(0, kMaxMetaLength);
  meta.file_name = head.file_name.substr(0, kMaxMetaLength);
  meta.declared_type = head.type.substr(0, kMaxMetaLength);
  if (head.transfer_encoding == "base64" || head.transfer_encoding == "quoted-printable") {
    meta.codings = {head.transfer_encoding};
  }
  return start_item(std::move(meta), &body, true, body.facts().ordinal);
}

void FlowContent::data(ItemId item, uint64_t offset, Bytes bytes) {
  ContentItem* to = find(item);
  if (to != nullptr) {
    to->data(offset, bytes);
    return;
  }
  if (item != kNoItem) ++context_.counters().stale_calls;
  ledger_.add_unread(Unread::kMemory, bytes.size());
}

void FlowContent::gap(ItemId item, uint64_t offset, uint64_t n) {
  if (ContentItem* to = find(item)) to->gap(offset, n);
}

void FlowContent::meta(ItemId item, const ContentMeta& update) {
  if (ContentItem* to = find(item)) to->update(update);
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
  // A part closes with its body; what else a parser has left open below is closed here.
  while (open_ > 1) {
    ContentItem* child = oldest([&](const ContentItem& i) { return i.parent() == &item && i.depth() == 0; });
    if (child == nullptr) break;
    close_item(*child, why);
  }
  item.close(why);
  release(item);
}

void FlowContent::unread(Direction, Unread why, uint64_t n) { ledger_.add_unread(why, n); }

void FlowContent::flush(Nanoseconds now) {
  time_ = std::max(time_, now);
  for (ContentItem* item : in_order()) item->flush();
}

void FlowContent::finish() {
  while (ContentItem* item = oldest([](const ContentItem& i) { return i.parent() == nullptr; })) {
    close_item(*item, CloseReason::kFlowEnd);
  }
}

bool FlowContent::pending() const {
  if (open_ == 0) return false;
  return std::ranges::any_of(slots_, [](const auto& item) { return item != nullptr && item->pending(); });
}

}  // namespace weir
