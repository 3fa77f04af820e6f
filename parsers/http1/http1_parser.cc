#include "parsers/http1/http1_parser.h"

#include <algorithm>

#include "parsers/http1/message_reader.h"
#include "parsers/http1/start_line.h"

namespace weir {

namespace {

using http1::Connection;
using http1::MessageReader;

class Http1Parser : public Parser {
 public:
  explicit Http1Parser(bool midstream)
      : connection_(!midstream),
        readers_{MessageReader(Direction::kFromInitiator, !midstream),
                 MessageReader(Direction::kFromResponder, !midstream)} {}

  // From what at_rest() told.
  explicit Http1Parser(uint32_t at_rest)
      : connection_(http1::Exchanges::resume(at_rest), http1::Roles::resume(at_rest >> kRolesAt)),
        readers_{MessageReader::resume(Direction::kFromInitiator, at_rest >> kInitiatorAt),
                 MessageReader::resume(Direction::kFromResponder, at_rest >> kResponderAt)} {}

  ParseStatus on_data(Direction direction, Bytes bytes, ContentSink& sink) override {
    MessageReader& reader = readers_[index_of(direction)];
    connection_.peer_may_ask = peer_is_behind || readers_[index_of(opposite(direction))].in_head();
    Bytes rest;
    while (reader.read(bytes, connection_, sink, &rest)) {
      readers_[index_of(opposite(direction))].begin_tunnel(connection_, sink);
      bytes = rest;
    }
    return readers_[0].encrypted() && readers_[1].encrypted() ? ParseStatus::kDone : ParseStatus::kOk;
  }

  ParseStatus on_gap(Direction direction, uint64_t n, ContentSink& sink) override {
    if (n > 0) readers_[index_of(direction)].skip(n, connection_, sink);
    return ParseStatus::kOk;
  }

  void on_end(Direction direction, ContentSink& sink) override {
    readers_[index_of(direction)].end(connection_, sink);
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }

  size_t held_bytes() const override {
    return readers_[0].held_bytes() + readers_[1].held_bytes() + connection_.exchanges.held_bytes();
  }

  std::optional<uint32_t> at_rest() const override {
    const std::optional<uint32_t> initiator = readers_[0].at_rest();
    const std::optional<uint32_t> responder = readers_[1].at_rest();
    const std::optional<uint32_t> exchanges = connection_.exchanges.at_rest();
    if (!initiator || !responder || !exchanges || !connection_.tunnel_host.empty()) return std::nullopt;
    return *exchanges | *initiator << kInitiatorAt | *responder << kResponderAt |
           connection_.roles.at_rest() << kRolesAt;
  }

 private:
  static constexpr uint32_t kInitiatorAt = http1::Exchanges::kRestBits;
  static constexpr uint32_t kResponderAt = kInitiatorAt + MessageReader::kRestBits;
  static constexpr uint32_t kRolesAt = kResponderAt + MessageReader::kRestBits;
  static_assert(kRolesAt + http1::Roles::kRestBits <= 32);

  Connection connection_;
  std::array<MessageReader, 2> readers_;
};

// One direction's first bytes; kMore also when there are none.
ProbeResult probe_head(Bytes bytes, bool finished, bool midstream) {
  std::string_view text = as_text(bytes);
  const size_t preamble = http1::proxy_preamble(text);
  if (preamble == std::string_view::npos) return finished ? ProbeResult::kNo : ProbeResult::kMore;
  text.remove_prefix(preamble);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  if (text.empty()) return ProbeResult::kMore;
  const size_t line_end = text.find('\n');
  http1::StartLine line;
  const bool begins_well = http1::looks_like_start_line(text.substr(0, line_end));
  if (begins_well) {
    if (line_end != std::string_view::npos && http1::read_start_line(text.substr(0, line_end), &line)) {
      return ProbeResult::kCertain;
    }
    // A status line is certain with its code; a request whose target fills the probe is likely one.
    if (text.starts_with("HTTP/1.") && text.size() > 12) return ProbeResult::kCertain;
    if (line_end == std::string_view::npos)
      return finished && text.size() > kProbeLimit / 2 ? ProbeResult::kMaybe
             : finished                                ? ProbeResult::kNo
                                                       : ProbeResult::kMore;
  }
  if (!midstream) return ProbeResult::kNo;
  if (http1::find_start_line(text).found) return ProbeResult::kMaybe;
  return finished ? ProbeResult::kNo : ProbeResult::kMore;
}

ProbeResult probe(const ProbeView& view) {
  ProbeResult best = ProbeResult::kNo;
  bool refused = false;
  for (size_t i = 0; i < 2; ++i) {
    const ProbeResult result = probe_head(view.head[i], view.finished[i], view.midstream);
    if (result == ProbeResult::kNo) refused = true;
    best = std::max(best, result);
  }
  // One side that says something else outweighs one that has not said enough yet.
  if (refused && best <= ProbeResult::kMore && !view.midstream) return ProbeResult::kNo;
  if (best == ProbeResult::kMore && view.finished[0] && view.finished[1]) return ProbeResult::kNo;
  return best;
}

}  // namespace

ParserInfo http1_parser_info() {
  static constexpr uint16_t kPorts[] = {80, 8080, 8000, 8008, 8081, 8088, 8888, 3000, 3128, 5000, 9000};
  ParserInfo info;
  info.name = "http";
  info.transport = Transport::kTcp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool midstream) -> std::unique_ptr<Parser> {
    return std::make_unique<Http1Parser>(midstream);
  };
  info.resume = [](uint32_t at_rest) -> std::unique_ptr<Parser> {
    return std::make_unique<Http1Parser>(at_rest);
  };
  return info;
}

}  // namespace weir
