#include <hs/hs.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>

#include "signatures/compiler/engine.h"
#include "signatures/compiler/normalise.h"
#include "signatures/compiler/pack_reader.h"
#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/shape_set.h"
#include "signatures/compiler/word_index.h"
#include "signatures/yaml/yaml_file.h"

namespace weir {

namespace {

// From a value's begin to the end of the first four digits in a row: "GB82 WEST " and "+86 (0755) " fit.
constexpr uint32_t kDigitLeadIn = RunFilter::kMostLeadIn + RunFilter::kRunDigits;
// The longest local part (RFC 5321 4.5.3.1.1) and the '@'.
constexpr uint32_t kAtSignLeadIn = 64 + 1;

bool load_file(const std::string& path, std::vector<PackText>* out, std::vector<Diagnostic>* problems) {
  std::string text, error;
  if (!read_yaml_file(path, kMaxPackBytes, &text, &error)) {
    problems->push_back({path, 0, 0, error + "; give a pack (*.yaml) or a folder of packs", true});
    return false;
  }
  if (text.size() > kMaxPackBytes) {
    problems->push_back({path, 0, 0, "the file is larger than 4 MiB; a pack is a few kilobytes", true});
    return false;
  }
  out->push_back({path, std::move(text)});
  return true;
}

bool load_path(const std::string& path, std::vector<PackText>* out, std::vector<Diagnostic>* problems) {
  namespace fs = std::filesystem;
  std::error_code code;
  if (!fs::is_directory(path, code)) return load_file(path, out, problems);
  std::vector<std::string> files;
  for (auto it = fs::directory_iterator(path, code); !code && it != fs::directory_iterator();
       it.increment(code)) {
    const fs::path& file = it->path();
    if (file.extension() == ".yaml" || file.extension() == ".yml") files.push_back(file.string());
  }
  if (code) {
    problems->push_back({path, 0, 0, "the folder cannot be read: " + code.message(), true});
    return false;
  }
  std::ranges::sort(files);
  bool good = true;
  for (const std::string& file : files) good = load_file(file, out, problems) && good;
  return good;
}

}  // namespace

class PatternSetBuilder {
 public:
  PatternSetBuilder(const CompileOptions& options, std::vector<Diagnostic>* problems)
      : options_(options), problems_(*problems), set_(new PatternSet) {}

  std::shared_ptr<const PatternSet> build(std::span<const PackText> texts) {
    if (sodium_init() < 0) {
      fail("", 0, "libsodium cannot be started");
      return nullptr;
    }
    read(texts);
    if (!failed_ && set_->detectors_.empty()) fail("", 0, "there is no detector in the packs");
    if (failed_) return nullptr;
    resolve_wins();
    make_shapes();
    make_words();
    make_anchors();
    if (failed_) return nullptr;
    find_check_digits();
    std::string error, note;
    if (!make_databases(engines_, options_.cache_dir, &set_->databases_, &error, &note)) fail("", 0, error);
    if (!note.empty()) problems_.push_back({"", 0, 0, note, false});
    if (failed_) return nullptr;
    set_->version_ = version_of(texts);
    return std::move(set_);
  }

 private:
  void fail(const std::string& file, int line, std::string message) {
    failed_ = true;
    problems_.push_back({file, line, 0, std::move(message), true});
  }
  void fail(const DetectorSpec& d, const std::string& message) {
    fail(d.file, d.line, d.id + ": " + message);
  }

  void read(std::span<const PackText> texts) {
    std::map<std::string, std::string> packs;  // id to file
    std::map<std::string, std::pair<std::string, int>> ids;
    for (const PackText& text : texts) {
      Pack pack;
      if (!read_pack(text, &pack, &problems_)) {
        failed_ = true;
        continue;
      }
      const auto [first, fresh] = packs.try_emplace(pack.id, text.name);
      if (!fresh)
        fail(text.name, 1, "the pack '" + pack.id + "' is in " + first->second + " already; rename one");
      for (size_t i = 0; i < pack.detectors.size(); ++i) {
        DetectorSpec& d = pack.detectors[i];
        const auto [place, new_id] = ids.try_emplace(d.id, d.file, d.line);
        if (!new_id) {
          fail(d.file, d.line,
               "the detector '" + d.id + "' is in " + place->second.first + ":" +
                   std::to_string(place->second.second) + " already; give this one another id");
        }
        if (set_->detectors_.size() == kMaxDetectors) {
          fail(d.file, d.line, "more than " + std::to_string(kMaxDetectors) + " detectors in all packs");
          return;
        }
        wins_over_.push_back(std::move(pack.wins_over[i]));
        boundary_open_.push_back(pack.boundary_open[i]);
        set_->detectors_.push_back(std::move(d));
      }
    }
  }

