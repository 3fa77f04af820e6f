// The kinds of value that fields hold: how each is read, shown and described. For config's own files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sensor/config/field_table.h"

namespace weir {

// Proxies that say how a number is meant.
struct SizeValue {
  uint64_t* bytes;
};
struct DurationValue {
  int64_t* nanoseconds;
};
// A date; its text is kept beside it.
struct DateValue {
  int64_t* last_second;
  std::string* text;
};
// One title, or one a language.
struct TitleValue {
  std::string* en;
  std::string* zh;
};
// A list of words that says only what there is anyway (`actions: [alert]`).
struct ActionsValue {};
// Librdkafka properties: values may be secrets and are never shown.
struct SecretMapValue {
  std::map<std::string, std::string>* map;
};

// The scalar's text; false (and a problem) when `node` is a list or a map.
bool scalar_text(Reader& reader, const YAML::Node& node, const FieldInfo& info, std::string* text);
// The texts of a list, or the one text of a scalar. False after a problem.
bool list_texts(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                std::vector<std::pair<std::string, YAML::Node>>* texts);
bool parse_integer(std::string_view text, int64_t* value);
std::string duration_text(int64_t nanoseconds);
std::string size_text(uint64_t bytes);
std::string yaml_quoted(const std::string& text);

#define WEIR_VALUE(V)                                                                          \
  template <>                                                                                  \
  struct Value<V> {                                                                            \
    static std::string type(const FieldInfo& info);                                            \
    static void read(Reader& reader, const YAML::Node& node, const FieldInfo& info, V& value); \
    static std::string show(const V& value);                                                   \
    static nlohmann::ordered_json schema(const FieldInfo& info);                               \
  }

using TextMap = std::map<std::string, std::string>;
WEIR_VALUE(bool);
WEIR_VALUE(std::optional<bool>);
WEIR_VALUE(uint32_t);
WEIR_VALUE(uint64_t);
WEIR_VALUE(SizeValue);
WEIR_VALUE(DurationValue);
WEIR_VALUE(std::string);
WEIR_VALUE(std::vector<std::string>);
WEIR_VALUE(std::vector<int>);
WEIR_VALUE(std::vector<uint16_t>);
WEIR_VALUE(std::vector<Cidr>);
WEIR_VALUE(NetworkList);
WEIR_VALUE(std::vector<PortRange>);
WEIR_VALUE(std::vector<Way>);
WEIR_VALUE(Confidence);
WEIR_VALUE(std::optional<Severity>);
WEIR_VALUE(Role);
WEIR_VALUE(CpuList);
WEIR_VALUE(SteerBy);
WEIR_VALUE(CaptureSteer);
WEIR_VALUE(DateValue);
WEIR_VALUE(TitleValue);
WEIR_VALUE(ActionsValue);
WEIR_VALUE(TextMap);
WEIR_VALUE(SecretMapValue);
WEIR_VALUE(TargetPolicy);
WEIR_VALUE(ChecksumMode);
WEIR_VALUE(std::vector<TargetRule>);
WEIR_VALUE(std::vector<PolicySpec>);
WEIR_VALUE(std::vector<PolicyException>);
#undef WEIR_VALUE

}  // namespace weir
