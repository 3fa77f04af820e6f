// One item of a flow: its bytes, from the wire to text.
//
//   wire bytes → content codings (CodingChain) → multipart (MultipartReader) → text (ItemText) or a part
//
// FlowContent owns the items and calls them; an item calls match through its text, and opens its parts
// through FlowContent.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "sensor/content/coding_chain.h"
#include "sensor/content/file_digest.h"
#include "sensor/content/flow_content.h"
#include "sensor/content/item_text.h"
#include "sensor/content/media_type.h"
#include "sensor/content/multipart.h"

namespace weir {

class ContentItem final : public CodedOutput, public MultipartEvents {
 public:
  ContentItem() = default;
  ContentItem(const ContentItem&) = delete;
  ContentItem& operator=(const ContentItem&) = delete;

  // From FlowContent. `parent` may be null; `part`: opened by content, in the parent's body.
  void start(FlowContent& flow, ItemId id, ContentMeta&& meta, ContentItem* parent, bool part,
             uint32_t ordinal);
  void data(uint64_t offset, Bytes bytes);
  void gap(uint64_t offset, uint64_t n);
  void update(const ContentMeta& update);
  void flush();
  // Its open part is closed first; then nothing may be called but start().
  void close(CloseReason why);
  // Lets go without a word to match.
  void drop();

  bool pending() const;
  ItemId id() const { return id_; }
  ContentItem* parent() const { return parent_; }
  // Some of the stream's bytes have a second version; whose bytes, only the parser could tell.
  void contest() { facts_.contested = true; }
  bool has_bytes() const { return facts_.meta.kind != ItemKind::kMessage; }
  const ItemFacts& facts() const { return facts_; }
  Direction direction() const { return facts_.meta.direction; }
  uint32_t depth() const { return depth_; }
  // Budget that start() took.
  size_t cost = 0;

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
  friend class FlowContent;

  TextEnv env();
  void begin();
  void prepare();
  void wire(Bytes bytes);
  void body(Bytes bytes);
  void plain(Bytes bytes);
  bool sniff(Bytes* bytes);
  void start_chain(const std::vector<std::string>& codings, bool guessed);
  void account_chain();
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

  FlowContent* flow_ = nullptr;
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
  ContentItem* part_ = nullptr;  // the file that is being read
  bool part_refused_ = false;    // … and for which there was no room
  bool begun_ = false;
  bool prepared_ = false;
  bool path_set_ = false;
  bool sniffing_ = false;       // the first bytes may be gzip's magic
  uint8_t sniffed_ = 0;         // of it held back
  std::optional<Unread> dead_;  // why nothing more of it can be read
  uint64_t next_offset_ = 0;
  uint64_t cut_at_ = 0;
  uint64_t chain_unread_ = 0;  // of the chain's, put into the facts
  uint64_t lost_ = 0;          // of facts_.wire_bytes, by it and its parts
  uint32_t context_left_ = 0;  // of facts_.meta.context, still to come
};

}  // namespace weir
