// The Internet checksum against RFC 1071's example, a sum in plain words, scapy's frames and a card's partial
// sums.
#include "sensor/decode/checksum.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sensor/decode/decoder.h"
#include "tests/harness/packet_builder.h"
#include "tests/harness/segmenter.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;

// RFC 1071 4.1, as arithmetic on numbers: big-endian words, carries added at the end.
uint16_t plain_sum(Bytes bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    sum += uint64_t{bytes[i]} << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}
uint16_t swapped(uint16_t n) { return static_cast<uint16_t>(n << 8 | n >> 8); }

TEST(Checksum, TheExampleOfRfc1071) {
  const std::vector<uint8_t> example = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(swapped(ones_sum(example)), 0xddf2);
}

TEST(Checksum, AnyLengthAnyPlaceAnyBytes) {
  harness::Segmenter dice(3);
  const std::string noise = dice.noise(3000);
  const std::string full(3000, '\xff');
  for (const std::string& source : {noise, full}) {
    for (size_t length = 0; length < 400; ++length) {
      // An exact heap block: a sanitizer sees an over-read.
      const std::vector<uint8_t> block(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(length));
      ASSERT_EQ(swapped(ones_sum(block)), plain_sum(block)) << length;
    }
    for (size_t i = 0; i < 300; ++i) {
      const size_t from = dice.below(1500);
      const Bytes part = as_bytes(source).subspan(from, dice.below(1500));
      ASSERT_EQ(swapped(ones_sum(part)), plain_sum(part));
    }
  }
}

PacketView decoded(const Frame& frame) {
  Decoder decoder;
  PacketView view;
  const PacketKind kind = decoder.decode(harness::raw_packet(frame), &view);
  EXPECT_TRUE(kind == PacketKind::kTcp || kind == PacketKind::kUdp);
  view.checksum = check_packet(view);
  return view;
}

PacketBuilder segment(bool v6) {
  PacketBuilder builder;
  builder.ethernet();
  if (v6) {
    builder.ipv6("2001:db8::1", "2001:db8::2");
  } else {
    builder.ipv4("192.0.2.1", "198.51.100.7");
  }
  return builder;
}

// Every single bit that is wrong is seen, in the addresses, the header and the payload; but for a TTL, which
// is in the IPv4 header's sum alone and in none of IPv6.
TEST(Checksum, EveryBitOfASegment) {
  for (const bool v6 : {false, true}) {
    for (const bool tcp : {true, false}) {
      PacketBuilder builder = segment(v6);
      if (tcp) {
        builder.tcp(40000, 80).seq(7).tcp_options({1, 1, 1, 0});
      } else {
        builder.udp(40000, 514);
      }
      const Frame frame = builder.payload("odd length payload").frame();
      ASSERT_EQ(decoded(frame).checksum, Checksum::kGood) << v6 << tcp;
      const size_t transport = 14 + (v6 ? 40 : 20);
      for (size_t at = transport; at < frame.size(); ++at) {
        if (at == transport + 12 && tcp) continue;  // the header's length: another payload
        if (!tcp && at >= transport + 4 && at < transport + 6) continue;  // … and UDP's length
        Frame broken = frame;
        broken[at] ^= 0x10;
        EXPECT_EQ(decoded(broken).checksum, Checksum::kWrong) << at;
      }
      Frame routed = frame;
      routed[14 + (v6 ? 20 : 15)] ^= 1;  // an address
      EXPECT_EQ(decoded(routed).checksum, Checksum::kWrong);
    }
  }
}

TEST(Checksum, OfTheIpv4HeaderAlone) {
  Frame frame = segment(false).tcp(1, 2).payload("x").frame();
  frame[14 + 8] -= 1;  // a TTL that was not accounted for
  EXPECT_EQ(decoded(frame).checksum, Checksum::kWrong);
  frame[14 + 10] = frame[14 + 11] = 0;  // left to the card
  EXPECT_EQ(decoded(frame).checksum, Checksum::kGood);
}

TEST(Checksum, UdpWithout) {
  Frame frame = segment(false).udp(1, 2).payload("x").frame();
  frame[14 + 20 + 6] = frame[14 + 20 + 7] = 0;
  EXPECT_EQ(decoded(frame).checksum, Checksum::kUnchecked);
}

// What Linux leaves for the card (CHECKSUM_PARTIAL): the pseudo header's sum, not inverted.
TEST(Checksum, LeftForTheCard) {
  for (const bool with_length : {true, false}) {
    Frame frame = segment(false).tcp(40000, 80).payload("payload").frame();
    std::vector<uint8_t> pseudo = {192, 0, 2, 1, 198, 51, 100, 7, 0, 6, 0, 0};
    if (with_length) pseudo[11] = 20 + 7;
    const uint16_t partial = plain_sum(pseudo);
    frame[14 + 20 + 16] = static_cast<uint8_t>(partial >> 8);
    frame[14 + 20 + 17] = static_cast<uint8_t>(partial);
    EXPECT_EQ(decoded(frame).checksum, Checksum::kPartial);
  }
}

TEST(Checksum, NothingIsSaidOfWhatTheCaptureCut) {
  const Frame frame = segment(false).tcp(40000, 80).tcp_options({1, 1, 1, 1}).payload("payload").frame();
  for (size_t kept = 14 + 20 + 20; kept < frame.size(); ++kept) {
    RawPacket raw = harness::raw_packet(frame);
    const std::vector<uint8_t> block(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(kept));
    raw.bytes = block;
    Decoder decoder;
    PacketView view;
    ASSERT_EQ(decoder.decode(raw, &view), PacketKind::kTcp);
    EXPECT_EQ(check_packet(view), Checksum::kUnchecked) << kept;
  }
}

}  // namespace
}  // namespace weir
