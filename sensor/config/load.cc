#include <algorithm>

#include "sensor/config/values.h"
#include "sensor/policy/policy_engine.h"
#include "signatures/yaml/yaml_file.h"
#include "signatures/yaml/yaml_gate.h"

namespace weir {

using nlohmann::ordered_json;

namespace {

constexpr size_t kMaxPolicies = 1000;

template <class T>
void read_rows(Reader& reader, const YAML::Node& node, const FieldInfo& info, const Table<T>& table,
               std::vector<T>& value) {
  if (!node.IsSequence()) {
    reader.problem(node, "`" + info.path + "` must be a list (lines that begin with \"- \")");
    return;
  }
  if (node.size() > kMaxPolicies) {
    reader.problem(node, "`" + info.path + "` has more than " + std::to_string(kMaxPolicies) + " entries");
    return;
  }
  for (const YAML::Node& entry : node) {
    if (!reader.spend(entry)) return;
    T row;
    row.place = reader.place(entry);
    if (!entry.IsMap()) {
      reader.problem(entry, "an entry of `" + info.path + "` must be a map (key: value)");
      continue;
    }
    read_table(reader, entry, table, row);
    value.push_back(std::move(row));
  }
}

void check_policies(Reader& reader, const Config& config) {
  std::vector<std::string> ids;
  for (const PolicySpec& p : config.policy.policies) {
    if (p.id.empty()) {
      reader.problem_at(p.place, "a policy needs an `id`");
    } else if (std::find(ids.begin(), ids.end(), p.id) != ids.end()) {
      reader.problem_at(p.place, "there are two policies \"" + p.id + "\"; ids must differ");
    }
    ids.push_back(p.id);
    if (config.role != Role::kProvider && std::count(p.articles.begin(), p.articles.end(), 5) != 0) {
      reader.problem_at(p.place,
                        "article 5 is about what users publish through a provider: it needs `role: "
                        "provider`");
    }
    for (const PolicyException& e : p.except) {
      if (e.reason.empty()) reader.problem_at(e.place, "an exception needs a `reason`");
      if (e.by.empty()) reader.problem_at(e.place, "an exception needs `by`: who made it");
      if (e.until == 0) {
        reader.problem_at(e.place, "an exception needs `until`: its last day, such as 2027-06-30");
      }
      if (e.hosts.empty() && e.addresses.empty() && e.detectors.empty() && e.users.empty()) {
        reader.problem_at(e.place,
                          "an exception names hosts, addresses, detectors or users; this one would "
                          "switch the policy off: remove the policy instead");
      }
    }
  }
}

bool days_in_month(int64_t year, int64_t month, int64_t* days) {
  if (month < 1 || month > 12) return false;
  constexpr int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  *days = kDays[month - 1] + (month == 2 && leap ? 1 : 0);
  return true;
}

void finish(Reader& reader, const YAML::Node& root, Config* config) {
  // A missing key is a node that only IsDefined() may be asked of.
  const YAML::Node output = root.IsMap() ? root["output"] : YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node kafka = output.IsDefined() && output.IsMap() ? output["kafka"] : output;
  const bool kafka_given = output.IsDefined() && output.IsMap() && kafka.IsDefined();
  if (kafka_given && (!config->output.kafka || config->output.kafka->brokers.empty())) {
    reader.problem(kafka, "`output.kafka` needs `brokers`, such as \"kafka1:9092,kafka2:9092\"");
  }
  if (config->output.kafka) config->output.kafka->sensor = config->sensor;
  const bool has_policies = root.IsMap() && root["policies"].IsDefined();
  if (config->builtin_policies.value_or(!has_policies)) {
    std::vector<PolicySpec> all = builtin_policies();
    std::move(config->policy.policies.begin(), config->policy.policies.end(), std::back_inserter(all));
    config->policy.policies = std::move(all);
  }
  check_policies(reader, *config);
  size_t ports = 0;
  for (const auto& [kind, list] : config->decode.ports()) ports += list->size();
  if (ports > TunnelPorts::kMax) {
    reader.problem(root["decode"], "`decode.ports` has " + std::to_string(ports) + " ports; at most " +
                                       std::to_string(TunnelPorts::kMax) + " in all");
  }
}

}  // namespace

std::string Value<std::vector<PolicySpec>>::type(const FieldInfo&) { return "list of policies"; }
void Value<std::vector<PolicySpec>>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                          std::vector<PolicySpec>& value) {
  read_rows(reader, node, info, policy_table(), value);
}
std::string Value<std::vector<PolicySpec>>::show(const std::vector<PolicySpec>& value) {
  return value.empty() ? "" : std::to_string(value.size()) + " policies";
}
ordered_json Value<std::vector<PolicySpec>>::schema(const FieldInfo&) {
  ordered_json item = table_schema(policy_table());
  item["required"] = {"id"};
  return {{"type", "array"}, {"items", std::move(item)}, {"maxItems", kMaxPolicies}};
}

