// Metadata mode: strings from the wire, made fit to leave the sensor.
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "parsers/api/item.h"
#include "sensor/match/candidate_finder.h"
#include "sensor/match/characters.h"
#include "sensor/match/context.h"
#include "sensor/match/matcher.h"
#include "sensor/match/metadata_digits.h"
#include "sensor/match/metadata_readings.h"
#include "sensor/token/mask.h"
#include "signatures/compiler/normalise.h"

namespace weir {

namespace {

constexpr int kPasses = 6;
// Of a string that was cut before it came here the end may be half a value, too little to be known as one.
constexpr size_t kCutValue = 512;
constexpr size_t kLongestField = 64;  // characters of a field's name
constexpr size_t kRemembered = 64;    // bytes

enum class Kind : uint8_t { kShape, kDigit, kWhole };

struct Hidden {
  uint32_t begin = 0, end = 0;  // in the clean text
  Kind kind = Kind::kDigit;
  std::string shown;  // of a shape: what stands there instead
};

class Masker final : public MetadataMasker {
 public:
  explicit Masker(std::shared_ptr<const PatternSet> patterns)
      : patterns_(std::move(patterns)), finder_(*patterns_) {
    randombytes_buf(memo_key_.data(), memo_key_.size());
  }

  std::string mask(std::string_view wire) override {
    // Short ones are sooner masked than looked up.
    if (wire.size() < kRemembered) return mask_anew(wire);
    std::array<uint8_t, 16> digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const uint8_t*>(wire.data()),
                       wire.size(), memo_key_.data(), memo_key_.size());
    Memo& memo = memos_[digest[0] % memos_.size()];
    if (!memo.used || memo.digest != digest) memo = {digest, mask_anew(wire), true};
    return memo.masked;
  }

  std::string field_name(std::string_view wire) override {
    // Masked first: the shape of an encoding would tell something of what it holds. Then escapes are undone:
    // the words are looked for in what the name says.
    const std::string plain = clean_metadata(metadata_plain(mask(wire)), kMaxMetaLength);
    return shape_with_words(patterns_->words(),
                            std::string_view(plain).substr(0, step_on(plain, 0, kLongestField)));
  }

 private:
  // What a string became, under a keyed digest of it: all alerts on one message show the same URL.
  struct Memo {
    std::array<uint8_t, 16> digest{};
    std::string masked;
    bool used = false;
  };

  std::string mask_anew(std::string_view wire) {
    std::string text = clean_metadata(wire, kMaxMetaLength);
    hide_foreign_bytes(&text);
    if (wire.size() >= kMaxMetaLength) {
      size_t end = text.size() - std::min(text.size(), kCutValue);
      while (end > 0 && is_continuation(text[end])) --end;
      text.resize(end);
      text += "…";
    }
    // What a mask leaves (the domain of an address) may have a shape itself.
    for (int pass = 0; pass < kPasses; ++pass) {
      if (!metadata_readings(text, &readings_)) return "***";
      if (!once(&text)) {
        std::ranges::replace(text, '\0', ' ');
        return text;
      }
    }
    return "***";
  }

  // False when nothing had to be hidden.
  bool once(std::string* text) {
    hidden_.clear();
    for (const MetadataReading& reading : readings_) {
      finder_.find(reading.text, true, true, &hits_);
      for (const ShapeHit& hit : hits_) {
        const MetadataOrigin origin = origin_of(reading, hit.begin, hit.end);
        const std::string_view written =
            std::string_view(reading.text).substr(hit.begin, hit.end - hit.begin);
        hidden_.push_back({origin.begin, origin.end, origin.whole ? Kind::kWhole : Kind::kShape,
                           masked(patterns_->detectors()[hit.detector], written)});
      }
      find_digit_runs(reading, &runs_);
      for (const DigitRun& run : runs_) {
        // A value that stands alone is shown as its detector says.
        const auto holds = [&](const ShapeHit& hit) { return hit.begin <= run.begin && hit.end >= run.end; };
        if (std::ranges::any_of(hits_, holds)) continue;
        for (const MetadataOrigin& digit : run.digits) {
          hidden_.push_back({digit.begin, digit.end, digit.whole ? Kind::kWhole : Kind::kDigit, {}});
        }
      }
    }
    if (hidden_.empty()) return false;
    replace(text);
    return true;
  }

  static MetadataOrigin origin_of(const MetadataReading& reading, size_t begin, size_t end) {
    MetadataOrigin out = reading.origins[begin];
    for (size_t i = begin; i < end; ++i) {
      out.begin = std::min(out.begin, reading.origins[i].begin);
      out.end = std::max(out.end, reading.origins[i].end);
      out.whole = out.whole || reading.origins[i].whole;
    }
    return out;
  }

  static std::string masked(const DetectorSpec& d, std::string_view written) {
    std::array<char, kMaxCanonicalValue> buffer;
    const std::string_view value = normalise_value(d, written, buffer);
    if (value.empty()) return std::string(8, '*');
    return weir::mask(value, {d.mask_head, d.mask_tail, d.mask_domain});
  }

  // Stretches that overlap become one.
  void replace(std::string* text) {
    std::ranges::stable_sort(hidden_, [](const Hidden& a, const Hidden& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    std::string out;
    size_t done = 0;
    for (size_t i = 0; i < hidden_.size();) {
      size_t end = hidden_[i].end;
      size_t next = i + 1;
      while (next < hidden_.size() && hidden_[next].begin < end) {
        end = std::max<size_t>(end, hidden_[next++].end);
      }
      out.append(*text, done, hidden_[i].begin - done);
      out += shown(*text, i, next, end);
      done = end;
      i = next;
    }
    out.append(*text, done);
    *text = std::move(out);
  }

  // What stands for hidden_[from .. to), which overlap and end at `end`.
  std::string shown(std::string_view text, size_t from, size_t to, size_t end) const {
    bool whole = false, shape = false, digit = false;
    size_t digits = 0, covered = 0;
    for (size_t i = from; i < to; ++i) {
      const Hidden& h = hidden_[i];
      whole = whole || h.kind == Kind::kWhole;
      shape = shape || h.kind == Kind::kShape;
      digit = digit || h.kind == Kind::kDigit;
      if (h.end > covered) ++digits;  // not inside the escape that another reading found
      covered = std::max<size_t>(covered, h.end);
    }
    if (whole) return "***";
    const Hidden& first = hidden_[from];
    // One value that covers all, and of which no more is known than that.
    if (first.kind == Kind::kShape && first.end == end && !digit) return first.shown;
    if (!shape) return std::string(digits, '*');
    return std::string(count_characters(text.substr(first.begin, end - first.begin)), '*');
  }

  std::shared_ptr<const PatternSet> patterns_;
  std::array<uint8_t, 32> memo_key_;
  std::array<Memo, 64> memos_;
  CandidateFinder finder_;
  std::vector<MetadataReading> readings_;
  std::vector<ShapeHit> hits_;
  std::vector<DigitRun> runs_;
  std::vector<Hidden> hidden_;
};

}  // namespace

std::unique_ptr<MetadataMasker> make_metadata_masker(std::shared_ptr<const PatternSet> patterns) {
  return std::make_unique<Masker>(std::move(patterns));
}

}  // namespace weir
