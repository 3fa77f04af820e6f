// Lists, maps and titles.
#include <algorithm>
#include <charconv>

#include "sensor/config/values.h"

namespace weir {

using nlohmann::ordered_json;

namespace {

// Reads every entry with `read_one(text, &value)`, which answers what is wrong, or nothing.
template <class T, class ReadOne>
void read_list(Reader& reader, const YAML::Node& node, const FieldInfo& info, std::vector<T>& value,
               ReadOne read_one) {
  std::vector<std::pair<std::string, YAML::Node>> texts;
  if (!list_texts(reader, node, info, &texts)) return;
  std::vector<T> out;
  for (const auto& [text, at] : texts) {
    T one{};
    const std::string wrong = read_one(text, &one);
    if (!wrong.empty()) {
      reader.problem(at, "`" + info.path + "`: " + yaml_quoted(text) + " " + wrong);
      return;
    }
    out.push_back(std::move(one));
  }
  value = std::move(out);
}

template <class T, class ToText>
std::string show_list(const std::vector<T>& list, ToText to_text) {
  std::string out = "[";
  for (size_t i = 0; i < list.size(); ++i) out += (i == 0 ? "" : ", ") + to_text(list[i]);
  return out + "]";
}

ordered_json list_schema(ordered_json item) {
  return {{"anyOf", {item, {{"type", "array"}, {"items", item}, {"minItems", 1}}}}};
}

std::string not_one_of(const FieldInfo& info, const std::string& text) {
  const std::string near = nearest_name(text, info.choices);
  if (!near.empty()) return "is not known; did you mean " + near + "?";
  std::string out = "is not known; there is ";
  for (size_t i = 0; i < info.choices.size(); ++i) out += (i == 0 ? "" : ", ") + info.choices[i];
  return out;
}

bool allowed(const FieldInfo& info, const std::string& text) {
  return info.choices.empty() ||
         std::find(info.choices.begin(), info.choices.end(), text) != info.choices.end();
}

template <class Number>
std::string read_number_entry(const FieldInfo& info, const std::string& text, Number* out) {
  int64_t n = 0;
  if (!parse_integer(text, &n) || n < info.min || n > info.max) {
    return "is not a whole number from " + std::to_string(info.min) + " to " + std::to_string(info.max);
  }
  *out = static_cast<Number>(n);
  return "";
}

std::string number_list_type(const FieldInfo& info) {
  return "list of numbers, " + std::to_string(info.min) + " – " + std::to_string(info.max);
}

ordered_json number_list_schema(const FieldInfo& info) {
  return list_schema({{"type", "integer"}, {"minimum", info.min}, {"maximum", info.max}});
}

}  // namespace

using Texts = std::vector<std::string>;
std::string Value<Texts>::type(const FieldInfo& info) {
  if (info.choices.empty()) return "list of texts";
  std::string out = "list of: ";
  for (size_t i = 0; i < info.choices.size(); ++i) out += (i == 0 ? "" : ", ") + info.choices[i];
  return out;
}
void Value<Texts>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, Texts& value) {
  read_list(reader, node, info, value, [&](const std::string& text, std::string* out) -> std::string {
    if (!allowed(info, text)) return not_one_of(info, text);
    *out = text;
    return "";
  });
}
std::string Value<Texts>::show(const Texts& value) {
  return show_list(value, [](const std::string& s) { return s; });
}
ordered_json Value<Texts>::schema(const FieldInfo& info) {
  ordered_json item = {{"type", "string"}};
  if (!info.choices.empty()) item["enum"] = info.choices;
  return list_schema(item);
}

std::string Value<std::vector<int>>::type(const FieldInfo& info) { return number_list_type(info); }
void Value<std::vector<int>>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                   std::vector<int>& value) {
  read_list(reader, node, info, value,
            [&](const std::string& text, int* out) { return read_number_entry(info, text, out); });
}
std::string Value<std::vector<int>>::show(const std::vector<int>& value) {
  return show_list(value, [](int n) { return std::to_string(n); });
}
ordered_json Value<std::vector<int>>::schema(const FieldInfo& info) { return number_list_schema(info); }

std::string Value<std::vector<uint16_t>>::type(const FieldInfo& info) { return number_list_type(info); }
void Value<std::vector<uint16_t>>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                        std::vector<uint16_t>& value) {
  read_list(reader, node, info, value,
            [&](const std::string& text, uint16_t* out) { return read_number_entry(info, text, out); });
}
std::string Value<std::vector<uint16_t>>::show(const std::vector<uint16_t>& value) {
  return show_list(value, [](uint16_t n) { return std::to_string(n); });
}
ordered_json Value<std::vector<uint16_t>>::schema(const FieldInfo& info) { return number_list_schema(info); }

