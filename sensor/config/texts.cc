// What `weir check` prints, and the reference page.
#include <map>

#include "sensor/config/values.h"

namespace weir {

using nlohmann::ordered_json;

namespace {

// A cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

template <class T>
void write_rows(std::string* out, const Table<T>& table, const T& defaults) {
  *out += "| key | value | default | what it does |\n|---|---|---|---|\n";
  for (const Field<T>& f : table.fields) {
    const std::string standard = f.show(defaults);
    const bool none = standard.empty() || standard == "[]" || standard == "{}";
    *out += "| `" + f.info.path + "` | " + cell(f.type) + " | " + (none ? "–" : "`" + cell(standard) + "`") +
            " | " + cell(f.info.help);
    if (!f.info.example.empty()) *out += " Example: `" + cell(f.info.example) + "`";
    *out += " |\n";
  }
  *out += "\n";
}

template <class T>
void write_later(std::string* out, const Table<T>& table) {
  for (const LaterKey& later : table.later) *out += (out->ends_with('\n') ? "`" : ", `") + later.path + "`";
}

}  // namespace

std::string reference_page() {
  std::string out =
      "# Configuration\n\n"
      "One YAML file, given with `-c`. Every key has a default; an empty file is a valid one. A key that is "
      "not "
      "known, given twice or out of its range is an error, with file and line. `weir check -c FILE` reads it "
      "and "
      "starts nothing; `weir check --explain` says in sentences what its policies do. A dot stands for one "
      "step "
      "inwards: `flow.timeout.udp` is `udp:` under `timeout:` under `flow:`. Where a list is asked for, a "
      "single "
      "value will do. Sizes take KiB, MiB, GiB; durations us, ms, s, m, h, d.\n\n"
      "This page is made from the program's own table of keys: `weir check --reference`.\n\n";
  write_rows(&out, config_table(), Config{});
  out +=
      "## Receivers\n\n"
      "An entry of `reassembly.targets`. The policies are those of Novak and Sturges, \"Target-Based TCP "
      "Stream "
      "Reassembly\" (2007), and for fragments of Novak, \"Target-Based Fragmentation Reassembly\" "
      "(2005).\n\n";
  write_rows(&out, target_table(), TargetRule{});
  out +=
      "## Policies\n\n"
      "A policy is a row of conditions on one content item (a request body, an attachment, a stream); all "
      "that are "
      "given must hold, within a list one is enough. Where `policies` is left out, the built-in ones apply; "
      "`builtin_policies: true` puts them beside yours.\n\n"
      "`distinct` is the largest number of distinct values of any one detector that the policy names: five "
      "persons "
      "with a phone and an e-mail address each are five.\n\n";
  write_rows(&out, policy_table(), PolicySpec{});
  out +=
      "## Exceptions\n\n"
      "An exception wins over the policy's conditions: what it names must all hold. What it suppresses is "
      "counted.\n\n";
  write_rows(&out, exception_table(), PolicyException{});
  out += "## Built-in policies\n\n";
  for (const PolicySpec& p : builtin_policies()) out += "- " + explain(p) + "\n";
  out +=
      "\n`weir replay` without a file does not ask for a direction: a laboratory has only inside addresses. "
      "`--all` "
      "adds:\n\n- " +
      explain(everything_policy()) +
      "\n\n## Not in this version\n\nThese keys are known and refused, so that nothing is silently left "
      "out:\n";
  write_later(&out, config_table());
  out += ",\nin a policy:\n";
  write_later(&out, policy_table());
  out += ",\nin an exception:\n";
  write_later(&out, exception_table());
  return out + ";\nand the actions `evidence`, `reset` and `block`.\n";
}

std::string config_schema() {
  ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                         {"title", "Configuration of Weir"}};
  schema.update(table_schema(config_table()));
  return schema.dump(2) + "\n";
}

std::string summary_text(const Config& config) {
  std::string out;
  const Config defaults;
  for (const Field<Config>& f : config_table().fields) {
    const std::string value = f.show(config);
    const std::string standard = f.show(defaults);
    if (value == standard || f.info.path == "policies") continue;
    const bool section_absent = f.info.path.starts_with("output.kafka.") && !config.output.kafka;
    if (section_absent) continue;
    out +=
        "  " + f.info.path + ": " + value + (standard.empty() ? "" : "  (default " + standard + ")") + "\n";
  }
  if (out.empty()) out = "  everything at its default\n";
  size_t exceptions = 0;
  for (const PolicySpec& p : config.policy.policies) exceptions += p.except.size();
  const auto counted = [](size_t n, const std::string& one, const std::string& many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  return out + "  " + counted(config.policy.policies.size(), "policy", "policies") + ", " +
         counted(exceptions, "exception", "exceptions") + "\n";
}

std::string explain_text(const Config& config, int64_t now_s) {
  std::string out;
  if (!config.policy.ask_direction)
    out += "Directions are not asked: every item counts as leaving the network.\n";
  for (const PolicySpec& p : config.policy.policies) {
    out += explain(p) + "\n";
    for (const PolicyException& e : p.except) {
      out += "  " + explain(e) + (now_s > e.until ? " It has expired and does not apply." : "") + "\n";
    }
  }
  if (config.policy.policies.empty()) out += "There is no policy: nothing alerts.\n";
  return out;
}

}  // namespace weir
