#include "sensor/config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace weir {

using nlohmann::ordered_json;

namespace {

constexpr size_t kMaxText = 4096;
constexpr size_t kMaxList = 10'000;

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr std::array<Unit, 6> kDurationUnits = {Unit{"ms", 1'000'000},        Unit{"us", 1'000},
                                                Unit{"s", 1'000'000'000},     Unit{"m", 60'000'000'000},
                                                Unit{"h", 3'600'000'000'000}, Unit{"d", 86'400'000'000'000}};
constexpr std::array<Unit, 4> kSizeUnits = {Unit{"KiB", int64_t{1} << 10}, Unit{"MiB", int64_t{1} << 20},
                                            Unit{"GiB", int64_t{1} << 30}, Unit{"TiB", int64_t{1} << 40}};

std::string choices_text(const std::vector<std::string>& choices) {
  std::string out;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += i + 1 == choices.size() ? " or " : ", ";
    out += choices[i];
  }
  return out;
}

// False (and a problem) when `word` is none of the choices.
bool check_choice(Reader& reader, const YAML::Node& node, const FieldInfo& info, const std::string& word) {
  if (info.choices.empty() ||
      std::find(info.choices.begin(), info.choices.end(), word) != info.choices.end()) {
    return true;
  }
  const std::string near = nearest_name(word, info.choices);
  reader.problem(node,
                 "`" + info.path + "` cannot be " + yaml_quoted(word) + "; " +
                     (near.empty() ? "it is " + choices_text(info.choices) : "did you mean " + near + "?"));
  return false;
}

template <class Number>
std::optional<Number> read_number(Reader& reader, const YAML::Node& node, const FieldInfo& info) {
  std::string text;
  if (!scalar_text(reader, node, info, &text)) return std::nullopt;
  int64_t value = 0;
  if (!parse_integer(text, &value) || value < info.min || value > info.max) {
    reader.problem(node, "`" + info.path + "` must be a whole number from " + std::to_string(info.min) +
                             " to " + std::to_string(info.max) + ", not " + yaml_quoted(text));
    return std::nullopt;
  }
  return static_cast<Number>(value);
}

// Number and unit, apart: "64 MiB", "200ms". *unit is empty for a bare number.
bool split_unit(std::string_view text, int64_t* number, std::string_view* unit) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || !parse_integer(text.substr(0, digits), number)) return false;
  *unit = digits == std::string_view::npos ? std::string_view() : text.substr(digits);
  while (unit->starts_with(' ')) unit->remove_prefix(1);
  return true;
}

template <size_t N>
bool with_unit(std::string_view text, const std::array<Unit, N>& units, bool bare_allowed, int64_t* value) {
  std::string_view unit;
  int64_t number = 0;
  if (!split_unit(text, &number, &unit)) return false;
  if (unit.empty()) {
    *value = number;
    return bare_allowed || number == 0;
  }
  for (const Unit& u : units) {
    if (unit == u.name) return !__builtin_mul_overflow(number, u.factor, value);
  }
  return false;
}

ordered_json text_schema(const FieldInfo& info) {
  ordered_json out = {{"type", "string"}};
  if (!info.choices.empty()) {
    out["enum"] = info.choices;
  } else {
    out["maxLength"] = kMaxText;
  }
  return out;
}

}  // namespace

