#include "parsers/tls/tls_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "parsers/tls/client_hello.h"
#include "parsers/wire/ciphertext.h"
#include "parsers/wire/tls_record.h"

namespace weir {

namespace {

using tls::kRecordHeader;
using tls::RecordHeader;

constexpr size_t kMaxHello = 16 << 10;  // of a ClientHello that is put together; a longer one is not read
constexpr size_t kHandshakeHeader = 4;
// Of a direction before its first application data. Nobody greets for so long; what is not read must end.
constexpr uint32_t kMaxGreeting = 256 << 10;
constexpr uint8_t kClientHello = 1;
constexpr uint8_t kServerHello = 2;

class TlsParser : public Parser {
 public:
  explicit TlsParser(bool midstream) : in_step_(!midstream) {}

  ParseStatus on_data(Direction direction, Bytes bytes, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    while (!bytes.empty()) {
      if (side.state == State::kRaw) {
        raw_data(side, direction, bytes, sink);
        return ParseStatus::kOk;
      }
      if (side.state == State::kCounted) {
        sink.unread(direction, Unread::kEncrypted, bytes.size());
        return ParseStatus::kOk;
      }
      if (side.state == State::kLost || (side.remaining > 0 && side.sealed)) {
        size_t n = std::min(bytes.size(), kCiphertextSample - side.sample.size());
        if (side.state != State::kLost) n = std::min<size_t>(n, side.remaining);
        side.sample += as_text(bytes.first(n));
        if (side.state != State::kLost) side.remaining -= static_cast<uint32_t>(n);
        bytes = bytes.subspan(n);
        if (side.sample.size() < kCiphertextSample || !judge(side, direction, sink)) continue;
        // The worker looks at what is counted once both sides are; one alone is looked at here, sample by
        // sample.
        if (is_read(opposite(direction), sink)) continue;
        return give_to_count(direction, bytes.size(), sink);
      }
      if (side.remaining > 0) {
        const size_t n = std::min<size_t>(bytes.size(), side.remaining);
        side.greeting += static_cast<uint32_t>(n);
        if (side.reads_hello) add_to_hello(side, direction, bytes.first(n), sink);
        sink.unread(direction, Unread::kEncrypted, n);
        side.remaining -= static_cast<uint32_t>(n);
        bytes = bytes.subspan(n);
        continue;
      }
      const size_t n = std::min(bytes.size(), kRecordHeader - side.header_size);
      std::copy_n(bytes.begin(), n, side.header.begin() + side.header_size);
      side.header_size = static_cast<uint8_t>(side.header_size + n);
      bytes = bytes.subspan(n);
      if (side.header_size < kRecordHeader) break;
      side.header_size = 0;
      RecordHeader record;
      if (!tls::read_record_header(side.header.data(), &record) || side.greeting > kMaxGreeting) {
        side.hello = {};
        // Picked up inside a record: nothing tells where the next one begins, and what follows must look like
        // it.
        if (!in_step_ && side.greeting <= kMaxGreeting) {
          side.state = State::kLost;
          side.sample += as_text(side.header);
          continue;
        }
        judge(side, direction, sink);
        side.state = State::kRaw;
        raw_data(side, direction, side.header, sink);
        continue;
      }
      sink.unread(direction, Unread::kEncrypted, kRecordHeader);
      side.remaining = record.length;
      side.reads_hello = side.reads_hello && record.type == tls::kHandshake;
      side.sealed = record.type == tls::kApplicationData;
    }
    return ParseStatus::kOk;
  }

  ParseStatus on_gap(Direction direction, uint64_t n, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    if (n == 0) return ParseStatus::kOk;
    if (side.state == State::kRaw) {
      sink.gap(side.raw_item, side.raw_offset, n);
      side.raw_offset += n;
      return ParseStatus::kOk;
    }
    side.reads_hello = false;
    side.hello = {};
    if (!judge(side, direction, sink)) {
      sink.gap(side.raw_item, side.raw_offset, n);
      side.raw_offset += n;
      return ParseStatus::kOk;
    }
    if (n <= side.remaining) {
      side.remaining -= static_cast<uint32_t>(n);
      return ParseStatus::kOk;
    }
    // Where the next record begins is not known any more, and that it is TLS is.
    if (!is_read(opposite(direction), sink)) return give_to_count(direction, 0, sink);
    count_header(side, direction, sink);
    side.state = State::kLost;
    return ParseStatus::kOk;
  }