  void resolve_wins() {
    std::vector<std::string_view> ids;
    for (const DetectorSpec& d : set_->detectors_) ids.push_back(d.id);
    for (size_t i = 0; i < wins_over_.size(); ++i) {
      DetectorSpec& d = set_->detectors_[i];
      for (const Pack::Reference& reference : wins_over_[i]) {
        const size_t other = set_->find(reference.id);
        if (other == i) {
          fail(d.file, reference.line, "a detector cannot win over itself");
        } else if (other == kMaxDetectors) {
          const std::string_view near = nearest_name(reference.id, ids);
          fail(d.file, reference.line,
               "wins_over: there is no detector '" + reference.id + "'" +
                   (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
        } else {
          d.wins_over.set(other);
        }
      }
    }
    for (size_t i = 0; i < set_->detectors_.size(); ++i) {
      for (size_t j = i + 1; j < set_->detectors_.size(); ++j) {
        if (set_->detectors_[i].wins_over[j] && set_->detectors_[j].wins_over[i]) {
          fail(set_->detectors_[j], "it and " + set_->detectors_[i].id + " each win over the other");
        }
      }
    }
  }

  void make_shapes() {
    auto shapes = std::make_unique<ShapeSet>();
    for (size_t i = 0; i < set_->detectors_.size(); ++i) {
      DetectorSpec& d = set_->detectors_[i];
      if (d.shape.empty()) {
        for (const std::string& e : d.expressions) d.shape += (d.shape.empty() ? "(?:" : "|(?:") + e + ")";
      }
      ParsedShape shape;
      std::string error;
      if (!parse_shape(d.shape, d.case_insensitive, &shape, &error) ||
          !shapes->add(d.anchor, d.shape, d.case_insensitive, shape, &error)) {
        fail(d, "shape: " + error);
        continue;
      }
      if (boundary_open_[i]) d.boundary = shape.holds_letters ? Boundary::kAlphanumeric : Boundary::kDigits;
      longest_ = std::max(longest_, static_cast<uint32_t>(shape.max_bytes));
      lead_in_.push_back(static_cast<uint32_t>(shape.max_bytes));
    }
    if (failed_) return;
    shapes->finish();
    set_->shapes_ = std::move(shapes);
  }

  void make_words() {
    auto words = std::make_unique<WordIndex>();
    for (size_t i = 0; i < set_->detectors_.size(); ++i) {
      for (const std::string& word : set_->detectors_[i].keywords)
        words->add(word, static_cast<uint16_t>(i), false);
      for (const std::string& word : set_->detectors_[i].contrary)
        words->add(word, static_cast<uint16_t>(i), true);
    }
    words->finish();
    for (size_t i = 0; i < words->size(); ++i) {
      if (!words->word(i).found) continue;
      engines_[kWordEngine].push_back(
          {words->expression(i), HS_FLAG_CASELESS | HS_FLAG_DOTALL, static_cast<uint32_t>(i)});
    }
    set_->words_ = std::move(words);
  }

  void make_anchors() {
    for (size_t i = 0; i < set_->detectors_.size(); ++i) {
      const DetectorSpec& d = set_->detectors_[i];
      const auto kind = static_cast<size_t>(d.anchor);
      auto& anchors = set_->anchors_[kind];
      if (d.anchor == AnchorKind::kExpression) {
        for (const std::string& e : d.expressions) {
          const EngineExpression expression{e, HS_FLAG_DOTALL | (d.case_insensitive ? HS_FLAG_CASELESS : 0u),
                                            static_cast<uint32_t>(anchors.size())};
          uint32_t width = 0;
          std::string error;
          if (!expression_width(expression, &width, &error)) {
            fail(d, "expression " + e + ": " + error);
            return;
          }
          if (class_of_wide_characters(e)) {
            fail(d, "expression " + e +
                        ": expressions work on bytes; write characters outside ASCII as alternatives "
                        "(甲|乙), not "
                        "in [...]");
            return;
          }
          engines_[kExpressionEngine].push_back(expression);
          anchors.push_back({i < lead_in_.size() ? std::max(width, lead_in_[i]) : width});
        }
      } else if (anchors.empty()) {
        // Found without Hyperscan (sensor/match/anchor_scan.h).
        anchors.push_back({d.anchor == AnchorKind::kDigits ? kDigitLeadIn : kAtSignLeadIn});
      }
    }
    for (const auto& anchors : set_->anchors_) {
      for (const AnchorSpec& anchor : anchors)
        set_->max_lead_in_ = std::max(set_->max_lead_in_, anchor.lead_in);
    }
  }

  static bool class_of_wide_characters(std::string_view expression) {
    bool inside = false;
    for (size_t i = 0; i < expression.size(); ++i) {
      const char c = expression[i];
      if (c == '\\') {
        ++i;
      } else if (c == '[') {
        inside = true;
      } else if (c == ']') {
        inside = false;
      } else if (inside && static_cast<unsigned char>(c) >= 0x80) {
        return true;
      }
    }
    return false;
  }

  // A detector whose valid samples show a check digit has one.
  void find_check_digits() {
    for (DetectorSpec& d : set_->detectors_) {
      for (const PackSample& sample : d.samples) {
        if (!sample.valid) continue;
        std::array<char, kMaxValueBytes> buffer;
        const ValidatorResult result = validate_value(d, normalise_value(d, sample.value, buffer), {});
        if ((result.evidence & (kEvidenceCheckDigit | kEvidenceStrongCheck)) != 0) d.has_check_digit = true;
        constexpr uint8_t kAll = kEvidenceCheckDigit | kEvidenceDate | kEvidenceRegion;
        if ((result.evidence & kAll) == kAll) d.has_region_check = true;
      }
    }
  }

  static std::string version_of(std::span<const PackText> texts) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, 16);
    for (const PackText& text : texts) {
      const uint64_t size = text.yaml.size();
      crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(&size), sizeof size);
      crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(text.yaml.data()), size);
    }
    std::array<uint8_t, 16> hash{};
    crypto_generichash_final(&state, hash.data(), hash.size());
    std::array<char, 33> hex{};
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    return hex.data();
  }

  const CompileOptions& options_;
  std::vector<Diagnostic>& problems_;
  std::shared_ptr<PatternSet> set_;
  bool failed_ = false;
  std::vector<std::vector<Pack::Reference>> wins_over_;
  std::vector<bool> boundary_open_;
  std::vector<uint32_t> lead_in_;
  uint32_t longest_ = 0;
  EngineExpressions engines_;
};

std::shared_ptr<const PatternSet> compile_pack_texts(std::span<const PackText> packs,
                                                     const CompileOptions& options,
                                                     std::vector<Diagnostic>* problems) {
  try {
    return PatternSetBuilder(options, problems).build(packs);
  } catch (const std::exception& e) {
    problems->push_back({"", 0, 0, std::string("the packs cannot be compiled: ") + e.what(), true});
    return nullptr;
  }
}

std::shared_ptr<const PatternSet> compile_packs(std::span<const std::string> files_or_dirs,
                                                const CompileOptions& options,
                                                std::vector<Diagnostic>* problems) {
  std::vector<PackText> texts;
  if (options.builtin) texts.assign(builtin_packs().begin(), builtin_packs().end());
  bool good = true;
  for (const std::string& path : files_or_dirs) good = load_path(path, &texts, problems) && good;
  return good ? compile_pack_texts(texts, options, problems) : nullptr;
}

}  // namespace weir