using Cidrs = std::vector<Cidr>;
std::string Value<Cidrs>::type(const FieldInfo&) { return "list of networks (CIDR)"; }
void Value<Cidrs>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, Cidrs& value) {
  read_list(reader, node, info, value, [](const std::string& text, Cidr* out) {
    std::string wrong;
    return Cidr::parse(text, out, &wrong) ? std::string() : wrong;
  });
}
std::string Value<Cidrs>::show(const Cidrs& value) {
  return show_list(value, [](const Cidr& c) { return c.to_string(); });
}
ordered_json Value<Cidrs>::schema(const FieldInfo&) { return list_schema({{"type", "string"}}); }

std::string Value<NetworkList>::type(const FieldInfo& info) { return Value<Cidrs>::type(info); }
void Value<NetworkList>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                              NetworkList& value) {
  Cidrs networks = value.networks();
  Value<Cidrs>::read(reader, node, info, networks);
  value = NetworkList(std::move(networks));
}
std::string Value<NetworkList>::show(const NetworkList& value) {
  return Value<Cidrs>::show(value.networks());
}
ordered_json Value<NetworkList>::schema(const FieldInfo& info) { return Value<Cidrs>::schema(info); }

using Ports = std::vector<PortRange>;
std::string Value<Ports>::type(const FieldInfo&) { return "list of ports or ranges, 0 – 65535"; }
void Value<Ports>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, Ports& value) {
  read_list(reader, node, info, value, [](const std::string& text, PortRange* out) -> std::string {
    const size_t dash = text.find('-');
    const std::string_view all = text;
    int64_t first = 0;
    int64_t last = 0;
    if (!parse_integer(all.substr(0, dash), &first) ||
        !parse_integer(dash == std::string::npos ? all : all.substr(dash + 1), &last) || first < 0 ||
        last > 65535 || first > last) {
      return "is no port (443) or range of ports (8000-8100)";
    }
    *out = {static_cast<uint16_t>(first), static_cast<uint16_t>(last)};
    return "";
  });
}
std::string Value<Ports>::show(const Ports& value) {
  return show_list(value, [](PortRange r) {
    return r.first == r.last ? std::to_string(r.first)
                             : std::to_string(r.first) + "-" + std::to_string(r.last);
  });
}
ordered_json Value<Ports>::schema(const FieldInfo&) {
  return list_schema({{"type", {"integer", "string"}}, {"pattern", "^[0-9]{1,5}(-[0-9]{1,5})?$"}});
}

std::string Value<CpuList>::type(const FieldInfo&) { return "auto, or list of CPUs and ranges"; }
void Value<CpuList>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, CpuList& value) {
  std::vector<std::pair<std::string, YAML::Node>> texts;
  if (!list_texts(reader, node, info, &texts)) return;
  CpuList out;
  for (const auto& [text, at] : texts) {
    std::vector<int> some;
    if (text == "auto" && texts.size() == 1) {
      out.automatic = true;
    } else if (text.empty() || !parse_cpu_list(text, &some)) {
      reader.problem(at, "`" + info.path + "`: " + yaml_quoted(text) +
                             " is no CPU (3), no range of CPUs (2-5) and not auto alone");
      return;
    }
    for (const int cpu : some) {
      if (std::find(out.cpus.begin(), out.cpus.end(), cpu) != out.cpus.end()) {
        reader.problem(at, "`" + info.path + "`: CPU " + std::to_string(cpu) + " is named twice");
        return;
      }
      out.cpus.push_back(cpu);
    }
  }
  value = std::move(out);
}
std::string Value<CpuList>::show(const CpuList& value) {
  if (value.automatic) return "auto";
  return show_list(value.cpus, [](int cpu) { return std::to_string(cpu); });
}
ordered_json Value<CpuList>::schema(const FieldInfo&) {
  return list_schema({{"type", {"integer", "string"}}, {"pattern", "^(auto|[0-9]{1,4}(-[0-9]{1,4})?)$"}});
}

using Ways = std::vector<Way>;
std::string Value<Ways>::type(const FieldInfo& info) { return Value<Texts>::type(info); }
void Value<Ways>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, Ways& value) {
  read_list(reader, node, info, value, [&](const std::string& text, Way* out) -> std::string {
    for (size_t i = 0; i < kWays; ++i) {
      *out = static_cast<Way>(i);
      if (name_of(*out) == text) return "";
    }
    return not_one_of(info, text);
  });
}
std::string Value<Ways>::show(const Ways& value) {
  return show_list(value, [](Way w) { return std::string(name_of(w)); });
}
ordered_json Value<Ways>::schema(const FieldInfo& info) { return Value<Texts>::schema(info); }

