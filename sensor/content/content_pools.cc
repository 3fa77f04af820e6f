#include "sensor/content/content_pools.h"

#include <algorithm>
#include <utility>

#include "sensor/content/content_item.h"
#include "sensor/content/flow_content.h"

namespace weir {

ContentPools::ContentPools(const ContentOptions& options, MemoryBudget& budget)
    : budget_(budget), inflate_(budget), items_kept_(options.items_kept) {
  small_.capacity = kSmallWindow;
  small_.most_kept = 256;
  large_.capacity = std::clamp<uint32_t>(options.window, 8192, 1u << 20) + options.max_carry;
  large_.most_kept = 32;
}

ContentPools::~ContentPools() {
  for (Class* c : {&small_, &large_}) budget_.give(c->kept.size() * c->capacity);
  while (inflate_.drop()) {
  }
  budget_.give(items_.size() * sizeof(ContentItem));
}

// Gives back what is only kept for later, until `n` bytes fit.
bool ContentPools::make_room(size_t n) {
  while (budget_.limit() - budget_.used() < n) {
    Class* c = !large_.kept.empty() ? &large_ : !small_.kept.empty() ? &small_ : nullptr;
    if (c == nullptr) return inflate_.drop() && make_room(n);
    c->kept.pop_back();
    budget_.give(c->capacity);
  }
  return true;
}

WindowBuffer ContentPools::take_window(uint32_t size) {
  Class& c = size <= small_.capacity ? small_ : large_;
  if (!c.kept.empty()) {
    WindowBuffer buffer = std::move(c.kept.back());
    c.kept.pop_back();
    return buffer;
  }
  if (!budget_.try_take(c.capacity) && !(make_room(c.capacity) && budget_.try_take(c.capacity))) return {};
  return {std::make_unique_for_overwrite<uint8_t[]>(c.capacity), c.capacity};
}

void ContentPools::give_window(WindowBuffer buffer) {
  if (buffer.bytes == nullptr) return;
  Class& c = buffer.capacity == small_.capacity ? small_ : large_;
  if (c.kept.size() < c.most_kept) {
    c.kept.push_back(std::move(buffer));
  } else {
    budget_.give(c.capacity);
  }
}

std::unique_ptr<ContentItem> ContentPools::take_item() {
  if (!items_.empty()) {
    std::unique_ptr<ContentItem> item = std::move(items_.back());
    items_.pop_back();
    return item;
  }
  constexpr size_t kSize = sizeof(ContentItem);
  if (!budget_.try_take(kSize) && !(make_room(kSize) && budget_.try_take(kSize))) return nullptr;
  return std::make_unique<ContentItem>();
}

void ContentPools::give_item(std::unique_ptr<ContentItem> item) {
  if (items_.size() < items_kept_) {
    items_.push_back(std::move(item));
  } else {
    budget_.give(sizeof(ContentItem));
  }
}

std::span<uint8_t> ContentPools::scratch(size_t n) {
  while (scratch_.size() <= n) scratch_.push_back(std::make_unique_for_overwrite<uint8_t[]>(kScratch));
  return {scratch_[n].get(), kScratch};
}

InflateStatePtr ContentPools::Inflate::take() {
  if (!kept_.empty()) {
    InflateStatePtr state = std::move(kept_.back());
    kept_.pop_back();
    return state;
  }
  return budget_.try_take(inflate_state_size()) ? make_inflate_state() : nullptr;
}

void ContentPools::Inflate::give(InflateStatePtr state) {
  if (kept_.size() < kMostKept) {
    kept_.push_back(std::move(state));
  } else {
    budget_.give(inflate_state_size());
  }
}

bool ContentPools::Inflate::drop() {
  if (kept_.empty()) return false;
  kept_.pop_back();
  budget_.give(inflate_state_size());
  return true;
}

}  // namespace weir
