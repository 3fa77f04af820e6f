#include "tests/harness/recording_sink.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::harness {

namespace {

constexpr std::string_view kReasons[] = {"complete", "truncated", "malformed", "flow_end", "cut"};

void put(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) ((((out += ' ') += name) += "=[") += value) += ']';
}

void put(std::string& out, std::string_view name, const std::vector<std::string>& values) {
  for (const std::string& value : values) put(out, name, value);
}

// Non-empty fields of `update` replace those of `known`.
void merge(ContentMeta& known, const ContentMeta& update) {
  const auto text = [](std::string& to, const std::string& from) {
    if (!from.empty()) to = from;
  };
  const auto list = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    if (!from.empty()) to = from;
  };
  text(known.method, update.method);
  text(known.host, update.host);
  text(known.path, update.path);
  text(known.file_name, update.file_name);
  text(known.field, update.field);
  text(known.declared_type, update.declared_type);
  list(known.codings, update.codings);
  text(known.sender, update.sender);
  list(known.recipients, update.recipients);
  text(known.subject, update.subject);
  text(known.message_id, update.message_id);
  text(known.user, update.user);
  list(known.forwarded_for, update.forwarded_for);
  text(known.range, update.range);
  if (update.status != 0) known.status = update.status;
}

size_t longest(const ContentMeta& meta) {
  size_t n = 0;
  for (const auto member : kMetaStrings) n = std::max(n, (meta.*member).size());
  for (const auto member : kMetaLists) {
    for (const std::string& text : meta.*member) n = std::max(n, text.size());
  }
  return n;
}

}  // namespace

RecordingSink::RecordingSink() : RecordingSink([](const std::string& what) { ADD_FAILURE() << what; }) {}

RecordingSink::Item* RecordingSink::at(ItemId item, std::string_view call) {
  if (item == kNoItem) return nullptr;  // refused: allowed, nothing to do
  if (item > items_.size()) {
    breach(std::string(call) + " on item " + std::to_string(item) + ", which was never opened");
    return nullptr;
  }
  if (items_[item - 1].closed) {
    breach(std::string(call) + " on item " + std::to_string(item) + " after its close");
    return nullptr;
  }
  return &items_[item - 1];
}

ItemId RecordingSink::open(ContentMeta&& meta, ItemId parent) {
  if (meta.protocol.empty()) breach("open without a protocol");
  if (longest(meta) > kMaxMetaLength) breach("open with metadata longer than kMaxMetaLength");
  if (parent != kNoItem) {
    const Item* above = at(parent, "open under parent");
    if (above != nullptr && above->meta.direction != meta.direction)
      breach("open under a parent of the other direction");
  }
  if (may_open_ == 0) return kNoItem;
  --may_open_;
  Item& item = items_.emplace_back();
  item.parent = parent;
  item.meta = std::move(meta);
  return static_cast<ItemId>(items_.size());
}

void RecordingSink::data(ItemId id, uint64_t offset, Bytes bytes) {
  if (bytes.empty()) breach("data without bytes");
  Item* item = at(id, "data");
  if (item == nullptr) return;
  if (item->meta.kind == ItemKind::kMessage) breach("data for a message, which has no bytes of its own");
  if (offset != item->end) {
    breach("data at " + std::to_string(offset) + " of item " + std::to_string(id) + ", expected at " +
           std::to_string(item->end));
  }
  item->bytes += as_text(bytes);
  item->end = offset + bytes.size();
}

void RecordingSink::gap(ItemId id, uint64_t offset, uint64_t n) {
  if (n == 0) breach("gap without size");
  Item* item = at(id, "gap");
  if (item == nullptr) return;
  if (item->meta.kind == ItemKind::kMessage) breach("gap in a message, which has no bytes of its own");
  if (offset != item->end) {
    breach("gap at " + std::to_string(offset) + " of item " + std::to_string(id) + ", expected at " +
           std::to_string(item->end));
  }
  if (!item->holes.empty() && item->holes.back().offset + item->holes.back().size == offset) {
    item->holes.back().size += n;
  } else {
    item->holes.push_back({offset, n});
  }
  item->end = offset + n;
}

void RecordingSink::meta(ItemId id, const ContentMeta& update) {
  Item* item = at(id, "meta");
  if (longest(update) > kMaxMetaLength) breach("meta longer than kMaxMetaLength");
  if (item != nullptr) merge(item->meta, update);
}