bool parse_integer(std::string_view text, int64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string yaml_quoted(const std::string& text) {
  // JSON strings are YAML's double-quoted ones; what is no UTF-8 is replaced.
  return ordered_json(text.substr(0, 200)).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string duration_text(int64_t nanoseconds) {
  for (const std::string_view name : {"d", "h", "m", "s", "ms", "us"}) {
    for (const Unit& unit : kDurationUnits) {
      if (unit.name != name || nanoseconds == 0 || nanoseconds % unit.factor != 0) continue;
      return std::to_string(nanoseconds / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(nanoseconds);
}

std::string size_text(uint64_t bytes) {
  for (auto unit = kSizeUnits.rbegin(); unit != kSizeUnits.rend(); ++unit) {
    const auto factor = static_cast<uint64_t>(unit->factor);
    if (bytes != 0 && bytes % factor == 0) return std::to_string(bytes / factor) + std::string(unit->name);
  }
  return std::to_string(bytes);
}

bool scalar_text(Reader& reader, const YAML::Node& node, const FieldInfo& info, std::string* text) {
  if (!node.IsScalar()) {
    reader.problem(node, "`" + info.path + "` must be a single value, not " +
                             (node.IsMap()        ? "a map"
                              : node.IsSequence() ? "a list"
                                                  : "nothing"));
    return false;
  }
  *text = node.Scalar();
  if (text->size() > kMaxText) {
    reader.problem(node, "`" + info.path + "` is longer than " + std::to_string(kMaxText) + " characters");
    return false;
  }
  if (std::any_of(text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    reader.problem(node, "`" + info.path + "` holds a control character");
    return false;
  }
  return true;
}

bool list_texts(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                std::vector<std::pair<std::string, YAML::Node>>* texts) {
  if (node.IsScalar()) {
    std::string text;
    if (!scalar_text(reader, node, info, &text)) return false;
    texts->emplace_back(std::move(text), node);
    return true;
  }
  if (!node.IsSequence()) {
    reader.problem(node, "`" + info.path + "` must be a list, such as " +
                             (info.example.empty() ? "[a, b]" : info.example));
    return false;
  }
  if (node.size() == 0 || node.size() > kMaxList) {
    reader.problem(node, "`" + info.path + "` must have 1 to " + std::to_string(kMaxList) +
                             " entries; leave it out for \"any\"");
    return false;
  }
  for (const YAML::Node& entry : node) {
    if (!reader.spend(entry)) return false;
    std::string text;
    if (!scalar_text(reader, entry, info, &text)) return false;
    if (text.empty()) {
      reader.problem(entry, "`" + info.path + "` has an empty entry");
      return false;
    }
    texts->emplace_back(std::move(text), entry);
  }
  return true;
}

// --- single values ------------------------------------------------------------------------------

std::string Value<bool>::type(const FieldInfo&) { return "true or false"; }
void Value<bool>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, bool& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text)) return;
  if (text != "true" && text != "false") {
    reader.problem(node, "`" + info.path + "` must be true or false, not " + yaml_quoted(text));
    return;
  }
  value = text == "true";
}
std::string Value<bool>::show(const bool& value) { return value ? "true" : "false"; }
ordered_json Value<bool>::schema(const FieldInfo&) { return {{"type", "boolean"}}; }

std::string Value<std::optional<bool>>::type(const FieldInfo& info) { return Value<bool>::type(info); }
void Value<std::optional<bool>>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                      std::optional<bool>& value) {
  bool given = false;
  Value<bool>::read(reader, node, info, given);
  value = given;
}
std::string Value<std::optional<bool>>::show(const std::optional<bool>& value) {
  return value ? Value<bool>::show(*value) : "";
}
ordered_json Value<std::optional<bool>>::schema(const FieldInfo& info) { return Value<bool>::schema(info); }

std::string Value<uint64_t>::type(const FieldInfo& info) {
  return std::to_string(info.min) + " – " + std::to_string(info.max);
}
void Value<uint64_t>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, uint64_t& value) {
  if (const auto number = read_number<uint64_t>(reader, node, info)) value = *number;
}
std::string Value<uint64_t>::show(const uint64_t& value) { return std::to_string(value); }
ordered_json Value<uint64_t>::schema(const FieldInfo& info) {
  return {{"type", "integer"}, {"minimum", info.min}, {"maximum", info.max}};
}

std::string Value<uint32_t>::type(const FieldInfo& info) { return Value<uint64_t>::type(info); }
void Value<uint32_t>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, uint32_t& value) {
  if (const auto number = read_number<uint32_t>(reader, node, info)) value = *number;
}
std::string Value<uint32_t>::show(const uint32_t& value) { return std::to_string(value); }
ordered_json Value<uint32_t>::schema(const FieldInfo& info) { return Value<uint64_t>::schema(info); }

std::string Value<SizeValue>::type(const FieldInfo& info) {
  return "size, " + size_text(static_cast<uint64_t>(info.min)) + " – " +
         size_text(static_cast<uint64_t>(info.max));
}
void Value<SizeValue>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, SizeValue& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text)) return;
  int64_t bytes = 0;
  if (!with_unit(text, kSizeUnits, true, &bytes) || bytes < info.min || bytes > info.max) {
    reader.problem(node, "`" + info.path + "` must be a size from " +
                             size_text(static_cast<uint64_t>(info.min)) + " to " +
                             size_text(static_cast<uint64_t>(info.max)) +
                             " (bytes, or with KiB, MiB, GiB), not " + yaml_quoted(text));
    return;
  }
  *value.bytes = static_cast<uint64_t>(bytes);
}
std::string Value<SizeValue>::show(const SizeValue& value) { return size_text(*value.bytes); }
ordered_json Value<SizeValue>::schema(const FieldInfo&) {
  return {{"type", {"string", "integer"}}, {"pattern", "^[0-9]+ *(KiB|MiB|GiB|TiB)?$"}};
}

std::string Value<DurationValue>::type(const FieldInfo& info) {
  return "duration, " + duration_text(info.min) + " – " + duration_text(info.max);
}
void Value<DurationValue>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                DurationValue& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text)) return;
  int64_t ns = 0;
  if (!with_unit(text, kDurationUnits, false, &ns) || ns < info.min || ns > info.max) {
    reader.problem(node, "`" + info.path + "` must be a duration from " + duration_text(info.min) + " to " +
                             duration_text(info.max) + " with its unit (us, ms, s, m, h, d), not " +
                             yaml_quoted(text));
    return;
  }
  *value.nanoseconds = ns;
}
std::string Value<DurationValue>::show(const DurationValue& value) {
  return duration_text(*value.nanoseconds);
}
ordered_json Value<DurationValue>::schema(const FieldInfo&) {
  return {{"type", "string"}, {"pattern", "^[0-9]+ *(us|ms|s|m|h|d)$"}};
}

