#include "signatures/compiler/pack_reader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "signatures/yaml/yaml_gate.h"

namespace weir {

namespace {

constexpr std::string_view kCategories[] = {
    "identity", "travel",   "contact", "financial", "financial_secret", "organisation", "network_id",
    "device",   "location", "health",  "minor",     "vehicle",          "credential",   "custom"};

bool is_lower_word(std::string_view text, std::string_view more, size_t max) {
  if (text.empty() || text.size() > max || text[0] < 'a' || text[0] > 'z') return false;
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
  });
}

std::string list_of(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

// One file's reading: keeps where it is and what it found wrong.
class PackReader {
 public:
  PackReader(const PackText& text, Pack* pack, std::vector<Diagnostic>* problems)
      : text_(text), pack_(*pack), problems_(*problems) {}

  bool read() {
    if (text_.yaml.size() > kMaxPackBytes) {
      problem(0, 0, "the file is larger than 4 MiB; a pack is a few kilobytes");
      return false;
    }
    try {
      int line = -1;
      std::string refusal;
      if (!pass_yaml_gate(text_.yaml, &line, &refusal)) {
        problem(line + 1, 0, std::move(refusal));
        return false;
      }
      read_pack_node(YAML::Load(text_.yaml));
    } catch (const YAML::Exception& e) {
      problem(e.mark.line + 1, e.mark.column + 1, "not YAML: " + e.msg);
    } catch (const std::exception& e) {
      problem(0, 0, std::string("cannot be read: ") + e.what());
    }
    return !failed_;
  }

 private:
  using Node = YAML::Node;

  void problem(int line, int column, std::string message) {
    failed_ = true;
    // A broken file shows its first hundred mistakes.
    if (++count_ <= 100) problems_.push_back({text_.name, line, column, std::move(message), true});
  }
  void problem(const Node& node, std::string message) {
    const YAML::Mark mark = node.Mark();
    problem(mark.line + 1, mark.column + 1, std::move(message));
  }

  // Unknown and repeated keys are mistakes; so is a missing required one.
  bool check_map(const Node& node, std::string_view what, const std::vector<std::string_view>& known,
                 const std::vector<std::string_view>& required) {
    if (!node.IsMap()) {
      problem(node, std::string(what) + " must be a mapping with the keys " + list_of(known));
      return false;
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        problem(entry.first, "a key must be a plain word; known here: " + list_of(known));
        continue;
      }
      const std::string& key = entry.first.Scalar();
      if (std::ranges::find(known, key) == known.end()) {
        const std::string_view near = nearest_name(key, known);
        problem(entry.first, "unknown key '" + key.substr(0, 60) + "' in " + std::string(what) +
                                 (near.empty() ? "; known: " + list_of(known)
                                               : "; did you mean '" + std::string(near) + "'?"));
      } else if (!seen.insert(key).second) {
        problem(entry.first, "the key '" + key + "' stands twice in " + std::string(what));
      }
    }
    for (const std::string_view key : required) {
      if (!seen.contains(std::string(key))) {
        problem(node, std::string(what) + " has no '" + std::string(key) + "', which is required");
      }
    }
    return true;
  }

  static Node child(const Node& map, const char* key) { return map[key]; }

  bool text_of(const Node& node, std::string_view key, size_t max, std::string* out) {
    if (!node.IsDefined()) return false;
    if (!node.IsScalar() || node.Scalar().empty() || node.Scalar().size() > max) {
      problem(node, "'" + std::string(key) + "' must be a text of 1 to " + std::to_string(max) + " bytes");
      return false;
    }
    *out = node.Scalar();
    return true;
  }

  void number_of(const Node& node, std::string_view key, int low, int high, int* out) {
    if (!node.IsDefined()) return;
    int value = 0;
    if (!node.IsScalar() || !YAML::convert<int>::decode(node, value) || value < low || value > high) {
      problem(node, "'" + std::string(key) + "' must be a whole number from " + std::to_string(low) + " to " +
                        std::to_string(high));
      return;
    }
    *out = value;
  }

  void flag_of(const Node& node, std::string_view key, bool* out) {
    if (!node.IsDefined()) return;
    if (!node.IsScalar() || !YAML::convert<bool>::decode(node, *out)) {
      problem(node, "'" + std::string(key) + "' must be true or false");
    }
  }

  template <class Enum>
  void choice_of(const Node& node, std::string_view key, std::initializer_list<Enum> choices, Enum* out) {
    if (!node.IsDefined()) return;
    std::vector<std::string_view> names;
    for (const Enum e : choices) {
      names.push_back(name_of(e));
      if (node.IsScalar() && node.Scalar() == name_of(e)) {
        *out = e;
        return;
      }
    }
    problem(node, "'" + std::string(key) + "' must be one of " + list_of(names));
  }

  void bilingual_of(const Node& node, std::string_view key, Bilingual* out) {
    if (!node.IsDefined() || !check_map(node, key, {"en", "zh"}, {"en", "zh"})) return;
    text_of(child(node, "en"), "en", 4000, &out->en);
    text_of(child(node, "zh"), "zh", 4000, &out->zh);
  }

  // A list of texts; calls item(text, node) for each good one.
  template <class Item>
  void list_of_texts(const Node& node, std::string_view key, size_t max_items, size_t max_bytes,
                     Item&& item) {
    if (!node.IsDefined()) return;
    if (!node.IsSequence() || node.size() > max_items) {
      problem(node,
              "'" + std::string(key) + "' must be a list of at most " + std::to_string(max_items) + " texts");
      return;
    }
    for (const Node& entry : node) {
      std::string text;
      if (text_of(entry, key, max_bytes, &text)) item(text, entry);
    }
  }
  void texts_of(const Node& node, std::string_view key, size_t max_items, size_t max_bytes,
                std::vector<std::string>* out) {
    list_of_texts(node, key, max_items, max_bytes,
                  [&](const std::string& text, const Node&) { out->push_back(text); });
  }

  void words_of(const Node& node, std::string_view key, std::vector<std::string>* out) {
    if (!node.IsDefined() || !check_map(node, key, {"zh", "en"}, {})) return;
    for (const char* language : {"zh", "en"}) {
      list_of_texts(child(node, language), language, 200, 160, [&](const std::string& word, const Node& at) {
        if (std::ranges::any_of(word, [](char c) { return static_cast<unsigned char>(c) < ' '; }) ||
            word.front() == ' ' || word.back() == ' ') {
          problem(at, "a word must not begin or end with a space or hold a line break");
        } else if (word.size() < 2) {
          problem(at, "'" + word + "' is too short: a word of one letter stands everywhere");
        } else {
          out->push_back(word);
        }
      });
    }
  }

  void read_pack_node(const Node& root) {
    if (!check_map(root, "the pack", {"pack", "version", "title", "contrary", "detectors"},
                   {"pack", "version", "title", "detectors"})) {
      return;
    }
    if (text_of(child(root, "pack"), "pack", 100, &pack_.id) && !is_lower_word(pack_.id, "-", 32)) {
      problem(child(root, "pack"), "'pack' must be lower-case letters, digits and '-', e.g. greater-china");
    }
    if (text_of(child(root, "version"), "version", 100, &pack_.version) && !is_version(pack_.version)) {
      problem(child(root, "version"), "'version' must be three numbers, e.g. 1.0.0");
    }
    bilingual_of(child(root, "title"), "title", &pack_.title);
    words_of(child(root, "contrary"), "contrary", &pack_.contrary);
    const Node detectors = child(root, "detectors");
    if (!detectors.IsDefined()) return;
    if (!detectors.IsSequence() || detectors.size() == 0 || detectors.size() > kMaxDetectors) {
      problem(detectors,
              "'detectors' must be a list of 1 to " + std::to_string(kMaxDetectors) + " detectors");
      return;
    }
    for (const Node& detector : detectors) read_detector(detector);
  }

  static bool is_version(std::string_view text) {
    int parts = 1;
    size_t digits = 0;
    for (const char c : text) {
      if (c == '.' && digits > 0) {
        ++parts;
        digits = 0;
      } else if (c >= '0' && c <= '9' && digits < 6) {
        ++digits;
      } else {
        return false;
      }
    }
    return parts == 3 && digits > 0;
  }

  void read_detector(const Node& node) {
    static const std::vector<std::string_view> kKnown = {"id",
                                                         "title",
                                                         "description",
                                                         "category",
                                                         "sensitivity",
                                                         "keyword",
                                                         "base",
                                                         "anchor",
                                                         "expressions",
                                                         "shape",
                                                         "case_insensitive",
                                                         "boundary",
                                                         "separators",
                                                         "validators",
                                                         "mask",
                                                         "keywords",
                                                         "contrary",
                                                         "wins_over",
                                                         "published_samples",
                                                         "excluded",
                                                         "samples"};
    if (!check_map(
            node, "a detector", kKnown,
            {"id", "title", "description", "category", "keyword", "base", "anchor", "mask", "samples"})) {
      return;
    }
    DetectorSpec d;
    d.file = text_.name;
    d.line = node.Mark().line + 1;
    d.pack = pack_.id;
    d.pack_version = pack_.version;
    if (text_of(child(node, "id"), "id", 100, &d.id)) {
      const size_t dot = d.id.find('.');
      if (dot == std::string::npos || !is_lower_word(std::string_view(d.id).substr(0, dot), "_", 32) ||
          !is_lower_word(std::string_view(d.id).substr(dot + 1), "_", 32)) {
        problem(child(node, "id"), "'id' must be family.name in lower case, e.g. cn.resident_id");
      }
    }
    bilingual_of(child(node, "title"), "title", &d.title);
    bilingual_of(child(node, "description"), "description", &d.description);
    read_category(child(node, "category"), &d.category);
    read_sensitivity(child(node, "sensitivity"), &d);
    choice_of(child(node, "keyword"), "keyword",
              {KeywordNeed::kOptional, KeywordNeed::kRaises, KeywordNeed::kRequired}, &d.keyword);
    number_of(child(node, "base"), "base", 0, 60, &d.base);
    choice_of(child(node, "anchor"), "anchor",
              {AnchorKind::kDigits, AnchorKind::kAtSign, AnchorKind::kExpression}, &d.anchor);
    texts_of(child(node, "expressions"), "expressions", 16, 400, &d.expressions);
    text_of(child(node, "shape"), "shape", 8000, &d.shape);
    flag_of(child(node, "case_insensitive"), "case_insensitive", &d.case_insensitive);
    const bool boundary_given = child(node, "boundary").IsDefined();
    choice_of(child(node, "boundary"), "boundary",
              {Boundary::kDigits, Boundary::kAlphanumeric, Boundary::kWord}, &d.boundary);
    read_separators(child(node, "separators"), &d.separators);
    read_validators(child(node, "validators"), &d.validators);
    read_mask(child(node, "mask"), &d);
    words_of(child(node, "keywords"), "keywords", &d.keywords);
    d.contrary = pack_.contrary;
    words_of(child(node, "contrary"), "contrary", &d.contrary);
    texts_of(child(node, "published_samples"), "published_samples", 500, kMaxCanonicalValue,
             &d.published_samples);
    texts_of(child(node, "excluded"), "excluded", 500, kMaxCanonicalValue, &d.excluded);
    std::ranges::sort(d.published_samples);
    std::ranges::sort(d.excluded);
    std::vector<Pack::Reference> wins;
    list_of_texts(child(node, "wins_over"), "wins_over", 32, 100, [&](const std::string& id, const Node& at) {
      wins.push_back({id, at.Mark().line + 1});
    });
    read_samples(child(node, "samples"), &d.samples);
    check_together(node, d);
    if (!boundary_given && d.anchor == AnchorKind::kAtSign) d.boundary = Boundary::kWord;
    // Without one it follows from the shape, which the compiler reads.
    pack_.boundary_open.push_back(!boundary_given && d.anchor != AnchorKind::kAtSign);
    pack_.detectors.push_back(std::move(d));
    pack_.wins_over.push_back(std::move(wins));
  }

  void check_together(const Node& node, const DetectorSpec& d) {
    if (d.anchor == AnchorKind::kExpression ? d.expressions.empty() : !d.expressions.empty()) {
      problem(node, d.anchor == AnchorKind::kExpression
                        ? "anchor: expression needs 'expressions'"
                        : "'expressions' belong to anchor: expression; here the anchor is " +
                              std::string(name_of(d.anchor)));
    }
    if (d.anchor != AnchorKind::kExpression && d.shape.empty() && child(node, "shape").IsDefined() == false) {
      problem(node,
              "the detector has no 'shape', which anchor: " + std::string(name_of(d.anchor)) + " needs");
    }
    if (d.keyword == KeywordNeed::kRequired && d.keywords.empty()) {
      problem(node, "keyword: required, but there are no 'keywords': it could never be found");
    }
  }

  void read_category(const Node& node, std::string* out) {
    if (!node.IsDefined()) return;
    if (!node.IsScalar() || std::ranges::find(kCategories, node.Scalar()) == std::end(kCategories)) {
      const std::vector<std::string_view> names(std::begin(kCategories), std::end(kCategories));
      problem(node, "'category' must be one of " + list_of(names));
      return;
    }
    *out = node.Scalar();
  }

  void read_sensitivity(const Node& node, DetectorSpec* d) {
    if (!node.IsDefined() ||
        !check_map(node, "sensitivity", {"pipl", "gbt35273", "gbt45574", "jrt0171"}, {})) {
      return;
    }
    text_of(child(node, "pipl"), "pipl", 800, &d->pipl);
    text_of(child(node, "gbt35273"), "gbt35273", 800, &d->gbt35273);
    text_of(child(node, "gbt45574"), "gbt45574", 800, &d->gbt45574);
    text_of(child(node, "jrt0171"), "jrt0171", 800, &d->jrt0171);
  }

  void read_separators(const Node& node, std::vector<std::string>* out) {
    std::string text;
    if (!text_of(node, "separators", 80, &text)) return;
    for (size_t i = 0; i < text.size();) {
      const auto c = static_cast<unsigned char>(text[i]);
      if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        problem(node, "'separators' must not hold letters or digits");
        return;
      }
      const size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
      out->push_back(text.substr(i, n));
      i += n;
    }
  }

  void read_validators(const Node& node, std::vector<const NamedValidator*>* out) {
    list_of_texts(node, "validators", 4, 48, [&](const std::string& name, const Node& at) {
      if (const NamedValidator* validator = find_named_validator(name)) {
        out->push_back(validator);
        return;
      }
      std::vector<std::string_view> names;
      for (const NamedValidator& v : all_validators()) names.push_back(v.name);
      const std::string_view near = nearest_name(name, names);
      problem(at, "there is no validator '" + name + "'" +
                      (near.empty() ? "; known: " + list_of(names)
                                    : "; did you mean '" + std::string(near) + "'?"));
    });
  }

  void read_mask(const Node& node, DetectorSpec* d) {
    if (!node.IsDefined() || !check_map(node, "mask", {"head", "tail", "domain"}, {})) return;
    int head = 0, tail = 0;
    number_of(child(node, "head"), "head", 0, 4, &head);
    number_of(child(node, "tail"), "tail", 0, 4, &tail);
    flag_of(child(node, "domain"), "domain", &d->mask_domain);
    if (head + tail > 4) problem(node, "'head' and 'tail' together show more than four characters");
    d->mask_head = static_cast<uint8_t>(head);
    d->mask_tail = static_cast<uint8_t>(tail);
  }

  void read_samples(const Node& node, std::vector<PackSample>* out) {
    if (!node.IsDefined() || !check_map(node, "samples", {"valid", "invalid"}, {"valid", "invalid"})) return;
    for (const bool valid : {true, false}) {
      const char* key = valid ? "valid" : "invalid";
      const Node list = child(node, key);
      if (!list.IsDefined()) continue;
      if (!list.IsSequence() || list.size() == 0 || list.size() > 200) {
        problem(list, "'" + std::string(key) + "' must be a list of 1 to 200 samples");
        continue;
      }
      for (const Node& entry : list) read_sample(entry, valid, out);
    }
  }

  void read_sample(const Node& node, bool valid, std::vector<PackSample>* out) {
    PackSample sample;
    sample.valid = valid;
    sample.line = node.Mark().line + 1;
    if (valid ? !check_map(node, "a valid sample", {"text", "value", "min_score"}, {"text", "value"})
              : !check_map(node, "an invalid sample", {"text"}, {"text"})) {
      return;
    }
    text_of(child(node, "text"), "text", 16000, &sample.text);
    if (valid) {
      text_of(child(node, "value"), "value", kMaxCanonicalValue, &sample.value);
      number_of(child(node, "min_score"), "min_score", 0, 100, &sample.min_score);
      if (!sample.value.empty() && sample.text.find(sample.value) == std::string::npos) {
        problem(node, "the sample's value does not stand in its text; write it as it stands there");
        return;
      }
    }
    out->push_back(std::move(sample));
  }

  const PackText& text_;
  Pack& pack_;
  std::vector<Diagnostic>& problems_;
  bool failed_ = false;
  size_t count_ = 0;
};

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

bool read_pack(const PackText& text, Pack* pack, std::vector<Diagnostic>* problems) {
  return PackReader(text, pack, problems).read();
}

std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known) {
  std::string_view best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  if (name.size() > 100) return best;
  for (const std::string_view candidate : known) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < best_distance && distance <= std::max<size_t>(2, candidate.size() / 3)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace weir