  void on_end(Direction direction, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    count_header(side, direction, sink);
    judge(side, direction, sink);
    side.hello = {};
    if (std::exchange(side.raw_open, false)) sink.close(side.raw_item, CloseReason::kFlowEnd);
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }

  size_t held_bytes() const override { return held(sides_[0]) + held(sides_[1]); }

 private:
  enum class State : uint8_t {
    kRecords,
    kLost,     // picked up late, and not at a record: a sample is taken of what comes
    kRaw,      // the records broke, or what is in them is no ciphertext
    kCounted,  // encrypted from here on, not looked at
  };
  struct Side {
    std::array<uint8_t, kRecordHeader> header{};
    uint8_t header_size = 0;
    bool reads_hello = true;  // all so far may be a ClientHello
    State state = State::kRecords;
    bool raw_open = false;
    bool sealed = false;     // the record in hand is application data
    uint32_t remaining = 0;  // of the record in hand
    uint32_t greeting = 0;   // bytes of records before it
    ItemId raw_item = kNoItem;
    uint64_t raw_offset = 0;
    std::string hello;
    std::string sample;  // of application data, not counted yet
  };
  static size_t held(const Side& side) { return side.hello.size() + side.sample.size(); }

  // Whether what was sampled may be ciphertext; then it is counted, else it is read, and the direction with
  // it.
  static bool judge(Side& side, Direction direction, ContentSink& sink) {
    const std::string sample = std::exchange(side.sample, {});
    if (may_be_ciphertext(as_bytes(sample))) {
      if (!sample.empty()) sink.unread(direction, Unread::kEncrypted, sample.size());
      return true;
    }
    side.state = State::kRaw;
    raw_data(side, direction, as_bytes(sample), sink);
    return false;
  }

  // Whether the direction is read raw, also because what there is of it is no ciphertext.
  bool is_read(Direction direction, ContentSink& sink) {
    Side& side = sides_[index_of(direction)];
    return side.state == State::kRaw || !judge(side, direction, sink);
  }

  // Both directions are only counted from here on.
  ParseStatus give_to_count(Direction direction, size_t n, ContentSink& sink) {
    if (n > 0) sink.unread(direction, Unread::kEncrypted, n);
    sides_[index_of(direction)].state = State::kCounted;
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) {
      Side& side = sides_[index_of(d)];
      count_header(side, d, sink);
      side.hello = {};
    }
    return ParseStatus::kDone;
  }

  // The first bytes of a header that will not be completed.
  static void count_header(Side& side, Direction direction, ContentSink& sink) {
    if (side.header_size > 0) sink.unread(direction, Unread::kEncrypted, std::exchange(side.header_size, 0));
  }

  static void raw_data(Side& side, Direction direction, Bytes bytes, ContentSink& sink) {
    if (!side.raw_open) {
      ContentMeta meta;
      meta.kind = ItemKind::kRawStream;
      meta.direction = direction;
      meta.protocol = "tls";
      side.raw_item = sink.open(std::move(meta), kNoItem);
      side.raw_open = true;
    }
    sink.data(side.raw_item, side.raw_offset, bytes);
    side.raw_offset += bytes.size();
  }

  static void add_to_hello(Side& side, Direction direction, Bytes bytes, ContentSink& sink) {
    side.hello += as_text(bytes.first(std::min(bytes.size(), kMaxHello - side.hello.size())));
    const Bytes hello = as_bytes(side.hello);
    const size_t size = hello.size() < kHandshakeHeader
                            ? kHandshakeHeader
                            : kHandshakeHeader + (read_be32(hello.data()) & 0xFFFFFF);
    if (hello.size() < size && hello[0] == kClientHello && size <= kMaxHello) return;
    if (hello[0] == kClientHello || hello[0] == kServerHello) {
      sink.asks(hello[0] == kClientHello ? direction : opposite(direction));
    }
    const std::string_view name = tls::server_name_of(hello);
    if (!name.empty()) {
      ContentMeta meta;
      meta.kind = ItemKind::kMessage;
      meta.direction = direction;
      meta.protocol = "tls";
      meta.host = name;
      sink.close(sink.open(std::move(meta), kNoItem), CloseReason::kComplete);
    }
    side.reads_hello = false;
    side.hello = {};
  }

