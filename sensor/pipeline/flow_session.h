// Everything cold of one flow: who talks, its reader, its content, its inspection. Made at the flow's first
// payload byte; the flow table's own record stays small.
#pragma once

#include <memory>
#include <optional>

#include "sensor/base/inspection.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/networks.h"
#include "sensor/content/flow_content.h"
#include "sensor/pipeline/flow_reader.h"
#include "sensor/pipeline/item_inspector.h"

namespace weir {

// How far the bytes go: benchmarks stop before the later stages.
enum class Depth : uint8_t { kReassembly, kParse, kContent, kMatch, kAlert };

// One per worker; outlives its sessions.
struct SessionContext {
  Depth depth = Depth::kAlert;
  uint64_t depth_limit = 0;               // bytes of each direction of a flow that are read; 0: all
  const NetworkList* excluded = nullptr;  // flows with an end in one of these are not read; may be null
  ContentContext* content = nullptr;      // from kContent on
  InspectContext* inspect = nullptr;      // from kMatch on
};

class FlowSession {
 public:
  FlowSession(SessionContext& context, FlowFacts facts, Inspection& ledger, bool midstream);
  FlowSession(const FlowSession&) = delete;
  FlowSession& operator=(const FlowSession&) = delete;

  void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time);
  void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time);
  void on_end(Direction direction, Nanoseconds time);
  void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, const Surroundings& around,
                Nanoseconds time);
  void on_urgent(Direction direction, uint64_t offset) { reader_.on_urgent(direction, offset); }
  Bytes recent(Direction direction) const { return reader_.recent(direction); }
  void on_datagram(Direction direction, Bytes bytes, Nanoseconds time,
                   DatagramVersion version = DatagramVersion::kOnly);
  // The flow leaves: ends everything.
  void finish(Nanoseconds time);

  // Capture time has come to `now`, later than wakes_at(): scans what waits, sends what is due.
  void wake(Nanoseconds now);
  // INT64_MAX: nothing waits.
  Nanoseconds wakes_at() const;

  // Why nothing that `direction` still brings will be read; empty while it is read.
  std::optional<Unread> skipped(Direction direction) const { return reader_.skipped(direction); }
  // "http", "raw", …; empty while undecided.
  std::string_view protocol() const { return reader_.protocol(); }

 private:
  void set_time(Nanoseconds time);

  FlowFacts facts_;
  FlowReader reader_;
  std::unique_ptr<TextSink> null_text_;  // in place of the inspector below Depth::kMatch
  std::optional<ItemInspector> inspector_;
  std::unique_ptr<TimedContentSink> null_content_;  // in place of the content below Depth::kContent
  std::optional<FlowContent> content_;
  TimedContentSink* sink_ = nullptr;
  Nanoseconds last_data_ = 0;
};

}  // namespace weir
