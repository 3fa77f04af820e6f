#include "signatures/yaml/yaml_gate.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <sstream>

namespace weir {
namespace {

constexpr int kMaxDepth = 50;
constexpr int kMaxValues = 200'000;

// Line (from 0) of the first byte that is no UTF-8 (RFC 3629), or a control character other than tab and line
// breaks; -1 when there is none.
int first_line_not_clean(std::string_view text) {
  int line = 0;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if (c < ' ' && c != '\t' && c != '\n' && c != '\r') return line;
      if (c == '\n') ++line;
      ++i;
      continue;
    }
    const size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || i + n > text.size()) return line;
    uint32_t code = c & (0xFFu >> (n + 1));
    for (size_t k = 1; k < n; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return line;
      code = (code << 6) | (next & 0x3Fu);
    }
    const bool overlong = code < (n == 2 ? 0x80u : n == 3 ? 0x800u : 0x10000u);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return line;
    i += n;
  }
  return -1;
}

struct Refusal {
  int line;
  std::string problem;
};

// Hears what yaml-cpp reads without keeping it. Aliases are events, not what they stand for.
class Gate : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { value(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { value(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    value(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    deeper(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    deeper(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void value(const YAML::Mark& mark) {
    if (++values_ > kMaxValues) {
      throw Refusal{mark.line, "the file has more than " + std::to_string(kMaxValues) + " values"};
    }
  }
  void deeper(const YAML::Mark& mark) {
    value(mark);
    if (++depth_ > kMaxDepth) {
      throw Refusal{mark.line, "the file is nested deeper than " + std::to_string(kMaxDepth) + " levels"};
    }
  }
  int values_ = 0;
  int depth_ = 0;
};

}  // namespace

bool pass_yaml_gate(std::string_view yaml, int* line, std::string* problem) {
  *line = first_line_not_clean(yaml);
  if (*line >= 0) {
    *problem = "is not UTF-8, or holds control characters; save the file as UTF-8 text";
    return false;
  }
  std::istringstream stream{std::string(yaml)};
  YAML::Parser parser(stream);
  Gate gate;
  try {
    // Never more than two: after a stray closing bracket yaml-cpp would go on giving documents for ever.
    if (parser.HandleNextDocument(gate) && parser.HandleNextDocument(gate)) {
      *problem =
          "the file holds more than one document (\"---\", or a bracket that nothing opened); one is read";
      return false;
    }
  } catch (const Refusal& refusal) {
    *line = refusal.line;
    *problem = refusal.problem;
    return false;
  }
  return true;
}

}  // namespace weir
