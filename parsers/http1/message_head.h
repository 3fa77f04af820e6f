// What the header section of one HTTP/1 message says: metadata for its items, and how its body is framed.
//
// Order of calls: construct, add_line() for each field line, finish(); then read. It owns what it keeps
// (bounded: kMaxMetaLength a value); lines are borrowed, until finish() where `stable`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/api/item.h"
#include "parsers/http1/exchanges.h"
#include "parsers/http1/start_line.h"

namespace weir::http1 {

// Codings that are kept of one message; a longer chain is not undone by anybody.
inline constexpr size_t kMaxCodings = 16;

class MessageHead {
 public:
  explicit MessageHead(Direction direction);

  // The metadata of the start line; `line` is borrowed for the call.
  void set_start(const StartLine& line);
  // One line without its LF; one that begins with a space or a tab continues the line before (RFC 9112
  // section 5.2). `stable`: the bytes live until finish().
  void add_line(std::string_view line, bool stable);
  // add_line() for each whole line of `fields`; returns where the last, unfinished one begins.
  size_t add_lines(std::string_view fields, bool stable);
  void finish();

  // All known metadata, kind kMessage. Complete after finish().
  ContentMeta meta;
  bool response = false;
  RequestNote::Kind answers = RequestNote::Kind::kOther;  // responses: what was asked; set by the reader

  // Framing fields, after finish(); framing() puts them together.
  bool has_length = false;
  bool bad_length = false;  // not a number, or several that differ
  uint64_t length = 0;
  bool has_transfer_encoding = false;
  bool chunked = false;  // the last transfer coding

  // RFC 9112 section 6.3. kGuessed: the fields contradict themselves or name no end; all that follows in
  // the direction is taken for the body.
  enum class Framing : uint8_t { kNoBody, kLength, kChunked, kUntilClose, kGuessed, kTunnel };
  Framing framing() const;
  // Metadata of the body's own item.
  ContentMeta body_meta() const;

 private:
  enum class Field : uint8_t {
    kOther,
    kHost,
    kContentLength,
    kTransferEncoding,
    kContentEncoding,
    kContentType,
    kContentDisposition,
    kContentRange,
    kAuthorization,
    kForwardedFor,
    kForwarded,
  };
  static Field field_named(std::string_view name);
  void take(Field field, std::string_view value);
  void take_length(std::string_view value);
  void take_codings(std::string_view value, std::vector<std::string>* codings);

  // The field whose end is not known yet: the next line may continue it.
  Field pending_ = Field::kOther;
  std::string_view pending_value_;
  std::string unfolded_;  // its value, where it had to be copied
  bool copied_ = false;
  std::vector<std::string> transfer_codings_;
};

}  // namespace weir::http1