void RecordingSink::close(ItemId id, CloseReason why) {
  Item* item = at(id, "close");
  if (item == nullptr) return;
  for (const Item& other : items_) {
    if (other.parent == id && !other.closed)
      breach("close of item " + std::to_string(id) + " before its children");
  }
  item->closed = true;
  item->why = why;
}

void RecordingSink::unread(Direction direction, Unread why, uint64_t n) {
  unread_[index_of(direction)][why] += n;
}

uint64_t RecordingSink::unread_bytes(Direction direction, Unread why) const {
  const auto& counts = unread_[index_of(direction)];
  const auto found = counts.find(why);
  return found == counts.end() ? 0 : found->second;
}

bool RecordingSink::all_closed() const {
  return std::ranges::all_of(items_, [](const Item& item) { return item.closed; });
}

std::vector<const RecordingSink::Item*> RecordingSink::of_kind(ItemKind kind) const {
  std::vector<const Item*> found;
  for (const Item& item : items_) {
    if (item.meta.kind == kind) found.push_back(&item);
  }
  return found;
}

std::string RecordingSink::bytes_under(size_t message, ItemKind kind) const {
  const std::vector<const Item*> messages = of_kind(ItemKind::kMessage);
  if (message >= messages.size()) {
    breach("there are only " + std::to_string(messages.size()) + " messages");
    return {};
  }
  const auto id = static_cast<ItemId>(messages[message] - items_.data() + 1);
  std::string bytes;
  for (const Item& item : items_) {
    if (item.parent == id && item.meta.kind == kind) bytes += item.bytes;
  }
  return bytes;
}

const RecordingSink::Item& RecordingSink::message(size_t n) const {
  static const Item kNone;
  const std::vector<const Item*> messages = of_kind(ItemKind::kMessage);
  if (n < messages.size()) return *messages[n];
  breach("there are only " + std::to_string(messages.size()) + " messages");
  return kNone;
}

std::string RecordingSink::dump() const {
  // Ids count over both directions; what a reader may rely on is the order within one.
  std::vector<std::string> names(items_.size() + 1);
  std::array<size_t, 2> ordinals{};
  for (size_t i = 0; i < items_.size(); ++i) {
    const size_t direction = index_of(items_[i].meta.direction);
    names[i + 1] = (direction == 0 ? ">" : "<") + std::to_string(++ordinals[direction]);
  }
  std::string out;
  if (asker_) out += *asker_ == Direction::kFromInitiator ? "> asks\n" : "< asks\n";
  for (const size_t direction : {size_t{0}, size_t{1}}) {
    for (size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      const ContentMeta& m = item.meta;
      if (index_of(m.direction) != direction) continue;
      ((((out += names[i + 1]) += ' ') += m.protocol) += ' ') += name_of(m.kind);
      if (item.parent != kNoItem) (out += " under ") += names[item.parent];
      if (m.escapes == Escapes::kForm) out += " form";
      put(out, "method", m.method);
      put(out, "host", m.host);
      put(out, "path", m.path);
      put(out, "file_name", m.file_name);
      put(out, "field", m.field);
      put(out, "type", m.declared_type);
      put(out, "coding", m.codings);
      put(out, "sender", m.sender);
      put(out, "recipient", m.recipients);
      put(out, "subject", m.subject);
      put(out, "message_id", m.message_id);
      put(out, "user", m.user);
      put(out, "forwarded_for", m.forwarded_for);
      put(out, "range", m.range);
      if (m.status != 0) (out += " status=") += std::to_string(m.status);
      for (const Hole& hole : item.holes) {
        out += " hole " + std::to_string(hole.offset) + "+" + std::to_string(hole.size);
      }
      (out += ' ') += item.closed ? kReasons[static_cast<size_t>(item.why)] : "open";
      if (m.kind != ItemKind::kMessage) out += " " + std::to_string(item.bytes.size()) + ":\n" + item.bytes;
      out += '\n';
    }
    for (const auto& [why, n] : unread_[direction]) {
      ((((out += direction == 0 ? '>' : '<') += " unread ") += name_of(why)) += ' ') += std::to_string(n);
      out += '\n';
    }
  }
  return out;
}

}  // namespace weir::harness
