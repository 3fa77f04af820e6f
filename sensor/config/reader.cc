// Walking the YAML: sections, unknown keys, keys given twice, keys of later versions.
#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <type_traits>

#include "sensor/config/values.h"

namespace weir {

using nlohmann::ordered_json;

namespace {

std::string in_section(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

// The words that may stand in `section`: fields and the sections below it.
template <class T>
std::vector<std::string> words_in(const Table<T>& table, const std::string& section) {
  std::vector<std::string> words;
  const std::string prefix = section.empty() ? "" : section + ".";
  for (const Field<T>& f : table.fields) {
    if (!f.info.path.starts_with(prefix)) continue;
    const std::string rest = f.info.path.substr(prefix.size());
    const std::string word = rest.substr(0, rest.find('.'));
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  return words;
}

template <class T>
std::string unknown_key(const Table<T>& table, const std::string& section, const std::string& key) {
  const std::string path = in_section(section, key);
  for (const LaterKey& later : table.later) {
    if (later.path == path) return "`" + path + "` (" + later.what + ") is not in this version of Weir";
  }
  const std::vector<std::string> words = words_in(table, section);
  const std::string near = nearest_name(key, words);
  std::string out = yaml_quoted(key) + " is not known" + (section.empty() ? "" : " under `" + section + "`");
  if (!near.empty()) return out + "; did you mean `" + near + "`?";
  for (const Field<T>& f : table.fields) {
    // The right word in the wrong section.
    if (f.info.path.ends_with("." + key) || f.info.path == key)
      return out + "; there is `" + f.info.path + "`";
  }
  out += "; there is ";
  for (size_t i = 0; i < words.size(); ++i) out += (i == 0 ? "`" : ", `") + words[i] + "`";
  return out;
}

template <class T>
void read_section(Reader& reader, const YAML::Node& node, const Table<T>& table, const std::string& section,
                  T& object) {
  if (node.IsNull()) return;  // "capture:" with nothing below it
  if (!node.IsMap()) {
    reader.problem(node, (section.empty() ? std::string("this") : "`" + section + "`") +
                             " must be a map (key: value), not " +
                             (node.IsSequence() ? "a list" : yaml_quoted(node.Scalar())));
    return;
  }
  std::map<std::string, int> seen;  // key → line
  for (const auto& entry : node) {
    if (!reader.spend(entry.first) || !reader.spend(entry.second)) return;
    if (!entry.first.IsScalar()) {
      reader.problem(entry.first, "a key must be a word");
      continue;
    }
    const std::string& key = entry.first.Scalar();
    const auto [first, is_new] = seen.emplace(key, entry.first.Mark().line + 1);
    if (!is_new) {
      reader.problem(entry.first,
                     yaml_quoted(key) + " is given twice; first in line " + std::to_string(first->second));
      continue;
    }
    const std::string path = in_section(section, key);
    const auto row = std::find_if(table.fields.begin(), table.fields.end(),
                                  [&](const Field<T>& f) { return f.info.path == path; });
    if (row != table.fields.end()) {
      if (entry.second.IsNull()) {
        reader.problem(entry.first, "`" + path + "` has no value");
      } else {
        if constexpr (std::is_same_v<T, Config>) reader.set_place(path, entry.first);
        row->read(reader, entry.second, row->info, object);
      }
      continue;
    }
    const bool is_section = std::any_of(table.fields.begin(), table.fields.end(), [&](const Field<T>& f) {
      return f.info.path.starts_with(path + ".");
    });
    if (is_section && !key.empty() && key.find('.') == std::string::npos) {
      read_section(reader, entry.second, table, path, object);
    } else {
      reader.problem(entry.first, unknown_key(table, section, key));
    }
  }
}

ordered_json& object_at(ordered_json& root, std::string_view path) {
  ordered_json* at = &root;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    const std::string word(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    ordered_json& properties = (*at)["properties"];
    if (!properties.contains(word)) {
      properties[word] = {{"type", {"object", "null"}},
                          {"properties", ordered_json::object()},
                          {"additionalProperties", false}};
    }
    at = &properties[word];
  }
  return *at;
}

}  // namespace

bool Reader::spend(const YAML::Node& node) {
  if (exhausted_) return false;
  if (++nodes_ <= kMaxNodes) return true;
  exhausted_ = true;
  problem(node, "the file has more than " + std::to_string(kMaxNodes) +
                    " values (aliases counted each time they are used)");
  return false;
}

void Reader::problem(const YAML::Node& node, std::string text) { problem_at(place(node), std::move(text)); }

void Reader::problem_at(const std::string& place, std::string text) {
  ok_ = false;
  if (problems_ != nullptr && problems_->size() < kMaxProblems)
    problems_->push_back({place, std::move(text)});
}

std::string Reader::place(const YAML::Node& node) const {
  return node.Mark().line < 0 ? name_ : name_ + ":" + std::to_string(node.Mark().line + 1);
}

template <class T>
void read_table(Reader& reader, const YAML::Node& node, const Table<T>& table, T& object) {
  read_section(reader, node, table, "", object);
}
template void read_table(Reader&, const YAML::Node&, const Table<Config>&, Config&);
template void read_table(Reader&, const YAML::Node&, const Table<TargetRule>&, TargetRule&);
template void read_table(Reader&, const YAML::Node&, const Table<PolicySpec>&, PolicySpec&);
template void read_table(Reader&, const YAML::Node&, const Table<PolicyException>&, PolicyException&);
template void read_table(Reader&, const YAML::Node&, const Table<TitleValue>&, TitleValue&);

template <class T>
ordered_json table_schema(const Table<T>& table) {
  ordered_json root = {
      {"type", "object"}, {"properties", ordered_json::object()}, {"additionalProperties", false}};
  for (const Field<T>& f : table.fields) {
    const size_t dot = f.info.path.rfind('.');
    const bool top = dot == std::string::npos;
    ordered_json& section = object_at(root, top ? "" : std::string_view(f.info.path).substr(0, dot));
    ordered_json value = f.schema(f.info);
    if (!f.info.help.empty()) value["description"] = f.info.help;
    section["properties"][top ? f.info.path : f.info.path.substr(dot + 1)] = std::move(value);
  }
  return root;
}
template ordered_json table_schema(const Table<Config>&);
template ordered_json table_schema(const Table<TargetRule>&);
template ordered_json table_schema(const Table<PolicySpec>&);
template ordered_json table_schema(const Table<PolicyException>&);

std::string nearest_name(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t kLongest = 64;
  if (word.empty() || word.size() > kLongest) return "";
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    // Levenshtein with neighbours swapped as one step (optimal string alignment).
    std::vector<std::vector<size_t>> d(word.size() + 1, std::vector<size_t>(candidate.size() + 1));
    for (size_t i = 0; i <= word.size(); ++i) d[i][0] = i;
    for (size_t j = 0; j <= candidate.size(); ++j) d[0][j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      for (size_t j = 1; j <= candidate.size(); ++j) {
        const size_t change = word[i - 1] == candidate[j - 1] ? 0 : 1;
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1]) {
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    if (d[word.size()][candidate.size()] < best_distance) {
      best_distance = d[word.size()][candidate.size()];
      best = candidate;
    }
  }
  return best;
}

}  // namespace weir
