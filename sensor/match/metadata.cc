// Metadata mode: strings from the wire, made fit to leave the sensor.
#include <algorithm>
#include <utility>
#include <vector>

#include "sensor/match/candidate_finder.h"
#include "sensor/match/characters.h"
#include "sensor/match/matcher.h"
#include "sensor/match/metadata_readings.h"
#include "sensor/token/mask.h"
#include "signatures/compiler/normalise.h"

namespace weir {

namespace {

constexpr size_t kMaxMetadata = 16 * 1024;  // four times what any caller gives (kMaxMetaLength)
constexpr size_t kDigitRun = 7;
constexpr int kPasses = 4;

struct Hidden {
  size_t begin = 0, end = 0;  // in the clean text
  std::string shown;          // what stands there instead
};

class Masker final : public MetadataMasker {
 public:
  explicit Masker(std::shared_ptr<const PatternSet> patterns)
      : patterns_(std::move(patterns)), finder_(*patterns_) {}

  std::string mask(std::string_view wire) override {
    std::string text = clean_metadata(wire, kMaxMetadata);
    // What a mask leaves (the domain of an address) may have a shape itself.
    for (int pass = 0; pass < kPasses && once(&text); ++pass) {
    }
    return text;
  }

 private:
  // False when nothing had to be hidden.
  bool once(std::string* text) {
    hidden_.clear();
    for (const MetadataReading& reading : metadata_readings(*text)) {
      finder_.find(reading.text, true, true, &hits_);
      for (const ShapeHit& hit : hits_) {
        const std::string_view written =
            std::string_view(reading.text).substr(hit.begin, hit.end - hit.begin);
        hide(reading, hit.begin, hit.end, masked(patterns_->detectors()[hit.detector], written));
      }
      for (size_t pos = 0; pos < reading.text.size();) {
        size_t end = pos;
        while (end < reading.text.size() && is_digit(reading.text[end])) ++end;
        if (end - pos >= kDigitRun) hide(reading, pos, end, std::string(end - pos, '*'));
        pos = end + 1;
      }
    }
    if (hidden_.empty()) return false;
    replace(text);
    return true;
  }

  static std::string masked(const DetectorSpec& d, std::string_view written) {
    std::array<char, kMaxCanonicalValue> buffer;
    const std::string_view value = normalise_value(d, written, buffer);
    if (value.empty()) return std::string(8, '*');
    return weir::mask(value, {d.mask_head, d.mask_tail, d.mask_domain});
  }

  void hide(const MetadataReading& reading, size_t begin, size_t end, std::string shown) {
    hidden_.push_back({reading.from[begin], reading.from[end], std::move(shown)});
  }

  // Stretches that overlap become one: shown as the one that covers them all, else as stars.
  void replace(std::string* text) {
    std::ranges::stable_sort(hidden_, [](const Hidden& a, const Hidden& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    std::string out;
    size_t done = 0;
    for (size_t i = 0; i < hidden_.size();) {
      const size_t begin = hidden_[i].begin;
      size_t end = hidden_[i].end;
      size_t next = i + 1;
      while (next < hidden_.size() && hidden_[next].begin < end) end = std::max(end, hidden_[next++].end);
      out.append(*text, done, begin - done);
      if (hidden_[i].end == end) {
        out += hidden_[i].shown;
      } else {
        out.append(count_characters(std::string_view(*text).substr(begin, end - begin)), '*');
      }
      done = end;
      i = next;
    }
    out.append(*text, done);
    *text = std::move(out);
  }

  std::shared_ptr<const PatternSet> patterns_;
  CandidateFinder finder_;
  std::vector<ShapeHit> hits_;
  std::vector<Hidden> hidden_;
};

}  // namespace

std::unique_ptr<MetadataMasker> make_metadata_masker(std::shared_ptr<const PatternSet> patterns) {
  return std::make_unique<Masker>(std::move(patterns));
}

}  // namespace weir
