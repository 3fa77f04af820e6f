// A flow's content: the input is a list of calls (open, data, gap, close, flush) with small arguments. The
// sink holds content to its contract; then the same calls with every piece of data given byte by byte must
// give match the same windows.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "parsers/codec/text_scan.h"
#include "sensor/content/flow_content.h"

namespace {

class CheckingSink final : public weir::TextSink {
 public:
  void on_item_begin(weir::ItemId item, const weir::ItemFacts& facts) override {
    if (next_.contains(item) || facts.ended) std::abort();
    next_[item] = facts.continues ? cut_[item] : 0;
  }
  uint64_t on_window(weir::ItemId item, const weir::ItemFacts& facts,
                     const weir::TextWindow& window) override {
    if (!next_.contains(item) || window.readings.empty() || window.times.empty()) std::abort();
    if (window.item_begin > window.item_end || window.item_begin < next_[item]) std::abort();
    uint64_t keep = window.item_end;
    for (const weir::Text& text : window.readings) {
      if (weir::scan_text(weir::as_bytes(text.utf8)).valid != text.utf8.size()) std::abort();
      uint64_t last = window.item_begin;
      for (const size_t i : {size_t{0}, text.utf8.size() / 2, text.utf8.size()}) {
        const uint64_t at = text.map->item_offset(i);
        if (at < last || at > window.item_end + 3) std::abort();
        last = at;
      }
      const size_t tail = text.utf8.size() - std::min<size_t>(text.utf8.size(), 100);
      keep = std::min(keep, text.map->item_offset(tail));
      hash(text.utf8);
    }
    hash(window.field);
    hash(std::to_string(window.item_begin) + "-" + std::to_string(window.item_end));
    (void)facts;
    keep = window.ends_run ? window.item_end : std::max(keep, window.item_begin);
    return next_[item] = keep;
  }
  void on_item_end(weir::ItemId item, const weir::ItemFacts& facts) override {
    if (!next_.contains(item) || !facts.ended) std::abort();
    cut_[item] = next_[item];
    next_.erase(item);
    for (const uint64_t n : facts.unread) hash(std::to_string(n));
    hash(facts.decode_path + facts.charset);
  }
  uint64_t sum() const { return sum_; }

 private:
  void hash(std::string_view text) {
    for (const char c : text) sum_ = (sum_ ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
    sum_ = (sum_ ^ text.size()) * 0x100000001b3ull;
  }
  std::map<weir::ItemId, uint64_t> next_;
  std::map<weir::ItemId, uint64_t> cut_;
  uint64_t sum_ = 0xcbf29ce484222325ull;
};

// The first byte: how many closed items are kept for the next ones, and how many open ones stand around.
uint64_t play(weir::Bytes calls, bool by_byte) {
  const uint8_t first = calls.empty() ? uint8_t{0} : calls[0];
  calls = calls.subspan(calls.empty() ? 0 : 1);
  weir::MemoryBudget budget(size_t{8} << 20);
  weir::ContentOptions options;
  options.window = 8192;
  options.raw_cut = 10'000;
  options.max_output = 200'000;
  options.ratio_from = 50'000;
  options.items_kept = first % 4 == 0 ? 0 : first % 4 == 1 ? 1 : 256;
  const size_t around = first % 4 == 3 ? 260 : 0;
  options.max_open_items = static_cast<uint32_t>(20 + around);
  static constexpr const char* kTypes[] = {"text/plain",
                                           "text/html; charset=gbk",
                                           "multipart/form-data; boundary=b",
                                           "multipart/form-data",
                                           "application/x-www-form-urlencoded",
                                           "image/png",
                                           "text/plain; charset=utf-16",
                                           "text/plain; charset=big5",
                                           "multipart/mixed; boundary=i"};
  static const std::vector<std::string> kCodings[] = {{},     {"gzip"},  {"deflate"}, {"gzip", "deflate"},
                                                      {"br"}, {"base64"}};
  CheckingSink sink;
  weir::FlowFacts facts;
  weir::Inspection ledger;
  uint64_t given = 0;
  {
    weir::ContentContext context(options, budget);
    weir::FlowContent flow(facts, ledger, sink, context);
    std::vector<weir::ItemId> ids;
    std::vector<uint64_t> offsets;
    size_t at = 0;
    // Closed again, they fill what the pool keeps.
    std::vector<weir::ItemId> others;
    for (size_t i = 0; i < around; ++i) others.push_back(flow.open({}, weir::kNoItem));
    for (const weir::ItemId other : others) flow.close(other, weir::CloseReason::kComplete);
    const auto byte = [&] { return at < calls.size() ? calls[at++] : uint8_t{0}; };
    while (at < calls.size()) {
      const uint8_t call = byte();
      const size_t which = ids.empty() ? 0 : byte() % ids.size();
      if (call % 8 < 2 || ids.empty()) {
        weir::ContentMeta meta;
        meta.kind = static_cast<weir::ItemKind>(call / 8 % 9);
        meta.protocol = "http";
        meta.declared_type = kTypes[byte() % std::size(kTypes)];
        meta.codings = kCodings[byte() % std::size(kCodings)];
        ids.push_back(flow.open(std::move(meta), call % 8 == 0 && !ids.empty() ? ids[which] : weir::kNoItem));
        offsets.push_back(0);
      } else if (call % 8 < 6) {
        const size_t n = std::min<size_t>(size_t{byte()} * 4, calls.size() - at);
        const std::vector<uint8_t> piece(calls.begin() + static_cast<std::ptrdiff_t>(at),
                                         calls.begin() + static_cast<std::ptrdiff_t>(at + n));
        at += n;
        if (by_byte) {
          for (size_t i = 0; i < n; ++i)
            flow.data(ids[which], offsets[which] + i, weir::Bytes(piece).subspan(i, 1));
        } else {
          flow.data(ids[which], offsets[which], piece);
        }
        offsets[which] += n;
        given += n;
      } else if (call % 8 == 6) {
        const uint64_t n = byte();
        flow.gap(ids[which], offsets[which], n);
        offsets[which] += n;
      } else if (call / 8 % 4 == 0) {
        flow.flush(1);  // by silence: what waits in a coding's block is decoded, and may end parts
      } else {
        flow.close(ids[which], static_cast<weir::CloseReason>(call / 32 % 4));
      }
    }
    flow.finish();
    if (flow.open_items() != 0 || ledger.unread_total() > given) std::abort();
  }
  if (budget.used() != 0) std::abort();
  return sink.sum();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (play({data, size}, false) != play({data, size}, true)) std::abort();
  return 0;
}
