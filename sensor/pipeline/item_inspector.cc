#include "sensor/pipeline/item_inspector.h"

#include <algorithm>
#include <limits>

namespace weir {

namespace {

bool is_extra(ItemKind kind) { return kind == ItemKind::kLate || kind == ItemKind::kConflict; }

// Capture time of the byte at `offset`, by the window's marks.
Nanoseconds time_at(const TextWindow& window, uint64_t offset, Nanoseconds fallback) {
  const auto after = std::upper_bound(window.times.begin(), window.times.end(), offset,
                                      [](uint64_t o, const TimeMark& mark) { return o < mark.item_offset; });
  return after == window.times.begin() ? fallback : std::prev(after)->time;
}

ItemFindingsLimits limits_of(const InspectContext& context) {
  ItemFindingsLimits limits;
  limits.max_tokens = context.alerts != nullptr ? context.alerts->options.max_subjects : 0;
  return limits;
}

}  // namespace

struct ItemInspector::Inspected {
  Inspected(ItemId i, const ItemFacts& f, const InspectContext& context)
      : id(i), facts(&f), findings(&context.findings_budget, limits_of(context)) {}

  ItemId id;
  const ItemFacts* facts;  // content's own, until on_item_end
  ItemMatchState match;
  ItemFindings findings;
  std::optional<ItemAlerts> alerts;
};

// Takes one window's findings, in item order.
class ItemInspector::Collector final : public FindingSink {
 public:
  Collector(ItemInspector& inspector, Inspected& item, const TextWindow& window)
      : inspector_(inspector), item_(item), window_(window) {}

  void on_match(const Match& match, const MatchDetails& details) override {
    const ContentMeta& meta = item_.facts->meta;
    const bool extra = is_extra(meta.kind);
    // Wholly in what stands around: the stream's own, and found there.
    if (extra && (match.end <= meta.context || match.begin >= meta.own_end)) return;
    if (extra && inspector_.reported_.contains(match.detector, match.name)) return;
    InspectContext& context = inspector_.context_;
    const uint64_t forgotten = inspector_.reported_.forgotten();
    inspector_.reported_.add(match.detector, match.name);
    context.totals.values_forgotten += inspector_.reported_.forgotten() - forgotten;
    DetectorTotals& totals = context.totals.detectors[match.detector];
    ++totals.findings;
    ++totals.by_confidence[static_cast<size_t>(confidence_of(match.score))];
    if (context.alerts == nullptr) {
      item_.findings.add(match, details);
      return;
    }
    if (!item_.alerts) item_.alerts.emplace(*context.alerts);
    item_.alerts->on_finding(*item_.facts, item_.findings, match, details,
                             time_at(window_, match.decided_at, item_.facts->last_byte));
  }

  void on_candidate(DetectorIndex detector, bool passed) override {
    if (item_.alerts) {
      item_.alerts->on_candidate(item_.findings, detector, passed);
    } else {
      item_.findings.count_candidate(detector, passed);
    }
  }

  void on_given_up(uint64_t begin, uint64_t end) override { inspector_.given_up_ += end - begin; }

 private:
  ItemInspector& inspector_;
  Inspected& item_;
  const TextWindow& window_;
};

ItemInspector::ItemInspector(InspectContext& context) : context_(context) {}
ItemInspector::~ItemInspector() = default;

size_t ItemInspector::memory() const {
  return items_.size() * (sizeof(Inspected) + sizeof(void*)) + reported_.memory();
}

ItemInspector::Inspected* ItemInspector::find(ItemId item) {
  const auto it =
      std::ranges::find_if(items_, [&](const std::unique_ptr<Inspected>& i) { return i->id == item; });
  return it == items_.end() ? nullptr : it->get();
}

void ItemInspector::on_item_begin(ItemId item, const ItemFacts& facts) {
  ++context_.totals.items;
  if (Inspected* going_on = facts.continues ? find(item) : nullptr) {
    going_on->facts = &facts;
    return;
  }
  items_.push_back(std::make_unique<Inspected>(item, facts, context_));
}

uint64_t ItemInspector::on_window(ItemId item, const ItemFacts& facts, const TextWindow& window) {
  Inspected* inspected = find(item);
  if (inspected == nullptr) return window.item_end;
  inspected->facts = &facts;
  Collector collector(*this, *inspected, window);
  const uint64_t keep = context_.matcher.scan(inspected->match, window, facts.first_byte, collector);
  if (inspected->alerts) {
    inspected->alerts->on_progress(facts, inspected->findings, inspected->match.decided_to(),
                                   time_at(window, inspected->match.decided_to(), facts.last_byte));
  }
  return keep;
}

void ItemInspector::on_item_end(ItemId item, const ItemFacts& facts) {
  const auto it =
      std::ranges::find_if(items_, [&](const std::unique_ptr<Inspected>& i) { return i->id == item; });
  if (it == items_.end()) return;
  if ((*it)->alerts) (*it)->alerts->on_end(facts, (*it)->findings, time_);
  if (context_.observer != nullptr) context_.observer->on_item(facts);
  if (facts.end_reason == CloseReason::kCut) {
    // An endless item goes on under the same id: what is undecided at the cut is decided in the next piece.
    auto next = std::make_unique<Inspected>(item, facts, context_);
    next->match = std::move((*it)->match);
    *it = std::move(next);
  } else {
    items_.erase(it);
  }
}

void ItemInspector::tick(Nanoseconds now) {
  for (const std::unique_ptr<Inspected>& item : items_) {
    if (item->alerts && item->alerts->waiting() && item->alerts->wakes_at() < now) {
      item->alerts->on_tick(*item->facts, item->findings, now);
    }
  }
}

Nanoseconds ItemInspector::wakes_at() const {
  Nanoseconds earliest = std::numeric_limits<Nanoseconds>::max();
  for (const std::unique_ptr<Inspected>& item : items_) {
    if (item->alerts && item->alerts->waiting()) earliest = std::min(earliest, item->alerts->wakes_at());
  }
  return earliest;
}

}  // namespace weir