std::string Value<ActionsValue>::type(const FieldInfo&) { return "list of: alert"; }
void Value<ActionsValue>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, ActionsValue&) {
  std::vector<std::pair<std::string, YAML::Node>> texts;
  if (!list_texts(reader, node, info, &texts)) return;
  for (const auto& [text, at] : texts) {
    if (text == "alert") continue;
    const bool later = text == "evidence" || text == "reset" || text == "block";
    reader.problem(at, "`" + info.path + "`: " + yaml_quoted(text) +
                           (later ? " is not in this version of Weir; it knows alert"
                                  : " is no action; there is alert"));
  }
}
std::string Value<ActionsValue>::show(const ActionsValue&) { return "[alert]"; }
ordered_json Value<ActionsValue>::schema(const FieldInfo&) {
  return list_schema({{"type", "string"}, {"enum", {"alert"}}});
}

std::string Value<TitleValue>::type(const FieldInfo&) { return "text, or { en: text, zh: text }"; }
void Value<TitleValue>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                             TitleValue& value) {
  if (node.IsScalar()) {
    Value<std::string>::read(reader, node, info, *value.en);
    return;
  }
  Table<TitleValue> languages;
  languages.fields.push_back(
      field<TitleValue>({info.path + ".en", "", 0, 0, {}, ""}, [](TitleValue& t) { return t.en; }));
  languages.fields.push_back(
      field<TitleValue>({info.path + ".zh", "", 0, 0, {}, ""}, [](TitleValue& t) { return t.zh; }));
  for (auto& row : languages.fields) row.info.path = row.info.path.substr(info.path.size() + 1);
  read_table(reader, node, languages, value);
}
std::string Value<TitleValue>::show(const TitleValue& value) {
  return value.zh->empty() ? *value.en : "{ en: " + *value.en + ", zh: " + *value.zh + " }";
}
ordered_json Value<TitleValue>::schema(const FieldInfo&) {
  return {{"anyOf",
           {{{"type", "string"}},
            {{"type", "object"},
             {"properties", {{"en", {{"type", "string"}}}, {"zh", {{"type", "string"}}}}},
             {"additionalProperties", false}}}}};
}

std::string Value<TextMap>::type(const FieldInfo&) { return "map of texts"; }
void Value<TextMap>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, TextMap& value) {
  if (!node.IsMap()) {
    reader.problem(node, "`" + info.path + "` must be a map, such as { key: value }");
    return;
  }
  TextMap out;
  for (const auto& entry : node) {
    if (!reader.spend(entry.second)) return;
    std::string key;
    std::string text;
    if (!scalar_text(reader, entry.first, info, &key)) return;
    if (!info.choices.empty() && !allowed(info, key)) {
      reader.problem(entry.first, "`" + info.path + "`: " + yaml_quoted(key) + " " + not_one_of(info, key));
      return;
    }
    if (!scalar_text(reader, entry.second, {info.path + "." + key, "", 0, 0, {}, ""}, &text)) return;
    reader.set_place(info.path + "." + key, entry.first);
    if (!out.emplace(key, text).second) {
      reader.problem(entry.first, "`" + info.path + "." + key + "` is given twice");
      return;
    }
  }
  value = std::move(out);
}
std::string Value<TextMap>::show(const TextMap& value) {
  std::string out;
  for (const auto& [key, text] : value) out += (out.empty() ? "{ " : ", ") + key + ": " + text;
  return out.empty() ? "{}" : out + " }";
}
ordered_json Value<TextMap>::schema(const FieldInfo& info) {
  ordered_json out = {{"type", "object"},
                      {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
  if (!info.choices.empty()) out["propertyNames"] = {{"enum", info.choices}};
  return out;
}

std::string Value<SecretMapValue>::type(const FieldInfo& info) { return Value<TextMap>::type(info); }
void Value<SecretMapValue>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                 SecretMapValue& value) {
  Value<TextMap>::read(reader, node, info, *value.map);
}
std::string Value<SecretMapValue>::show(const SecretMapValue& value) {
  // Names only: a value may be a password.
  std::string out;
  for (const auto& [key, text] : *value.map) out += (out.empty() ? "{ " : ", ") + key + ": …";
  return out.empty() ? "{}" : out + " }";
}
ordered_json Value<SecretMapValue>::schema(const FieldInfo& info) { return Value<TextMap>::schema(info); }

}  // namespace weir
