#include "parsers/http1/message_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/http1/blank_line.h"
#include "parsers/http1/chunk_line.h"
#include "parsers/http1/start_line.h"

namespace weir::http1 {

namespace {

// Of a field line that comes in pieces, what is kept to be understood.
constexpr size_t kMaxHeldLine = 16 << 10;

ContentMeta child_meta(ItemKind kind, Direction direction) {
  ContentMeta meta;
  meta.kind = kind;
  meta.direction = direction;
  meta.protocol = "http";
  return meta;
}

}  // namespace

bool MessageReader::read(Bytes bytes, Connection& connection, ContentSink& sink, Bytes* rest) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kStart:
        read_start(bytes, connection, sink);
        break;
      case State::kLongHead:
        read_long_head(bytes, connection, sink);
        break;
      case State::kLength:
      case State::kUntilClose:
      case State::kChunkData:
        read_body(bytes, sink);
        break;
      case State::kChunkLine:
        read_chunk_size(bytes, connection, sink);
        break;
      case State::kChunkExtension:
        read_chunk_extension(bytes, connection, sink);
        break;
      case State::kChunkEnd:
        read_chunk_end(bytes, connection, sink);
        break;
      case State::kTrailers:
        read_trailers(bytes, connection, sink);
        break;
      case State::kSearch:
        search(bytes, connection, sink);
        break;
      case State::kTunnelBegin:
        read_tunnel_begin(bytes);
        break;
      case State::kTunnel:
        raw_data(std::exchange(bytes, {}), connection, sink);
        break;
      case State::kTunnelTls:
        read_tunnel_tls(bytes, connection, sink);
        break;
      case State::kEnded:
        return false;
    }
    if (std::exchange(tunnel_opened_, false)) {
      *rest = bytes;
      return true;
    }
  }
  return false;
}

std::optional<uint32_t> MessageReader::at_rest() const {
  if (message_open_ || body_open_ || fields_open_ || raw_open_ || tunnel_next_ || !held_.empty()) {
    return std::nullopt;
  }
  const uint32_t astray = astray_ ? 4 : 0;
  if (state_ == State::kStart) return astray;
  if (state_ == State::kSearch) return astray | 1;
  if (state_ == State::kEnded) return astray | 2;
  return std::nullopt;
}

MessageReader MessageReader::resume(Direction direction, uint32_t at_rest) {
  MessageReader reader(direction, (at_rest & 1) == 0);
  reader.astray_ = (at_rest & 4) != 0;
  if ((at_rest & 2) != 0) reader.state_ = State::kEnded;
  return reader;
}

// Takes the first line off `rest`, into held_ where its begin is there. False: not complete, or no start
// line (then the state has changed, and the line is in held_ and `rest`).
bool MessageReader::read_first_line(Bytes& rest, StartLine* line, size_t* size) {
  const std::string_view seen = as_text(rest.first(std::min(rest.size(), kMaxHead - held_.size())));
  const size_t line_end = seen.find('\n');
  if (line_end == std::string_view::npos) {
    std::array<char, kMaxMethod + 1> begin;
    size_t n = std::min(held_.size(), begin.size());
    std::copy_n(held_.begin(), n, begin.begin());
    const size_t more = std::min(seen.size(), begin.size() - n);
    std::copy_n(seen.begin(), more, begin.begin() + static_cast<std::ptrdiff_t>(n));
    n += more;
    if (held_.size() + seen.size() == kMaxHead || !may_be_start_line({begin.data(), n})) {
      state_ = State::kSearch;
      return false;
    }
    held_ += seen;
    rest = {};
    return false;
  }
  std::string_view text = seen.substr(0, line_end);
  if (!held_.empty()) {
    held_ += text;
    rest = rest.subspan(line_end);
    text = held_;
  }
  if (!read_start_line(text, line)) {
    state_ = State::kSearch;
    return false;
  }
  *size = text.size() + 1;
  return true;
}

