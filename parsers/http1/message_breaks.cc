// The reader's irregular moments: holes, the end of the stream, broken framing, tunnels that begin.
#include <algorithm>
#include <utility>

#include "parsers/http1/chunk_line.h"
#include "parsers/http1/message_reader.h"
#include "parsers/http1/start_line.h"

namespace weir::http1 {

void MessageReader::skip(uint64_t n, Connection& connection, ContentSink& sink) {
  switch (state_) {
    case State::kStart:
      if (start_line_ > 0) {
        end_in_head(n, connection, sink);
      } else if (!held_.empty()) {
        flush_held(connection, sink);
        sink.gap(raw_, offset_, n);
        offset_ += n;
      }
      lose_framing(CloseReason::kTruncated, connection, sink);
      break;
    case State::kLongHead:
    case State::kTrailers:
    case State::kChunkExtension:
      flush_line(sink);
      held_.clear();
      if (fields_open_) sink.gap(fields_, fields_offset_, n);
      lose_framing(CloseReason::kTruncated, connection, sink);
      break;
    case State::kLength:
    case State::kChunkData: {
      const uint64_t hole = std::min(n, remaining_);
      sink.gap(body_, offset_, hole);
      offset_ += hole;
      remaining_ -= hole;
      if (n > hole) {
        lose_framing(CloseReason::kTruncated, connection, sink);
      } else if (remaining_ == 0 && state_ == State::kLength) {
        finish_message(CloseReason::kComplete, sink);
      } else if (remaining_ == 0) {
        state_ = State::kChunkEnd;
      }
      break;
    }
    case State::kUntilClose:
      sink.gap(body_, offset_, n);
      offset_ += n;
      break;
    case State::kChunkLine:
    case State::kChunkEnd:
      drop_plain_chunk_line();
      lose_framing(CloseReason::kTruncated, connection, sink);
      flush_held(connection, sink);
      if (raw_open_) {
        sink.gap(raw_, offset_, n);
        offset_ += n;
      }
      break;
    case State::kTunnelBegin:
      state_ = State::kTunnel;
      [[fallthrough]];
    case State::kSearch:
    case State::kTunnel:
      astray_ = true;
      connection.exchanges.lose_order();
      flush_held(connection, sink);
      if (raw_open_) {
        sink.gap(raw_, offset_, n);
        offset_ += n;
      } else {
        headless_ = true;
      }
      break;
    case State::kTunnelTls:
      end_tunnel_tls(connection, sink);
      if (state_ != State::kTunnelTls) {
        if (raw_open_) {
          sink.gap(raw_, offset_, n);
          offset_ += n;
        }
        break;
      }
      tls_->lose();
      break;
    case State::kEnded:
      break;
  }
}

void MessageReader::end(Connection& connection, ContentSink& sink) {
  switch (state_) {
    case State::kStart:
      if (start_line_ > 0) end_in_head(0, connection, sink);
      flush_held(connection, sink);
      break;
    case State::kLongHead:
    case State::kTrailers:
    case State::kChunkExtension:
      flush_line(sink);
      close_message(CloseReason::kTruncated, sink);
      break;
    case State::kUntilClose:
      close_message(guessed_ ? CloseReason::kMalformed : CloseReason::kComplete, sink);
      break;
    case State::kChunkLine:
    case State::kChunkEnd:
      drop_plain_chunk_line();
      [[fallthrough]];
    case State::kLength:
    case State::kChunkData:
      close_message(CloseReason::kTruncated, sink);
      flush_held(connection, sink);
      break;
    case State::kSearch:
    case State::kTunnelBegin:
    case State::kTunnel:
      flush_held(connection, sink);
      break;
    case State::kTunnelTls:
      end_tunnel_tls(connection, sink);
      break;
    case State::kEnded:
      break;
  }
  close_raw(CloseReason::kFlowEnd, sink);
  held_ = {};
  long_head_.reset();
  state_ = State::kEnded;
}

void MessageReader::begin_tunnel(const Connection& connection, ContentSink& sink) {
  switch (state_) {
    case State::kStart:
    case State::kSearch:
      // Bytes that came before the answer: no message, as it turns out.
      state_ = held_.empty() && !raw_open_ ? State::kTunnelBegin : State::kTunnel;
      start_line_ = 0;
      flush_held(connection, sink);
      break;
    case State::kTunnelBegin:
    case State::kTunnel:
    case State::kTunnelTls:
    case State::kEnded:
      break;
    default:
      tunnel_next_ = true;
      break;
  }
}

// The stream ends, or a hole of `hole` bytes comes, inside a head that is held: what is there is given on.
void MessageReader::end_in_head(uint64_t hole, Connection& connection, ContentSink& sink) {
  const std::string text = std::exchange(held_, {});
  const size_t start_line = std::exchange(start_line_, 0);
  StartLine line;
  read_start_line(std::string_view(text).substr(0, start_line - 1), &line);
  const std::string_view fields = std::string_view(text).substr(start_line);
  MessageHead head(direction_);
  head.set_start(line);
  head.add_lines(fields, true);
  head.finish();
  pair(head, connection, sink);
  open_message(std::move(head.meta), line.target, sink);
  if (!fields.empty()) fields_data(as_bytes(fields), sink);
  if (hole > 0 && fields_open_) sink.gap(fields_, fields_offset_, hole);
  close_message(CloseReason::kTruncated, sink);
}

// Where a chunk line or the line end before it was expected and broke off: a size alone is framing; anything
// else in held_ is still to be read.
void MessageReader::drop_plain_chunk_line() {
  const std::string_view line = without_cr(held_);
  ChunkLine chunk;
  if (line.empty() || (read_chunk_line(line, &chunk) && chunk.extension == line.size())) held_.clear();
}

// What follows cannot be read as messages until a start line is found.
void MessageReader::lose_framing(CloseReason why, Connection& connection, ContentSink& sink) {
  // In a section held_ was passed on, but for a lone CR.
  if ((state_ == State::kLongHead || state_ == State::kTrailers) && held_ != "\r") held_.clear();
  close_message(why, sink);
  if (why == CloseReason::kTruncated) headless_ = true;
  long_head_.reset();
  astray_ = true;
  connection.exchanges.lose_order();
  state_ = tunnel_next_ ? State::kTunnel : State::kSearch;
  if (state_ == State::kTunnel) flush_held(connection, sink);
}

}  // namespace weir::http1
