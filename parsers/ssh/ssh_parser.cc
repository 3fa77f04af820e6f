#include "parsers/ssh/ssh_parser.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "parsers/wire/ciphertext.h"

namespace weir {

namespace {

constexpr std::string_view kNames[] = {"SSH-2.0-", "SSH-1.99-"};  // RFC 4253 sections 4.2 and 5.1
constexpr std::string_view kName = "SSH-";
constexpr uint32_t kMaxBeforeName = 8192;  // lines that a server may send before its own (section 4.2)

// The binary packet protocol without keys (section 6): length, padding length, message number.
constexpr size_t kPacketHead = 6;
constexpr uint32_t kMinPacket = 12;     // bytes after the length field: a packet of 16
constexpr uint32_t kMaxPacket = 35000;  // section 6.1
constexpr uint8_t kMinPadding = 4;
constexpr uint8_t kLastFreeText = 4;  // DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG (section 11)
constexpr uint8_t kNewKeys = 21;
// Sent by the client alone, and by the server alone, in every key exchange (section 8, RFC 4419 section 5,
// RFC 5656 section 7.1).
constexpr uint8_t kClientKey = 30;
constexpr uint8_t kServerKey = 31;

bool begins_with_name(std::string_view text) {
  return std::ranges::any_of(kNames, [&](std::string_view name) { return text.starts_with(name); });
}

bool may_begin_with_name(std::string_view text) {
  return std::ranges::any_of(kNames, [&](std::string_view name) {
    return text.substr(0, name.size()) == name.substr(0, text.size());
  });
}

class SshParser final : public Parser {
 public:
  ParseStatus on_data(Direction direction, Bytes bytes, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    while (!bytes.empty()) {
      switch (side.state) {
        case State::kVersion:
          read_version(side, direction, bytes, sink);
          break;
        case State::kPackets:
          read_packet(side, direction, bytes, sink);
          break;
        case State::kKeyed:
          judge(side, direction, bytes, sink);
          if (status(sink) != ParseStatus::kDone) break;
          if (!bytes.empty()) sink.unread(direction, Unread::kEncrypted, bytes.size());
          return ParseStatus::kDone;
        case State::kEncrypted:
          sink.unread(direction, Unread::kEncrypted, std::exchange(bytes, {}).size());
          break;
        case State::kRaw:
          give(side, direction, std::exchange(bytes, {}), sink);
          break;
      }
    }
    return status(sink);
  }

  ParseStatus on_gap(Direction direction, uint64_t n, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    if (n == 0 || side.state == State::kEncrypted) return status(sink);
    if (side.state == State::kKeyed) {
      end_judging(side, direction, sink);
      if (side.state == State::kKeyed) return status(sink);
    }
    const bool in_packet = side.state == State::kPackets && n < side.remaining;
    if (side.open && (side.state != State::kPackets || (side.reads && side.remaining > 0))) {
      const uint64_t hole = side.state == State::kPackets ? std::min<uint64_t>(n, side.remaining) : n;
      sink.gap(side.item, side.offset, hole);
      side.offset += hole;
    }
    if (in_packet) side.remaining -= static_cast<uint32_t>(n);
    if (in_packet || side.state == State::kRaw) return status(sink);
    // Where the next packet begins is not known any more, and all but the first few are encrypted.
    if (side.head_size > 0) sink.unread(direction, Unread::kEncrypted, std::exchange(side.head_size, 0));
    close(side, CloseReason::kTruncated, sink);
    side.state = State::kEncrypted;
    return status(sink);
  }

  void on_end(Direction direction, ContentSink& sink) override {
    Side& side = sides_[index_of(direction)];
    if (side.state == State::kKeyed) end_judging(side, direction, sink);
    if (side.head_size > 0)
      give(side, direction, Bytes(side.head).first(std::exchange(side.head_size, 0)), sink);
    close(side, CloseReason::kFlowEnd, sink);
  }

  Unread skipped_as() const override { return Unread::kEncrypted; }
  size_t held_bytes() const override { return sides_[0].sample.size() + sides_[1].sample.size(); }

 private:
  enum class State : uint8_t {
    kVersion,  // before the end of the version line
    kPackets,  // readable packets
    kKeyed,  // past NEWKEYS: what follows must be ciphertext, sample by sample until the other side is sealed
    kEncrypted,  // after a hole: nothing tells where a packet begins
    kRaw,        // not SSH after all
  };
  struct Side {
    State state = State::kVersion;
    bool open = false;
    bool named = true;    // the line in hand begins with kName, as far as it goes
    bool reads = false;   // the packet in hand holds text
    bool last = false;    // the packet in hand is NEWKEYS
    bool sealed = false;  // in kKeyed: a sample was ciphertext
    bool done() const { return state == State::kEncrypted || (state == State::kKeyed && sealed); }
    uint8_t head_size = 0;
    std::array<uint8_t, kPacketHead> head{};
    uint32_t line = 0;       // bytes of the line in hand
    uint32_t before = 0;     // bytes of the lines before it
    uint32_t remaining = 0;  // of the packet in hand
    ItemId item = kNoItem;
    uint64_t offset = 0;
    std::string sample;  // in kKeyed
  };

  // Once both sides are sealed the worker looks at every segment; one alone must not be counted unseen.
  ParseStatus status(ContentSink& sink) {
    if (!sides_[0].done() || !sides_[1].done()) return ParseStatus::kOk;
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) {
      Side& side = sides_[index_of(d)];
      if (side.state == State::kKeyed) end_judging(side, d, sink);
    }
    return sides_[0].done() && sides_[1].done() ? ParseStatus::kDone : ParseStatus::kOk;
  }

