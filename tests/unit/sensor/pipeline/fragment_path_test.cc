// Captures with fragments through decoder and FragmentPath: against tshark's reassembly of what scapy cut
// (tests/data/fragments/make.py), and against the bytes that a seed sent.
#include "sensor/pipeline/fragment_path.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kStart = 1'700'000'000 * kSecond;

std::string fnv1a(Bytes bytes) {
  uint64_t h = 0xcbf29ce484222325u;
  for (const uint8_t byte : bytes) h = (h ^ byte) * 0x100000001b3u;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(h));
  return text.data();
}

// A worker's part up to here.
class Sensor {
 public:
  explicit Sensor(uint32_t index = 0, uint32_t count = 1, SteerBy by = SteerBy::kAddress)
      : index_(index),
        count_(count),
        steering_(by),
        path_(options(index, count, by), DecodeOptions(), decoder_) {}

  void take(const RawPacket& raw) {
    path_.advance(raw.time);
    hear();
    const Steer steered = steering_.of(raw);
    if (steered.hash % count_ != index_) {
      if (steered.fragment) path_.add_foreign(raw);
      hear();
      return;
    }
    ReassembledPacket packet;
    const PacketKind kind = decoder_.decode(raw, &packet.view);
    if (kind == PacketKind::kFragment) {
      path_.add(packet.view);
    } else if (kind == PacketKind::kTcp || kind == PacketKind::kUdp) {
      heard.push_back({packet, std::string(as_text(packet.view.payload))});
    }
    hear();
  }
  void take(const Frame& frame, Nanoseconds time = kStart) { take(harness::raw_packet(frame, time, 101)); }
  void finish() {
    path_.finish();
    hear();
  }

  // By the rules of the ledger: what was sent, without transport headers.
  uint64_t seen() const {
    uint64_t n = path_.unread().seen;
    for (const Heard& h : heard) {
      if (h.packet.use == PieceUse::kPacket || h.packet.use == PieceUse::kPiece)
        n += h.packet.view.payload_wire;
      n += h.packet.beside.seen;
    }
    return n;
  }
  Inspection beside() const {
    Inspection sum;
    for (const Heard& h : heard) sum += h.packet.beside;
    return sum;
  }

  struct Heard {
    ReassembledPacket packet;
    std::string payload;
  };
  std::vector<Heard> heard;
  const FragmentPath& path() const { return path_; }
  const Decoder& decoder() const { return decoder_; }

 private:
  static FragmentPathOptions options(uint32_t index, uint32_t count, SteerBy by) {
    FragmentPathOptions o;
    o.defragment.targets = TargetPolicies({}, TargetPolicy::kFirst);
    o.index = index;
    o.count = count;
    o.steer = by;
    return o;
  }
  void hear() {
    ReassembledPacket packet;
    while (path_.next(&packet)) heard.push_back({packet, std::string(as_text(packet.view.payload))});
    EXPECT_FALSE(path_.has_finished());
  }
  uint32_t index_;
  uint32_t count_;
  Steering steering_;
  Decoder decoder_;
  FragmentPath path_;
};

std::vector<harness::TimedFrame> read_pcap(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto* p = reinterpret_cast<const uint8_t*>(all.data());
  std::vector<harness::TimedFrame> frames;
  for (size_t at = 24; at + 16 <= all.size();) {
    const uint32_t length = read_le32(p + at + 8);
    frames.push_back({read_le32(p + at) * kSecond + read_le32(p + at + 4) * 1000,
                      Frame(p + at + 16, p + at + 16 + length)});
    at += 16 + length;
  }
  return frames;
}

std::string row_of(const PacketView& view) {
  return view.key.src.to_string() + " " + view.key.dst.to_string() + " " + std::to_string(view.key.protocol) +
         " " + std::to_string(view.key.src_port) + " " + std::to_string(view.key.dst_port) + " " +
         std::to_string(view.payload.size()) + " ";
}

class Workers : public testing::TestWithParam<std::tuple<uint32_t, SteerBy>> {};

