// YAML to DetectorSpec: every rule of pack.schema.json that concerns one file, each mistake with its line and
// with what would be right. Called by the pack compiler; what concerns several packs is checked there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signatures/compiler/pattern_set.h"

namespace weir {

struct Pack {
  std::string id, version;
  Bilingual title;
  std::vector<std::string> contrary;
  std::vector<DetectorSpec> detectors;
  // By detector: what only all packs together can resolve.
  struct Reference {
    std::string id;
    int line = 0;
  };
  std::vector<std::vector<Reference>> wins_over;
  std::vector<bool> boundary_open;  // not given: follows from the shape
};

inline constexpr size_t kMaxPackBytes = 4 << 20;

// Reads one pack. False when there was an error; `problems` grows by every one that was found.
bool read_pack(const PackText& text, Pack* pack, std::vector<Diagnostic>* problems);

// Of `known`, the name that is nearest to `name` (edit distance at most 2, or a third of its length);
// empty when none is near.
std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace weir