void MessageReader::read_start(Bytes& rest, Connection& connection, ContentSink& sink) {
  if (held_.empty()) {
    // Line breaks before a start line are passed over (RFC 9112 section 2.2).
    const size_t begin = as_text(rest).find_first_not_of("\r\n");
    rest = begin == std::string_view::npos ? Bytes() : rest.subspan(begin);
    if (rest.empty()) return;
  }
  StartLine line;
  if (start_line_ == 0) {
    const bool whole = held_.empty();
    size_t line_size = 0;
    if (!read_first_line(rest, &line, &line_size)) {
      if (state_ == State::kSearch) {
        astray_ = true;
        connection.exchanges.lose_order();
      }
      return;
    }
    if (whole) {
      // The usual case: the head lies in one piece and is not copied.
      const std::string_view seen = as_text(rest.first(std::min(rest.size(), kMaxHead)));
      const size_t end = find_blank_line("", seen.substr(line_size - 1));
      if (end != std::string_view::npos) {
        const size_t head_size = line_size - 1 + end;
        rest = rest.subspan(head_size);
        on_head(line, seen.substr(line_size, head_size - line_size), connection, sink);
        return;
      }
      rest = rest.subspan(seen.size());
      if (seen.size() == kMaxHead) {
        begin_long_head(seen, line_size, connection, sink);
        return;
      }
      held_ = seen;
      start_line_ = static_cast<uint32_t>(line_size);
      return;
    }
    held_ += '\n';
    rest = rest.subspan(1);
    start_line_ = static_cast<uint32_t>(held_.size());
  }
  const std::string_view seen = as_text(rest.first(std::min(rest.size(), kMaxHead - held_.size())));
  const size_t end = find_blank_line(std::string_view(held_).substr(held_.size() - 2), seen);
  held_ += seen.substr(0, end);
  rest = rest.subspan(std::min(end, seen.size()));
  const bool found = end != std::string_view::npos;
  if (!found && held_.size() < kMaxHead) return;
  const std::string head = std::exchange(held_, {});
  const size_t start_line = std::exchange(start_line_, 0);
  if (!found) {
    begin_long_head(head, start_line, connection, sink);
    return;
  }
  read_start_line(std::string_view(head).substr(0, start_line - 1), &line);
  on_head(line, std::string_view(head).substr(start_line), connection, sink);
}

// A whole head: `fields` ends with the blank line.
void MessageReader::on_head(const StartLine& line, std::string_view fields, Connection& connection,
                            ContentSink& sink) {
  fields.remove_suffix(fields.ends_with("\r\n") ? 2 : 1);
  MessageHead head(direction_);
  head.set_start(line);
  head.add_lines(fields, true);
  head.finish();
  pair(head, connection, sink);
  const MessageHead::Framing framing = head.framing();
  const bool has_body = framing != MessageHead::Framing::kNoBody && framing != MessageHead::Framing::kTunnel;
  std::optional<ContentMeta> body;
  if (has_body) body = head.body_meta();
  open_message(std::move(head.meta), line.target, sink);
  if (!fields.empty()) fields_data(as_bytes(fields), sink);
  close_fields(CloseReason::kComplete, sink);
  begin_body(head, framing, body ? &*body : nullptr, sink);
}

// The first kMaxHead bytes of a head that is longer.
void MessageReader::begin_long_head(std::string_view head, size_t start_line, Connection& connection,
                                    ContentSink& sink) {
  StartLine line;
  read_start_line(head.substr(0, start_line - 1), &line);
  std::string_view fields = head.substr(start_line);
  long_head_ = std::make_unique<MessageHead>(direction_);
  long_head_->set_start(line);
  const std::string_view last = fields.substr(long_head_->add_lines(fields, false));
  pair(*long_head_, connection, sink);
  open_message(ContentMeta(long_head_->meta), line.target, sink);
  if (last == "\r") fields.remove_suffix(1);  // perhaps the blank line
  if (!fields.empty()) fields_data(as_bytes(fields), sink);
  held_ = last.substr(0, kMaxHeldLine);
  remaining_ = 0;
  state_ = State::kLongHead;
}

void MessageReader::read_long_head(Bytes& rest, Connection& connection, ContentSink& sink) {
  switch (read_section(rest, kMaxLongHead, long_head_.get(), sink)) {
    case Section::kMore:
      break;
    case Section::kTooLong:
      lose_framing(CloseReason::kMalformed, connection, sink);
      break;
    case Section::kEnd: {
      const std::unique_ptr<MessageHead> head = std::move(long_head_);
      head->finish();
      sink.meta(message_, head->meta);
      close_fields(CloseReason::kComplete, sink);
      ContentMeta body = head->body_meta();
      begin_body(*head, head->framing(), &body, sink);
      break;
    }
  }
}

void Roles::seen(Direction direction, bool response, bool in_place, ContentSink& sink) {
  if ((seen_ & kSure) != 0) return;
  const auto bit = [](Direction d, bool answer) { return 1u << (index_of(d) + (answer ? 2 : 0)); };
  const bool again = (seen_ & bit(direction, response)) != 0;
  seen_ |= static_cast<uint8_t>(bit(direction, response));
  const bool sure =
      (in_place && (seen_ & kFromBegin) != 0) || (seen_ & bit(opposite(direction), !response)) != 0;
  if (!sure && (!in_place || again)) return;
  if (sure) seen_ |= kSure;
  sink.asks(response ? opposite(direction) : direction, sure);
}