// However many workers, each datagram comes out once, and is what tshark reads.
TEST_P(Workers, DatagramsAreTsharks) {
  const auto [count, by] = GetParam();
  std::multiset<std::string> expected;
  std::ifstream table("tests/data/fragments/payloads.tsv");
  for (std::string line; std::getline(table, line);) {
    if (!line.starts_with("#")) expected.insert(line);
  }
  ASSERT_GT(expected.size(), 20u);
  const std::vector<harness::TimedFrame> frames = read_pcap("tests/data/fragments/fragments.pcap");
  std::multiset<std::string> heard;
  uint64_t fragments = 0;
  uint64_t whole = 0;
  uint64_t counted = 0;
  for (uint32_t index = 0; index < count; ++index) {
    Sensor sensor(index, count, by);
    for (const harness::TimedFrame& f : frames) sensor.take(harness::raw_packet(f.frame, f.time));
    sensor.finish();
    for (const Sensor::Heard& h : sensor.heard) {
      if (h.packet.use == PieceUse::kPacket) {
        PacketView view = h.packet.view;
        view.payload = as_bytes(h.payload);
        EXPECT_EQ(view.payload_wire, view.payload.size());
        heard.insert(row_of(view) + fnv1a(view.payload));
      } else {
        EXPECT_EQ(h.packet.use, PieceUse::kCountOnly);
      }
    }
    fragments += sensor.path().counters().fragments;
    whole += sensor.path().counters().datagrams;
    for (const uint64_t n : sensor.decoder().counters().packets) counted += n;
    EXPECT_EQ(sensor.path().unread().seen, 0u);
  }
  EXPECT_EQ(heard, expected);
  EXPECT_EQ(counted, frames.size());
  // One of the rows is an atomic fragment; one datagram came in two fragments, each cut again.
  EXPECT_EQ(whole, expected.size() - 1 + 2);
  EXPECT_GT(fragments, frames.size() - 5);
}

INSTANTIATE_TEST_SUITE_P(Count, Workers,
                         testing::Combine(testing::Values(1u, 2u, 3u, 7u),
                                          testing::Values(SteerBy::kAddress, SteerBy::kFlow)));

