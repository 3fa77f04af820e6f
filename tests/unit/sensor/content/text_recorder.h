// A TextSink that keeps what content says, holds it to the contract of sensor/content/text_sink.h, and
// answers as match does: it asks to see again 64 characters before those that it has decided.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/codec/text_scan.h"
#include "sensor/content/flow_content.h"
#include "sensor/content/text_sink.h"

namespace weir {

struct RecordedReading {
  std::string text;
  bool derived = false;
  std::vector<uint64_t> offsets;  // item offset of each byte's character, and of the end
};

struct RecordedWindow {
  std::vector<RecordedReading> readings;
  std::string field;
  uint64_t begin = 0;
  uint64_t end = 0;
  bool break_before = false;
  bool ends_run = false;
  std::vector<TimeMark> times;
};

struct RecordedItem {
  ItemId id = kNoItem;
  ItemFacts facts;
  std::vector<RecordedWindow> windows;
  bool ended = false;
  uint64_t next = 0;
  bool run_open = false;

  // The runs of the first reading, each window's new part put behind the last.
  std::vector<std::string> runs() const {
    std::vector<std::string> out;
    uint64_t upto = 0;
    bool open = false;
    for (const RecordedWindow& w : windows) {
      if (!open) {
        out.emplace_back();
        upto = 0;
      }
      const RecordedReading& r = w.readings[0];
      for (size_t i = 0; i < r.text.size(); ++i) {
        if (r.offsets[i] >= upto) out.back().push_back(r.text[i]);
      }
      upto = r.offsets.back();
      open = !w.ends_run;
    }
    return out;
  }
  std::string text() const {
    std::string out;
    for (const std::string& run : runs()) out += run;
    return out;
  }
  // Item offsets [begin, end) of the first place where any reading says `what`; {1, 0} if none does.
  std::pair<uint64_t, uint64_t> find(std::string_view what) const {
    for (const RecordedWindow& w : windows) {
      for (const RecordedReading& r : w.readings) {
        const size_t at = r.text.find(what);
        if (at != std::string::npos) return {r.offsets[at], r.offsets[at + what.size()]};
      }
    }
    return {1, 0};
  }
  bool says(std::string_view what) const { return find(what).first <= find(what).second; }
  // Some reading of the first window begins with `text`, as far as it goes.
  bool reads(std::string_view text) const {
    return !windows.empty() && std::ranges::any_of(windows[0].readings, [&](const RecordedReading& r) {
      return r.text.starts_with(text.substr(0, r.text.size()));
    });
  }
  const RecordedWindow* window_of(std::string_view field) const {
    for (const RecordedWindow& w : windows) {
      if (w.field == field) return &w;
    }
    return nullptr;
  }
};

class TextRecorder final : public TextSink {
 public:
  explicit TextRecorder(size_t context = 64) : context_(context) {}

  void on_item_begin(ItemId item, const ItemFacts& facts) override {
    ASSERT_EQ(open_.count(item), 0u);
    ASSERT_FALSE(facts.ended);
    items.emplace_back(std::make_unique<RecordedItem>());
    items.back()->id = item;
    open_[item] = items.back().get();
    if (facts.continues) {
      open_[item]->next = cut_next_[item];
      open_[item]->run_open = cut_open_[item];
    }
  }

  uint64_t on_window(ItemId item, const ItemFacts& facts, const TextWindow& window) override {
    EXPECT_EQ(open_.count(item), 1u);
    RecordedItem& to = *open_[item];
    EXPECT_FALSE(window.readings.empty());
    EXPECT_LE(window.item_begin, window.item_end);
    if (to.run_open) {
      EXPECT_EQ(window.item_begin, to.next);
      EXPECT_FALSE(window.break_before);
    } else {
      EXPECT_GE(window.item_begin, to.next);
    }
    EXPECT_FALSE(window.times.empty());
    if (!window.times.empty()) {
      EXPECT_LE(window.times[0].item_offset, window.item_begin);
    }
    for (size_t i = 1; i < window.times.size(); ++i) {
      EXPECT_LT(window.times[i - 1].item_offset, window.times[i].item_offset);
    }
    RecordedWindow& w = to.windows.emplace_back();
    w.field = window.field;
    w.begin = window.item_begin;
    w.end = window.item_end;
    w.break_before = window.break_before;
    w.ends_run = window.ends_run;
    w.times.assign(window.times.begin(), window.times.end());
    uint64_t keep = window.item_end;
    for (const Text& text : window.readings) {
      RecordedReading& r = w.readings.emplace_back();
      r.text = text.utf8;
      r.derived = text.derived;
      EXPECT_EQ(scan_text(as_bytes(text.utf8)).valid, text.utf8.size()) << "readings are UTF-8";
      for (size_t i = 0; i <= text.utf8.size(); ++i) {
        r.offsets.push_back(text.map->item_offset(i));
        EXPECT_GE(r.offsets.back(), window.item_begin);
        if (i > 0) {
          EXPECT_GE(r.offsets[i], r.offsets[i - 1]);
        }
      }
      // A character cut by the window's end may reach over it in one of two readings, by three bytes.
      EXPECT_LE(r.offsets.back(), window.item_end + 3);
      size_t characters = 0;
      size_t at = text.utf8.size();
      while (at > 0 && characters < 2 * context_) {
        --at;
        characters += (static_cast<uint8_t>(text.utf8[at]) & 0xc0) != 0x80;
      }
      keep = std::min(keep, r.offsets[at]);
    }
    if (window.ends_run) keep = window.item_end;
    EXPECT_GE(w.readings[0].offsets.back(), window.ends_run ? window.item_end : 0);
    (void)facts;
    to.next = keep;
    to.run_open = !window.ends_run;
    return keep;
  }

