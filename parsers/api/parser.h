// The contract of a protocol parser.
//
// One parser object reads one flow, both directions. The sensor calls, per direction and in stream
// order: on_data with any cut of the bytes (the result must not depend on the cut), on_gap for a hole,
// on_end once, after which that direction brings nothing more. Datagram protocols get on_datagram, always
// whole. Between the directions the order is that of the capture: a response may come before its request's
// last byte, and where the capture has the directions out of step even before its first (peer_is_behind).
//
// A parser does not log, throw, or allocate per packet, and puts a hard limit on every count and length
// that the peer controls. It resynchronises after a gap. What it cannot read it says through
// ContentSink::unread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "parsers/api/item.h"
#include "parsers/api/types.h"
#include "parsers/wire/bytes.h"

namespace weir {

enum class Transport : uint8_t { kTcp, kUdp };

// What a probe may look at: the first bytes of each direction, contiguous, up to kProbeLimit each. It is
// asked again, a bounded number of times, when more is there; each answer takes time linear in what it is
// shown.
inline constexpr size_t kProbeLimit = 4096;
struct ProbeView {
  std::array<Bytes, 2> head;       // by index_of(Direction)
  std::array<bool, 2> finished{};  // no more bytes will come in that direction (end or limit)
  bool midstream = false;          // the flow's beginning was not seen, or a gap came before these bytes
  uint16_t responder_port = 0;     // only orders the candidates
};

enum class ProbeResult : uint8_t {
  kNo,       // certainly not mine
  kMore,     // could be mine, need more bytes
  kMaybe,    // looks like mine; taken when nobody is certain and no more bytes can come
  kCertain,  // mine
};

enum class ParseStatus : uint8_t {
  kOk,
  kDone,    // nothing of the flow's rest is to be read, e.g. all that follows is encrypted: see skipped_as()
  kGaveUp,  // not this protocol after all: the rest goes the raw way
};

class Parser {
 public:
  virtual ~Parser() = default;
  virtual ParseStatus on_data(Direction direction, Bytes bytes, ContentSink& sink) = 0;
  virtual ParseStatus on_gap(Direction direction, uint64_t n, ContentSink& sink) = 0;
  virtual void on_end(Direction direction, ContentSink& sink) = 0;
  // Set before each on_data: whoever sent its bytes has acknowledged bytes of the other direction that are
  // still to come. They were captured later, or not at all; what these bytes answer may be among them.
  bool peer_is_behind = false;
  // Stream parsers leave this alone.
  virtual ParseStatus on_datagram(Direction, Bytes, ContentSink&) { return ParseStatus::kGaveUp; }
  // After kDone: why the rest of the flow is not read. All that follows is counted so; the parser is let go
  // and hears no more of it.
  virtual Unread skipped_as() const { return Unread::kUnsupported; }
  // Bytes of the stream that the parser keeps a copy of until more come (a header section cut by packets).
  virtual size_t held_bytes() const { return 0; }
  // What it must know to go on, in one number, from which ParserInfo::resume makes it again: the sensor lets
  // the parsers of silent flows go. Empty where that does not say all: an item is open, something is held, an
  // answer is waited for. While there is a number, on_end() does nothing but note the end.
  virtual std::optional<uint32_t> at_rest() const { return std::nullopt; }
};

struct ParserInfo {
  std::string_view name;  // "http": the protocol's name in metadata, metrics and policies
  Transport transport = Transport::kTcp;
  std::span<const uint16_t> usual_ports;  // candidates for these ports are probed first
  ProbeResult (*probe)(const ProbeView&) = nullptr;
  std::unique_ptr<Parser> (*make)(bool midstream) = nullptr;
  std::unique_ptr<Parser> (*resume)(uint32_t at_rest) = nullptr;  // null: at_rest() is always empty
};

// A flow keeps one bit a parser while it is probed.
inline constexpr size_t kMaxParsers = 64;

// All parsers, in registry order (parsers/registry.cc).
std::span<const ParserInfo> parser_registry();

}  // namespace weir
