// One item of a flow: its bytes, from the wire to text.
//
//   wire bytes → content codings (CodingChain) → multipart (MultipartReader) → text (ItemText) or a part
//
// FlowContent owns the items that parsers open, and calls them. A body owns the part that is being read: it
// opens, feeds, flushes and closes it, and nobody else knows it. Items call match through their text.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "sensor/content/coding_chain.h"
#include "sensor/content/file_digest.h"
#include "sensor/content/flow_content.h"
#include "sensor/content/item_text.h"
#include "sensor/content/media_type.h"
#include "sensor/content/multipart.h"

namespace weir {

// An id: the place among FlowContent's items (a part has its body's), and a count that tells apart what has
// lain there.
inline constexpr uint32_t kSlotBits = 12;
inline constexpr uint32_t kSlotMask = (1u << kSlotBits) - 1;
inline constexpr uint32_t kGenerationMask = (1u << (32 - kSlotBits)) - 1;
constexpr size_t slot_of(ItemId id) { return size_t{id & kSlotMask} - 1; }
constexpr uint32_t generation_of(ItemId id) { return id >> kSlotBits; }

// What a peer's strings cost beside the item itself.
size_t weight_of(const ContentMeta& meta);

class ContentItem final : public CodedOutput, public MultipartEvents {
 public:
  ContentItem() = default;
  ContentItem(const ContentItem&) = delete;
  ContentItem& operator=(const ContentItem&) = delete;

  // Null: too many are open in the flow, or memory is full. `parent` may be null and outlives it; `part`: a
  // part in the parent's body.
  static std::unique_ptr<ContentItem> open(FlowScope& scope, size_t slot, ContentMeta&& meta,
                                           ContentItem* parent, bool part, uint32_t ordinal);
  // After close() or drop().
  static void give_back(FlowScope& scope, std::unique_ptr<ContentItem> item);
  void data(uint64_t offset, Bytes bytes);
  void gap(uint64_t offset, uint64_t n);
  // Returns what it knew before. Its part is told too.
  ContentMeta update(const ContentMeta& update);
  // What `child` must be told after an update(), which returned `old`.
  ContentMeta news_for(const ContentItem& child, const ContentMeta& old) const;
  void flush();
  // Its open part is closed first; then it is to be given back.
  void close(CloseReason why);
  // Lets go without a word to match; then it is to be given back.
  void drop();

  bool pending() const;
  ItemId id() const { return id_; }
  ContentItem* parent() const { return parent_; }
  // Some of the stream's bytes have a second version; whose bytes, only the parser could tell.
  void contest() {
    facts_.contested = true;
    if (part_ != nullptr) part_->contest();
  }
  // The flow's initiator and responder have changed places.
  void turn() {
    facts_.meta.direction = opposite(facts_.meta.direction);
    ++facts_.meta_revision;
    if (part_ != nullptr) part_->turn();
  }
  bool has_bytes() const { return facts_.meta.kind != ItemKind::kMessage; }
  const ItemFacts& facts() const { return facts_; }
  // When it is closed: what it knew, to be taken.
  ContentMeta& last_meta() { return facts_.meta; }
  // Of its metadata, in bytes; at most.
  size_t weight() const { return weight_; }
  Direction direction() const { return facts_.meta.direction; }
  // Its next `n` bytes are counted with another item.
  void counted_elsewhere(uint64_t n) { context_left_ += static_cast<uint32_t>(n); }
  // Of a message: where in its stream the bytes that opened it begin.
  uint64_t place = 0;

  // CodedOutput
  std::span<uint8_t> decoded_room() override;
  void decoded(size_t n) override;
  void decoded_break() override;

  // MultipartEvents
  void part_text(Bytes bytes) override;
  void part_delimiter(uint64_t n) override;
  void part_headers() override;
  void part_begin(const PartHead& head) override;
  void part_outside() override;

 private:
  void start(FlowScope& scope, ItemId id, ContentMeta&& meta, ContentItem* parent, bool part,
             uint32_t ordinal);
  bool has_id(ItemId id) const { return id_ == id || (depth_ > 0 && parent_->has_id(id)); }
  void open_part(const PartHead& head);
  void close_part(CloseReason why);
  TextEnv env();
  void begin();
  void prepare();
  void wire(Bytes bytes);
  void body(Bytes bytes);
  void plain(Bytes bytes);
  bool sniff(Bytes* bytes);
  void start_chain(const std::vector<std::string>& codings, bool guessed);
  void account_chain();
  void account_text();
  void lose(Unread why, uint64_t n);
  uint64_t before_coding(uint64_t n) const;
  void cut();
  void hash(Bytes bytes) {
    if (digest_) digest_->add(bytes);
  }
  void set_path();
  void settle_path();
  void inherit(const ContentItem& parent);
  size_t scratch_base() const;

  FlowScope* scope_ = nullptr;
  size_t cost_ = 0;    // of the budget, for its strings
  size_t weight_ = 0;  // of them now, at most
  ItemId id_ = kNoItem;
  ContentItem* parent_ = nullptr;
  ContentItem* root_ = nullptr;  // the item whose ordinal and parts this one counts in
  uint32_t depth_ = 0;           // parts around it
  uint32_t parts_ = 0;           // opened below this root
  ItemFacts facts_;
  ItemText text_;
  std::unique_ptr<CodingChain> chain_;
  std::optional<FileDigest> digest_;  // of a file with a name, while nothing of it is missing
  std::unique_ptr<MultipartReader> multipart_;
  std::span<uint8_t> multipart_room_;
  std::span<uint8_t> decoded_room_;
  std::unique_ptr<ContentItem> part_;  // the file that is being read
  bool part_refused_ = false;          // … and for which there was no room
  bool begun_ = false;
  bool prepared_ = false;
  bool path_set_ = false;
  bool sniffing_ = false;       // the first bytes may be gzip's magic
  uint8_t sniffed_ = 0;         // of it held back
  std::optional<Unread> dead_;  // why nothing more of it can be read
  uint64_t next_offset_ = 0;
  uint64_t cut_at_ = 0;
  uint64_t chain_unread_ = 0;   // of the chain's, put into the facts
  uint64_t chain_unknown_ = 0;  // … in codings that nobody reads
  NotRead text_told_;           // of the text's, counted
  NotRead parts_not_read_;      // of the parts', in bytes after this item's coding
  uint64_t lost_ = 0;           // of facts_.wire_bytes, by it and its parts
  uint32_t context_left_ = 0;   // bytes still to come that are counted with another item
};

}  // namespace weir
