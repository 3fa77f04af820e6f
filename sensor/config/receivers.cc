// How receivers are imitated: overlap policies by network, and what a wrong checksum means.
#include "sensor/config/values.h"

namespace weir {

using nlohmann::ordered_json;

namespace {

constexpr size_t kMaxRules = 1000;

constexpr std::string_view kChecksumModes[] = {"trust", "verify", "auto"};

// The scalar's text when it is one of the row's choices.
bool choice_text(Reader& reader, const YAML::Node& node, const FieldInfo& info, std::string* text) {
  if (!scalar_text(reader, node, info, text)) return false;
  std::string all;
  for (const std::string& choice : info.choices) {
    if (choice == *text) return true;
    all += (all.empty() ? "" : ", ") + choice;
  }
  const std::string near = nearest_name(*text, info.choices);
  reader.problem(node, "`" + info.path + "`: " + yaml_quoted(*text) + " is not known; " +
                           (near.empty() ? "there is " + all : "did you mean " + near + "?"));
  return false;
}

std::string choices_of(const FieldInfo& info) {
  std::string all;
  for (const std::string& choice : info.choices) all += (all.empty() ? "" : ", ") + choice;
  return "one of: " + all;
}

ordered_json choices_schema(const FieldInfo& info) { return {{"type", "string"}, {"enum", info.choices}}; }

}  // namespace

std::string Value<TargetPolicy>::type(const FieldInfo& info) { return choices_of(info); }
void Value<TargetPolicy>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                               TargetPolicy& value) {
  std::string text;
  if (choice_text(reader, node, info, &text)) parse_target_policy(text, &value);
}
std::string Value<TargetPolicy>::show(const TargetPolicy& value) { return std::string(name_of(value)); }
ordered_json Value<TargetPolicy>::schema(const FieldInfo& info) { return choices_schema(info); }

std::string Value<ChecksumMode>::type(const FieldInfo& info) { return choices_of(info); }
void Value<ChecksumMode>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                               ChecksumMode& value) {
  std::string text;
  if (!choice_text(reader, node, info, &text)) return;
  for (size_t i = 0; i < std::size(kChecksumModes); ++i) {
    if (kChecksumModes[i] == text) value = static_cast<ChecksumMode>(i);
  }
}
std::string Value<ChecksumMode>::show(const ChecksumMode& value) {
  return std::string(kChecksumModes[static_cast<size_t>(value)]);
}
ordered_json Value<ChecksumMode>::schema(const FieldInfo& info) { return choices_schema(info); }

const Table<TargetRule>& target_table() {
  static const Table<TargetRule> table = [] {
    Table<TargetRule> t;
    t.fields.push_back(
        field<TargetRule>({"networks",
                           "The receivers: where the longest network that holds one decides. Needed.",
                           0,
                           0,
                           {},
                           "[10.1.0.0/16]"},
                          [](TargetRule& rule) { return &rule.networks; }));
    t.fields.push_back(field<TargetRule>({"policy",
                                          "Which version they keep. Needed.",
                                          0,
                                          0,
                                          {kTargetPolicyNames.begin(), kTargetPolicyNames.end()},
                                          "windows"},
                                         [](TargetRule& rule) { return &rule.policy; }));
    return t;
  }();
  return table;
}

using Rules = std::vector<TargetRule>;
std::string Value<Rules>::type(const FieldInfo&) { return "list of networks and their policy"; }
void Value<Rules>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, Rules& value) {
  if (!node.IsSequence() || node.size() > kMaxRules) {
    reader.problem(node, "`" + info.path + "` must be a list of at most " + std::to_string(kMaxRules) +
                             " entries (lines that begin with \"- \")");
    return;
  }
  Rules rules;
  for (const YAML::Node& entry : node) {
    if (!reader.spend(entry)) return;
    if (!entry.IsMap() || !entry["networks"].IsDefined() || !entry["policy"].IsDefined()) {
      reader.problem(entry, "an entry of `" + info.path + "` needs `networks` and `policy`");
      continue;
    }
    read_table(reader, entry, target_table(), rules.emplace_back());
  }
  value = std::move(rules);
}
std::string Value<Rules>::show(const Rules& value) {
  std::string out;
  for (const TargetRule& rule : value) {
    out += (out.empty() ? "[" : ", ");
    out += "{ networks: " + Value<NetworkList>::show(rule.networks) +
           ", policy: " + std::string(name_of(rule.policy)) + " }";
  }
  return out.empty() ? "" : out + "]";
}
ordered_json Value<Rules>::schema(const FieldInfo&) {
  ordered_json item = table_schema(target_table());
  item["required"] = {"networks", "policy"};
  return {{"type", "array"}, {"items", std::move(item)}, {"maxItems", kMaxRules}};
}

}  // namespace weir
