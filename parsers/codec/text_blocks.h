// Whole blocks of a text at a time: as far as they are sound UTF-8, and what of it needs a closer look.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir {

struct TextBlocks {
  // All before it is sound, but for a character that its block cuts: whether that one is, is not known.
  size_t end = 0;
  bool percent = false;    // '%'
  bool backslash = false;  // '\\'
  bool plus = false;       // '+'
  bool special = false;    // is_special_at() holds for a character
  // Where in the last block, from `unchecked_at`, characters begin for which it may hold too; bit by byte.
  uint32_t unchecked = 0;
  size_t unchecked_at = 0;
};

// Reads on from p[begin], where a character begins, up to the block with the first fault or to less than a
// block before p[n].
TextBlocks read_text_blocks(const uint8_t* p, size_t n, size_t begin);

}  // namespace weir
