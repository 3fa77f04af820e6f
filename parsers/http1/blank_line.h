// Finds the end of a header section: the blank line (CR LF or a bare LF).
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http1 {

// The position in `text` after the first blank line, given the (at least two, or none) bytes `before` it;
// npos when there is none. SSE2: one pass over the text whatever the length of its lines.
inline size_t find_blank_line(std::string_view before, std::string_view text) {
  if (before.ends_with('\n')) {
    if (text.starts_with('\n')) return 1;
    if (text.starts_with("\r\n")) return 2;
  } else if (before.ends_with("\n\r") && text.starts_with('\n')) {
    return 1;
  }
  const auto blank_after = [text](size_t line_end) -> size_t {
    size_t next = line_end + 1;
    if (next < text.size() && text[next] == '\r') ++next;
    return next < text.size() && text[next] == '\n' ? next + 1 : std::string_view::npos;
  };
  size_t at = 0;
  const __m128i line_feed = _mm_set1_epi8('\n');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    for (auto hits = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, line_feed))); hits != 0;
         hits &= hits - 1) {
      const size_t end = blank_after(at + static_cast<size_t>(std::countr_zero(hits)));
      if (end != std::string_view::npos) return end;
    }
  }
  for (; at < text.size(); ++at) {
    if (text[at] != '\n') continue;
    const size_t end = blank_after(at);
    if (end != std::string_view::npos) return end;
  }
  return std::string_view::npos;
}

}  // namespace weir::http1
