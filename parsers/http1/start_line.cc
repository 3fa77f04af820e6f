#include "parsers/http1/start_line.h"

#include <algorithm>
#include <array>

namespace weir::http1 {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// tchar of RFC 9110 section 5.6.2.
constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<uint8_t>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<uint8_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

// The status line up to its code: '#' stands for a digit.
constexpr std::string_view kStatusShape = "HTTP/1.# ###";

bool fits_shape(std::string_view text, std::string_view shape) {
  const size_t n = std::min(text.size(), shape.size());
  for (size_t i = 0; i < n; ++i) {
    if (shape[i] == '#' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  }
  return true;
}

// Methods that are believed in the middle of unknown bytes; one that ends another comes after it.
constexpr std::string_view kKnownMethods[] = {"GET",       "POST",   "PUT",   "HEAD",     "DELETE", "OPTIONS",
                                              "PROPPATCH", "PATCH",  "TRACE", "PROPFIND", "MKCOL",  "COPY",
                                              "MOVE",      "UNLOCK", "LOCK",  "REPORT",   "SEARCH"};
// What may stand between a method and the target's first slash.
constexpr std::string_view kBeforeSlash[] = {" ", " http:", " https:"};
constexpr size_t kLongestLead = 9 + 7;  // "PROPPATCH" + " https:"

// The start of "<method> ", "<method> http:" or "<method> https:" that ends `before`; npos when there is
// none.
size_t method_before(std::string_view before) {
  for (const std::string_view lead : kBeforeSlash) {
    if (!before.ends_with(lead)) continue;
    const std::string_view head = before.substr(0, before.size() - lead.size());
    for (const std::string_view method : kKnownMethods) {
      if (head.ends_with(method)) return head.size() - method.size();
    }
  }
  return std::string_view::npos;
}

std::string_view without_blanks(std::string_view line) {
  while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
  return line;
}

// Whether `line`, trimmed, ends as request lines do: with a version as its last word.
bool ends_with_version(std::string_view line) {
  constexpr size_t kVersion = 8;
  return line.size() > kVersion && line[line.size() - kVersion - 1] == ' ' &&
         fits_shape(line.substr(line.size() - kVersion), kStatusShape);
}

// Could `tail`, which holds no slash, grow into "HTTP/" or into what method_before() finds?
bool may_lead_to_slash(std::string_view tail) {
  if (tail.front() < 'A' || tail.front() > 'Z') return false;
  if (std::string_view("HTTP").starts_with(tail)) return true;
  for (const std::string_view method : kKnownMethods) {
    if (method.starts_with(tail)) return true;
    if (!tail.starts_with(method)) continue;
    const std::string_view lead = tail.substr(method.size());
    for (const std::string_view whole : kBeforeSlash) {
      if (whole.starts_with(lead)) return true;
    }
  }
  return false;
}

}  // namespace

bool read_start_line(std::string_view line, StartLine* out) {
  line = without_cr(line);
  if (line.starts_with("HTTP/")) {
    if (line.size() < kStatusShape.size() || !fits_shape(line, kStatusShape)) return false;
    if (line.size() > kStatusShape.size() && line[kStatusShape.size()] != ' ') return false;
    out->response = true;
    out->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return out->status >= 100;
  }
  const size_t method_end = line.find(' ');
  if (method_end == 0 || method_end == std::string_view::npos || method_end > kMaxMethod) return false;
  for (size_t i = 0; i < method_end; ++i) {
    if (!kToken[static_cast<uint8_t>(line[i])]) return false;
  }
  line = without_blanks(line);
  // A target with raw spaces in it is taken as it is: the version is the last word (RFC 9112 section 3).
  const size_t target_end = line.rfind(' ');
  if (target_end <= method_end + 1) return false;
  const std::string_view version = line.substr(target_end + 1);
  if (version.size() != 8 || !fits_shape(version, kStatusShape)) return false;
  out->response = false;
  out->method = line.substr(0, method_end);
  out->target = line.substr(method_end + 1, target_end - method_end - 1);
  return true;
}

bool may_be_start_line(std::string_view begin) {
  if (fits_shape(begin, kStatusShape)) return true;
  if (begin.starts_with("HTTP/")) return false;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (begin[i] == ' ') return i > 0;
    if (i == kMaxMethod || !kToken[static_cast<uint8_t>(begin[i])]) return false;
  }
  return true;
}

