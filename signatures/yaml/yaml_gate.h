// Looks a file over before yaml-cpp builds a tree of it: text that is UTF-8, one document, not too deep, not
// too much. For config's own files.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// False when `yaml` is not let through; then *line (from 0; -1: none) and *problem say why. Throws
// YAML::Exception where it is no YAML.
bool pass_yaml_gate(std::string_view yaml, int* line, std::string* problem);

}  // namespace weir
