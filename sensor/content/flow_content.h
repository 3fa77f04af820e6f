// What the items of one flow are made of: undoes content codings, splits forms into fields and files,
// turns bytes into UTF-8 readings and hands match one window at a time.
//
// One ContentContext a worker (budget, pools, options, counters), one FlowContent a flow, made at its
// first payload byte. Parsers call it through ContentSink; the worker calls set_time() before it feeds
// bytes, flush() when a live flow has gone quiet, finish() once at the flow's end. What an item says goes
// to TextSink: on_item_begin at the item's first byte, hole or unreadable byte (a kMessage and an item
// without bytes have none), on_window any number of times, on_item_end once.
//
// An endless item (kRawStream) is cut every ContentOptions::raw_cut bytes: on_item_end with
// CloseReason::kCut, and at once on_item_begin with the same ItemId, facts.part counted up and
// facts.continues set. Offsets go on, so the state of the match may simply be kept: what is undecided at
// the cut is decided in the next piece.
//
// A file in a multipart body is an item of its own (kPart) that content opens under the body: same
// ordinal, facts.part = 1, 2, … in the order of the parts.
//
// Owned: the items' state, window buffers and inflate states (both from the context's pools, on its
// budget). With no item open it keeps its counts and what its last messages were, which a late or second
// version of their bytes may ask for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "parsers/api/item.h"
#include "sensor/base/inspection.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/memory_budget.h"
#include "sensor/base/timed_content_sink.h"
#include "sensor/content/text_sink.h"

namespace weir {

struct ContentOptions {
  uint32_t window = 16 * 1024;                 // item bytes a window, the carry not counted; 8 KiB - 1 MiB
  uint32_t max_carry = 4 * 1024;               // most bytes that match may ask to see again
  uint64_t raw_cut = 16 * 1024 * 1024;         // an endless item is cut here, in item bytes
  uint64_t max_output = 256ull * 1024 * 1024;  // decoded bytes of one item
  uint32_t max_ratio = 1000;                   // decoded : coded bytes, from ratio_from decoded bytes on
  uint64_t ratio_from = 64ull * 1024 * 1024;   // blanks before a text are a bomb's beginning, too
  uint32_t max_codings = 4;                    // stacked content codings
  uint32_t max_open_items = 1024;              // of one flow; at most 4,095
  uint32_t max_parts = 1000;                   // of one multipart body; what follows is read as text
  uint32_t max_part_depth = 4;                 // multipart in multipart
  uint32_t items_kept = 256;                   // closed items that a worker keeps for the next ones
  // True for a host (as on the wire) whose items must not be read; may be empty.
  std::function<bool(std::string_view host)> excluded_host;
};

// What became of items and codings; a worker's own.
struct ContentCounters {
  uint64_t items = 0;          // begun
  uint64_t items_refused = 0;  // open items or memory full
  uint64_t windows = 0;
  uint64_t readings = 0;        // given in windows; beyond one a window they are derived
  uint64_t text_bytes = 0;      // item bytes scanned, carries not counted again
  uint64_t coded_bytes = 0;     // into decoders
  uint64_t decoded_bytes = 0;   // out of them
  uint64_t coding_corrupt = 0;  // bodies whose coding broke
  uint64_t coding_limit = 0;  // bodies stopped at a ratio or their most output, or that go on saying nothing
  uint64_t coding_unknown = 0;   // bodies in a coding that Weir does not read
  uint64_t coding_false = 0;     // bodies that were not in the coding they declared: read as they are
  uint64_t coding_checksum = 0;  // CRC, length or Adler sums that did not hold
  uint64_t coding_memory = 0;    // bodies without an inflate state: pool or budget full
  uint64_t window_memory = 0;    // times that a window buffer was refused
  uint64_t carry_forced = 0;     // windows whose carry match asked for was over max_carry
  uint64_t parts = 0;            // multipart parts
  uint64_t binary_items = 0;     // read as bytes, no charset: images, sound, fonts, random
  uint64_t stale_calls = 0;      // calls for items that are not open
};

class ContentPools;  // content_pools.h
class ContentItem;   // content_item.h

// Worker-wide. Not thread-safe. `budget` outlives it.
class ContentContext {
 public:
  ContentContext(const ContentOptions& options, MemoryBudget& budget);
  ~ContentContext();
  ContentContext(const ContentContext&) = delete;
  ContentContext& operator=(const ContentContext&) = delete;

