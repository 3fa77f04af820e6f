#include "sensor/content/multipart.h"

#include <algorithm>
#include <utility>

#include "sensor/content/media_type.h"

namespace weir {

namespace {

std::string_view without_break(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view s) {
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// RFC 8187: charset'language'percent-encoded. The bytes, in whatever charset they are.
std::string extended_value(std::string_view value) {
  const size_t first = value.find('\'');
  const size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos) return std::string(value);
  value.remove_prefix(second + 1);
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const auto digit = [&](size_t at) {
      const char c = at < value.size() ? value[at] : ' ';
      return c >= '0' && c <= '9'   ? c - '0'
             : c >= 'a' && c <= 'f' ? c - 'a' + 10
             : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                    : -1;
    };
    if (value[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      out.push_back(static_cast<char>(digit(i + 1) * 16 + digit(i + 2)));
      i += 2;
    } else {
      out.push_back(value[i]);
    }
  }
  return out;
}

}  // namespace

MultipartReader::MultipartReader(std::string boundary, uint32_t max_parts)
    : boundary_(std::move(boundary)), max_parts_(max_parts) {
  if (boundary_.size() > kMaxBoundary) boundary_.clear();
}

// `line` begins with "--" and has no line break.
MultipartReader::Line MultipartReader::judge(std::string_view line) {
  if (!line.starts_with("--") || parts_ >= max_parts_) return Line::kText;
  line.remove_prefix(2);
  while (!line.empty() && blank(line.back())) line.remove_suffix(1);
  if (boundary_.empty()) {
    // Undeclared: the first line tells.
    if (!first_line_ || line.empty() || line.size() > kMaxBoundary) return Line::kText;
    boundary_ = line;
  }
  if (line == boundary_) return Line::kDelimiter;
  if (line.size() == boundary_.size() + 2 && line.starts_with(boundary_) && line.ends_with("--"))
    return Line::kLast;
  return Line::kText;
}

void MultipartReader::delimiter(Line line, size_t n, MultipartEvents& events) {
  events.part_delimiter(n);
  line_start_ = true;
  headers_.clear();
  if (line == Line::kLast) {
    state_ = State::kAfterLast;
    events.part_outside();
    return;
  }
  ++parts_;
  state_ = State::kHeaders;
  events.part_headers();
}

void MultipartReader::headers_text(std::string_view bytes, MultipartEvents& events) {
  events.part_text(as_bytes(bytes));
  headers_ += bytes.substr(0, kMaxHeaders - std::min(headers_.size(), kMaxHeaders));
  if (headers_.size() >= kMaxHeaders) headers_end(events);
}

void MultipartReader::headers_end(MultipartEvents& events) {
  state_ = State::kPart;
  events.part_begin(parse_part_head(headers_));
  headers_.clear();
}

size_t MultipartReader::run_headers(std::string_view bytes, size_t i, bool at_end, MultipartEvents& events) {
  const size_t end = bytes.find('\n', i);
  const bool whole = end != std::string_view::npos;
  const size_t next = whole ? end + 1 : bytes.size();
  if (!whole && !at_end && line_start_ && bytes.size() - i < kMaxLine) return i;
  const std::string_view line = bytes.substr(i, next - i);
  const bool started = std::exchange(line_start_, whole);
  if (started && (whole || at_end)) {
    const std::string_view bare = without_break(line);
    if (bare.starts_with("--")) {
      if (const Line what = judge(bare); what != Line::kText) {
        headers_end(events);  // a part without a body
        delimiter(what, line.size(), events);
        return next;
      }
    }
    if (bare.empty() && whole) {
      headers_text(line, events);
      if (state_ == State::kHeaders) headers_end(events);
      return next;
    }
  }
  headers_text(line, events);
  return next;
}

size_t MultipartReader::run_text(std::string_view bytes, size_t i, bool at_end, MultipartEvents& events) {
  const auto text = [&](size_t from, size_t to) {
    if (to > from) events.part_text(as_bytes(bytes.substr(from, to - from)));
  };
  size_t line = i;    // where a line begins that may be a delimiter
  size_t before = i;  // where the line break before it begins
  bool at_line = line_start_;
  line_start_ = false;
  size_t search = i;
  while (true) {
    if (!at_line) {
      const size_t end = bytes.find('\n', search);
      if (end == std::string_view::npos) {
        const bool open = !at_end && bytes.ends_with('\r');
        text(i, bytes.size() - (open ? 1 : 0));
        return bytes.size() - (open ? 1 : 0);
      }
      before = end > i && bytes[end - 1] == '\r' ? end - 1 : end;
      line = end + 1;
    }
    at_line = false;
    if (line == bytes.size()) {
      if (at_end) {
        text(i, line);
        return line;
      }
      text(i, before);
      line_start_ = before == line;
      return before;
    }
    search = line;
    if (bytes[line] != '-') {
      first_line_ = false;
      continue;
    }
    const size_t end = bytes.find('\n', line);
    const bool whole = end != std::string_view::npos;
    if (!whole && !at_end && bytes.size() - line < kMaxLine) {
      text(i, before);
      line_start_ = before == line;
      return before;
    }
    const size_t next = whole ? end + 1 : bytes.size();
    const std::string_view bare = without_break(bytes.substr(line, next - line));
    const Line what = whole || at_end ? judge(bare) : Line::kText;
    first_line_ = false;
    if (what == Line::kText) continue;
    text(i, before);
    delimiter(what, next - before, events);
    return next;
  }
}

size_t MultipartReader::run(std::string_view bytes, bool at_end, MultipartEvents& events) {
  size_t i = 0;
  while (i < bytes.size()) {
    const State state = state_;
    const size_t next =
        state == State::kHeaders ? run_headers(bytes, i, at_end, events) : run_text(bytes, i, at_end, events);
    // Nothing used, and nothing learnt: the rest waits.
    if (next == i && state == state_) break;
    i = next;
  }
  return i;
}

void MultipartReader::feed(Bytes input, MultipartEvents& events) {
  std::string_view bytes = as_text(input);
  while (!bytes.empty()) {
    if (held_.empty()) {
      const size_t used = run(bytes, false, events);
      held_ = bytes.substr(used);
      return;
    }
    // To the end of the line that is held back.
    const size_t end = bytes.find('\n');
    const size_t n = std::min(end == std::string_view::npos ? bytes.size() : end + 1, kMaxLine);
    held_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    std::swap(joined_, held_);
    const size_t used = run(joined_, false, events);
    held_ = std::string_view(joined_).substr(used);
  }
}

void MultipartReader::gap(MultipartEvents& events) {
  std::swap(joined_, held_);
  held_.clear();
  run(joined_, true, events);
  line_start_ = false;
  first_line_ = false;
}

void MultipartReader::finish(MultipartEvents& events) { gap(events); }

PartHead parse_part_head(std::string_view headers) {
  PartHead head;
  while (!headers.empty()) {
    // One field, with its folded lines.
    std::string field;
    do {
      const size_t end = headers.find('\n');
      const std::string_view line =
          headers.substr(0, end == std::string_view::npos ? headers.size() : end + 1);
      headers.remove_prefix(line.size());
      field += without_break(line);
    } while (!headers.empty() && blank(headers.front()) && field.size() < 8192);
    const size_t colon = field.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = lower(trim(std::string_view(field).substr(0, colon)));
    const std::string_view value = trim(std::string_view(field).substr(colon + 1));
    if (name == "content-disposition") {
      head.name = parameter(value, "name");
      head.file_name = parameter(value, "filename");
      head.has_file_name = has_parameter(value, "filename") || has_parameter(value, "filename*");
      if (has_parameter(value, "filename*")) {
        const std::string extended = extended_value(parameter(value, "filename*"));
        if (!extended.empty()) head.file_name = extended;
      }
    } else if (name == "content-type") {
      head.type = value;
      if (head.file_name.empty() && !head.has_file_name && has_parameter(value, "name")) {
        head.file_name = parameter(value, "name");
        head.has_file_name = true;
      }
    } else if (name == "content-transfer-encoding") {
      head.transfer_encoding = lower(value);
    }
  }
  return head;
}

}  // namespace weir