Roles Roles::resume(uint32_t at_rest) {
  Roles roles(false);
  roles.seen_ = static_cast<uint8_t>(at_rest & ((1u << kRestBits) - 1));
  return roles;
}

// Notes a request; gives a response what its request said.
void MessageReader::pair(MessageHead& head, Connection& connection, ContentSink& sink) {
  connection.roles.seen(direction_, head.response, !astray_, sink);
  if (!head.response) {
    RequestNote::Kind kind = RequestNote::Kind::kOther;
    if (head.meta.method == "HEAD") kind = RequestNote::Kind::kHead;
    if (head.meta.method == "CONNECT") kind = RequestNote::Kind::kConnect;
    connection.exchanges.request_seen(direction_, kind, head.meta.host, head.meta.path);
    return;
  }
  RequestNote request;
  const int32_t status = head.meta.status;
  const bool final_status = status >= 200 || status == 101;
  if (connection.exchanges.response_seen(direction_, final_status, connection.peer_may_ask, &request)) {
    head.answers = request.kind;
    head.meta.host = std::move(request.host);
    head.meta.path = std::move(request.path);
  }
  if (head.framing() == MessageHead::Framing::kTunnel) connection.tunnel_host = head.meta.host;
}

void MessageReader::open_message(ContentMeta&& meta, std::string_view target, ContentSink& sink) {
  message_ = sink.open(std::move(meta), kNoItem);
  message_open_ = true;
  if (target.empty()) return;
  ContentMeta url = child_meta(ItemKind::kUrl, direction_);
  url.escapes = Escapes::kForm;
  const ItemId item = sink.open(std::move(url), message_);
  sink.data(item, 0, as_bytes(target));
  sink.close(item, CloseReason::kComplete);
}

void MessageReader::begin_body(const MessageHead& head, MessageHead::Framing framing, ContentMeta* body,
                               ContentSink& sink) {
  using Framing = MessageHead::Framing;
  if (framing == Framing::kNoBody) {
    finish_message(CloseReason::kComplete, sink);
    return;
  }
  if (framing == Framing::kTunnel) {
    close_message(CloseReason::kComplete, sink);
    state_ = State::kTunnelBegin;
    tunnel_opened_ = true;
    return;
  }
  body_ = sink.open(std::move(*body), message_);
  body_open_ = true;
  offset_ = 0;
  remaining_ = head.length;
  guessed_ = framing == Framing::kGuessed;
  state_ = framing == Framing::kLength    ? State::kLength
           : framing == Framing::kChunked ? State::kChunkLine
                                          : State::kUntilClose;
}

void MessageReader::read_body(Bytes& rest, ContentSink& sink) {
  const bool endless = state_ == State::kUntilClose;
  const size_t n = endless ? rest.size() : static_cast<size_t>(std::min<uint64_t>(rest.size(), remaining_));
  sink.data(body_, offset_, rest.first(n));
  offset_ += n;
  rest = rest.subspan(n);
  if (endless) return;
  remaining_ -= n;
  if (remaining_ > 0) return;
  if (state_ == State::kChunkData) {
    state_ = State::kChunkEnd;
  } else {
    finish_message(CloseReason::kComplete, sink);
  }
}

void MessageReader::read_chunk_size(Bytes& rest, Connection& connection, ContentSink& sink) {
  const std::string_view seen = as_text(rest.first(std::min(rest.size(), kMaxChunkLine - held_.size())));
  const size_t line_end = seen.find('\n');
  if (line_end == std::string_view::npos) {
    held_ += seen;
    rest = rest.subspan(seen.size());
    if (held_.size() < kMaxChunkLine) return;
    ChunkLine chunk;
    if (!read_chunk_line(held_, &chunk) || chunk.extension == held_.size()) {
      lose_framing(CloseReason::kMalformed, connection, sink);
      return;
    }
    fields_data(as_bytes(std::string_view(held_).substr(chunk.extension)), sink);
    held_.clear();
    remaining_ = chunk.size;
    extension_ = 0;
    state_ = State::kChunkExtension;
    return;
  }
  std::string_view line = seen.substr(0, line_end);
  if (!held_.empty()) {
    held_ += line;
    rest = rest.subspan(line_end);
    line = held_;
  }
  if (without_cr(line).empty()) {  // some send a line end too many
    rest = rest.subspan(held_.empty() ? line_end + 1 : 1);
    held_.clear();
    return;
  }
  ChunkLine chunk;
  if (!read_chunk_line(without_cr(line), &chunk)) {
    lose_framing(CloseReason::kMalformed, connection, sink);
    return;
  }
  if (chunk.extension < without_cr(line).size()) {
    fields_data(as_bytes(line.substr(chunk.extension)), sink);
    fields_data(as_bytes("\n"), sink);  // the line's own, perhaps in the next piece
  }
  rest = rest.subspan(held_.empty() ? line_end + 1 : 1);
  held_.clear();
  remaining_ = chunk.size;
  state_ = chunk.size > 0 ? State::kChunkData : State::kTrailers;
}

