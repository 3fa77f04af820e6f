// Any text in any windows. Input: how many cuts (1 byte), a byte for each (its distance from the cut before,
// in sixteenths of what is left), then the text. The cuts must not change what is found, offsets must lie
// inside the text, no value may show in what leaves.
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "parsers/api/item.h"
#include "sensor/match/matcher.h"
#include "sensor/match/metadata_readings.h"

namespace {

using namespace weir;

void require(bool condition) {
  if (!condition) std::abort();
}

class Collector final : public FindingSink {
 public:
  void on_match(const Match&, const MatchDetails& details) override { findings.push_back(details.finding()); }
  void on_candidate(DetectorIndex detector, bool passed) override {
    candidates.emplace_back(detector, passed);
  }

  std::vector<Finding> findings;
  std::vector<std::pair<DetectorIndex, bool>> candidates;
};

struct Engine {
  std::shared_ptr<const PatternSet> patterns;
  std::unique_ptr<Matcher> matcher;
  std::unique_ptr<MetadataMasker> masker;
};

Engine& engine() {
  static Engine made = [] {
    std::vector<Diagnostic> problems;
    Engine e;
    e.patterns = compile_packs({}, {}, &problems);
    require(e.patterns != nullptr);
    e.matcher = std::make_unique<Matcher>(e.patterns, std::make_shared<const Tokenizer>(TokenKey::random()));
    e.masker = make_metadata_masker(e.patterns);
    return e;
  }();
  return made;
}

Collector scan(std::string_view text, const std::vector<size_t>& cuts) {
  Collector collector;
  ItemMatchState state;
  uint64_t begin = 0;
  for (size_t i = 0; i < cuts.size(); ++i) {
    // On a block of its own, so that a sanitizer sees every byte too far.
    const std::string bytes(text.substr(begin, cuts[i] - begin));
    OffsetMap map;
    map.set_identity(begin);
    const Text reading{bytes, &map, false};
    TextWindow window;
    window.readings = {&reading, 1};
    window.item_begin = begin;
    window.item_end = cuts[i];
    window.break_before = begin == 0;
    window.ends_run = i + 1 == cuts.size();
    const uint64_t next = engine().matcher->scan(state, window, 1'748'503'543'000'000'000, collector);
    require(next >= begin && next <= cuts[i]);
    begin = next;
  }
  return collector;
}

}  // namespace

// The packs are compiled before the first input, whose time is measured.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  engine();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 64 * 1024) return 0;
  const size_t wanted = data[0] % 16;
  if (size < 1 + wanted) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1 + wanted, size - 1 - wanted);
  const std::string text = clean_metadata(bytes, bytes.size());
  std::vector<size_t> cuts;
  size_t at = 0;
  for (size_t i = 0; i < wanted; ++i) {
    at += (text.size() - at) * (data[1 + i] % 16) / 16;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    cuts.push_back(at);
  }
  cuts.push_back(text.size());

  const Collector whole = scan(text, {text.size()});
  const Collector parts = scan(text, cuts);
  require(whole.candidates == parts.candidates);
  require(whole.findings.size() == parts.findings.size());
  for (size_t i = 0; i < whole.findings.size(); ++i) {
    const Finding& a = whole.findings[i];
    const Finding& b = parts.findings[i];
    require(std::tie(a.detector, a.score, a.begin, a.end, a.decided_at, a.text_begin, a.token, a.masked,
                     a.field, a.keyword, a.excerpt, a.alternatives) ==
            std::tie(b.detector, b.score, b.begin, b.end, b.decided_at, b.text_begin, b.token, b.masked,
                     b.field, b.keyword, b.excerpt, b.alternatives));
    require(a.begin < a.end && a.end <= text.size() && a.end <= a.decided_at + 1);
  }

  // However far apart: seven digits with no letter between. What %XX stands for counts, not how it is
  // written.
  const std::string shown = engine().masker->mask(bytes);
  size_t run = 0;
  for (size_t i = 0; i < shown.size(); ++i) {
    char c = shown[i];
    unsigned byte = 0;
    if (c == '%' && i + 2 < shown.size() && std::isxdigit(static_cast<unsigned char>(shown[i + 1])) != 0 &&
        std::from_chars(shown.data() + i + 1, shown.data() + i + 3, byte, 16).ptr == shown.data() + i + 3) {
      c = static_cast<char>(byte);
      i += 2;
    }
    const auto lower = static_cast<char>(c | 0x20);
    run = c >= '0' && c <= '9' ? run + 1 : (lower >= 'a' && lower <= 'z') || (c & 0x80) != 0 ? 0 : run;
    require(run < 7);
  }
  if (shown.size() < kMaxMetaLength) require(engine().masker->mask(shown) == shown);
  engine().masker->field_name(bytes);
  return 0;
}