std::string Value<std::string>::type(const FieldInfo& info) {
  return info.choices.empty() ? "text" : choices_text(info.choices);
}
void Value<std::string>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                              std::string& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text) || !check_choice(reader, node, info, text)) return;
  if (text.empty()) {
    reader.problem(node, "`" + info.path + "` is empty; leave it out instead");
    return;
  }
  value = std::move(text);
}
std::string Value<std::string>::show(const std::string& value) { return value; }
ordered_json Value<std::string>::schema(const FieldInfo& info) { return text_schema(info); }

std::string Value<Confidence>::type(const FieldInfo& info) { return choices_text(info.choices); }
void Value<Confidence>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                             Confidence& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text) || !check_choice(reader, node, info, text)) return;
  for (const Confidence c : {Confidence::kLow, Confidence::kMedium, Confidence::kHigh}) {
    if (name_of(c) == text) value = c;
  }
}
std::string Value<Confidence>::show(const Confidence& value) { return std::string(name_of(value)); }
ordered_json Value<Confidence>::schema(const FieldInfo& info) { return text_schema(info); }

std::string Value<std::optional<Severity>>::type(const FieldInfo& info) { return choices_text(info.choices); }
void Value<std::optional<Severity>>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                                          std::optional<Severity>& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text) || !check_choice(reader, node, info, text)) return;
  for (const Severity s :
       {Severity::kInformational, Severity::kLow, Severity::kMedium, Severity::kHigh, Severity::kCritical}) {
    if (name_of(s) == text) value = s;
  }
}
std::string Value<std::optional<Severity>>::show(const std::optional<Severity>& value) {
  return value ? std::string(name_of(*value)) : "";
}
ordered_json Value<std::optional<Severity>>::schema(const FieldInfo& info) { return text_schema(info); }

std::string Value<Role>::type(const FieldInfo& info) { return choices_text(info.choices); }
void Value<Role>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, Role& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text) || !check_choice(reader, node, info, text)) return;
  value = text == "provider" ? Role::kProvider : Role::kEnterprise;
}
std::string Value<Role>::show(const Role& value) {
  return value == Role::kProvider ? "provider" : "enterprise";
}
ordered_json Value<Role>::schema(const FieldInfo& info) { return text_schema(info); }

std::string Value<SteerBy>::type(const FieldInfo& info) { return choices_text(info.choices); }
void Value<SteerBy>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, SteerBy& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text) || !check_choice(reader, node, info, text)) return;
  value = text == "flow" ? SteerBy::kFlow : SteerBy::kAddress;
}
std::string Value<SteerBy>::show(const SteerBy& value) {
  return value == SteerBy::kFlow ? "flow" : "address";
}
ordered_json Value<SteerBy>::schema(const FieldInfo& info) { return text_schema(info); }

std::string Value<CaptureSteer>::type(const FieldInfo& info) { return choices_text(info.choices); }
void Value<CaptureSteer>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info,
                               CaptureSteer& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text) || !check_choice(reader, node, info, text)) return;
  value = text == "source"     ? CaptureSteer::kSource
          : text == "handover" ? CaptureSteer::kHandOver
                               : CaptureSteer::kAuto;
}
std::string Value<CaptureSteer>::show(const CaptureSteer& value) {
  return value == CaptureSteer::kSource ? "source" : value == CaptureSteer::kHandOver ? "handover" : "auto";
}
ordered_json Value<CaptureSteer>::schema(const FieldInfo& info) { return text_schema(info); }

std::string Value<DateValue>::type(const FieldInfo&) { return "date, YYYY-MM-DD"; }
void Value<DateValue>::read(Reader& reader, const YAML::Node& node, const FieldInfo& info, DateValue& value) {
  std::string text;
  if (!scalar_text(reader, node, info, &text)) return;
  int64_t day = 0;
  constexpr int64_t kDay = 86'400;
  if (!parse_date(text, &day)) {
    reader.problem(node, "`" + info.path + "` must be a date such as 2027-06-30, not " + yaml_quoted(text));
    return;
  }
  if (day > reader.now_s() + 366 * kDay) {
    reader.problem(node, "`" + info.path +
                             "` is more than a year ahead: an exception is looked at again after a "
                             "year at most");
    return;
  }
  *value.last_second = day + kDay - 1;
  *value.text = text;
}
std::string Value<DateValue>::show(const DateValue& value) { return *value.text; }
ordered_json Value<DateValue>::schema(const FieldInfo&) {
  return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}};
}

}  // namespace weir
