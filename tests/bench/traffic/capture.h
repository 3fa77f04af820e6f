// A capture file of TCP segments between two hosts, written as they come: a microsecond apart, checksums left
// out as by a host whose card fills them in.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace weir::bench {

class Capture {
 public:
  explicit Capture(const std::string& path) : out_(path, std::ios::binary) {
    const std::array<uint32_t, 6> header = {0xa1b23c4d, 0x00040002, 0, 0, 65535, 1};  // nanoseconds, Ethernet
    out_.write(reinterpret_cast<const char*>(header.data()), sizeof header);
  }

  void tcp(uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack,
           uint8_t flags, std::string_view payload, size_t pad_to = 0, uint8_t ttl = 64) {
    std::array<uint8_t, 54> head{};
    head = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45};
    put16(&head[16], static_cast<uint16_t>(40 + payload.size()));
    head[20] = 0x40;
    head[22] = ttl;
    head[23] = 6;
    put32(&head[26], src);
    put32(&head[30], dst);
    put16(&head[34], sport);
    put16(&head[36], dport);
    put32(&head[38], seq);
    put32(&head[42], ack);
    head[46] = 0x50;
    head[47] = flags;
    put16(&head[48], 65535);
    const size_t length = std::max(head.size() + payload.size(), pad_to);
    const std::array<uint32_t, 4> record = {static_cast<uint32_t>(time_ / 1'000'000'000),
                                            static_cast<uint32_t>(time_ % 1'000'000'000),
                                            static_cast<uint32_t>(length), static_cast<uint32_t>(length)};
    time_ += 1000;
    out_.write(reinterpret_cast<const char*>(record.data()), sizeof record);
    out_.write(reinterpret_cast<const char*>(head.data()), head.size());
    out_.write(payload.data(), static_cast<std::streamsize>(payload.size()));
    for (size_t i = head.size() + payload.size(); i < length; ++i) out_.put(0);
  }

 private:
  static void put16(uint8_t* p, uint16_t v) {
    p[0] = static_cast<uint8_t>(v >> 8);
    p[1] = static_cast<uint8_t>(v);
  }
  static void put32(uint8_t* p, uint32_t v) {
    put16(p, static_cast<uint16_t>(v >> 16));
    put16(p + 2, static_cast<uint16_t>(v));
  }
  std::ofstream out_;
  uint64_t time_ = 1'767'225'600'000'000'000;  // 2026-01-01
};

}  // namespace weir::bench