// An IPv4 or IPv6 fragment as raw IP.
Frame frame_of(bool v6, uint32_t id, uint8_t protocol, uint32_t offset, bool more, const std::string& bytes) {
  const auto length = static_cast<uint16_t>(bytes.size());
  Frame f;
  const auto be16 = [&f](uint32_t n) {
    f.push_back(static_cast<uint8_t>(n >> 8));
    f.push_back(static_cast<uint8_t>(n));
  };
  const uint32_t flags = offset | (more ? 1u : 0u);
  if (v6) {
    f = {0x60, 0, 0, 0};
    be16(length + 8u);
    f.insert(f.end(), {44, 64});
    for (const uint8_t last : {uint8_t{1}, uint8_t{2}}) {
      f.insert(f.end(), {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
    }
    f.insert(f.end(), {protocol, 0});
    be16(flags);
    be16(id >> 16);
    be16(id);
  } else {
    f = {0x45, 0};
    be16(length + 20u);
    be16(id);
    be16(offset / 8 | (more ? 0x2000u : 0u));
    f.insert(f.end(), {64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7});
  }
  f.insert(f.end(), bytes.begin(), bytes.end());
  return f;
}

std::string udp_datagram(const std::string& payload, uint16_t length = 0) {
  std::string d = {0x13, char(0x88), 0x02, 0x02, 0, 0, 0, 0};
  const size_t n = length != 0 ? length : payload.size() + 8;
  d[4] = static_cast<char>(n >> 8);
  d[5] = static_cast<char>(n);
  return d + payload;
}

std::string tcp_segment(uint32_t seq, uint8_t flags, const std::string& payload) {
  std::string s = {0x13, char(0x89), 0, 80};
  for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(seq >> shift);
  s += std::string("\0\0\0\0\x50", 5);
  s += static_cast<char>(flags);
  return s + std::string("\xff\xff\0\0\0\0", 6) + payload;
}

TEST(FragmentPath, OfAUdpDatagramWithAHoleThePiecesAreRead) {
  Sensor sensor;
  const std::string d = udp_datagram("0123456789abcdef01234567THE REST");
  sensor.take(frame_of(false, 1, 17, 0, true, d.substr(0, 16)));
  sensor.take(frame_of(false, 1, 17, 24, true, d.substr(24, 8)));
  sensor.take(harness::PacketBuilder().ipv4("1.1.1.1", "2.2.2.2").udp(1, 2).payload("later").frame(),
              kStart + 31 * kSecond);
  ASSERT_EQ(sensor.heard.size(), 3u);
  EXPECT_EQ(sensor.heard[0].packet.use, PieceUse::kPacket);
  EXPECT_EQ(sensor.heard[0].payload, "01234567");
  EXPECT_EQ(sensor.heard[0].packet.view.payload_wire, 8u);
  EXPECT_EQ(sensor.heard[0].packet.view.key.src_port, 5000u);
  EXPECT_EQ(sensor.heard[1].packet.use, PieceUse::kPiece);
  EXPECT_EQ(sensor.heard[1].payload, "01234567");
  EXPECT_EQ(sensor.heard[1].packet.view.key.src_port, 5000u);
  EXPECT_EQ(sensor.beside().gap, 8u + 8u);  // in the middle, and at the end by the UDP length
  EXPECT_EQ(sensor.seen(), 16u + 5u);
}

TEST(FragmentPath, OfATcpSegmentWithAHoleTheRestIsASegmentOfItsOwn) {
  Sensor sensor;
  const std::string s = tcp_segment(1000, kTcpAck | kTcpFin, "payload-of-thirty-six-bytes-in-all..");
  sensor.take(frame_of(true, 1, 6, 0, true, s.substr(0, 32)));
  sensor.take(frame_of(true, 1, 6, 40, false, s.substr(40)));
  sensor.finish();
  ASSERT_EQ(sensor.heard.size(), 2u);
  EXPECT_EQ(sensor.heard[0].packet.use, PieceUse::kPacket);
  EXPECT_EQ(sensor.heard[0].payload, "payload-of-t");
  EXPECT_EQ(sensor.heard[0].packet.view.tcp_seq, 1000u);
  EXPECT_EQ(sensor.heard[0].packet.view.tcp_flags, kTcpAck);
  EXPECT_EQ(sensor.heard[1].packet.use, PieceUse::kPacket);
  EXPECT_EQ(sensor.heard[1].payload, "x-bytes-in-all..");
  EXPECT_EQ(sensor.heard[1].packet.view.tcp_seq, 1020u);
  EXPECT_EQ(sensor.heard[1].packet.view.tcp_flags, kTcpAck | kTcpFin);
  EXPECT_EQ(sensor.beside().gap, 0u);  // reassembly finds it
}

TEST(FragmentPath, WithoutItsBeginningADatagramIsReadWithoutPorts) {
  Sensor sensor;
  sensor.take(frame_of(false, 1, 17, 1480, true, "sixteen bytes..!"));
  sensor.take(frame_of(false, 2, 6, 1480, false, "the end"));
  sensor.take(frame_of(false, 3, 1, 1480, false, "ping"));          // no transport payload
  sensor.take(frame_of(false, 4, 47, 1480, false, "in a tunnel"));  // whose, nobody knows
  sensor.finish();
  ASSERT_EQ(sensor.heard.size(), 2u);
  for (const Sensor::Heard& h : sensor.heard) {
    EXPECT_TRUE(h.packet.no_ports);
    EXPECT_EQ(h.packet.use, PieceUse::kPiece);
    EXPECT_EQ(h.packet.view.key.src_port, 0);
    EXPECT_EQ(h.packet.view.key.dst_port, 0);
    EXPECT_EQ(h.packet.beside.gap, 1480u);
  }
  EXPECT_EQ(sensor.heard[0].payload, "sixteen bytes..!");
  EXPECT_EQ(sensor.heard[0].packet.view.key.protocol, kProtoUdp);
  EXPECT_EQ(sensor.heard[1].payload, "the end");
  EXPECT_EQ(sensor.heard[1].packet.view.key.protocol, kProtoTcp);
  EXPECT_EQ(sensor.path().unread().seen, 11u);
  EXPECT_EQ(sensor.path().unread().unread[static_cast<size_t>(Unread::kTimeout)], 11u);
  EXPECT_EQ(sensor.path().unread().gap, 1480u);
  EXPECT_EQ(sensor.seen(), 16u + 7u + 11u);
}

// One that no datagram can hold is read by itself: what is before it is not known to be missing.
TEST(FragmentPath, AFragmentBeyondTheLongestDatagramMissesNothing) {
  Sensor sensor;
  sensor.take(frame_of(false, 1, 17, 65'528, false, "sixteen bytes..!"));
  sensor.take(frame_of(false, 2, 47, 65'528, false, "in a tunnel"));
  sensor.finish();
  ASSERT_EQ(sensor.heard.size(), 1u);
  EXPECT_EQ(sensor.heard[0].payload, "sixteen bytes..!");
  EXPECT_EQ(sensor.beside().gap, 0u);
  EXPECT_EQ(sensor.path().unread().unread[static_cast<size_t>(Unread::kMalformed)], 11u);
  EXPECT_EQ(sensor.path().unread().gap, 0u);
}

TEST(FragmentPath, ADifferingOverlapIsReadBothWays) {
  const std::string a = udp_datagram("aaaaaaaabbbbbbbbcccc");
  const std::string b = udp_datagram("aaaaaaaaXXXXXXXXcccc");
  Sensor sensor;
  sensor.take(frame_of(true, 1, 17, 0, true, a.substr(0, 16)));
  sensor.take(frame_of(true, 1, 17, 16, true, a.substr(16, 8)));
  sensor.take(frame_of(true, 1, 17, 8, true, b.substr(8, 16)));
  sensor.take(frame_of(true, 1, 17, 24, false, a.substr(24)));
  ASSERT_EQ(sensor.heard.size(), 2u);
  EXPECT_EQ(sensor.heard[0].packet.use, PieceUse::kPacket);
  EXPECT_EQ(sensor.heard[0].payload, "aaaaaaaabbbbbbbbcccc");
  EXPECT_EQ(sensor.heard[0].packet.beside.seen, 16u);
  EXPECT_EQ(sensor.heard[0].packet.beside.duplicate, 8u);
  EXPECT_EQ(sensor.heard[1].packet.use, PieceUse::kVersion);
  EXPECT_EQ(sensor.heard[1].payload, "aaaaaaaaXXXXXXXXcccc");
  EXPECT_EQ(sensor.heard[1].packet.beside.seen, 0u);
  EXPECT_EQ(sensor.path().counters().conflicting, 1u);
}

// A forged first fragment makes a header that contradicts itself: the bytes are read all the same.
TEST(FragmentPath, ADatagramWhoseHeaderIsBrokenIsReadWithoutPorts) {
  Sensor sensor;
  const std::string d = udp_datagram("sixteen bytes..!", 9999);
  sensor.take(frame_of(false, 1, 17, 0, true, d.substr(0, 16)));
  sensor.take(frame_of(false, 1, 17, 16, false, d.substr(16)));
  ASSERT_EQ(sensor.heard.size(), 1u);
  EXPECT_TRUE(sensor.heard[0].packet.no_ports);
  EXPECT_EQ(sensor.heard[0].payload, d);
}

// Fragments that the capture cut: what is there is read, the rest is told.
TEST(FragmentPath, CutFragments) {
  Sensor sensor;
  const std::string d = udp_datagram(std::string(24, 'a') + std::string(32, 'b') + "the end");
  const std::array<Frame, 3> frames = {frame_of(false, 1, 17, 0, true, d.substr(0, 32)),
                                       frame_of(false, 1, 17, 32, true, d.substr(32, 32)),
                                       frame_of(false, 1, 17, 64, false, d.substr(64))};
  for (const Frame& frame : frames) {
    RawPacket raw = harness::raw_packet(frame, kStart, 101);
    raw.bytes = raw.bytes.first(std::min<size_t>(raw.bytes.size(), 40));
    sensor.take(raw);
  }
  ASSERT_EQ(sensor.heard.size(), 3u);
  EXPECT_EQ(sensor.heard[0].payload, std::string(12, 'a'));
  EXPECT_EQ(sensor.heard[0].packet.view.payload_wire, 24u);
  EXPECT_EQ(sensor.heard[1].payload, std::string(20, 'b'));
  EXPECT_EQ(sensor.heard[1].packet.view.payload_wire, 32u);
  EXPECT_EQ(sensor.heard[2].payload, "the end");
  EXPECT_EQ(sensor.seen(), d.size() - 8);
  EXPECT_EQ(sensor.beside().gap, 0u);
}

// To the byte, whatever is lost, repeated, contradicted or cut.
TEST(FragmentPath, EveryByteOfRandomFragmentsIsSeenOnce) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Sensor sensor;
    uint64_t expected = 0;
    struct Sent {
      uint32_t offset;
      uint32_t length;
    };
    Nanoseconds now = kStart;
    for (uint32_t id = 1; id <= 8; ++id) {
      const bool tcp = random() % 2 == 0;
      const bool v6 = random() % 2 == 0;
      std::string payload(random() % 600, 0);
      for (char& c : payload) c = static_cast<char>(random());
      const std::string d =
          tcp ? tcp_segment(static_cast<uint32_t>(random()), kTcpAck, payload) : udp_datagram(payload);
      const uint32_t header = tcp ? 20 : 8;
      std::vector<Sent> sent;
      for (int i = 0; i < 12; ++i) {
        const uint32_t offset = 8 * static_cast<uint32_t>(random() % (d.size() / 8 + 1));
        const auto left = static_cast<uint32_t>(d.size()) - offset;
        // The whole header is in whatever fragment begins it, so that it is known where payload begins.
        const uint32_t length = std::min<uint32_t>(left, 8 * (3 + static_cast<uint32_t>(random() % 20)));
        if (length == 0 || (offset == 0 && length == d.size())) continue;
        std::string bytes = d.substr(offset, length);
        if (random() % 4 == 0 && offset >= header) bytes[random() % bytes.size()] ^= 1;
        sensor.take(frame_of(v6, id, tcp ? 6 : 17, offset, offset + length < d.size(), bytes), now);
        sent.push_back({offset, length});
        now += static_cast<Nanoseconds>(random() % 1000);
      }
      const bool begun = std::any_of(sent.begin(), sent.end(), [](const Sent& s) { return s.offset == 0; });
      uint64_t all = 0;
      uint64_t behind_header = 0;
      for (const Sent& s : sent) {
        all += s.length;
        behind_header += s.offset + s.length - std::min(s.offset + s.length, std::max(s.offset, header));
      }
      expected += begun ? behind_header : all;
    }
    sensor.finish();
    EXPECT_EQ(sensor.seen(), expected) << round;
  }
}

}  // namespace
}  // namespace weir
