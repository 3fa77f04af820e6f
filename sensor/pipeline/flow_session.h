// Everything cold of one flow: who talks, its reader, its content, its inspection. Made at the flow's first
// payload byte, and again when a flow that was put to rest goes on; the flow table's own record stays small.
#pragma once

#include <limits>
#include <memory>
#include <optional>

#include "sensor/base/inspection.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/networks.h"
#include "sensor/content/flow_content.h"
#include "sensor/pipeline/flow_reader.h"
#include "sensor/pipeline/item_inspector.h"
#include "sensor/pipeline/resting_flow.h"
#include "sensor/pipeline/session_memory.h"

namespace weir {

// How far the bytes go: benchmarks stop before the later stages.
enum class Depth : uint8_t { kReassembly, kParse, kContent, kMatch, kAlert };

// One per worker; outlives its sessions.
struct SessionContext {
  Depth depth = Depth::kAlert;
  Nanoseconds now = 0;                    // the worker's clock, which it keeps here for its sessions
  uint64_t depth_limit = 0;               // bytes of each direction of a flow that are read; 0: all
  const NetworkList* excluded = nullptr;  // flows with an end in one of these are not read; may be null
  ContentContext* content = nullptr;      // from kContent on
  InspectContext* inspect = nullptr;      // from kMatch on
};

class FlowSession {
 public:
  FlowSession(SessionContext& context, FlowFacts facts, Inspection& ledger, bool midstream);
  // Goes on where rest() stopped: alerts and counts are as if it had never been away. `facts` are those that
  // the packets tell anew; the rest's own are added to them.
  FlowSession(SessionContext& context, FlowFacts facts, Inspection& ledger, RestingFlow&& rest);
  FlowSession(const FlowSession&) = delete;
  FlowSession& operator=(const FlowSession&) = delete;

  // `peer_is_behind`: Parser::peer_is_behind.
  void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time,
                bool peer_is_behind = false);
  void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time);
  void on_end(Direction direction, Nanoseconds time);
  void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, const Surroundings& around,
                Nanoseconds time);
  void on_urgent(Direction direction, uint64_t offset) {
    reader_->on_urgent(direction, offset);
    note_rest();
  }
  Bytes recent(Direction direction) const { return reader_->recent(direction); }
  void on_datagram(Direction direction, Bytes bytes, Nanoseconds time,
                   DatagramVersion version = DatagramVersion::kOnly);
  // FlowReader::read_again.
  void read_again(bool for_good) {
    reader_->read_again(for_good);
    note_rest();
  }
  // The flow leaves: ends everything.
  void finish(Nanoseconds time);

  // The worker's clock has come to `now`, later than wakes_at(): scans what waits, sends what is due. (A
  // session that may rest waits for nothing else.)
  void wake(Nanoseconds now);
  // By the worker's clock. INT64_MAX: nothing waits.
  Nanoseconds wakes_at() const;

  // After this, by the worker's clock, the flow may be put to rest: it is between two messages, and has been
  // silent for a while. INT64_MAX: it may not.
  Nanoseconds rests_at() const { return rests_at_; }
  bool may_rest() const { return rests_at_ != std::numeric_limits<Nanoseconds>::max(); }
  // Only where may_rest(). The session is to be destroyed after it.
  RestingFlow rest();

  // What it takes, items and findings apart: they have budgets of their own.
  size_t memory() const;
  // … of a new one.
  static size_t least_memory();
  SessionMemory::Entry entry;  // the worker's

  // Why nothing that `direction` still brings will be read; empty while it is read.
  std::optional<Unread> skipped(Direction direction) const { return reader_->skipped(direction); }
  // "http", "raw", …; empty while undecided.
  std::string_view protocol() const { return reader_->protocol(); }

 private:
  void set_time(Nanoseconds time);
  void join(SessionContext& context, Inspection& ledger);
  void note_rest();
  void note_create();

  const SessionContext& context_;
  FlowFacts facts_;
  std::optional<FlowReader> reader_;
  std::unique_ptr<TextSink> null_text_;  // in place of the inspector below Depth::kMatch
  std::optional<ItemInspector> inspector_;
  std::unique_ptr<TimedContentSink> null_content_;  // in place of the content below Depth::kContent
  std::optional<FlowContent> content_;
  TimedContentSink* sink_ = nullptr;
  bool depth_limit_ = false;
  Nanoseconds time_ = 0;       // as the packets tell it …
  Nanoseconds heard_ = 0;      // … and the worker's clock then
  Nanoseconds last_data_ = 0;  // the worker's clock
  Nanoseconds rests_at_ = std::numeric_limits<Nanoseconds>::max();
  // When the inspector is to be woken: as the packets tell the time, and by the worker's clock.
  Nanoseconds create_time_ = std::numeric_limits<Nanoseconds>::max();
  Nanoseconds create_at_ = std::numeric_limits<Nanoseconds>::max();
};

}  // namespace weir