std::string Value<std::vector<PolicyException>>::type(const FieldInfo&) { return "list of exceptions"; }
void Value<std::vector<PolicyException>>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                               std::vector<PolicyException>& value) {
  read_rows(reader, node, info, exception_table(), value);
}
std::string Value<std::vector<PolicyException>>::show(const std::vector<PolicyException>& value) {
  return value.empty() ? "" : std::to_string(value.size()) + " exceptions";
}
ordered_json Value<std::vector<PolicyException>>::schema(const FieldInfo&) {
  ordered_json item = table_schema(exception_table());
  item["required"] = {"reason", "by", "until"};
  return {{"type", "array"}, {"items", std::move(item)}, {"maxItems", kMaxPolicies}};
}

bool parse_date(std::string_view text, int64_t* seconds) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  int64_t days = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !parse_integer(text.substr(0, 4), &year) ||
      !parse_integer(text.substr(5, 2), &month) || !parse_integer(text.substr(8, 2), &day) || year < 1970 ||
      !days_in_month(year, month, &days) || day < 1 || day > days) {
    return false;
  }
  // Days since 1970-01-01: years that begin in March put the leap day last.
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = y / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  *seconds = (era * 146'097 + day_of_era - 719'468) * 86'400;
  return true;
}

bool parse_config(std::string_view yaml, const std::string& name, int64_t now_s, Config* config,
                  std::vector<ConfigProblem>* problems) {
  Reader reader(name, now_s, problems);
  if (yaml.size() > kMaxConfigBytes) {
    reader.problem_at(name, "is larger than " + std::to_string(kMaxConfigBytes / (1024 * 1024)) +
                                " MiB: that is no configuration");
    return false;
  }
  Config fresh;
  try {
    // yaml-cpp speaks in exceptions; none of them leaves here.
    int line = -1;
    std::string refusal;
    if (!pass_yaml_gate(yaml, &line, &refusal)) {
      reader.problem_at(line < 0 ? name : name + ":" + std::to_string(line + 1), std::move(refusal));
      return false;
    }
    const YAML::Node root = YAML::Load(std::string(yaml));
    read_table(reader, root, config_table(), fresh);
    if (reader.ok()) finish(reader, root, &fresh);
    fresh.places = reader.take_places();
  } catch (const YAML::Exception& e) {
    reader.problem_at(e.mark.line < 0 ? name : name + ":" + std::to_string(e.mark.line + 1),
                      "this is no YAML: " + e.msg);
  } catch (const std::exception& e) {
    reader.problem_at(name, std::string("could not be read: ") + e.what());
  }
  if (!reader.ok()) return false;
  *config = std::move(fresh);
  return true;
}

bool load_config(const std::string& path, int64_t now_s, Config* config,
                 std::vector<ConfigProblem>* problems) {
  std::string text, error;
  if (!read_yaml_file(path, kMaxConfigBytes, &text, &error)) {
    if (problems != nullptr) problems->push_back({path, std::move(error)});
    return false;
  }
  return parse_config(text, path, now_s, config, problems);
}

Config default_replay_config() {
  Config config;
  config.policy.ask_direction = false;
  config.policy.policies = builtin_policies(false);
  return config;
}

Config default_live_config() {
  Config config;
  config.policy.policies = builtin_policies();
  return config;
}

std::vector<ConfigProblem> to_config_problems(const std::vector<PolicyProblem>& problems) {
  std::vector<ConfigProblem> out;
  for (const PolicyProblem& p : problems) out.push_back({p.place.empty() ? "policies" : p.place, p.text});
  return out;
}

}  // namespace weir
