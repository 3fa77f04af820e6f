// The pcapng half of CaptureParser (draft-ietf-opsawg-pcapng).
#include <algorithm>
#include <limits>

#include "sensor/capture/capture_parser.h"
#include "sensor/capture/capture_wire.h"
#include "sensor/capture/packet_source.h"

namespace weir {
namespace {

constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kObsoletePacket = 2;
constexpr uint32_t kSimplePacket = 3;
constexpr uint32_t kInterfaceStatistics = 5;
constexpr uint32_t kEnhancedPacket = 6;

constexpr size_t kBlockFrame = 12;  // type and length before the body, the length again behind it

constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionTsResol = 9;    // interface description
constexpr uint16_t kOptionTsOffset = 14;  // interface description
constexpr uint16_t kOptionIfDrop = 5;     // interface statistics
constexpr uint16_t kOptionOsDrop = 7;     // interface statistics

bool is_read(uint32_t type) {
  return type == kEnhancedPacket || type == kInterfaceDescription || type == kSimplePacket ||
         type == kObsoletePacket || type == kInterfaceStatistics;
}

// Calls visit(code, value) for each option; false where one runs past the end.
template <bool kBig, class Visit>
bool each_option(Bytes options, Visit&& visit) {
  while (options.size() >= 4) {
    const uint16_t code = read16<kBig>(options.data());
    const size_t length = read16<kBig>(options.data() + 2);
    if (code == kOptionEnd) return true;
    if (options.size() - 4 < length) return false;
    visit(code, options.subspan(4, length));
    options = options.subspan(std::min(options.size(), 4 + (length + 3) / 4 * 4));
  }
  return true;
}

__extension__ typedef unsigned __int128 Wide;  // ISO C++ has no such type; both compilers do

}  // namespace

CaptureParser::Status CaptureParser::parse_pcapng(Bytes window, bool last, std::span<RawPacket> out,
                                                  size_t* count) {
  const uint64_t base = position_;
  size_t n = 0;
  while (n < out.size()) {
    const Bytes rest = window.subspan(static_cast<size_t>(position_ - base));
    const Step step =
        big_endian_ ? next_block<true>(rest, last, &out[n]) : next_block<false>(rest, last, &out[n]);
    if (step == Step::kPacket) [[likely]] {
      ++n;
    } else if (step != Step::kRecord) {
      break;
    }
  }
  *count = n;
  return done_ && n == 0 ? Status::kFinished : Status::kOk;
}

template <bool kBig>
CaptureParser::Step CaptureParser::next_block(Bytes rest, bool last, RawPacket* out) {
  if (foreign_left_ != 0) [[unlikely]]
    return skip_foreign(rest, last);
  if (rest.size() < kBlockFrame) [[unlikely]] {
    if (!rest.empty() || !last) return need(kBlockFrame, rest.size(), last, "block header");
    done_ = true;
    return Step::kDone;
  }
  const uint32_t type = read32<kBig>(rest.data());
  if (type == kSectionHeader) return section_header(rest, last);
  const uint32_t length = read32<kBig>(rest.data() + 4);
  if (length < kBlockFrame || length % 4 != 0) {
    return fail("damaged: block at offset " + std::to_string(position_) + " says " + std::to_string(length) +
                " bytes, " + (length < kBlockFrame ? "fewer than 12" : "not a multiple of 4"));
  }
  if (!is_read(type)) [[unlikely]] {
    foreign_length_ = length;
    foreign_left_ = length - 8;
    position_ += 8;
    return Step::kRecord;
  }
  if (length > kMaxBlockBytes) {
    return fail("damaged: block at offset " + std::to_string(position_) + " says " + std::to_string(length) +
                " bytes, more than " + std::to_string(kMaxBlockBytes));
  }
  if (rest.size() < length) return need(length, rest.size(), last, "block");
  const uint32_t closing = read32<kBig>(rest.data() + length - 4);
  if (closing != length) {
    return fail("damaged: block at offset " + std::to_string(position_) + " says " + std::to_string(length) +
                " bytes at its start and " + std::to_string(closing) + " at its end");
  }
  const Step step = read_body<kBig>(type, rest.subspan(8, length - kBlockFrame), out);
  if (step != Step::kDone) position_ += length;
  return step;
}

// A block of a type that Weir does not read need not fit into the window.
CaptureParser::Step CaptureParser::skip_foreign(Bytes rest, bool last) {
  const uint64_t body = foreign_left_ > 4 ? std::min<uint64_t>(foreign_left_ - 4, rest.size()) : 0;
  position_ += body;
  foreign_left_ -= body;
  rest = rest.subspan(static_cast<size_t>(body));
  const uint64_t begin = position_ - (foreign_length_ - foreign_left_);
  if (foreign_left_ > 4 || rest.size() < 4) {
    if (!last) {
      wanted_ = foreign_left_ > 4 ? 1 : 4;
      return Step::kNeedMore;
    }
    return fail("truncated: block at offset " + std::to_string(begin) + " says " +
                std::to_string(foreign_length_) + " bytes, " +
                std::to_string(position_ + rest.size() - begin) + " left");
  }
  const uint32_t closing = big_endian_ ? read_be32(rest.data()) : read_le32(rest.data());
  if (closing != foreign_length_) {
    return fail("damaged: block at offset " + std::to_string(begin) + " says " +
                std::to_string(foreign_length_) + " bytes at its start and " + std::to_string(closing) +
                " at its end");
  }
  position_ += 4;
  foreign_left_ = 0;
  return Step::kRecord;
}

CaptureParser::Step CaptureParser::section_header(Bytes rest, bool last) {
  const uint8_t* p = rest.data();  // at least 12 bytes
  const bool big = read_be32(p + 8) == kByteOrderMagic;
  if (!big && read_le32(p + 8) != kByteOrderMagic) {
    return fail("damaged: section header at offset " + std::to_string(position_) +
                " has no byte-order magic");
  }
  const uint32_t length = big ? read_be32(p + 4) : read_le32(p + 4);
  if (length < 28 || length % 4 != 0 || length > kMaxBlockBytes) {
    return fail("damaged: section header at offset " + std::to_string(position_) + " says " +
                std::to_string(length) + " bytes");
  }
  if (rest.size() < length) return need(length, rest.size(), last, "section header");
  const uint32_t closing = big ? read_be32(p + length - 4) : read_le32(p + length - 4);
  if (closing != length) {
    return fail("damaged: section header at offset " + std::to_string(position_) + " says " +
                std::to_string(length) + " bytes at its start and " + std::to_string(closing) +
                " at its end");
  }
  const uint16_t major = big ? read_be16(p + 12) : read_le16(p + 12);
  if (major != 1) {
    return fail("section header at offset " + std::to_string(position_) + " is of pcapng version " +
                std::to_string(major) + "; only version 1 is known");
  }
  retire_interfaces();
  big_endian_ = big;
  started_ = true;
  position_ += length;
  return Step::kRecord;
}

template <bool kBig>
CaptureParser::Step CaptureParser::read_body(uint32_t type, Bytes body, RawPacket* out) {
  const uint8_t* p = body.data();
  const auto too_short = [&] {
    note("damaged: block at offset " + std::to_string(position_) + " is too short for its type");
    return Step::kRecord;
  };
  switch (type) {
    [[likely]] case kEnhancedPacket : if (body.size() < 20) return too_short();
    return packet_block(read32<kBig>(p), read32<kBig>(p + 4), read32<kBig>(p + 8), read32<kBig>(p + 12),
                        read32<kBig>(p + 16), body.subspan(20), out);
    case kObsoletePacket: {
      if (body.size() < 20) return too_short();
      const uint16_t interface = read16<kBig>(p);
      const uint16_t drops = read16<kBig>(p + 2);
      // Lost between this packet and the one before; 0xffff: not known.
      if (interface < interfaces_.size() && drops != 0xffff) interfaces_[interface].interface_drops += drops;
      return packet_block(interface, read32<kBig>(p + 4), read32<kBig>(p + 8), read32<kBig>(p + 12),
                          read32<kBig>(p + 16), body.subspan(20), out);
    }
    case kSimplePacket: {
      if (body.size() < 4) return too_short();
      if (interfaces_.empty()) {
        note("damaged: packet block at offset " + std::to_string(position_) +
             " comes before any interface description");
        return Step::kRecord;
      }
      const uint32_t on_wire = read32<kBig>(p);
      const uint32_t snaplen = interfaces_[0].snaplen;
      size_t captured = std::min<size_t>(on_wire, body.size() - 4);
      if (snaplen != 0) captured = std::min<size_t>(captured, snaplen);
      captured = std::min<size_t>(captured, kMaxPacketBytes);
      // The block has no time: as late as the packet before it.
      *out = RawPacket{last_time_, body.subspan(4, captured), on_wire, interfaces_[0].link_type, 0};
      return Step::kPacket;
    }
    case kInterfaceDescription:
      return interface_description<kBig>(body);
    default:
      interface_statistics<kBig>(body);
      return Step::kRecord;
  }
}

CaptureParser::Step CaptureParser::packet_block(uint32_t interface, uint32_t high, uint32_t low,
                                                uint32_t captured, uint32_t on_wire, Bytes rest,
                                                RawPacket* out) {
  if (interface >= interfaces_.size()) [[unlikely]] {
    note("damaged: packet block at offset " + std::to_string(position_) + " names interface " +
         std::to_string(interface) + " of " + std::to_string(interfaces_.size()) + " described");
    return Step::kRecord;
  }
  if (captured > rest.size() || captured > kMaxPacketBytes) [[unlikely]] {
    note("damaged: packet block at offset " + std::to_string(position_) + " says " +
         std::to_string(captured) + " captured bytes, and has room for " +
         std::to_string(std::min<size_t>(rest.size(), kMaxPacketBytes)));
    return Step::kRecord;
  }
  const Interface& description = interfaces_[interface];
  last_time_ = to_time(description, (uint64_t{high} << 32) | low);
  out->time = last_time_;
  out->bytes = rest.first(captured);
  out->wire_length = std::max(on_wire, captured);
  out->link_type = description.link_type;
  out->interface = static_cast<uint16_t>(interface);
  return Step::kPacket;
}

template <bool kBig>
CaptureParser::Step CaptureParser::interface_description(Bytes body) {
  if (body.size() < 8) {
    return fail("damaged: interface description at offset " + std::to_string(position_) + " is too short");
  }
  if (interfaces_.size() >= kMaxInterfaces) {
    return fail("interface description at offset " + std::to_string(position_) + " is one more than " +
                std::to_string(kMaxInterfaces));
  }
  Interface interface;
  interface.link_type = read16<kBig>(body.data());
  interface.snaplen = read32<kBig>(body.data() + 4);
  const bool whole = each_option<kBig>(body.subspan(8), [&](uint16_t code, Bytes value) {
    if (code == kOptionTsResol && value.size() == 1) {
      const uint8_t exponent = value[0] & 0x7f;
      interface.power_of_two = (value[0] & 0x80) != 0;
      interface.shift = exponent;
      interface.multiplier = interface.divisor = 1;
      // Nanoseconds are 10^-9. A unit of less than 10^-28 s makes 0 ns of any 64-bit count.
      for (int e = exponent; e < 9; ++e) interface.multiplier *= 10;
      for (int e = exponent; e > 9 && e <= 28; --e) interface.divisor *= 10;
      if (exponent > 28) interface.multiplier = 0;
    } else if (code == kOptionTsOffset && value.size() == 8) {
      interface.offset_seconds = static_cast<int64_t>(read64<kBig>(value.data()));
    }
  });
  if (!whole) {
    note("damaged: interface description at offset " + std::to_string(position_) +
         " has an option that runs past its end");
  }
  interfaces_.push_back(interface);
  return Step::kRecord;
}

// The counts go on through the section: the last block is right.
template <bool kBig>
void CaptureParser::interface_statistics(Bytes body) {
  if (body.size() < 12) return;
  const uint32_t index = read32<kBig>(body.data());
  if (index >= interfaces_.size()) return;
  Interface& interface = interfaces_[index];
  each_option<kBig>(body.subspan(12), [&](uint16_t code, Bytes value) {
    if (value.size() != 8) return;
    if (code == kOptionIfDrop) interface.interface_drops = read64<kBig>(value.data());
    if (code == kOptionOsDrop) interface.os_drops = read64<kBig>(value.data());
  });
}

void CaptureParser::retire_interfaces() {
  past_os_drops_ = os_drops();
  past_interface_drops_ = interface_drops();
  interfaces_.clear();
}

uint64_t CaptureParser::os_drops() const {
  uint64_t sum = past_os_drops_;
  for (const Interface& interface : interfaces_) sum += interface.os_drops;
  return sum;
}

uint64_t CaptureParser::interface_drops() const {
  uint64_t sum = past_interface_drops_;
  for (const Interface& interface : interfaces_) sum += interface.interface_drops;
  return sum;
}

Nanoseconds CaptureParser::to_time(const Interface& interface, uint64_t ts) {
  constexpr auto kMax = std::numeric_limits<int64_t>::max();
  uint64_t ns = 0;
  if (interface.power_of_two) {
    const Wide wide = (Wide{ts} * 1'000'000'000u) >> interface.shift;
    ns = wide > static_cast<uint64_t>(kMax) ? static_cast<uint64_t>(kMax) : static_cast<uint64_t>(wide);
  } else if (interface.divisor != 1) {
    ns = ts / interface.divisor;
  } else if (__builtin_mul_overflow(ts, interface.multiplier, &ns)) {
    ns = static_cast<uint64_t>(kMax);
  }
  auto time = static_cast<int64_t>(std::min(ns, static_cast<uint64_t>(kMax)));
  if (interface.offset_seconds != 0) {
    int64_t offset = 0;
    if (__builtin_mul_overflow(interface.offset_seconds, int64_t{1'000'000'000}, &offset)) {
      offset = interface.offset_seconds > 0 ? kMax : -kMax;
    }
    if (__builtin_add_overflow(time, offset, &time)) time = kMax;
  }
  return std::clamp<int64_t>(time, 0, kMaxPacketTime);
}

}  // namespace weir