void MessageReader::read_chunk_extension(Bytes& rest, Connection& connection, ContentSink& sink) {
  const std::string_view seen = as_text(rest.first(std::min(rest.size(), kMaxLongExtension - extension_)));
  const size_t line_end = seen.find('\n');
  const bool ends = line_end != std::string_view::npos;
  const size_t n = ends ? line_end + 1 : seen.size();
  fields_data(rest.first(n), sink);
  extension_ += static_cast<uint32_t>(n);
  rest = rest.subspan(n);
  if (ends) {
    state_ = remaining_ > 0 ? State::kChunkData : State::kTrailers;
  } else if (extension_ == kMaxLongExtension) {
    lose_framing(CloseReason::kMalformed, connection, sink);
  }
}

void MessageReader::read_chunk_end(Bytes& rest, Connection& connection, ContentSink& sink) {
  if (rest[0] == '\r' && held_.empty()) {
    if (rest.size() > 1 && rest[1] != '\n') {
      lose_framing(CloseReason::kMalformed, connection, sink);
    } else if (rest.size() > 1) {
      rest = rest.subspan(2);
      state_ = State::kChunkLine;
    } else {
      held_ = "\r";
      rest = {};
    }
    return;
  }
  if (rest[0] != '\n') {
    lose_framing(CloseReason::kMalformed, connection, sink);
    return;
  }
  rest = rest.subspan(1);
  held_.clear();
  state_ = State::kChunkLine;
}

void MessageReader::read_trailers(Bytes& rest, Connection& connection, ContentSink& sink) {
  switch (read_section(rest, kMaxTrailers, nullptr, sink)) {
    case Section::kMore:
      break;
    case Section::kTooLong:
      lose_framing(CloseReason::kMalformed, connection, sink);
      break;
    case Section::kEnd:
      finish_message(CloseReason::kComplete, sink);
      break;
  }
}

// Field lines up to the blank line, passed on as they come and, with `head`, understood. remaining_ counts
// the section's bytes. held_ is the begin of the line in hand: passed on already, unless it is the one CR
// that may be the blank line's.
MessageReader::Section MessageReader::read_section(Bytes& rest, uint64_t limit, MessageHead* head,
                                                   ContentSink& sink) {
  const size_t line_limit = head != nullptr ? kMaxHeldLine : 2;
  while (!rest.empty()) {
    if (remaining_ == limit) return Section::kTooLong;
    const std::string_view seen =
        as_text(rest.first(static_cast<size_t>(std::min<uint64_t>(rest.size(), limit - remaining_))));
    const size_t line_end = seen.find('\n');
    const std::string_view text = seen.substr(0, line_end);
    const bool ends = line_end != std::string_view::npos;
    const size_t taken = text.size() + (ends ? 1 : 0);
    rest = rest.subspan(taken);
    remaining_ += taken;
    const bool blank_so_far =
        (held_.empty() && (text.empty() || text == "\r")) || (held_ == "\r" && text.empty());
    if (blank_so_far) {
      held_ += text;
      if (!ends) continue;
      held_.clear();
      return Section::kEnd;
    }
    flush_line(sink);
    fields_data(as_bytes(seen.substr(0, taken)), sink);
    held_ += text.substr(0, line_limit - std::min(line_limit, held_.size()));
    if (!ends) continue;
    if (head != nullptr) head->add_line(held_, false);
    held_.clear();
  }
  return Section::kMore;
}

// In a section: passes on the CR that was kept back.
void MessageReader::flush_line(ContentSink& sink) {
  if (held_ == "\r") fields_data(as_bytes(held_), sink);
}

