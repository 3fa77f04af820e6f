#include "parsers/ipsec/ipsec_parser.h"

#include <algorithm>
#include <array>

#include "parsers/api/datagram_parser.h"
#include "parsers/ipsec/ike_header.h"

namespace weir {

namespace {

using ipsec::IkeHeader;

constexpr uint16_t kNatPort = 4500;
constexpr size_t kMarker = 4;         // zeros before IKE where ESP shares the port (RFC 3948 section 2.2)
constexpr uint8_t kKeepAlive = 0xff;  // a whole datagram (section 2.3)
constexpr uint32_t kFirstFreeSpi = 256;

bool has_marker(Bytes bytes) { return bytes.size() > kMarker && read_be32(bytes.data()) == 0; }

bool read_ike(Bytes bytes, IkeHeader* out) {
  return ipsec::read_ike_header(has_marker(bytes) ? bytes.subspan(kMarker) : bytes, out);
}

// An ESP packet (RFC 4303 section 2): SPI, sequence number, padded to four bytes with an integrity value of
// eight or more, and no text in it.
bool may_be_esp(Bytes bytes, bool whole) {
  constexpr size_t kShortest = 8 + 8 + 8;
  return bytes.size() >= kShortest && (!whole || bytes.size() % 4 == 0) &&
         read_be32(bytes.data()) >= kFirstFreeSpi && read_be32(bytes.data() + 4) != 0 &&
         !is_printable(bytes.subspan(8));
}

class IpsecParser final : public DatagramParser {
 public:
  ParseStatus on_datagram(Direction direction, Bytes bytes, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    IkeHeader ike;
    if (read_ike(bytes, &ike)) {
      if (!ike.encrypted) {
        read_datagram("ipsec", direction, bytes, sink);
        return ParseStatus::kOk;
      }
      sink.unread(direction, Unread::kEncrypted, bytes.size());
      side.ike = true;
      // Both sides have the keys: IKE and ESP follow, nothing else.
      return sides_[0].ike && sides_[1].ike ? ParseStatus::kDone : ParseStatus::kOk;
    }
    if (bytes.size() == 1 && bytes[0] == kKeepAlive) return ParseStatus::kOk;
    const bool known = bytes.size() >= kMarker && side.spi != 0 && read_be32(bytes.data()) == side.spi;
    if (may_be_esp(bytes, true) && (known || side.spi == 0 || sides_[0].ike || sides_[1].ike)) {
      side.spi = read_be32(bytes.data());
      sink.unread(direction, Unread::kEncrypted, bytes.size());
    } else {
      side.spi = 0;  // a new association, perhaps: the next one that looks like ESP is
      read_datagram("ipsec", direction, bytes, sink);
    }
    return ParseStatus::kOk;
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }

 private:
  struct Side {
    bool ike = false;  // encrypted IKE was seen
    uint32_t spi = 0;  // of the ESP packets; 0: none yet
  };
  std::array<Side, 2> sides_;
};

ProbeResult probe(const ProbeView& view) {
  for (const Bytes bytes : view.head) {
    if (bytes.empty()) continue;
    const bool whole = bytes.size() < kProbeLimit;
    IkeHeader ike;
    if (whole && read_ike(bytes, &ike)) return ProbeResult::kCertain;
    // ESP in UDP has no shape of its own: its port is the only one that the standard gives it.
    if (view.responder_port != kNatPort) continue;
    if (may_be_esp(bytes, whole) || (bytes.size() == 1 && bytes[0] == kKeepAlive)) return ProbeResult::kMaybe;
  }
  return ProbeResult::kNo;
}

}  // namespace

ParserInfo ipsec_parser_info() {
  static constexpr uint16_t kPorts[] = {500, kNatPort};
  ParserInfo info;
  info.name = "ipsec";
  info.transport = Transport::kUdp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<IpsecParser>(); };
  return info;
}

}  // namespace weir
