// The line before each chunk (RFC 9112 section 7.1): "1f;name=value". Read as leniently as the most lenient
// receivers do: with blanks, a plus sign or "0x" before the size, underscores between its digits (Python's
// int).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::http1 {

// Of a chunk line, its line end included, so much is read as one; the rest of a longer extension as it comes.
inline constexpr size_t kMaxChunkLine = 4096;

struct ChunkLine {
  uint64_t size = 0;
  size_t extension = 0;  // where ";…" begins in the line; the line's size when there is none
};

// Reads `line`, given without its line end. False: no chunk line, or its size does not fit 64 bits.
inline bool read_chunk_line(std::string_view line, ChunkLine* out) {
  out->size = 0;
  size_t i = 0;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  if (i + 1 < line.size() && line[i] == '+') ++i;
  if (i + 2 < line.size() && line[i] == '0' && (line[i + 1] | 0x20) == 'x') i += 2;
  const size_t first = i;
  for (; i < line.size(); ++i) {
    const char c = line[i];
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      digit = static_cast<uint64_t>((c | 0x20) - 'a' + 10);
    } else if (c == '_' && i > first && line[i - 1] != '_' && i + 1 < line.size()) {
      continue;
    } else {
      break;
    }
    if (out->size >> 60 != 0) return false;
    out->size = (out->size << 4) | digit;
  }
  if (i == first) return false;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  out->extension = i;
  return i == line.size() || line[i] == ';';
}

}  // namespace weir::http1