  void on_item_end(ItemId item, const ItemFacts& facts) override {
    ASSERT_EQ(open_.count(item), 1u);
    ASSERT_TRUE(facts.ended);
    RecordedItem& to = *open_[item];
    if (facts.end_reason != CloseReason::kCut) {
      EXPECT_FALSE(to.run_open) << "a run that nobody ended";
    }
    cut_next_[item] = to.next;
    cut_open_[item] = to.run_open;
    to.facts = facts;
    to.ended = true;
    open_.erase(item);
  }

  size_t open_items() const { return open_.size(); }
  // Those that are open will never end.
  void forget() { open_.clear(); }

  // Everything as text, to compare two runs.
  std::string dump() const {
    std::string out;
    for (const auto& item : items) {
      const ItemFacts& f = item->facts;
      out += "item " + std::string(name_of(f.meta.kind)) + " " + std::to_string(f.ordinal) + "." +
             std::to_string(f.part) + " path " + f.decode_path + " charset " + f.charset + " size " +
             std::to_string(f.size) + " wire " + std::to_string(f.wire_bytes) + " gap " +
             std::to_string(f.gap_bytes) + " name " + f.meta.file_name + " field " + f.meta.field + " end " +
             std::to_string(static_cast<int>(f.end_reason));
      for (size_t i = 0; i < kUnreadReasons; ++i) {
        if (f.unread[i] > 0) out += " " + std::string(kUnreadNames[i]) + " " + std::to_string(f.unread[i]);
      }
      out += "\n";
      for (const RecordedWindow& w : item->windows) {
        out += "  [" + std::to_string(w.begin) + "," + std::to_string(w.end) + ")" +
               (w.break_before ? " break" : "") + (w.ends_run ? " ends" : "") + " '" + w.field + "'";
        for (const RecordedReading& r : w.readings) {
          out += r.derived ? "\n    + " : "\n    = ";
          out += r.text + " @" + std::to_string(r.offsets.back());
        }
        out += "\n";
      }
    }
    return out;
  }

  std::vector<std::unique_ptr<RecordedItem>> items;  // in the order in which they began

 private:
  size_t context_;
  std::map<ItemId, RecordedItem*> open_;
  std::map<ItemId, uint64_t> cut_next_;
  std::map<ItemId, bool> cut_open_;
};

// A flow's content with everything around it.
class ContentBench {
 public:
  explicit ContentBench(ContentOptions options = {}, size_t memory = size_t{64} << 20)
      : budget(memory),
        context(options, budget),
        flow(std::make_unique<FlowContent>(flow_facts, ledger, text, context)) {}
  ~ContentBench() {
    flow.reset();
    EXPECT_EQ(text.open_items(), 0u);
  }

  ItemId open(ItemKind kind, ContentMeta meta = {}, ItemId parent = kNoItem) {
    meta.kind = kind;
    if (meta.protocol.empty()) meta.protocol = "http";
    return flow->open(std::move(meta), parent);
  }
  // One whole item, its bytes in the pieces that `cuts` make.
  const RecordedItem& one(ContentMeta meta, std::string_view bytes, const std::vector<size_t>& cuts = {}) {
    const size_t before = text.items.size();
    const ItemId id = open(meta.kind, meta);
    feed(id, bytes, cuts);
    flow->close(id, CloseReason::kComplete);
    EXPECT_GT(text.items.size(), before);
    return *text.items[before];
  }
  void feed(ItemId id, std::string_view bytes, const std::vector<size_t>& cuts = {}, uint64_t offset = 0) {
    size_t at = 0;
    const auto give = [&](size_t end) {
      // A block of its exact size: the smallest over-read is seen.
      const std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                    bytes.begin() + static_cast<std::ptrdiff_t>(end));
      flow->data(id, offset + at, as_bytes({piece.data(), piece.size()}));
      at = end;
    };
    for (const size_t cut : cuts) give(std::max(at, std::min(cut, bytes.size())));
    give(bytes.size());
  }
  uint64_t unread(Unread why) const { return ledger.unread[static_cast<size_t>(why)]; }

  FlowFacts flow_facts;
  Inspection ledger;
  TextRecorder text;
  MemoryBudget budget;
  ContentContext context;
  std::unique_ptr<FlowContent> flow;
};

inline ContentMeta meta_of(ItemKind kind, std::string type = {}, std::vector<std::string> codings = {}) {
  ContentMeta meta;
  meta.kind = kind;
  meta.protocol = "http";
  meta.declared_type = std::move(type);
  meta.codings = std::move(codings);
  return meta;
}

}  // namespace weir
