#include "signatures/compiler/word_index.h"

#include <algorithm>
#include <map>

#include "signatures/compiler/escape_edge.h"

namespace weir {

namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_upper(c) || is_lower(c); }
bool is_gap(char c) { return c == ' ' || c == '_' || c == '-'; }

constexpr size_t kMaxGaps = 4;  // of one word; further ones must be written

}  // namespace

bool WordIndex::starts_word(std::string_view text, size_t pos) {
  if (pos == 0 || !is_letter(text[pos - 1]) || !is_letter(text[pos])) return true;
  if (ends_escape(text, pos)) return true;
  if (!is_upper(text[pos])) return false;
  return is_lower(text[pos - 1]) || (pos + 1 < text.size() && is_lower(text[pos + 1]));
}

bool WordIndex::ends_word(std::string_view text, size_t end) {
  if (end >= text.size() || !is_letter(text[end]) || !is_letter(text[end - 1])) return true;
  if (!is_upper(text[end])) return false;
  return is_lower(text[end - 1]) || (end + 1 < text.size() && is_lower(text[end + 1]));
}

void WordIndex::add(std::string_view word, uint16_t detector, bool contrary) {
  std::string text;
  for (const char c : word) text += static_cast<char>(fold(c));
  auto at = std::ranges::find_if(words_, [&](const IndexedWord& w) {
    return std::ranges::equal(w.text, text, {}, [](char c) { return static_cast<char>(fold(c)); });
  });
  if (at == words_.end()) {
    words_.push_back({std::string(word), {}, {}, 0, false});
    at = words_.end() - 1;
  }
  (contrary ? at->contrary_to : at->keyword_of).set(detector);
}

void WordIndex::finish() {
  // A trie of maps first, then flattened.
  struct Building {
    std::map<uint8_t, uint32_t> children;
    uint32_t word = kNone;
  };
  std::vector<Building> trie(1);
  for (size_t w = 0; w < words_.size(); ++w) {
    const std::string& text = words_[w].text;
    std::vector<size_t> gaps;
    for (size_t i = 1; i + 1 < text.size() && gaps.size() < kMaxGaps; ++i) {
      if (is_gap(text[i])) gaps.push_back(i);
    }
    words_[w].gaps = static_cast<uint8_t>(gaps.size());
    for (size_t variant = 0; variant < (size_t{1} << gaps.size()); ++variant) {
      uint32_t node = 0;
      for (size_t i = 0, gap = 0; i < text.size(); ++i) {
        const bool at_gap = gap < gaps.size() && gaps[gap] == i;
        const bool left_out = at_gap && ((variant >> gap) & 1) != 0;
        if (at_gap) ++gap;
        if (left_out) continue;
        const auto [it, fresh] =
            trie[node].children.try_emplace(fold(text[i]), static_cast<uint32_t>(trie.size()));
        node = it->second;
        if (fresh) trie.emplace_back();
      }
      // Two words may share a variant ("id card", "idcard"): the merged word speaks for both's detectors.
      if (trie[node].word == kNone) {
        trie[node].word = static_cast<uint32_t>(w);
        words_[w].found = true;
      } else if (trie[node].word != w) {
        words_[trie[node].word].keyword_of |= words_[w].keyword_of;
        words_[trie[node].word].contrary_to |= words_[w].contrary_to;
      }
    }
  }
  nodes_.resize(trie.size());
  edges_.clear();
  for (size_t n = 0; n < trie.size(); ++n) {
    nodes_[n] = {trie[n].word, static_cast<uint32_t>(edges_.size()),
                 static_cast<uint32_t>(trie[n].children.size())};
    for (const auto& [byte, child_node] : trie[n].children) edges_.push_back({byte, child_node});
  }
  for (const auto& [byte, node] : trie[0].children) {
    first_[byte] = node;
    any_[byte] = true;
    // Words have two bytes or more (the pack reader sees to it).
    for (const auto& [second, next] : trie[node].children)
      pairs_[byte * 4u + (second >> 6)] |= uint64_t{1} << (second & 63);
  }
}

std::string WordIndex::expression(size_t i) const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  size_t gaps = 0;
  const std::string& text = words_[i].text;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<uint8_t>(text[at]);
    if (is_gap(text[at]) && at > 0 && at + 1 < text.size()) {
      out += gaps++ < kMaxGaps ? "[ _-]?" : "[ _-]";
    } else if (is_letter(text[at]) || (c >= '0' && c <= '9')) {
      out += text[at];
    } else {
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

}  // namespace weir