  static void give(Side& side, Direction direction, Bytes bytes, ContentSink& sink) {
    if (!side.open) {
      ContentMeta meta;
      meta.kind = ItemKind::kRawStream;
      meta.direction = direction;
      meta.protocol = "ssh";
      side.item = sink.open(std::move(meta), kNoItem);
      side.open = true;
      side.offset = 0;
    }
    sink.data(side.item, side.offset, bytes);
    side.offset += bytes.size();
  }

  static void close(Side& side, CloseReason why, ContentSink& sink) {
    if (std::exchange(side.open, false)) sink.close(side.item, why);
  }

  // Whoever says NEWKEYS and goes on in clear is read.
  static void judge(Side& side, Direction direction, Bytes& bytes, ContentSink& sink) {
    const size_t n = std::min(bytes.size(), kCiphertextSample - side.sample.size());
    side.sample += as_text(bytes.first(n));
    bytes = bytes.subspan(n);
    if (side.sample.size() == kCiphertextSample) {
      end_judging(side, direction, sink);
      side.sealed = true;
    }
  }
  static void end_judging(Side& side, Direction direction, ContentSink& sink) {
    const std::string sample = std::exchange(side.sample, {});
    if (may_be_ciphertext(as_bytes(sample))) {
      if (!sample.empty()) sink.unread(direction, Unread::kEncrypted, sample.size());
      return;
    }
    side.state = State::kRaw;
    give(side, direction, as_bytes(sample), sink);
  }

  // Lines up to the one that begins with "SSH-".
  static void read_version(Side& side, Direction direction, Bytes& bytes, ContentSink& sink) {
    size_t used = 0;
    while (used < bytes.size() && side.state == State::kVersion) {
      const char c = static_cast<char>(bytes[used++]);
      if (side.line < kName.size()) side.named = side.named && c == kName[side.line];
      ++side.line;
      if (c == '\n') {
        if (side.named && side.line > kName.size()) side.state = State::kPackets;
        side.before += std::exchange(side.line, 0);
        side.named = true;
      }
      if (side.state == State::kVersion && side.before + side.line > kMaxBeforeName) side.state = State::kRaw;
    }
    give(side, direction, bytes.first(used), sink);
    bytes = bytes.subspan(used);
  }

  static void read_packet(Side& side, Direction direction, Bytes& bytes, ContentSink& sink) {
    if (side.remaining > 0) {
      const size_t n = std::min<size_t>(bytes.size(), side.remaining);
      take(side, direction, bytes.first(n), sink);
      bytes = bytes.subspan(n);
      side.remaining -= static_cast<uint32_t>(n);
      if (side.remaining > 0 || !side.last) return;
      close(side, CloseReason::kComplete, sink);
      side.state = State::kKeyed;
      return;
    }
    const size_t n = std::min(bytes.size(), kPacketHead - side.head_size);
    std::copy_n(bytes.begin(), n, side.head.begin() + side.head_size);
    side.head_size = static_cast<uint8_t>(side.head_size + n);
    bytes = bytes.subspan(n);
    if (side.head_size < kPacketHead) return;
    side.head_size = 0;
    const uint32_t length = read_be32(side.head.data());
    const uint8_t padding = side.head[4];
    const uint8_t number = side.head[5];
    // Transport layer messages alone come before keys (RFC 4250 section 4.1.2).
    const bool known = (number >= 1 && number <= 7) || (number >= 20 && number <= 49);
    if (length < kMinPacket || length > kMaxPacket || padding < kMinPadding || padding >= length - 1 ||
        !known) {
      side.state = State::kRaw;
      give(side, direction, side.head, sink);
      return;
    }
    if (number == kClientKey || number == kServerKey) {
      sink.asks(number == kClientKey ? direction : opposite(direction));
    }
    side.reads = number <= kLastFreeText;
    side.last = number == kNewKeys;
    side.remaining = length - 2;
    take(side, direction, side.head, sink);
  }

  // Of the packet in hand.
  static void take(Side& side, Direction direction, Bytes bytes, ContentSink& sink) {
    if (side.reads) {
      give(side, direction, bytes, sink);
    } else {
      sink.unread(direction, Unread::kEncrypted, bytes.size());
    }
  }

  std::array<Side, 2> sides_;
};

ProbeResult probe(const ProbeView& view) {
  bool more = false;
  bool refused = false;
  for (size_t i = 0; i < 2; ++i) {
    const std::string_view text = as_text(view.head[i]);
    if (text.empty()) continue;
    if (begins_with_name(text)) return ProbeResult::kCertain;
    if (may_begin_with_name(text) && !view.finished[i]) {
      more = true;
    } else {
      refused = true;
    }
  }
  if (more) return ProbeResult::kMore;
  const bool silent = view.head[0].empty() && view.head[1].empty();
  const bool over = view.finished[0] && view.finished[1];
  return silent && !over && !refused ? ProbeResult::kMore : ProbeResult::kNo;
}

}  // namespace

ParserInfo ssh_parser_info() {
  static constexpr uint16_t kPorts[] = {22, 2222, 830};
  ParserInfo info;
  info.name = "ssh";
  info.transport = Transport::kTcp;
  info.usual_ports = kPorts;
  info.probe = probe;
  info.make = [](bool) -> std::unique_ptr<Parser> { return std::make_unique<SshParser>(); };
  return info;
}

}  // namespace weir