  std::array<Side, 2> sides_;
  bool in_step_;
};

// From each place: how many record headers follow one another as far as the bytes go, two standing for more;
// kBroken: the chain breaks. From the end backwards, each place by the one behind its record: whatever the
// bytes, a place is looked at once.
constexpr uint8_t kBroken = 0xFF;
using Chains = std::array<uint8_t, kProbeLimit>;
void find_chains(Bytes bytes, Chains* chains) {
  for (size_t at = bytes.size(); at-- > 0;) {
    uint8_t& chain = (*chains)[at];
    const size_t left = bytes.size() - at;
    RecordHeader record;
    if (left < kRecordHeader) {
      chain = 0;
    } else if (!tls::read_record_header(bytes.data() + at, &record)) {
      chain = kBroken;
    } else if (left - kRecordHeader <= record.length) {
      chain = 1;
    } else {
      const uint8_t next = (*chains)[at + kRecordHeader + record.length];
      chain = next == kBroken ? kBroken : static_cast<uint8_t>(std::min(next + 1, 2));
    }
  }
}

// The begin of a stream: a handshake record with a hello.
ProbeResult probe_begin(Bytes bytes) {
  // Each byte of "handshake record, version 3.x, length below 2^14+2^8, ClientHello or ServerHello of less
  // than 64 KiB, version 3.x"
  constexpr size_t kHello = kRecordHeader + kHandshakeHeader + 2;
  for (size_t i = 0; i < std::min(bytes.size(), kHello); ++i) {
    const uint8_t c = bytes[i];
    const bool fits = i == 0              ? c == tls::kHandshake
                      : i == 1 || i == 9  ? c == 3
                      : i == 2 || i == 10 ? c <= 4
                      : i == 3            ? c <= 0x40
                      : i == 5            ? c == kClientHello || c == kServerHello
                      : i == 6            ? c == 0
                                          : true;
    if (!fits) return ProbeResult::kNo;
  }
  return bytes.size() >= kHello ? ProbeResult::kCertain : ProbeResult::kMore;
}

// The middle of a stream: two records that follow one another.
ProbeResult probe_middle(Bytes bytes, bool finished) {
  bytes = bytes.first(std::min(bytes.size(), kProbeLimit));
  Chains chains{};
  find_chains(bytes, &chains);
  if (chains[0] == 2) return ProbeResult::kCertain;
  for (size_t at = 1; at < bytes.size(); ++at) {
    if (chains[at] == 2 && bytes[at] <= tls::kApplicationData) return ProbeResult::kMaybe;
  }
  // One long record that fills what may be looked at.
  if (chains[0] == 1 && bytes[0] == tls::kApplicationData && bytes[2] == 3) return ProbeResult::kMaybe;
  return finished ? ProbeResult::kNo : ProbeResult::kMore;
}

ProbeResult probe(const ProbeView& view) {
  bool refused = false;
  bool more = false;
  bool maybe = false;
  for (size_t i = 0; i < 2; ++i) {
    const Bytes bytes = view.head[i];
    if (bytes.empty()) continue;
    ProbeResult result = probe_begin(bytes);
    if (result == ProbeResult::kNo && view.midstream) result = probe_middle(bytes, view.finished[i]);
    if (result == ProbeResult::kCertain) return result;
    refused |= result == ProbeResult::kNo;
    maybe |= result == ProbeResult::kMaybe;
    more |= result == ProbeResult::kMore && !view.finished[i];
  }
  if (maybe) return ProbeResult::kMaybe;
  if (refused && !view.midstream) return ProbeResult::kNo;
  const bool may_come =
      (view.head[0].empty() && !view.finished[0]) || (view.head[1].empty() && !view.finished[1]);
  return more || (may_come && !refused) ? ProbeResult::kMore : ProbeResult::kNo;
}

}  // namespace

ParserInfo tls_parser_info() {
  static constexpr uint16_t kPorts[] = {443, 8443, 465, 563, 636, 853, 989, 990, 993, 995, 6443, 9443};
  ParserInfo info;
  info.name = "tls";
  info.transport = Transport::kTcp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool midstream) -> std::unique_ptr<Parser> {
    return std::make_unique<TlsParser>(midstream);
  };
  return info;
}

}  // namespace weir
