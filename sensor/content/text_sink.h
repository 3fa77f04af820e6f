// What content calls: match behind it, joined by pipeline.
#pragma once

#include "sensor/base/item_facts.h"
#include "sensor/base/text.h"

namespace weir {

class TextSink {
 public:
  virtual ~TextSink() = default;
  // An item with bytes of its own has begun. `item` is stable until on_item_end.
  virtual void on_item_begin(ItemId item, const ItemFacts& facts) = 0;
  // A window of the item's text. `facts` are current (last_byte: capture time of the newest byte in the
  // window). Returns the item offset from which the next window of this run must begin (<= item_end;
  // the bytes before it are let go).
  virtual uint64_t on_window(ItemId item, const ItemFacts& facts, const TextWindow& window) = 0;
  // Bytes of the last window that were not looked at to the end, because the work for a window has a bound:
  // asked once after each. They are counted as unread.
  virtual uint64_t given_up() { return 0; }
  // The item is complete: facts.ended, end_reason and unread are final.
  virtual void on_item_end(ItemId item, const ItemFacts& facts) = 0;
};

}  // namespace weir
