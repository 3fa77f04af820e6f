// The alerts of one content item: when its Create is due, when an Update is, what they say.
//
// The worker makes one ItemAlerts for an item at its first finding or candidate (with its ItemFindings beside
// it) and calls, in the order in which match tells:
//   on_finding    for each decided match, instead of ItemFindings::add: what is due before this match is
//                 emitted first, then the match is added, then the policies are asked;
//   on_candidate  instead of ItemFindings::count_candidate;
//   on_progress   after each window, with ItemMatchState::decided_to() and the capture time of the byte
//   there; on_tick       when capture time has passed without bytes of this item, after what came was
//   scanned; on_end        once, when the item is complete.
// A Create waits for the item's end, kCreateWaitBytes more of the item or kCreateWaitTime of capture time,
// whichever is first; all three are judged by the matches' own decided offsets and capture times, so the
// alerts do not depend on how packets or windows cut the item, nor on when a tick comes: a tick only brings
// forward what the next match or the end would emit.
//
// It borrows the context and emits whole Alerts through an AlertSink. An alert's `time` is at most
// kCreateWaitTime before the capture time of the call that emits it, as long as ticks come in time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/alert/alert.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/item_findings.h"
#include "sensor/base/metadata_masker.h"
#include "sensor/base/verdict.h"
#include "sensor/token/tokenizer.h"

namespace weir {

inline constexpr uint64_t kCreateWaitBytes = 16 * 1024;
inline constexpr Nanoseconds kCreateWaitTime = 1'000'000'000;

class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void on_alert(Alert&& alert) = 0;
};

struct AlertCounters {
  uint64_t creates = 0;
  uint64_t updates = 0;
  std::vector<uint64_t> suppressed;  // items by index of the exception; grows as needed

  AlertCounters& operator+=(const AlertCounters& other);
};

struct AlertOptions {
  uint32_t max_subjects = 100;  // subjects[] in one alert
};

// Worker-wide; outlives its items.
struct AlertContext {
  const Catalogue& catalogue;
  const VerdictSource& policy;
  const NetworkList& internal;
  MetadataMasker& masker;
  AlertSink& sink;
  AlertCounters& counters;
  std::string token_prefix;  // names the key: TokenKey::name() and ":"
  AlertOptions options;
  const Tokenizer* tokenizer = nullptr;  // for the content's token; null: none is told
};

class ItemAlerts {
 public:
  explicit ItemAlerts(AlertContext& context);
  ~ItemAlerts();
  ItemAlerts(ItemAlerts&&) noexcept;
  ItemAlerts& operator=(ItemAlerts&&) noexcept;

  // `decided_time`: capture time of the byte at match.decided_at.
  void on_finding(const ItemFacts& facts, ItemFindings& findings, const Match& match,
                  const MatchDetails& details, Nanoseconds decided_time);
  void on_candidate(ItemFindings& findings, DetectorIndex detector, bool passed_check);
  // Every match decided at or before `offset` was told; `time` is the capture time of the byte there.
  void on_progress(const ItemFacts& facts, const ItemFindings& findings, uint64_t offset, Nanoseconds time);
  void on_tick(const ItemFacts& facts, const ItemFindings& findings, Nanoseconds now);
  // `ended_at`: capture time at which the item ended: of the packet that closed it, the flow's expiry, or the
  // capture's last packet where it was still open then.
  void on_end(const ItemFacts& facts, ItemFindings& findings, Nanoseconds ended_at);

  // A Create is waiting: on_tick has something to do once capture time passes wakes_at().
  bool waiting() const;
  Nanoseconds wakes_at() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
