#include "parsers/quic/quic_parser.h"

#include <algorithm>
#include <array>

#include "parsers/api/datagram_parser.h"
#include "parsers/quic/long_header.h"

namespace weir {

namespace {

using quic::LongHeader;

class QuicParser final : public DatagramParser {
 public:
  ParseStatus on_datagram(Direction direction, Bytes bytes, ContentSink& sink) override {
    LongHeader header;
    const bool is_long = !bytes.empty() && (bytes[0] & quic::kLongForm) != 0;
    if (is_long && quic::read_long_header(bytes, true, &header)) {
      sink.unread(direction, Unread::kEncrypted, bytes.size());
      Side& side = sides_[index_of(direction)];
      const Side& peer = sides_[index_of(opposite(direction))];
      const bool answers =
          peer.known && std::ranges::equal(header.destination_id, Bytes(peer.id.data(), peer.id_size));
      side.known = true;
      side.id_size = static_cast<uint8_t>(header.source_id.size());
      std::ranges::copy(header.source_id, side.id.begin());
      return answers ? ParseStatus::kDone : ParseStatus::kOk;
    }
    // Short headers (RFC 9000 section 17.3) come before an answer where one direction alone is captured.
    constexpr size_t kShortest = 21;
    if (!is_long && bytes.size() >= kShortest && (bytes[0] & quic::kFixedBit) != 0 && !is_printable(bytes)) {
      sink.unread(direction, Unread::kEncrypted, bytes.size());
    } else {
      read_datagram("quic", direction, bytes, sink);
    }
    return ParseStatus::kOk;
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }

 private:
  struct Side {
    bool known = false;
    uint8_t id_size = 0;
    std::array<uint8_t, quic::kMaxConnectionId> id{};  // chosen by this side
  };
  std::array<Side, 2> sides_;
};

ProbeResult probe(const ProbeView& view) {
  for (const Bytes bytes : view.head) {
    if (bytes.empty()) continue;
    LongHeader header;
    if (quic::read_long_header(bytes, bytes.size() < kProbeLimit, &header)) return ProbeResult::kCertain;
  }
  return ProbeResult::kNo;
}

}  // namespace

ParserInfo quic_parser_info() {
  static constexpr uint16_t kPorts[] = {443, 80, 853, 8443, 4433, 4434};
  ParserInfo info;
  info.name = "quic";
  info.transport = Transport::kUdp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<QuicParser>(); };
  return info;
}

}  // namespace weir
