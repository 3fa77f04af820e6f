// From an item's text to its alerts: match, then the item's findings, then policy and alert. One for each
// flow; what it needs of its worker it borrows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sensor/alert/item_alerts.h"
#include "sensor/base/item_findings.h"
#include "sensor/content/text_sink.h"
#include "sensor/match/matcher.h"
#include "sensor/pipeline/reported_values.h"
#include "sensor/pipeline/totals.h"

namespace weir {

// Hears of every item that has ended (`weir replay --items`).
class ItemObserver {
 public:
  virtual ~ItemObserver() = default;
  virtual void on_item(const ItemFacts& facts) = 0;
};

// One per worker; outlives its inspectors.
struct InspectContext {
  Matcher& matcher;
  MemoryBudget& findings_budget;
  AlertContext* alerts = nullptr;    // null: findings are counted and go no further (benchmarks)
  ItemObserver* observer = nullptr;  // may be null
  Totals& totals;
};

class ItemInspector final : public TextSink {
 public:
  explicit ItemInspector(InspectContext& context);
  ~ItemInspector() override;
  ItemInspector(const ItemInspector&) = delete;
  ItemInspector& operator=(const ItemInspector&) = delete;

  // Capture time at which the ends that the next calls tell of happen.
  void set_time(Nanoseconds time) { time_ = time; }

  void on_item_begin(ItemId item, const ItemFacts& facts) override;
  uint64_t on_window(ItemId item, const ItemFacts& facts, const TextWindow& window) override;
  uint64_t given_up() override { return std::exchange(given_up_, 0); }
  void on_item_end(ItemId item, const ItemFacts& facts) override;

  // No item is open: what was reported is all there is to keep.
  bool idle() const { return items_.empty(); }
  ReportedValues& reported() { return reported_; }
  // What it takes beside itself, findings apart.
  size_t memory() const;

  // Capture time has come to `now` without bytes for these items.
  void tick(Nanoseconds now);
  // When tick() has something to do; INT64_MAX: never.
  Nanoseconds wakes_at() const;

 private:
  struct Inspected;
  class Collector;
  Inspected* find(ItemId item);

  InspectContext& context_;
  Nanoseconds time_ = 0;
  uint64_t given_up_ = 0;                          // bytes of the last window
  std::vector<std::unique_ptr<Inspected>> items_;  // open ones: few, but for multiplexing protocols
  // Values reported in this flow: a late or conflicting piece does not report them again. Bounded.
  ReportedValues reported_;
};

}  // namespace weir
