#include "parsers/wireguard/wireguard_parser.h"

#include <array>

#include "parsers/api/datagram_parser.h"
#include "parsers/wire/ciphertext.h"
#include "parsers/wire/cursor.h"

namespace weir {

namespace {

enum MessageType : uint8_t { kInitiation = 1, kResponse = 2, kCookieReply = 3, kData = 4 };

struct Message {
  MessageType type = kData;
  uint32_t sender = 0;    // of kInitiation and kResponse
  uint32_t receiver = 0;  // of all but kInitiation
};

// A counter that has come so far would have taken 2^48 packets of one session; a session ends before.
constexpr uint64_t kUnlikelyCounter = uint64_t{1} << 48;

bool read_message(Bytes bytes, bool whole, Message* out) {
  Cursor in(bytes);
  const uint32_t type = in.le32();  // and three bytes that are reserved and zero
  switch (type) {
    case kInitiation:
      out->sender = in.le32();
      if (bytes.size() != 148) return false;
      break;
    case kResponse:
      out->sender = in.le32();
      out->receiver = in.le32();
      if (bytes.size() != 92) return false;
      break;
    case kCookieReply:
      out->receiver = in.le32();
      if (bytes.size() != 64) return false;
      break;
    case kData: {
      out->receiver = in.le32();
      const uint64_t low = in.le32();
      const uint64_t counter = low | uint64_t{in.le32()} << 32;
      // An encrypted packet, padded to 16 bytes, and its tag; empty for a keep-alive.
      if (bytes.size() < 32 || (whole && bytes.size() % 16 != 0)) return false;
      if (counter >= kUnlikelyCounter || !may_be_ciphertext(bytes.subspan(16))) return false;
      break;
    }
    default:
      return false;
  }
  if (!in.ok()) return false;
  out->type = static_cast<MessageType>(type);
  return true;
}

class WireguardParser final : public DatagramParser {
 public:
  ParseStatus on_datagram(Direction direction, Bytes bytes, ContentSink& sink) override {
    Message message;
    if (!read_message(bytes, true, &message)) {
      read_datagram("wireguard", direction, bytes, sink);
      return ParseStatus::kOk;
    }
    sink.unread(direction, Unread::kEncrypted, bytes.size());
    Offer& own = offers_[index_of(direction)];
    const Offer& peer = offers_[index_of(opposite(direction))];
    if (message.type == kInitiation) own = {true, message.sender};
    const bool answers = message.type == kResponse && peer.made && peer.sender == message.receiver;
    return answers ? ParseStatus::kDone : ParseStatus::kOk;
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }

 private:
  // A handshake that this side began.
  struct Offer {
    bool made = false;
    uint32_t sender = 0;
  };
  std::array<Offer, 2> offers_;
};

ProbeResult probe(const ProbeView& view) {
  for (const Bytes bytes : view.head) {
    if (bytes.empty()) continue;
    Message message;
    if (!read_message(bytes, bytes.size() < kProbeLimit, &message)) continue;
    return message.type == kData ? ProbeResult::kMaybe : ProbeResult::kCertain;
  }
  return ProbeResult::kNo;
}

}  // namespace

ParserInfo wireguard_parser_info() {
  static constexpr uint16_t kPorts[] = {51820};
  ParserInfo info;
  info.name = "wireguard";
  info.transport = Transport::kUdp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<WireguardParser>(); };
  return info;
}

}  // namespace weir
