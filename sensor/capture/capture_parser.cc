#include "sensor/capture/capture_parser.h"

#include <algorithm>
#include <utility>

#include "sensor/capture/capture_wire.h"
#include "sensor/capture/packet_source.h"

namespace weir {
namespace {

constexpr uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr uint32_t kMagicKuznetzov = 0xa1b2cd34;  // Linux 2.2's patched libpcap: 24-byte record headers
constexpr uint32_t kMagicPcapng = 0x0a0d0d0a;     // the same read from either end

bool is_pcap_magic(uint32_t magic) {
  return magic == kMagicMicroseconds || magic == kMagicNanoseconds || magic == kMagicKuznetzov;
}

}  // namespace

CaptureFormat detect_capture_format(Bytes start, bool last) {
  // Eight bytes also name every format that describe_foreign_format() knows.
  if (start.size() < 8 && !last) return CaptureFormat::kNeedMore;
  if (start.size() < 4) return CaptureFormat::kOther;
  const uint8_t* p = start.data();
  if (read_le32(p) == kMagicPcapng) return CaptureFormat::kPcapng;
  const bool big_endian = is_pcap_magic(read_be32(p));
  if (!big_endian && !is_pcap_magic(read_le32(p))) return CaptureFormat::kOther;
  // Versions before 2.4 had the two lengths of a record in another order, or in either: left to libpcap.
  if (start.size() < 8) return CaptureFormat::kPcap;
  const uint16_t major = big_endian ? read_be16(p + 4) : read_le16(p + 4);
  const uint16_t minor = big_endian ? read_be16(p + 6) : read_le16(p + 6);
  return major == 2 && minor == 4 ? CaptureFormat::kPcap : CaptureFormat::kOther;
}

std::string describe_foreign_format(Bytes start) {
  struct Known {
    std::string_view magic;
    const char* text;
  };
  using namespace std::string_view_literals;
  static constexpr Known kKnown[] = {
      {"\x1f\x8b"sv, "compressed with gzip; decompress it first: gzip -dc FILE | weir replay -"},
      {"\x28\xb5\x2f\xfd"sv, "compressed with zstd; decompress it first: zstd -dc FILE | weir replay -"},
      {"\xfd"
       "7zXZ\0"sv,
       "compressed with xz; decompress it first: xz -dc FILE | weir replay -"},
      {"BZh"sv, "compressed with bzip2; decompress it first: bzip2 -dc FILE | weir replay -"},
      {"\x04\x22\x4d\x18"sv, "compressed with lz4; decompress it first: lz4 -dc FILE | weir replay -"},
      {"PK\x03\x04"sv, "a zip archive; unpack it first: unzip -p FILE | weir replay -"},
      {"snoop\0\0\0"sv, "a snoop capture; convert it first: editcap -F pcapng FILE OUT.pcapng"},
  };
  if (start.empty()) return "empty file";
  const std::string_view text = as_text(start);
  for (const Known& known : kKnown) {
    if (text.starts_with(known.magic)) return known.text;
  }
  return "not a capture file (neither pcap nor pcapng, and libpcap cannot read it)";
}

CaptureParser::Status CaptureParser::parse(Bytes window, bool last, std::span<RawPacket> out, size_t* count) {
  *count = 0;
  if (done_) return Status::kFinished;
  if (format_ == CaptureFormat::kPcapng) return parse_pcapng(window, last, out, count);
  if (!started_) {
    if (!read_pcap_header(window, last)) return done_ ? Status::kFinished : Status::kOk;
    window = window.subspan(kCaptureHeaderBytes);
  }
  return big_endian_ ? parse_pcap<true>(window, last, out, count)
                     : parse_pcap<false>(window, last, out, count);
}

CaptureParser::Step CaptureParser::fail(std::string text) {
  fatal_ = std::move(text);
  done_ = true;
  return Step::kDone;
}

void CaptureParser::note(std::string text) {
  if (note_.empty()) note_ = std::move(text);
}

CaptureParser::Step CaptureParser::need(size_t bytes, size_t have, bool last, const char* what) {
  if (!last) {
    wanted_ = bytes;
    return Step::kNeedMore;
  }
  return fail("truncated: " + std::string(what) + " at offset " + std::to_string(position_) + " says " +
              std::to_string(bytes) + " bytes, " + std::to_string(have) + " left");
}

bool CaptureParser::read_pcap_header(Bytes window, bool last) {
  if (window.size() < kCaptureHeaderBytes) {
    need(kCaptureHeaderBytes, window.size(), last, "file header");
    return false;
  }
  const uint8_t* p = window.data();
  big_endian_ = is_pcap_magic(read_be32(p));
  const uint32_t magic = big_endian_ ? read_be32(p) : read_le32(p);
  fraction_ns_ = magic == kMagicNanoseconds ? 1 : 1000;
  record_header_ = magic == kMagicKuznetzov ? 24 : 16;
  // Link type in the low 16 bits; bit 26 says that bits 28–31 count the 16-bit words of a frame check
  // sequence behind each packet. The snap length is not needed: every record carries its own length.
  const uint32_t network = big_endian_ ? read_be32(p + 20) : read_le32(p + 20);
  link_type_ = static_cast<uint16_t>(network);
  fcs_bytes_ = (network & 0x04000000) != 0 ? (network >> 28) * 2 : 0;
  position_ += kCaptureHeaderBytes;
  started_ = true;
  return true;
}

template <bool kBig>
CaptureParser::Status CaptureParser::parse_pcap(Bytes window, bool last, std::span<RawPacket> out,
                                                size_t* count) {
  const uint8_t* p = window.data();
  const uint8_t* const end = p + window.size();
  const uint64_t base = position_;
  size_t n = 0;
  while (n < out.size()) {
    const auto left = static_cast<size_t>(end - p);
    position_ = base + (window.size() - left);
    if (left < record_header_) {
      if (left == 0 && last) {
        done_ = true;
      } else {
        need(record_header_, left, last, "record header");
      }
      break;
    }
    const uint32_t captured = read32<kBig>(p + 8);
    if (captured > kMaxPacketBytes) {
      fail("damaged: packet record at offset " + std::to_string(position_) + " says " +
           std::to_string(captured) + " captured bytes, more than " + std::to_string(kMaxPacketBytes));
      break;
    }
    const size_t record = record_header_ + captured;
    if (left < record) {
      need(record, left, last, "packet record");
      break;
    }
    RawPacket& packet = out[n++];
    packet.time = static_cast<Nanoseconds>(uint64_t{read32<kBig>(p)} * 1'000'000'000 +
                                           uint64_t{read32<kBig>(p + 4)} * fraction_ns_);
    uint32_t on_wire = std::max(read32<kBig>(p + 12), captured);
    uint32_t kept = captured;
    if (fcs_bytes_ != 0) [[unlikely]] {
      on_wire -= std::min(on_wire, fcs_bytes_);
      kept = std::min(kept, on_wire);
    }
    packet.bytes = Bytes(p + record_header_, kept);
    packet.wire_length = on_wire;
    packet.link_type = link_type_;
    packet.interface = 0;
    p += record;
    // The next record often is as long as this one: fetch its header and its packet's before its length is
    // known (5–10 % of a walk with decoding; a wrong guess costs nothing, a prefetch never faults).
    if (record > 256 && left - record > record + 64) {
      __builtin_prefetch(p + record);
      __builtin_prefetch(p + record + 64);
    }
  }
  // The break of a full burst comes before position_ is moved over the last record.
  if (n == out.size()) position_ = base + static_cast<size_t>(p - window.data());
  *count = n;
  return done_ && n == 0 ? Status::kFinished : Status::kOk;
}

}  // namespace weir
