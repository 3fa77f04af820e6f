// The Hyperscan databases: compiled from expressions, or taken from the cache where that holds exactly these
// for exactly this machine and library. Called by the pack compiler only.
//
// The cache is one file a set of expressions, written beside its final name and renamed, so that it is never
// half there. It is used only when it belongs to this user or root, nobody else may write it, and its
// checksum holds; whatever else is found there costs the time of compiling and is written anew. A cache that
// cannot be read or written costs only time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "signatures/compiler/pattern_set.h"

namespace weir {

struct EngineExpression {
  std::string expression;
  unsigned flags = 0;  // HS_FLAG_*
  uint32_t id = 0;
};
using EngineExpressions = std::array<std::vector<EngineExpression>, kEngines>;

// Longest match of a custom expression, in bytes; false with what is wrong in `error`: not an expression that
// Hyperscan takes, or one without a bound.
bool expression_width(const EngineExpression& expression, uint32_t* width, std::string* error);

// Fills `databases` (empty engines stay nullptr). False with `error` when Hyperscan refuses: expressions that
// were not checked, a machine without SSSE3, no memory. `note` says what was wrong with the cache, if
// anything.
bool make_databases(const EngineExpressions& engines, const std::string& cache_dir,
                    std::array<hs_database*, kEngines>* databases, std::string* error, std::string* note);

void free_databases(std::array<hs_database*, kEngines>* databases);

// The file that `engines` would be kept in, "" without a folder.
std::string cache_path(const EngineExpressions& engines, const std::string& cache_dir);

}  // namespace weir
