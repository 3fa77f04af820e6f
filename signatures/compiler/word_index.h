// Every keyword and contrary word of all packs: expressions for Hyperscan, which finds where one may end, and
// a trie that says which word stands there and whether it stands whole.
//
// A word whose first or last character is a Latin letter or digit matches there only at a word's edge:
// beside no letter, or where the case changes as in idCard, userIDCard. A space, '_' or '-' inside a word
// matches a space, '_', '-' or nothing. Latin letters match in either case; Han matches as it stands.
// Immutable after finish(); safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/compiler/pattern_set.h"

namespace weir {

struct IndexedWord {
  std::string text;
  DetectorSet keyword_of;   // the detectors that it speaks for
  DetectorSet contrary_to;  // … and against
  uint8_t gaps = 0;         // spaces, '_', '-' inside it that a text may leave out
  bool found = false;       // match_at() can answer it; not so a word that another one's spellings cover
};

// A word that stands whole in a text.
struct WordHit {
  uint32_t begin = 0, end = 0;
  uint32_t word = 0;  // index into the WordIndex
  friend bool operator==(const WordHit&, const WordHit&) = default;
};

class WordIndex {
 public:
  // Building. The same word given twice is one.
  void add(std::string_view word, uint16_t detector, bool contrary);
  void finish();

  size_t size() const { return words_.size(); }
  const IndexedWord& word(size_t i) const { return words_[i]; }

  // A word can begin with the bytes at `pos`: a filter that few other texts pass.
  bool starts_at(std::string_view text, size_t pos) const {
    const uint8_t first = kFold[static_cast<uint8_t>(text[pos])];
    if (!any_[first]) return false;
    if (pos + 1 >= text.size()) return true;
    const uint8_t second = kFold[static_cast<uint8_t>(text[pos + 1])];
    return (pairs_[first * 4u + (second >> 6)] >> (second & 63)) & 1;
  }
  // Calls found(word index, end) for every word that begins at `pos`, shorter ones first.
  template <class Found>
  void match_at(std::string_view text, size_t pos, Found&& found) const {
    uint32_t node = first_[fold(text[pos])];
    if (node == 0 || !starts_word(text, pos)) return;
    for (size_t at = pos + 1;; ++at) {
      if (nodes_[node].word != kNone && ends_word(text, at)) found(size_t{nodes_[node].word}, at);
      if (at >= text.size()) return;
      node = child(node, fold(text[at]));
      if (node == 0) return;
    }
  }

  // Is text[pos] where a word may begin; is text[end - 1] where it may end?
  static bool starts_word(std::string_view text, size_t pos);
  static bool ends_word(std::string_view text, size_t end);

  // The word as a Hyperscan expression (with HS_FLAG_CASELESS).
  std::string expression(size_t i) const;

 private:
  static constexpr uint32_t kNone = 0xffffffff;
  struct Node {
    uint32_t word = kNone;
    uint32_t first_child = 0;  // into edges_
    uint32_t children = 0;
  };
  struct Edge {
    uint8_t byte = 0;
    uint32_t node = 0;
  };
  static constexpr std::array<uint8_t, 256> kFold = [] {
    std::array<uint8_t, 256> table{};
    for (size_t b = 0; b < 256; ++b) {
      const auto c = static_cast<char>(b);
      table[b] = c >= 'A' && c <= 'Z'   ? static_cast<uint8_t>(b | 0x20)
                 : c == '_' || c == '-' ? uint8_t{' '}
                                        : static_cast<uint8_t>(b);
    }
    return table;
  }();
  static uint8_t fold(char c) { return kFold[static_cast<uint8_t>(c)]; }
  uint32_t child(uint32_t node, uint8_t byte) const {
    const Node& n = nodes_[node];
    for (uint32_t i = n.first_child; i < n.first_child + n.children; ++i) {
      if (edges_[i].byte == byte) return edges_[i].node;
    }
    return 0;
  }

  std::vector<IndexedWord> words_;
  std::vector<Node> nodes_;  // [0]: root
  std::vector<Edge> edges_;
  std::array<uint32_t, 256> first_{};      // node after the first byte, folded
  std::array<bool, 256> any_{};            // first_ is set
  std::array<uint64_t, 256 * 4> pairs_{};  // second bytes, a bit each, by first byte; both folded
};

}  // namespace weir
