#include "tests/harness/packet_builder.h"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <utility>

namespace weir::harness {
namespace {

void put16(Frame* out, size_t value) {
  out->push_back(static_cast<uint8_t>(value >> 8));
  out->push_back(static_cast<uint8_t>(value));
}
void put32(Frame* out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void put32_little(Frame* out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<uint8_t>(value >> shift));
}
void set16(Frame* out, size_t at, uint16_t value) {
  (*out)[at] = static_cast<uint8_t>(value >> 8);
  (*out)[at + 1] = static_cast<uint8_t>(value);
}
void append(Frame* out, const Frame& bytes) { out->insert(out->end(), bytes.begin(), bytes.end()); }

// RFC 1071.
uint16_t checksum(const Frame& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += static_cast<uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

IpAddress address(const std::string& text) {
  IpAddress out;
  if (!IpAddress::parse(text, &out)) throw std::invalid_argument("no address: " + text);
  return out;
}

void put_address(Frame* out, const IpAddress& a, bool ipv6) {
  out->insert(out->end(), a.bytes.begin() + (ipv6 ? 0 : 12), a.bytes.end());
}

}  // namespace

PacketBuilder& PacketBuilder::ethernet() {
  link_ = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  return *this;
}
PacketBuilder& PacketBuilder::vlan(uint16_t id, uint16_t tag_type) {
  tag_types_.push_back(tag_type);
  vlans_.push_back(id);
  return *this;
}
PacketBuilder& PacketBuilder::ipv4(const std::string& source, const std::string& destination, uint8_t ttl) {
  source_ = address(source);
  destination_ = address(destination);
  ipv6_ = false;
  ttl_ = ttl;
  return *this;
}
PacketBuilder& PacketBuilder::ipv6(const std::string& source, const std::string& destination,
                                   uint8_t hop_limit) {
  source_ = address(source);
  destination_ = address(destination);
  ipv6_ = true;
  ttl_ = hop_limit;
  return *this;
}
PacketBuilder& PacketBuilder::extension(uint8_t number, Frame header) {
  extensions_.emplace_back(number, std::move(header));
  return *this;
}
PacketBuilder& PacketBuilder::tcp(uint16_t source_port, uint16_t destination_port) {
  protocol_ = kProtoTcp;
  source_port_ = source_port;
  destination_port_ = destination_port;
  return *this;
}
PacketBuilder& PacketBuilder::udp(uint16_t source_port, uint16_t destination_port) {
  protocol_ = kProtoUdp;
  source_port_ = source_port;
  destination_port_ = destination_port;
  return *this;
}
PacketBuilder& PacketBuilder::protocol(uint8_t number) {
  protocol_ = number;
  return *this;
}
PacketBuilder& PacketBuilder::seq(uint32_t number) {
  seq_ = number;
  return *this;
}
PacketBuilder& PacketBuilder::ack(uint32_t number) {
  ack_ = number;
  return *this;
}
PacketBuilder& PacketBuilder::flags(uint8_t tcp_flags) {
  flags_ = tcp_flags;
  return *this;
}
PacketBuilder& PacketBuilder::window(uint16_t bytes) {
  window_ = bytes;
  return *this;
}
PacketBuilder& PacketBuilder::tcp_options(Frame options) {
  options_ = std::move(options);
  return *this;
}
PacketBuilder& PacketBuilder::payload(std::string_view bytes) {
  payload_.assign(bytes.begin(), bytes.end());
  return *this;
}

Frame PacketBuilder::transport() const {
  Frame out;
  size_t checksum_at = 0;
  if (protocol_ == kProtoTcp) {
    put16(&out, source_port_);
    put16(&out, destination_port_);
    put32(&out, seq_);
    put32(&out, ack_);
    out.push_back(static_cast<uint8_t>((5 + options_.size() / 4) << 4));
    out.push_back(flags_);
    put16(&out, window_);
    checksum_at = out.size();
    put32(&out, 0);
    append(&out, options_);
  } else if (protocol_ == kProtoUdp) {
    put16(&out, source_port_);
    put16(&out, destination_port_);
    put16(&out, 8 + payload_.size());
    checksum_at = out.size();
    put16(&out, 0);
  }
  append(&out, payload_);
  if (checksum_at != 0) {
    Frame pseudo;
    put_address(&pseudo, source_, ipv6_);
    put_address(&pseudo, destination_, ipv6_);
    put32(&pseudo, static_cast<uint32_t>(out.size()));
    put32(&pseudo, protocol_);
    append(&pseudo, out);
    // A UDP checksum that comes out as 0 is sent as its other form: 0 means "none" (RFC 768).
    const uint16_t sum = checksum(pseudo);
    set16(&out, checksum_at, sum == 0 && protocol_ == kProtoUdp ? uint16_t{0xffff} : sum);
  }
  return out;
}

Frame PacketBuilder::frame() const {
  Frame body;
  uint8_t next = protocol_;
  for (size_t i = 0; i < extensions_.size(); ++i) {
    Frame header = extensions_[i].second;
    header.at(0) = i + 1 < extensions_.size() ? extensions_[i + 1].first : protocol_;
    append(&body, header);
  }
  if (!extensions_.empty()) next = extensions_.front().first;
  append(&body, transport());

  Frame out = link_;
  if (!link_.empty()) {
    for (size_t i = 0; i < vlans_.size(); ++i) {
      put16(&out, tag_types_[i]);
      put16(&out, vlans_[i]);
    }
    put16(&out, ipv6_ ? 0x86dd : 0x0800);
  }
  Frame ip;
  if (ipv6_) {
    put32(&ip, 0x60000000);
    put16(&ip, body.size());
    ip.push_back(next);
    ip.push_back(ttl_);
  } else {
    put16(&ip, 0x4500);
    put16(&ip, 20 + body.size());
    put32(&ip, 0x00014000);  // identification 1, don't fragment
    ip.push_back(ttl_);
    ip.push_back(next);
    put16(&ip, 0);
  }
  put_address(&ip, source_, ipv6_);
  put_address(&ip, destination_, ipv6_);
  if (!ipv6_) set16(&ip, 10, checksum(ip));
  append(&out, ip);
  append(&out, body);
  return out;
}

RawPacket raw_packet(const Frame& frame, Nanoseconds time, uint16_t link_type) {
  RawPacket raw;
  raw.time = time;
  raw.bytes = Bytes(frame.data(), frame.size());
  raw.wire_length = static_cast<uint32_t>(frame.size());
  raw.link_type = link_type;
  return raw;
}

Frame pcap_image(const std::vector<TimedFrame>& frames, uint16_t link_type) {
  Frame out;
  put32_little(&out, 0xa1b23c4d);
  put32_little(&out, 0x00040002);  // version 2.4
  put32_little(&out, 0);
  put32_little(&out, 0);
  put32_little(&out, 262144);
  put32_little(&out, link_type);
  for (const TimedFrame& f : frames) {
    put32_little(&out, static_cast<uint32_t>(f.time / 1'000'000'000));
    put32_little(&out, static_cast<uint32_t>(f.time % 1'000'000'000));
    put32_little(&out, static_cast<uint32_t>(f.frame.size()));
    put32_little(&out, static_cast<uint32_t>(f.frame.size()));
    append(&out, f.frame);
  }
  return out;
}

void write_file(const std::string& path, const Frame& bytes) {
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "wb"));
  if (!file || (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) ||
      std::fflush(file.get()) != 0) {
    throw std::runtime_error("cannot write " + path);
  }
}

}  // namespace weir::harness
