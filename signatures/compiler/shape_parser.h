// Reads the PCRE2 syntax of a pack's `shape` into a tree, from which ShapeSet makes its automata.
//
// What a finite automaton cannot say (back references, look-around) is read as the widest language that
// holds it, and the shape is marked inexact: PCRE2 itself then confirms each candidate. What could match
// without bound is refused. Called by the pack compiler only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct CodeRange {
  uint32_t first = 0, last = 0;  // code points, inclusive
};

struct ShapeNode {
  enum class Kind : uint8_t { kEmpty, kSet, kConcat, kAlternate, kRepeat };
  Kind kind = Kind::kEmpty;
  std::vector<uint32_t> children;  // kRepeat: one
  uint32_t min = 0, max = 0;       // kRepeat
  std::vector<CodeRange> ranges;   // kSet
};

struct ParsedShape {
  std::vector<ShapeNode> nodes;
  uint32_t root = 0;
  bool exact = true;
  bool holds_letters = false;  // a value can hold a Latin letter
  size_t max_bytes = 0;        // of the longest value, in UTF-8
};

inline constexpr size_t kMaxValueBytes = 320;

// False with what is wrong in `error`.
bool parse_shape(std::string_view pattern, bool case_insensitive, ParsedShape* shape, std::string* error);

// A code range as the byte sequences of its UTF-8 (1 to 4 ranges of bytes each).
struct ByteSequence {
  uint8_t length = 0;
  uint8_t first[4] = {}, last[4] = {};
};
void utf8_sequences(CodeRange range, std::vector<ByteSequence>* out);

}  // namespace weir
