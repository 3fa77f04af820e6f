#include "sensor/pipeline/text_scan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sensor/base/item_findings.h"
#include "sensor/content/flow_content.h"

namespace weir {

namespace {
constexpr size_t kMemory = size_t{512} << 20;
}

class TextScanner::Impl final : public TextSink, public FindingSink {
 public:
  Impl(const SharedSetup& setup, Nanoseconds now)
      : now_(now),
        budget_(kMemory),
        context_(ContentOptions{}, budget_),
        matcher_(setup.patterns, setup.tokenizer) {}

  void begin(std::string_view declared_type) {
    found_.clear();
    complete_ = true;
    state_ = ItemMatchState{};
    findings_.emplace();
    ledger_ = Inspection{};
    content_.emplace(facts_, ledger_, *this, context_);
    content_->set_time(now_);
    ContentMeta meta;
    meta.kind = ItemKind::kBody;
    meta.protocol = "file";
    meta.declared_type = declared_type;
    item_ = content_->open(std::move(meta), kNoItem);
    offset_ = 0;
  }

  void feed(Bytes bytes) {
    content_->data(item_, offset_, bytes);
    offset_ += bytes.size();
  }

  ScanResult end() {
    content_->close(item_, CloseReason::kComplete);
    content_->finish();
    ScanResult result;
    result.complete = complete_;
    for (const auto& [match, masked] : found_) {
      const int score = findings_->effective_score(match);
      if (score < kLowScore) continue;
      result.matches.push_back({match.detector, match.begin, match.end, score, match.reasons, masked});
    }
    std::ranges::stable_sort(result.matches, {},
                             [](const ScanMatch& m) { return std::pair(m.begin, m.end); });
    return result;
  }

 private:
  void on_item_begin(ItemId, const ItemFacts&) override {}
  uint64_t on_window(ItemId, const ItemFacts& facts, const TextWindow& window) override {
    return matcher_.scan(state_, window, facts.first_byte, *this);
  }
  void on_item_end(ItemId, const ItemFacts&) override {}
  void on_match(const Match& match, const MatchDetails& details) override {
    findings_->add(match, details);
    if (found_.size() < kMaxScanMatches) {
      found_.push_back({match, details.masked()});
    } else {
      complete_ = false;
    }
  }
  void on_candidate(DetectorIndex detector, bool passed_check) override {
    findings_->count_candidate(detector, passed_check);
  }

  Nanoseconds now_;
  MemoryBudget budget_;
  ContentContext context_;
  Matcher matcher_;
  FlowFacts facts_;
  Inspection ledger_;
  ItemMatchState state_;
  std::optional<ItemFindings> findings_;
  std::optional<FlowContent> content_;
  std::vector<std::pair<Match, std::string>> found_;  // with its mask
  bool complete_ = true;
  ItemId item_ = kNoItem;
  uint64_t offset_ = 0;
};

TextScanner::TextScanner(const SharedSetup& setup, Nanoseconds now)
    : impl_(std::make_unique<Impl>(setup, now)) {}
TextScanner::~TextScanner() = default;
void TextScanner::begin(std::string_view declared_type) { impl_->begin(declared_type); }
void TextScanner::feed(Bytes bytes) { impl_->feed(bytes); }
ScanResult TextScanner::end() { return impl_->end(); }

}  // namespace weir
