#include "signatures/compiler/pattern_set.h"

#include "signatures/compiler/engine.h"
#include "signatures/compiler/shape_set.h"
#include "signatures/compiler/word_index.h"

namespace weir {

std::string_view name_of(KeywordNeed need) {
  constexpr std::string_view kNames[] = {"optional", "raises", "required"};
  return kNames[static_cast<size_t>(need)];
}

std::string_view name_of(AnchorKind anchor) {
  constexpr std::string_view kNames[] = {"digits", "at_sign", "expression"};
  return kNames[static_cast<size_t>(anchor)];
}

std::string_view name_of(Boundary boundary) {
  constexpr std::string_view kNames[] = {"digits", "alphanumeric", "word"};
  return kNames[static_cast<size_t>(boundary)];
}

std::string Diagnostic::to_string() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  if (line > 0 && column > 0) text += ":" + std::to_string(column);
  return text.empty() ? message : text + ": " + message;
}

PatternSet::PatternSet() = default;
PatternSet::~PatternSet() { free_databases(&databases_); }

size_t PatternSet::find(std::string_view id) const {
  for (size_t i = 0; i < detectors_.size(); ++i) {
    if (detectors_[i].id == id) return i;
  }
  return kMaxDetectors;
}

}  // namespace weir
