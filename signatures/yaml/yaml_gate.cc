#include "signatures/yaml/yaml_gate.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

namespace weir {
namespace {

constexpr int kMaxDepth = 50;
constexpr int kMaxValues = 200'000;

// Line (from 0) of the first byte that is no UTF-8, or -1. Overlong forms and surrogates are left to whoever
// compares strings: here it is about files in another charset.
int first_line_not_utf8(std::string_view text) {
  int line = 0;
  size_t i = 0;
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') ++line;
    const size_t length = byte < 0x80   ? 1
                          : byte < 0xc2 ? 0
                          : byte < 0xe0 ? 2
                          : byte < 0xf0 ? 3
                          : byte < 0xf5 ? 4
                                        : 0;
    if (length == 0 || i + length > text.size()) return line;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return line;
    }
    i += length;
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
  *line = first_line_not_utf8(yaml);
  if (*line >= 0) {
    *problem = "is not UTF-8; save the file in that charset";
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
