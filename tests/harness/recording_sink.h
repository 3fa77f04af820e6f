// A ContentSink for tests: keeps every item with its bytes, and reports any call that breaks the contract
// of parsers/api/item.h (data after close, offsets that go back or jump, unknown parents, children that
// outlive their parent, bytes for an item that has none, …).
//
// A breach is a test failure (ADD_FAILURE), or what `on_breach` says (a fuzz target aborts). Owns all it
// recorded; items are in the order of their open() calls.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/api/item.h"

namespace weir::harness {

class RecordingSink : public ContentSink {
 public:
  struct Hole {
    uint64_t offset = 0;  // in the item
    uint64_t size = 0;
  };
  struct Item {
    ItemId parent = kNoItem;
    ContentMeta meta;   // updates put in
    std::string bytes;  // without the holes
    uint64_t end = 0;   // item offset after the last byte or hole
    std::vector<Hole> holes;
    bool closed = false;
    CloseReason why = CloseReason::kComplete;
  };
  using OnBreach = std::function<void(const std::string&)>;

  RecordingSink();
  explicit RecordingSink(OnBreach on_breach) : on_breach_(std::move(on_breach)) {}

  // From now on open() gives an id to `n` more items and refuses the rest, as a sink with a full budget.
  void refuse_after(size_t n) { may_open_ = n; }

  ItemId open(ContentMeta&& meta, ItemId parent) override;
  void data(ItemId item, uint64_t offset, Bytes bytes) override;
  void gap(ItemId item, uint64_t offset, uint64_t n) override;
  void meta(ItemId item, const ContentMeta& update) override;
  void close(ItemId item, CloseReason why) override;
  void unread(Direction direction, Unread why, uint64_t n) override;
  void asks(Direction side, bool sure) override {
    if (!asker_sure_) asker_ = side;
    asker_sure_ = asker_sure_ || sure;
  }

  // Who asks, by the parser's first sure word, or its last.
  const std::optional<Direction>& asker() const { return asker_; }
  const std::vector<Item>& items() const { return items_; }
  uint64_t unread_bytes(Direction direction, Unread why) const;
  bool all_closed() const;
  // Items of `kind`, in order of opening.
  std::vector<const Item*> of_kind(ItemKind kind) const;
  // The children of the n-th message (from 0) that are of `kind`, their bytes one after the other.
  std::string bytes_under(size_t message, ItemKind kind) const;
  // The message's metadata and end.
  const Item& message(size_t n) const;
  // Everything recorded as text: equal for two runs exactly if the items, their metadata, bytes, holes and
  // ends, the order of opening in each direction, who asks and the unread bytes are equal.
  std::string dump() const;

 private:
  Item* at(ItemId item, std::string_view call);
  void breach(const std::string& what) const { on_breach_(what); }

  OnBreach on_breach_;
  std::vector<Item> items_;  // id - 1
  std::array<std::map<Unread, uint64_t>, 2> unread_;
  size_t may_open_ = SIZE_MAX;
  std::optional<Direction> asker_;
  bool asker_sure_ = false;
};

}  // namespace weir::harness
