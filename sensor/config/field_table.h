// Every field of the configuration as one row of data: where it stands, what it may hold, what it is for. The
// loader, `weir check`, the reference page and the JSON schema all read these rows; a default is whatever the
// stage's own options struct holds, so it is written down once. For config's own files.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/config/config.h"

namespace weir {

struct FieldInfo {
  std::string path;  // "capture.snaplen": sections are the words before the dots
  std::string help;  // sentences for the reference page
  int64_t min = 0;   // of a number, a size in bytes, a duration in ns; of a list's entries
  int64_t max = 0;
  std::vector<std::string> choices;  // words that are allowed; empty: free
  std::string example;               // YAML, for the reference page
};

// Where reading has got to: gathers what is wrong, and spends a budget of nodes so that aliases in aliases
// ("a billion laughs") end.
class Reader {
 public:
  Reader(std::string name, int64_t now_s, std::vector<ConfigProblem>* problems)
      : name_(std::move(name)), now_s_(now_s), problems_(problems) {}

  bool spend(const YAML::Node& node);
  void problem(const YAML::Node& node, std::string text);
  void problem_at(const std::string& place, std::string text);
  std::string place(const YAML::Node& node) const;
  // Remembers where a field was given.
  void set_place(const std::string& path, const YAML::Node& node) { places_[path] = place(node); }
  Places take_places() { return std::move(places_); }
  int64_t now_s() const { return now_s_; }
  bool ok() const { return ok_; }

 private:
  static constexpr int kMaxNodes = 200'000;
  static constexpr size_t kMaxProblems = 100;  // told; the rest would only repeat
  std::string name_;
  int64_t now_s_;
  std::vector<ConfigProblem>* problems_;
  Places places_;
  int nodes_ = 0;
  bool exhausted_ = false;
  bool ok_ = true;
};

// How a value of type V is read from YAML, shown as YAML, named for a person and described in JSON Schema.
// Specialised in values.h and tables.cc.
template <class V>
struct Value;

template <class T>
struct Field {
  FieldInfo info;
  std::string type;  // for a person
  std::function<void(Reader&, const YAML::Node&, const FieldInfo&, T&)> read;
  std::function<std::string(const T&)> show;  // as YAML
  std::function<nlohmann::ordered_json(const FieldInfo&)> schema;
};

// One row: `ref` takes a T& and answers a pointer to the value, or a proxy that says how it is meant (a size,
// a duration).
template <class T, class Ref>
Field<T> field(FieldInfo info, Ref ref) {
  using Answer = decltype(ref(std::declval<T&>()));
  using V = std::remove_pointer_t<Answer>;
  Field<T> row;
  row.type = Value<V>::type(info);
  row.info = std::move(info);
  row.read = [ref](Reader& reader, const YAML::Node& node, const FieldInfo& about, T& object) {
    auto value = ref(object);
    if constexpr (std::is_pointer_v<Answer>) {
      Value<V>::read(reader, node, about, *value);
    } else {
      Value<V>::read(reader, node, about, value);
    }
  };
  row.show = [ref](const T& object) {
    T copy = object;
    auto value = ref(copy);
    if constexpr (std::is_pointer_v<Answer>) {
      return Value<V>::show(*value);
    } else {
      return Value<V>::show(value);
    }
  };
  row.schema = [](const FieldInfo& about) { return Value<V>::schema(about); };
  return row;
}

// A key that a later version will know: told apart from a slip of the pen.
struct LaterKey {
  std::string path;
  std::string what;
};

template <class T>
struct Table {
  std::vector<Field<T>> fields;
  std::vector<LaterKey> later;
};

const Table<Config>& config_table();
const Table<TargetRule>& target_table();
const Table<PolicySpec>& policy_table();
const Table<PolicyException>& exception_table();

// Reads the map `node` into `object`. Unknown keys, keys given twice and wrong types become problems.
template <class T>
void read_table(Reader& reader, const YAML::Node& node, const Table<T>& table, T& object);

// The JSON Schema object of a table: nested by the dots in its paths, closed.
template <class T>
nlohmann::ordered_json table_schema(const Table<T>& table);

// The candidate nearest to `word` within a third of its length, or nothing.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

// "2027-06-30" → the first second of that day, UTC. False when it is no date.
bool parse_date(std::string_view text, int64_t* seconds);

}  // namespace weir