// What is held has no line end in it.
void MessageReader::search(Bytes& rest, const Connection& connection, ContentSink& sink) {
  const size_t held = held_.size();
  std::string_view text = as_text(rest);
  if (held > 0) {
    held_ += text;
    text = held_;
  }
  const StartSearch start = find_start_line(text, held);
  if (start.at > 0) raw_data(as_bytes(text.substr(0, start.at)), connection, sink);
  if (!start.found) {
    rest = {};
    if (held > 0) {
      held_.erase(0, start.at);
    } else {
      held_ = text.substr(start.at);
    }
    return;
  }
  close_raw(CloseReason::kComplete, sink);
  headless_ = false;
  state_ = State::kStart;
  // The start line ends in `rest`.
  if (start.at >= held) {
    held_.clear();
    rest = rest.subspan(start.at - held);
  } else {
    held_ = held_.substr(start.at, held - start.at);
  }
}

void MessageReader::read_tunnel_begin(Bytes& rest) {
  // A TLS record with a hello (RFC 8446 sections 4 and 5.1), or what any connection begins with: HTTP is read
  // as HTTP, the rest raw.
  constexpr size_t kHello = 6;
  bool tls = true;
  for (size_t i = 0; i < std::min(held_.size() + rest.size(), kHello); ++i) {
    const uint8_t c = i < held_.size() ? static_cast<uint8_t>(held_[i]) : rest[i - held_.size()];
    tls = tls && (i == 0   ? c == 0x16
                  : i == 1 ? c == 3
                  : i == 2 ? c <= 4
                  : i == 3 ? c <= 0x40
                  : i == 5 ? c == 1 || c == 2
                           : true);
  }
  if (!tls) {
    state_ = State::kStart;
  } else if (held_.size() + rest.size() >= kHello) {
    state_ = State::kTunnelTls;
    tls_ = std::make_unique<TlsWalk>();
  } else {
    held_ += as_text(rest);
    rest = {};
  }
}

void MessageReader::read_tunnel_tls(Bytes& rest, const Connection& connection, ContentSink& sink) {
  uint64_t counted = 0;
  std::string clear;
  const std::string before = std::exchange(held_, {});
  Bytes first = as_bytes(before);
  bool sound = tls_->take(first, &counted, &clear) && tls_->take(rest, &counted, &clear);
  if (counted > 0) sink.unread(direction_, Unread::kEncrypted, counted);
  if (sound) return;
  state_ = State::kSearch;
  clear += as_text(first);
  raw_data(as_bytes(clear), connection, sink);
}

void MessageReader::end_tunnel_tls(const Connection& connection, ContentSink& sink) {
  uint64_t counted = 0;
  std::string clear;
  if (!tls_->end(&counted, &clear)) {
    state_ = State::kSearch;
    raw_data(as_bytes(clear), connection, sink);
  }
  if (counted > 0) sink.unread(direction_, Unread::kEncrypted, counted);
}

void MessageReader::fields_data(Bytes bytes, ContentSink& sink) {
  if (!fields_open_) {
    fields_ = sink.open(child_meta(ItemKind::kHeaders, direction_), message_);
    fields_open_ = true;
    fields_offset_ = 0;
  }
  sink.data(fields_, fields_offset_, bytes);
  fields_offset_ += bytes.size();
}

void MessageReader::close_fields(CloseReason why, ContentSink& sink) {
  if (std::exchange(fields_open_, false)) sink.close(fields_, why);
}

void MessageReader::raw_data(Bytes bytes, const Connection& connection, ContentSink& sink) {
  astray_ = true;
  if (!raw_open_) {
    ContentMeta meta = child_meta(ItemKind::kRawStream, direction_);
    meta.host = connection.tunnel_host;
    raw_ = sink.open(std::move(meta), kNoItem);
    raw_open_ = true;
    offset_ = 0;
  }
  sink.data(raw_, offset_, bytes);
  offset_ += bytes.size();
}

void MessageReader::close_raw(CloseReason why, ContentSink& sink) {
  if (!std::exchange(raw_open_, false)) return;
  sink.close(raw_, std::exchange(headless_, false) ? CloseReason::kTruncated : why);
}

void MessageReader::flush_held(const Connection& connection, ContentSink& sink) {
  if (held_.empty()) return;
  raw_data(as_bytes(held_), connection, sink);
  held_.clear();
}

void MessageReader::close_message(CloseReason why, ContentSink& sink) {
  close_fields(why, sink);
  if (std::exchange(body_open_, false)) sink.close(body_, why);
  if (std::exchange(message_open_, false)) sink.close(message_, why);
}

void MessageReader::finish_message(CloseReason why, ContentSink& sink) {
  close_message(why, sink);
  astray_ = false;
  state_ = std::exchange(tunnel_next_, false) ? State::kTunnelBegin : State::kStart;
}

}  // namespace weir::http1
