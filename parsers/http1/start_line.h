// The first line of an HTTP/1 message: reading it where it is expected, and finding one in the middle of
// unknown bytes (after a gap, or when a flow is picked up late).
//
// Pure functions over text; they keep nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http1 {

// A request line or a status line (RFC 9112 sections 3 and 4). Views into the line that was read.
struct StartLine {
  bool response = false;
  std::string_view method;  // requests
  std::string_view target;  // requests: as on the wire
  int32_t status = 0;       // responses: 100–999
};

// Longest method that is taken for one (the registry's longest, "UPDATEREDIRECTREF", has 17).
inline constexpr size_t kMaxMethod = 32;
// Longest start line that is looked for in unknown bytes.
inline constexpr size_t kMaxSearchedLine = 8192;

// Cuts one CR from the end of a line.
constexpr std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Reads `line`, given without its line end. False: not a start line of HTTP/1.x.
bool read_start_line(std::string_view line, StartLine* out);

// Could `begin`, the first bytes of a line whose end has not come, still become a start line? Once false
// for a beginning, read_start_line is false for every line that begins so.
bool may_be_start_line(std::string_view begin);

// As may_be_start_line, for a probe: methods are letters (and hyphens inside), in lower case where a program
// made them up (fetch() sends "patch" as it is given).
bool looks_like_start_line(std::string_view begin);

// The size of the PROXY line or header (HAProxy's, versions 1 and 2) that `begin` begins with: what a load
// balancer says before the client's first byte. 0: none; npos: perhaps one, which is not all there.
size_t proxy_preamble(std::string_view begin);

struct StartSearch {
  bool found = false;
  // Found: where the start line begins. Not found: the bytes before `at` are no part of any start line;
  // those from `at` on may become one when more bytes come.
  size_t at = 0;
};

// Looks for the first whole start line (line end included) anywhere in `text`, not only at the begin of a
// line: few bodies end in a line break. Only well-known methods with a path or an absolute URL count. The
// first `unbroken` bytes are known to hold no line end. Takes time linear in the size of `text`.
StartSearch find_start_line(std::string_view text, size_t unbroken = 0);

}  // namespace weir::http1
