// Reads the messages of one direction of an HTTP/1 connection (RFC 9112) and opens their items.
//
// Calls: read() for bytes in order, skip() for a hole, end() once; begin_tunnel() when the connection has
// become something else (101, or 2xx to CONNECT). Any cut of the bytes gives the same items. Owned by
// Http1Parser, two to a flow, so it is small between messages; what it keeps of the wire is bounded by
// kMaxHead.
//
// What is not understood is never dropped: bytes between messages, after broken framing, after a hole that
// swallowed framing or before the first message of a flow picked up late go into a raw item while a start
// line is looked for.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parsers/api/item.h"
#include "parsers/http1/exchanges.h"
#include "parsers/http1/message_head.h"
#include "parsers/wire/tls_walk.h"

namespace weir::http1 {

// Start line and field lines up to this size are read as one; the rest of a longer section as it comes.
inline constexpr size_t kMaxHead = 64 << 10;
// A header section longer than this beyond kMaxHead, or a trailer section longer than kMaxTrailers, is
// broken framing.
inline constexpr size_t kMaxLongHead = 1 << 20;
inline constexpr size_t kMaxTrailers = 64 << 10;
// The same of a chunk's extension.
inline constexpr size_t kMaxLongExtension = 1 << 20;

// Tells the sink who asks. A start line that begins a connection is sure. In one that was picked up late a
// direction may begin inside a body that speaks of HTTP: what stands at its beginning, or behind a message,
// tells for the time being; what was found in unknown bytes does not; and what the other side has shown the
// counterpart of is sure. Of words for the time being the last counts, and each side has one.
class Roles {
 public:
  // `from_begin`: both directions are known from their first byte.
  explicit Roles(bool from_begin) : seen_(from_begin ? kFromBegin : 0) {}
  void seen(Direction direction, bool response, bool in_place, ContentSink& sink);

  // All there is to know, in kRestBits bits.
  uint32_t at_rest() const { return seen_; }
  static Roles resume(uint32_t at_rest);
  static constexpr uint32_t kRestBits = 6;

 private:
  static constexpr uint8_t kSure = 16;  // told for good
  static constexpr uint8_t kFromBegin = 32;
  uint8_t seen_;  // bit 0, 1: a request of that direction was found; 2, 3: a response; and the above
};

// What both readers of a flow share.
struct Connection {
  explicit Connection(bool in_order) : exchanges(in_order), roles(in_order) {}
  Connection(Exchanges&& waiting, Roles resumed) : exchanges(std::move(waiting)), roles(resumed) {}
  Exchanges exchanges;
  Roles roles;
  std::string tunnel_host;  // of the request that opened the tunnel
  // Of the bytes in hand: the other direction is inside a head, or some of it was captured later.
  bool peer_may_ask = false;
};

class MessageReader {
 public:
  // `in_step`: the direction is known from its first byte.
  MessageReader(Direction direction, bool in_step)
      : state_(in_step ? State::kStart : State::kSearch), direction_(direction), headless_(!in_step) {}

  // Reads `bytes`. True: a head in them makes the connection a tunnel; *rest is what follows that head, to
  // be read after the other direction's begin_tunnel().
  bool read(Bytes bytes, Connection& connection, ContentSink& sink, Bytes* rest);
  void skip(uint64_t n, Connection& connection, ContentSink& sink);
  void end(Connection& connection, ContentSink& sink);
  void begin_tunnel(const Connection& connection, ContentSink& sink);

  // A message has begun whose head is not whole.
  bool in_head() const { return state_ == State::kStart && !held_.empty(); }
  // The direction is TLS in a tunnel, and a sample of it ciphertext: it need not be looked at any more.
  bool encrypted() const { return state_ == State::kTunnelTls && tls_->proved(); }

  size_t held_bytes() const {
    return held_.size() + (tls_ == nullptr ? 0 : sizeof(TlsWalk) + kCiphertextSample);
  }

  // Between messages, or past the end, with nothing open and nothing held: all there is to know, in kRestBits
  // bits.
  std::optional<uint32_t> at_rest() const;
  static MessageReader resume(Direction direction, uint32_t at_rest);
  static constexpr uint32_t kRestBits = 3;

