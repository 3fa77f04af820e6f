#include "sensor/token/mask.h"

#include <algorithm>
#include <cstddef>

namespace weir {

namespace {

constexpr size_t kMostShown = 4;

// Bytes of the character at `pos`; a byte that begins none counts as one.
size_t character_length(std::string_view text, size_t pos) {
  size_t n = 1;
  while (pos + n < text.size() && (static_cast<unsigned char>(text[pos + n]) & 0xC0) == 0x80) ++n;
  return n;
}

// `stars`: how many stand for what is hidden; 0 for one a character.
std::string mask_ends(std::string_view text, MaskRule rule, size_t stars) {
  size_t characters = 0;
  uint8_t high = 0;
  for (const char c : text) high |= static_cast<uint8_t>(c);
  if (high < 0x80) {
    // As below, where a character is a byte: the way of nearly all values.
    const size_t most = std::min(kMostShown, text.size() / 4);
    const size_t tail = std::min<size_t>(rule.tail, most);
    const size_t head = std::min<size_t>(rule.head, most - tail);
    const size_t hidden = text.size() - head - tail;
    std::string out(text.substr(0, head));
    if (hidden > 0) out.append(stars == 0 ? hidden : stars, '*');
    out += text.substr(head + hidden);
    return out;
  }
  for (size_t i = 0; i < text.size(); i += character_length(text, i)) ++characters;
  const size_t most = std::min(kMostShown, characters / 4);
  const size_t tail = std::min<size_t>(rule.tail, most);
  const size_t head = std::min<size_t>(rule.head, most - tail);
  const size_t hidden = characters - head - tail;
  std::string out;
  size_t index = 0;
  for (size_t i = 0; i < text.size(); ++index) {
    const size_t n = character_length(text, i);
    if (index == head) out.append(stars == 0 ? hidden : stars, '*');
    if (index < head || index >= head + hidden) out += text.substr(i, n);
    i += n;
  }
  return out;
}

}  // namespace

std::string mask(std::string_view value, MaskRule rule) {
  const size_t at = rule.domain ? value.rfind('@') : std::string_view::npos;
  if (at == std::string_view::npos) return mask_ends(value, rule, 0);
  std::string out = mask_ends(value.substr(0, at), rule, 3);
  out += value.substr(at);
  return out;
}

}  // namespace weir
