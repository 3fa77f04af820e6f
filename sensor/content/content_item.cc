#include "sensor/content/content_item.h"

#include <algorithm>
#include <utility>

#include "sensor/content/content_pools.h"

namespace weir {

namespace {

constexpr std::array<uint8_t, 3> kGzipMagic = {0x1f, 0x8b, 0x08};

// What a child knows from its parents, where it does not know better.
constexpr std::string ContentMeta::*kInherited[] = {
    &ContentMeta::method,  &ContentMeta::host,       &ContentMeta::path, &ContentMeta::sender,
    &ContentMeta::subject, &ContentMeta::message_id, &ContentMeta::user};
constexpr std::vector<std::string> ContentMeta::*kInheritedLists[] = {&ContentMeta::recipients,
                                                                      &ContentMeta::forwarded_for};

bool coded_transfer(std::string_view encoding) {
  return encoding == "base64" || encoding == "quoted-printable";
}

}  // namespace

size_t weight_of(const ContentMeta& meta) {
  size_t n = 0;
  for (const auto member : kMetaStrings) n += (meta.*member).size();
  for (const auto member : kMetaLists) {
    for (const std::string& s : meta.*member) n += sizeof(std::string) + s.size();
  }
  return n;
}

std::unique_ptr<ContentItem> ContentItem::open(FlowScope& scope, size_t slot, ContentMeta&& meta,
                                               ContentItem* parent, bool part, uint32_t ordinal) {
  ContentPools& pools = scope.context.pools();
  // At most: what it has from its parent, where it does not know better.
  const size_t cost = weight_of(meta) + (parent != nullptr ? parent->weight_ : 0);
  const uint32_t most = std::min(scope.context.options().max_open_items, kSlotMask);
  std::unique_ptr<ContentItem> item;
  if (scope.open < most && pools.budget().try_take(cost)) {
    item = pools.take_item();
    if (item == nullptr) pools.budget().give(cost);
  }
  if (item == nullptr) {
    ++scope.context.counters().items_refused;
    return nullptr;
  }
  ItemId id = kNoItem;
  do {
    scope.generation = (scope.generation + 1) & kGenerationMask;
    id = scope.generation << kSlotBits | static_cast<uint32_t>(slot + 1);
  } while (part && parent->has_id(id));
  ++scope.open;
  item->cost_ = item->weight_ = cost;
  item->start(scope, id, std::move(meta), parent, part, ordinal);
  return item;
}

void ContentItem::give_back(FlowScope& scope, std::unique_ptr<ContentItem> item) {
  scope.context.pools().budget().give(item->cost_);
  --scope.open;
  scope.context.pools().give_item(std::move(item));
}

void ContentItem::start(FlowScope& scope, ItemId id, ContentMeta&& meta, ContentItem* parent, bool part,
                        uint32_t ordinal) {
  scope_ = &scope;
  id_ = id;
  parent_ = parent;
  facts_.restart(scope.flow, std::move(meta));
  facts_.ordinal = ordinal;
  facts_.top_kind = parent != nullptr ? parent->facts_.top_kind : facts_.meta.kind;
  if (parent != nullptr) inherit(*parent);
  root_ = part ? parent->root_ : this;
  depth_ = part ? parent->depth_ + 1 : 0;
  if (part) facts_.part = ++root_->parts_;
  parts_ = 0;
  part_refused_ = begun_ = prepared_ = sniffing_ = path_set_ = false;
  sniffed_ = 0;
  dead_.reset();
  next_offset_ = chain_unread_ = chain_unknown_ = lost_ = 0;
  text_told_ = parts_not_read_ = {};
  context_left_ = facts_.meta.context;
  cut_at_ = scope.context.options().raw_cut;
  const auto& excluded = scope.context.options().excluded_host;
  if (excluded && !facts_.meta.host.empty() && excluded(facts_.meta.host)) dead_ = Unread::kExcluded;
}

void ContentItem::inherit(const ContentItem& parent) {
  ContentMeta& meta = facts_.meta;
  const ContentMeta& from = parent.facts_.meta;
  for (const auto field : kInherited) {
    if ((meta.*field).empty()) meta.*field = from.*field;
  }
  for (const auto list : kInheritedLists) {
    if ((meta.*list).empty()) meta.*list = from.*list;
  }
  if (meta.protocol.empty()) meta.protocol = from.protocol;
  if (meta.status == 0) meta.status = from.status;
  if (meta.kind != ItemKind::kBody) return;
  // Of the message whose body it is.
  if (meta.file_name.empty()) meta.file_name = from.file_name;
  if (meta.declared_type.empty()) meta.declared_type = from.declared_type;
}

ContentMeta ContentItem::update(const ContentMeta& update) {
  ++facts_.meta_revision;
  ContentMeta old = facts_.meta;
  ContentMeta& meta = facts_.meta;
  constexpr std::string ContentMeta::*kOwn[] = {&ContentMeta::file_name, &ContentMeta::field,
                                                &ContentMeta::declared_type, &ContentMeta::range};
  for (const auto field : kInherited) {
    if (!(update.*field).empty()) meta.*field = update.*field;
  }
  for (const auto field : kOwn) {
    if (!(update.*field).empty()) meta.*field = update.*field;
  }
  for (const auto list : kInheritedLists) {
    if (!(update.*list).empty()) meta.*list = update.*list;
  }
  if (!update.codings.empty()) meta.codings = update.codings;
  if (update.status != 0) meta.status = update.status;
  meta.own_end = std::min(meta.own_end, update.own_end);
  weight_ = weight_of(meta);
  if (part_ != nullptr) part_->update(news_for(*part_, old));
  return old;
}

ContentMeta ContentItem::news_for(const ContentItem& child, const ContentMeta& old) const {
  ContentMeta news;
  const ContentMeta& meta = facts_.meta;
  const ContentMeta& has = child.facts_.meta;
  for (const auto field : kInherited) {
    if (has.*field == old.*field) news.*field = meta.*field;
  }
  for (const auto list : kInheritedLists) {
    if (has.*list == old.*list) news.*list = meta.*list;
  }
  if (has.status == old.status) news.status = meta.status;
  if (has.kind == ItemKind::kBody && has.file_name == old.file_name) news.file_name = meta.file_name;
  return news;
}

void ContentItem::set_path() {
  std::string& path = facts_.decode_path;
  path =
      parent_ != nullptr && depth_ > 0 ? std::string_view(parent_->facts_.decode_path) : facts_.meta.protocol;
  if (chain_ != nullptr && !chain_->path().empty()) path += "/" + chain_->path();
  if (multipart_ != nullptr) path += "/multipart";
}

// Once the codings have shown what they are.
void ContentItem::settle_path() {
  if (path_set_ || !chain_->path_known()) return;
  path_set_ = true;
  set_path();
}

TextEnv ContentItem::env() {
  const ContentMeta& meta = facts_.meta;
  return {scope_->sink, scope_->context, id_, facts_, scope_->time, meta.context, meta.own_end};
}

size_t ContentItem::scratch_base() const {
  return size_t{depth_} * (scope_->context.options().max_codings + 1);
}

// The item's first byte, hole or unreadable byte.
void ContentItem::begin() {
  if (begun_) return;
  begun_ = true;
  facts_.first_byte = facts_.last_byte = scope_->time;
  if (!prepared_) prepare();
  ++scope_->context.counters().items;
  scope_->sink.on_item_begin(id_, facts_);
}

// By what was declared: charset, codings, multipart.
void ContentItem::prepare() {
  prepared_ = true;
  set_path();
  const ContentMeta& meta = facts_.meta;
  const bool body = meta.kind == ItemKind::kBody || meta.kind == ItemKind::kPart;
  const std::string type = body ? media_type(meta.declared_type) : std::string();
  Escapes escapes = meta.escapes;
  if (type == "application/x-www-form-urlencoded") escapes = Escapes::kForm;
  const std::string label = parameter(meta.declared_type, "charset");
  text_.start(body && !label.empty() ? find_charset(label) : nullptr, body && binary_type(type), escapes);
  if (!body || dead_) return;
  const ContentOptions& options = scope_->context.options();
  if (type.starts_with("multipart/") && depth_ < options.max_part_depth) {
    // All parts of a body count together, however they are nested.
    const uint32_t left = options.max_parts - std::min(options.max_parts, root_->parts_);
    multipart_ = std::make_unique<MultipartReader>(parameter(meta.declared_type, "boundary"), left);
  }
  if (!meta.codings.empty()) {
    // A range from the middle of a coded body has no begin to decode from: its bytes show it, not its header.
    start_chain(meta.codings, false);
  } else {
    sniffing_ = true;
  }
  // A range is no file; what a name that comes late belongs to has begun without it.
  if (!meta.file_name.empty() && meta.range.empty() && !dead_) digest_.emplace();
  if (chain_ != nullptr || multipart_ != nullptr) set_path();
}

void ContentItem::start_chain(const std::vector<std::string>& codings, bool guessed) {
  MemoryBudget& budget = scope_->context.pools().budget();
  if (!budget.try_take(sizeof(CodingChain))) {
    ++scope_->context.counters().coding_memory;
    dead_ = Unread::kMemory;
    return;
  }
  chain_ = std::make_unique<CodingChain>(codings, guessed, scratch_base(), scope_->context);
  if (!chain_->empty()) return;
  sniffing_ = true;
  chain_.reset();
  budget.give(sizeof(CodingChain));
}

// `n` bytes after this item's coding, as bytes before it.
uint64_t ContentItem::before_coding(uint64_t n) const {
  if (chain_ == nullptr || facts_.size == 0) return n;
  return std::max<uint64_t>(
      1, static_cast<uint64_t>(static_cast<double>(n) * static_cast<double>(facts_.wire_bytes) /
                               static_cast<double>(facts_.size)));
}

// `n` bytes as they were handed over, before coding. Never more in all than were handed over: a part's share
// of a coded body is an estimate, and an item's context was counted before.
void ContentItem::lose(Unread why, uint64_t n) {
  n = std::min(n, facts_.wire_bytes - lost_);
  if (n == 0) return;
  digest_.reset();
  lost_ += n;
  facts_.unread[static_cast<size_t>(why)] += n;
  // The ledger counts bytes of the wire: in a coded body a part is made of fewer of them.
  ContentItem* outermost = this;
  for (; outermost->depth_ > 0; outermost = outermost->parent_) n = outermost->parent_->before_coding(n);
  if (outermost != this) {
    n = std::min(n, outermost->facts_.wire_bytes - outermost->lost_);
    outermost->lost_ += n;
  }
  scope_->ledger.add_unread(why, n);
}

void ContentItem::account_chain() {
  lose(Unread::kUnsupported, chain_->unknown() - std::exchange(chain_unknown_, chain_->unknown()));
  if (!chain_->failed()) {
    settle_path();
    return;
  }
  if (!dead_) {
    dead_ = chain_->failed();
    set_path();
    if (multipart_ != nullptr) multipart_->finish(*this);
    close_part(CloseReason::kTruncated);
    text_.end_run(env());
  }
  lose(*chain_->failed(), chain_->unread() - chain_unread_);
  chain_unread_ = chain_->unread();
}

// Text that match was given and nobody can read, its parts' too. Only where the item or a piece of it ends:
// what share of a coded body it is must not depend on how much of the body has come by then.
void ContentItem::account_text() {
  const NotRead& text = text_.not_read();
  const auto take = [&](Unread why, uint64_t NotRead::*of) {
    const uint64_t mine = text.*of - std::exchange(text_told_.*of, text.*of);
    const uint64_t all = mine + std::exchange(parts_not_read_.*of, 0);
    if (all == 0) return;
    const uint64_t n = std::min(before_coding(all), facts_.wire_bytes - lost_);
    lost_ += n;
    if (mine != 0) facts_.unread[static_cast<size_t>(why)] += std::min(n, before_coding(mine));
    if (depth_ > 0) {
      parent_->parts_not_read_.*of += n;
    } else {
      scope_->ledger.add_unread(why, n);
    }
  };
  take(Unread::kUnsupported, &NotRead::unsupported);
  take(Unread::kUndecodable, &NotRead::undecodable);
  take(Unread::kTimeout, &NotRead::timeout);
}

void ContentItem::data(uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return;
  if (!has_bytes()) {
    ++scope_->context.counters().stale_calls;
    scope_->ledger.add_unread(Unread::kMemory, bytes.size());
    return;
  }
  begin();
  if (offset > next_offset_) gap(next_offset_, offset - next_offset_);
  facts_.last_byte = scope_->time;
  const bool endless = facts_.meta.kind == ItemKind::kRawStream;
  while (!bytes.empty()) {
    Bytes piece = bytes;
    if (endless) {
      if (next_offset_ >= cut_at_) cut();
      piece = bytes.first(static_cast<size_t>(std::min<uint64_t>(bytes.size(), cut_at_ - next_offset_)));
    }
    // What stands around the item's own bytes was counted where it belongs.
    const uint64_t begin = next_offset_;
    next_offset_ += piece.size();
    const uint64_t before = std::min<uint64_t>(context_left_, piece.size());
    context_left_ -= static_cast<uint32_t>(before);
    const uint64_t own_from = begin + before;
    const uint64_t own_to = std::min(next_offset_, std::max(own_from, facts_.meta.own_end));
    facts_.wire_bytes += own_to - own_from;
    wire(piece);
    bytes = bytes.subspan(piece.size());
  }
  text_.settle(env());
}

// Undeclared gzip is known by its magic: a file that is downloaded as it is. True: all bytes are used up.
bool ContentItem::sniff(Bytes* bytes) {
  size_t used = 0;
  while (sniffed_ < kGzipMagic.size() && used < bytes->size() && (*bytes)[used] == kGzipMagic[sniffed_]) {
    ++sniffed_;
    ++used;
  }
  if (used == bytes->size() && sniffed_ < kGzipMagic.size()) return true;
  sniffing_ = false;
  if (sniffed_ == kGzipMagic.size()) {
    digest_.reset();  // the file is what was packed; its items are what is inside
    start_chain({"gzip"}, true);
    set_path();
  }
  // What was held back comes first; those of this input are still in it.
  const Bytes held(kGzipMagic.data(), sniffed_ - std::min<size_t>(used, sniffed_));
  if (!held.empty()) wire(held);
  return false;
}

void ContentItem::wire(Bytes bytes) {
  if (sniffing_ && sniff(&bytes)) return;
  if (dead_ && chain_ == nullptr) {
    lose(*dead_, bytes.size());
  } else if (chain_ != nullptr) {
    chain_->feed(bytes, *this);
    account_chain();
  } else {
    body(bytes);
  }
}

// Bytes after content coding.
void ContentItem::body(Bytes bytes) {
  if (multipart_ != nullptr) {
    digest_.reset();  // a container of files
    multipart_->feed(bytes, *this);
  } else {
    plain(bytes);
  }
}

void ContentItem::plain(Bytes bytes) {
  hash(bytes);
  size_t taken = 0;
  if (text_.write(bytes, env(), &taken)) return;
  lose(Unread::kMemory, before_coding(bytes.size() - taken));
  text_.skip(bytes.size() - taken, env());
}

std::span<uint8_t> ContentItem::decoded_room() {
  settle_path();
  if (multipart_ == nullptr) {
    decoded_room_ = text_.room(env());
    return decoded_room_;
  }
  multipart_room_ = scope_->context.pools().scratch(scratch_base() + scope_->context.options().max_codings);
  return multipart_room_;
}

void ContentItem::decoded(size_t n) {
  if (multipart_ == nullptr) {
    hash(decoded_room_.first(n));
    text_.wrote(n, env());
  } else {
    multipart_->feed(Bytes(multipart_room_.data(), n), *this);
  }
}

void ContentItem::decoded_break() {
  digest_.reset();
  if (multipart_ != nullptr) multipart_->gap(*this);
  text_.end_run(env());
}

void ContentItem::part_text(Bytes bytes) {
  if (part_ == nullptr && !part_refused_) {
    plain(bytes);
    return;
  }
  if (part_ != nullptr) {
    part_->data(part_->next_offset_, bytes);
  } else {
    lose(Unread::kMemory, before_coding(bytes.size()));
  }
  text_.skip(bytes.size(), env());
}

void ContentItem::part_delimiter(uint64_t n) {
  close_part(CloseReason::kComplete);
  part_refused_ = false;
  text_.skip(n, env());
}

void ContentItem::part_headers() { text_.end_run(env()); }

void ContentItem::part_begin(const PartHead& head) {
  ++scope_->context.counters().parts;
  const std::string type = media_type(head.type);
  const bool text = type.empty() || type.starts_with("text/") || type == "application/json" ||
                    type == "application/xml" || type == "application/x-www-form-urlencoded";
  if (head.has_file_name || !text || coded_transfer(head.transfer_encoding)) {
    text_.end_run(env());
    open_part(head);
    return;
  }
  const std::string label = parameter(head.type, "charset");
  text_.end_run(env(), head.name, label.empty() ? nullptr : find_charset(label));
}

void ContentItem::open_part(const PartHead& head) {
  ContentMeta meta;
  meta.kind = ItemKind::kPart;
  meta.direction = direction();
  meta.protocol = facts_.meta.protocol;
  meta.field = head.name.substr(0, kMaxMetaLength);
  meta.file_name = head.file_name.substr(0, kMaxMetaLength);
  meta.declared_type = head.type.substr(0, kMaxMetaLength);
  if (coded_transfer(head.transfer_encoding)) meta.codings = {head.transfer_encoding};
  part_ = open(*scope_, slot_of(id_), std::move(meta), this, true, facts_.ordinal);
  part_refused_ = part_ == nullptr;
}

void ContentItem::close_part(CloseReason why) {
  if (part_ == nullptr) return;
  part_->close(why);
  give_back(*scope_, std::exchange(part_, nullptr));
}

void ContentItem::part_outside() { text_.end_run(env()); }

void ContentItem::gap(uint64_t offset, uint64_t n) {
  if (!has_bytes() || n == 0) return;
  begin();
  if (offset > next_offset_) n += offset - next_offset_;
  next_offset_ += n;
  digest_.reset();
  facts_.gap_bytes += n;
  if (sniffing_) {
    sniffing_ = false;
    if (sniffed_ > 0) wire(Bytes(kGzipMagic.data(), sniffed_));
  }
  if (chain_ != nullptr) {
    chain_->gap(*this);
    account_chain();
    if (chain_->failed()) return;
  } else if (dead_) {
    return;
  }
  if (multipart_ != nullptr) multipart_->gap(*this);
  if (part_ != nullptr) part_->gap(part_->next_offset_, n);
  text_.skip(n, env());
}

// An endless item goes on as its next piece, under the same id, with the same offsets.
void ContentItem::cut() {
  text_.cut(env());
  account_text();
  facts_.ended = true;
  facts_.end_reason = CloseReason::kCut;
  scope_->sink.on_item_end(id_, facts_);
  cut_at_ =
      next_offset_ - next_offset_ % scope_->context.options().raw_cut + scope_->context.options().raw_cut;
  ++facts_.part;
  facts_.continues = true;
  facts_.first_byte = facts_.last_byte = scope_->time;
  facts_.size = facts_.wire_bytes = facts_.gap_bytes = 0;
  lost_ = 0;
  facts_.unread = {};
  facts_.ended = false;
  facts_.end_reason = CloseReason::kComplete;
  ++scope_->context.counters().items;
  scope_->sink.on_item_begin(id_, facts_);
}

void ContentItem::flush() {
  if (!begun_) return;
  if (chain_ != nullptr) {
    chain_->flush(*this);
    account_chain();
  }
  text_.flush(env());
  if (part_ != nullptr) part_->flush();
}

bool ContentItem::pending() const {
  return text_.pending() || (chain_ != nullptr && chain_->waiting() > 0) ||
         (part_ != nullptr && part_->pending());
}

void ContentItem::close(CloseReason why) {
  if (begun_) {
    if (sniffing_ && sniffed_ > 0) {
      sniffing_ = false;
      wire(Bytes(kGzipMagic.data(), sniffed_));
    }
    if (chain_ != nullptr) {
      chain_->finish(*this);
      account_chain();
      // A message may end where its body does not.
      if (why == CloseReason::kComplete && chain_->cut()) why = CloseReason::kTruncated;
      if (why == CloseReason::kComplete && chain_->altered()) why = CloseReason::kMalformed;
    }
    if (multipart_ != nullptr) multipart_->finish(*this);
    close_part(why);
    text_.end(env());
    account_text();
    if (chain_ != nullptr) set_path();
    if (digest_ && why == CloseReason::kComplete) facts_.sha256 = digest_->finish();
    facts_.ended = true;
    facts_.end_reason = why;
    if (why != CloseReason::kComplete) facts_.cut_by = scope_->cut_by[index_of(direction())];
    scope_->sink.on_item_end(id_, facts_);
  }
  drop();
}

void ContentItem::drop() {
  if (part_ != nullptr) {
    part_->drop();
    give_back(*scope_, std::exchange(part_, nullptr));
  }
  text_.drop(scope_->context.pools());
  if (chain_ != nullptr) {
    chain_.reset();
    scope_->context.pools().budget().give(sizeof(CodingChain));
  }
  multipart_.reset();
  digest_.reset();
}

}  // namespace weir