 private:
  enum class State : uint8_t {
    kStart,       // at a message's first byte, or in a head that is held
    kLongHead,    // past kMaxHead of a head: passed on as it comes
    kLength,      // in a body of known length
    kUntilClose,  // in a body that ends with the stream
    kChunkLine,
    kChunkExtension,  // past kMaxChunkLine of a chunk line: passed on as it comes
    kChunkData,
    kChunkEnd,  // at the line end after a chunk's data
    kTrailers,
    kSearch,       // looking for a start line; the bytes are raw
    kTunnelBegin,  // at a tunnel's first bytes: TLS or not
    kTunnel,
    kTunnelTls,
    kEnded,
  };
  enum class Section : uint8_t { kMore, kEnd, kTooLong };

  // Each takes what it can off `rest`, or changes the state.
  void read_start(Bytes& rest, Connection& connection, ContentSink& sink);
  bool read_first_line(Bytes& rest, StartLine* line, size_t* size);
  void read_long_head(Bytes& rest, Connection& connection, ContentSink& sink);
  void read_body(Bytes& rest, ContentSink& sink);
  void read_chunk_size(Bytes& rest, Connection& connection, ContentSink& sink);
  void read_chunk_extension(Bytes& rest, Connection& connection, ContentSink& sink);
  void read_chunk_end(Bytes& rest, Connection& connection, ContentSink& sink);
  void read_trailers(Bytes& rest, Connection& connection, ContentSink& sink);
  void search(Bytes& rest, const Connection& connection, ContentSink& sink);
  void read_tunnel_begin(Bytes& rest);
  void read_tunnel_tls(Bytes& rest, const Connection& connection, ContentSink& sink);
  void end_tunnel_tls(const Connection& connection, ContentSink& sink);
  Section read_section(Bytes& rest, uint64_t limit, MessageHead* head, ContentSink& sink);

  void on_head(const StartLine& line, std::string_view fields, Connection& connection, ContentSink& sink);
  void begin_long_head(std::string_view head, size_t start_line, Connection& connection, ContentSink& sink);
  void end_in_head(uint64_t hole, Connection& connection, ContentSink& sink);
  void pair(MessageHead& head, Connection& connection, ContentSink& sink);
  void open_message(ContentMeta&& meta, std::string_view target, ContentSink& sink);
  // `body` is moved from; null when there is none.
  void begin_body(const MessageHead& head, MessageHead::Framing framing, ContentMeta* body,
                  ContentSink& sink);

  void fields_data(Bytes bytes, ContentSink& sink);
  void close_fields(CloseReason why, ContentSink& sink);
  void raw_data(Bytes bytes, const Connection& connection, ContentSink& sink);
  void close_raw(CloseReason why, ContentSink& sink);
  void flush_held(const Connection& connection, ContentSink& sink);
  void flush_line(ContentSink& sink);
  void drop_plain_chunk_line();
  void close_message(CloseReason why, ContentSink& sink);
  void finish_message(CloseReason why, ContentSink& sink);
  void lose_framing(CloseReason why, Connection& connection, ContentSink& sink);

  std::string held_;  // bytes that cannot be judged before more come; in a section: its last line so far
  std::unique_ptr<MessageHead> long_head_;  // while kLongHead
  std::unique_ptr<TlsWalk> tls_;            // while kTunnelTls
  uint64_t offset_ = 0;                     // in the body, or in the raw item
  uint64_t remaining_ = 0;                  // of the body or the chunk; in a section: bytes so far
  uint64_t fields_offset_ = 0;
  uint32_t extension_ = 0;   // bytes of the chunk's extension so far, while kChunkExtension
  uint32_t start_line_ = 0;  // size of the start line at the begin of held_; 0: not complete yet
  ItemId message_ = kNoItem;
  ItemId body_ = kNoItem;
  ItemId fields_ = kNoItem;  // the header section; later chunk extensions and trailers
  ItemId raw_ = kNoItem;
  State state_;
  Direction direction_;
  // An id may be kNoItem although the item was opened: the sink may refuse.
  bool message_open_ = false;
  bool body_open_ = false;
  bool fields_open_ = false;
  bool raw_open_ = false;
  bool astray_ = false;         // what stands before the next start line was not understood
  bool guessed_ = false;        // the body's end is a guess
  bool tunnel_next_ = false;    // after the message in hand the connection is a tunnel
  bool tunnel_opened_ = false;  // by the head just read
  // A raw item that begins now stands in something whose beginning was not seen: it is closed as truncated.
  bool headless_;
};

}  // namespace weir::http1