  const ContentOptions& options() const { return options_; }
  ContentCounters& counters() { return counters_; }
  const ContentCounters& counters() const { return counters_; }
  ContentPools& pools() { return *pools_; }

 private:
  ContentOptions options_;
  ContentCounters counters_;
  std::unique_ptr<ContentPools> pools_;
};

// What the items of a flow share, and all that an item knows of its flow: it cannot call back into what owns
// it. While FlowContent walks over its items, none of them can close, open or move another; an item's parts
// are its own.
struct FlowScope {
  const FlowFacts& flow;
  Inspection& ledger;
  TextSink& sink;
  ContentContext& context;
  Nanoseconds time = 0;
  std::array<std::optional<Unread>, 2> cut_by{};  // by the direction that is told
  uint32_t generation = 0;                        // in the id of the item that was opened last
  uint32_t open = 0;                              // items, parts among them
};

class FlowContent final : public TimedContentSink {
 public:
  // All of them outlive the FlowContent. Unread bytes are added to `ledger`; who asks (ContentSink::asks) is
  // put into `flow`, and the directions of items follow it.
  FlowContent(FlowFacts& flow, Inspection& ledger, TextSink& sink, ContentContext& context);
  // Without finish() the open items are let go unread.
  ~FlowContent() override;
  FlowContent(const FlowContent&) = delete;
  FlowContent& operator=(const FlowContent&) = delete;

  // Capture time of the bytes, holes and ends that the next calls tell of.
  void set_time(Nanoseconds time) override { scope_.time = time; }
  void cut_short(Direction direction, Unread why) override { scope_.cut_by[index_of(told(direction))] = why; }

  ItemId open(ContentMeta&& meta, ItemId parent) override;
  void data(ItemId item, uint64_t offset, Bytes bytes) override;
  void gap(ItemId item, uint64_t offset, uint64_t n) override;
  void meta(ItemId item, const ContentMeta& update) override;
  void close(ItemId item, CloseReason why) override;
  void unread(Direction direction, Unread why, uint64_t n) override;
  void asks(Direction side, bool sure = true) override;
  void counted_elsewhere(ItemId item, uint64_t n) override;
  bool message_at(Direction direction, uint64_t offset, ContentMeta* meta) const override;

  // Gives match what waits in the windows of all open items, and gives the buffers back. For a live flow
  // that has gone quiet: a charset that is still open is guessed from what is there, for this window only.
  void flush(Nanoseconds now);
  // Closes what is open (children first, CloseReason::kFlowEnd). Nothing may be called after it.
  void finish();

  size_t open_items() const { return scope_.open; }
  // open() calls so far, by direction: all that must be kept of it while no item is open.
  const std::array<uint32_t, 2>& ordinals() const { return ordinals_; }
  // Before the first call: counts on from those of a FlowContent of the same flow.
  void resume(const std::array<uint32_t, 2>& ordinals) { ordinals_ = ordinals; }
  // True when flush() would give match something.
  bool pending() const;

 private:
  // A parser's direction in the order that the flow has now.
  Direction told(Direction wire) const { return flow_.roles.turned ? opposite(wire) : wire; }
  ContentItem* find(ItemId id) const;
  void close_item(ContentItem& item, CloseReason why);
  void update_item(ContentItem& item, const ContentMeta& update);
  void release(ContentItem& item);
  void remember(ContentItem& message);
  void forget_messages();
  std::vector<ContentItem*> in_order() const;
  uint32_t age(const ContentItem& item) const;
  template <typename Fits>
  ContentItem* oldest(Fits fits) const;

  FlowFacts& flow_;
  FlowScope scope_;
  std::array<uint32_t, 2> ordinals_{};               // open() calls, by the parser's direction
  std::vector<std::unique_ptr<ContentItem>> slots_;  // what parsers opened; an id says where it lies
  // The last messages that were closed, a ring; made with the first.
  struct PastMessages;
  std::unique_ptr<PastMessages> past_;
};

}  // namespace weir
