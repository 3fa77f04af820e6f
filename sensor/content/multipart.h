// Splits a multipart body (RFC 2046 5.1, RFC 7578) into what stands in it, in one pass over its bytes.
//
// A delimiter is a line "--boundary", perhaps with blanks behind it; a line that only begins so is text. What
// the events say, in the order of the bytes, covers all of them: each byte is text of a part's headers, of a
// part, of what stands outside the parts, or belongs to a delimiter. At most one line that may be a
// delimiter is held back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/wire/bytes.h"

namespace weir {

// What a part's headers say. Strings are the wire's own.
struct PartHead {
  std::string name;
  std::string file_name;
  bool has_file_name = false;
  std::string type;               // Content-Type as written
  std::string transfer_encoding;  // lower case
};

class MultipartEvents {
 public:
  virtual ~MultipartEvents() = default;
  // Bytes of the stretch that began last: outside the parts at first.
  virtual void part_text(Bytes bytes) = 0;
  // `n` bytes of a delimiter or of line breaks that belong to it. The stretch before has ended.
  virtual void part_delimiter(uint64_t n) = 0;
  virtual void part_headers() = 0;
  virtual void part_begin(const PartHead& head) = 0;
  virtual void part_outside() = 0;
};

class MultipartReader {
 public:
  // An empty boundary is taken from the body's first line, if that is one.
  explicit MultipartReader(std::string boundary, uint32_t max_parts);

  void feed(Bytes bytes, MultipartEvents& events);
  // Bytes are missing: what is held back is told, and the stretch goes on behind the hole.
  void gap(MultipartEvents& events);
  void finish(MultipartEvents& events);

  uint32_t parts() const { return parts_; }

 private:
  static constexpr size_t kMaxBoundary = 200;  // RFC 2046 allows 70
  static constexpr size_t kMaxLine = 300;      // of a line that may be a delimiter
  static constexpr size_t kMaxHeaders = 16 * 1024;

  enum class State : uint8_t { kOutside, kHeaders, kPart, kAfterLast };
  enum class Line : uint8_t { kText, kDelimiter, kLast };

  Line judge(std::string_view line);
  // Reads `bytes` as far as they can be judged; returns how many. The rest, one line at most, is given again
  // with what follows.
  size_t run(std::string_view bytes, bool at_end, MultipartEvents& events);
  size_t run_headers(std::string_view bytes, size_t i, bool at_end, MultipartEvents& events);
  size_t run_text(std::string_view bytes, size_t i, bool at_end, MultipartEvents& events);
  void delimiter(Line line, size_t n, MultipartEvents& events);
  void headers_text(std::string_view bytes, MultipartEvents& events);
  void headers_end(MultipartEvents& events);

  std::string boundary_;
  uint32_t max_parts_;
  uint32_t parts_ = 0;
  State state_ = State::kOutside;
  bool first_line_ = true;  // nothing of the body has been judged
  bool line_start_ = true;  // the next byte begins a line
  std::string held_;        // a line break, and the beginning of a line that may be a delimiter
  std::string joined_;
  std::string headers_;  // of the current part, at most kMaxHeaders
};

// Reads a part's header block.
PartHead parse_part_head(std::string_view headers);

}  // namespace weir