bool looks_like_start_line(std::string_view begin) {
  if (!may_be_start_line(begin)) return false;
  if (begin.starts_with("HTTP/")) return true;
  for (size_t i = 0; i < begin.size() && begin[i] != ' '; ++i) {
    const bool letter = (begin[i] >= 'A' && begin[i] <= 'Z') || (begin[i] >= 'a' && begin[i] <= 'z');
    if (!letter && (i == 0 || begin[i] != '-')) return false;
  }
  return true;
}

size_t proxy_preamble(std::string_view begin) {
  using namespace std::string_view_literals;
  constexpr auto kLine = "PROXY "sv;
  constexpr size_t kLongestLine = 107;  // with its line end
  constexpr auto kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
  constexpr size_t kHeader = 16;  // signature, version and command, family, length of what follows
  const auto begins = [&](std::string_view word) {
    return begin.substr(0, word.size()) == word.substr(0, begin.size());
  };
  if (begins(kLine)) {
    const size_t end = begin.find('\n');
    if (end != std::string_view::npos) return end < kLongestLine ? end + 1 : 0;
    return begin.size() < kLongestLine ? std::string_view::npos : 0;
  }
  if (!begins(kSignature)) return 0;
  if (begin.size() < kHeader) return std::string_view::npos;
  const auto byte = [&](size_t i) { return size_t{static_cast<uint8_t>(begin[i])}; };
  if (byte(12) >> 4 != 2) return 0;
  const size_t size = kHeader + (byte(14) << 8 | byte(15));
  return size <= begin.size() ? size : std::string_view::npos;
}

StartSearch find_start_line(std::string_view text, size_t unbroken) {
  constexpr size_t kNone = std::string_view::npos;
  size_t line_end = 0;    // first line break at or after the slash; kNone: none in text
  std::string_view line;  // up to line_end, trimmed, from …
  size_t line_from = 0;
  bool versioned = false;  // `line` may be a request's
  size_t tail_from = 0;
  for (size_t slash = text.find('/'); slash != kNone; slash = text.find('/', slash + 1)) {
    tail_from = slash + 1;
    const char last = slash > 0 ? text[slash - 1] : '\0';
    if (last != 'P' && last != ' ' && last != ':') continue;
    if (line_end != kNone && line_end <= slash) {
      line_end = text.find('\n', std::max(slash, unbroken));
      if (line_end != kNone) {
        line_from = slash - std::min(slash, kLongestLead);
        line = without_blanks(without_cr(text.substr(line_from, line_end - line_from)));
        versioned = ends_with_version(line);
      }
    }
    if (last != 'P' && line_end != kNone && !versioned) continue;
    const std::string_view before = text.substr(0, slash);
    size_t begin;
    if (before.ends_with("HTTP")) {
      begin = slash - 4;
      if (!fits_shape(text.substr(begin), kStatusShape)) continue;
    } else {
      const size_t lead = before.size() - std::min(before.size(), kLongestLead);
      begin = method_before(before.substr(lead));
      if (begin == kNone) continue;
      begin += lead;
    }
    if (line_end == kNone) {
      if (text.size() - begin < kMaxSearchedLine) return {false, begin};
      continue;
    }
    if (line_end - begin >= kMaxSearchedLine) continue;
    // A status line is judged by its beginning, a request line from its end: neither reads all of it again.
    StartLine start;
    const bool found = last == 'P' ? read_start_line(text.substr(begin, line_end - begin), &start)
                                   : read_start_line(line.substr(begin - line_from), &start);
    if (found) return {true, begin};
  }
  for (size_t at = std::max(tail_from, text.size() - std::min(text.size(), kLongestLead)); at < text.size();
       ++at) {
    if (may_lead_to_slash(text.substr(at))) return {false, at};
  }
  return {false, text.size()};
}

}  // namespace weir::http1
