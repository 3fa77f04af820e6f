#include "parsers/dtls/dtls_parser.h"

#include <array>

#include "parsers/api/datagram_parser.h"

namespace weir {

namespace {

constexpr size_t kRecordHeader = 13;  // type, version, epoch, sequence number, length
constexpr size_t kMaxRecord = 16384 + 2048;

enum ContentType : uint8_t {
  kChangeCipherSpec = 20,
  kHandshake = 22,
  kHeartbeat = 24,
};

constexpr uint8_t kClientHello = 1;
constexpr uint8_t kHelloVerifyRequest = 3;

struct Records {
  uint8_t hello = 0;        // begins with a ClientHello, ServerHello or HelloVerifyRequest in clear: its type
  bool protected_ = false;  // a record under keys is among them
};

// RFC 9147 section 4: the unified header of DTLS 1.3 ciphertext is 001CSLEE.
bool is_unified(uint8_t first) { return (first & 0xe0) == 0x20; }

// False: the datagram is not one chain of records to its end. `whole`: `bytes` is all of it.
bool read_records(Bytes bytes, bool whole, Records* out) {
  size_t at = 0;
  while (at < bytes.size()) {
    const Bytes rest = bytes.subspan(at);
    if (at > 0 && is_unified(rest[0])) {
      out->protected_ = true;
      return true;
    }
    if (rest.size() < kRecordHeader) return !whole && at > 0;
    const uint16_t version = read_be16(rest.data() + 1);
    const uint16_t epoch = read_be16(rest.data() + 3);
    const size_t length = read_be16(rest.data() + 11);
    if (rest[0] < kChangeCipherSpec || rest[0] > kHeartbeat || (version != 0xfeff && version != 0xfefd) ||
        length == 0 || length > kMaxRecord) {
      return false;
    }
    if (epoch != 0) out->protected_ = true;
    if (at == 0 && rest[0] == kHandshake && epoch == 0 && rest.size() > kRecordHeader) {
      const uint8_t message = rest[kRecordHeader];
      if (message >= kClientHello && message <= kHelloVerifyRequest) out->hello = message;
    }
    if (length > rest.size() - kRecordHeader) return !whole;
    at += kRecordHeader + length;
  }
  return at > 0;
}

class DtlsParser final : public DatagramParser {
 public:
  ParseStatus on_datagram(Direction direction, Bytes bytes, ContentSink& sink) override {
    Records records;
    const bool unified = both_greeted() && !bytes.empty() && is_unified(bytes[0]) && !is_printable(bytes);
    if (!unified && !read_records(bytes, true, &records)) {
      read_datagram("dtls", direction, bytes, sink);
      return ParseStatus::kOk;
    }
    sink.unread(direction, Unread::kEncrypted, bytes.size());
    if (records.hello != 0 && !greeted_[0] && !greeted_[1]) {
      sink.asks(records.hello == kClientHello ? direction : opposite(direction));
    }
    greeted_[index_of(direction)] = greeted_[index_of(direction)] || records.hello != 0;
    return both_greeted() && (unified || records.protected_) ? ParseStatus::kDone : ParseStatus::kOk;
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }

 private:
  bool both_greeted() const { return greeted_[0] && greeted_[1]; }

  std::array<bool, 2> greeted_{};
};

ProbeResult probe(const ProbeView& view) {
  for (const Bytes bytes : view.head) {
    if (bytes.empty()) continue;
    Records records;
    if (read_records(bytes, bytes.size() < kProbeLimit, &records)) return ProbeResult::kCertain;
  }
  return ProbeResult::kNo;
}

}  // namespace

ParserInfo dtls_parser_info() {
  static constexpr uint16_t kPorts[] = {4433, 5684, 443, 853, 2055, 10161, 10162};
  ParserInfo info;
  info.name = "dtls";
  info.transport = Transport::kUdp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<DtlsParser>(); };
  return info;
}

}  // namespace weir
