// Frames made by scapy, with tshark's reading of them (tests/data/capture/make.py) as the expectation; then
// the same frames cut, bent and mutated.
#include "sensor/decode/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;

const std::string kFolder = "tests/data/capture/";

struct Expected {
  std::string file, kind, src, dst;
  std::string sport, dport, payload_wire, seq, ack, flags, window, ttl, vlans, eth_src, eth_dst;
};

struct Sample {
  Frame frame;
  uint32_t wire_length = 0;
  uint16_t link_type = 0;
  Expected expected;
  std::string name;

  RawPacket raw() const {
    return RawPacket{42, Bytes(frame.data(), frame.size()), wire_length, link_type, 0};
  }
};

// The link_*.pcap files are little endian, as make.py writes them.
std::vector<Sample> read_pcap(const std::string& name) {
  std::ifstream in(kFolder + name, std::ios::binary);
  const std::vector<char> chars((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto* p = reinterpret_cast<const uint8_t*>(chars.data());
  std::vector<Sample> samples;
  for (size_t at = 24; at + 16 <= chars.size();) {
    const uint32_t captured = read_le32(p + at + 8);
    Sample s;
    s.frame.assign(p + at + 16, p + at + 16 + captured);
    s.wire_length = read_le32(p + at + 12);
    s.link_type = static_cast<uint16_t>(read_le32(p + 20));
    samples.push_back(std::move(s));
    at += 16 + captured;
  }
  return samples;
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kAll = [] {
    std::vector<Sample> all;
    std::map<std::string, std::vector<Sample>> files;
    std::map<std::string, size_t> next;
    std::ifstream table(kFolder + "frames.tsv");
    for (std::string line; std::getline(table, line);) {
      if (line.starts_with("#")) continue;
      std::istringstream fields(line);
      Expected e;
      fields >> e.file >> e.kind >> e.src >> e.dst >> e.sport >> e.dport >> e.payload_wire >> e.seq >>
          e.ack >> e.flags >> e.window >> e.ttl >> e.vlans >> e.eth_src >> e.eth_dst;
      if (!files.contains(e.file)) files[e.file] = read_pcap(e.file);
      const size_t index = next[e.file]++;
      Sample s = files[e.file].at(index);
      s.name = e.file + " frame " + std::to_string(index + 1);
      s.expected = e;
      all.push_back(std::move(s));
    }
    return all;
  }();
  return kAll;
}

std::string mac_text(const std::array<uint8_t, 6>& mac) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text;
}

// A decoded packet in the words of frames.tsv.
Expected describe(PacketKind kind, const PacketView& v) {
  Expected e;
  e.kind = name_of(kind);
  e.src = e.dst = e.sport = e.dport = e.payload_wire = e.seq = e.ack = e.flags = e.window = e.ttl = e.vlans =
      e.eth_src = e.eth_dst = "-";
  if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) return e;
  char flags[8];
  std::snprintf(flags, sizeof(flags), "0x%04x", v.tcp_flags);
  e.src = v.key.src.to_string();
  e.dst = v.key.dst.to_string();
  e.sport = std::to_string(v.key.src_port);
  e.dport = std::to_string(v.key.dst_port);
  e.payload_wire = std::to_string(v.payload_wire);
  e.seq = std::to_string(v.tcp_seq);
  e.ack = std::to_string(v.tcp_ack);
  e.flags = v.tcp_flags == 0 ? "0" : flags;
  e.window = std::to_string(v.tcp_window);
  e.ttl = std::to_string(v.ttl);
  if (v.vlan_count > 0) e.vlans.clear();
  for (size_t i = 0; i < v.vlan_count; ++i) e.vlans += (i ? "," : "") + std::to_string(v.vlans[i]);
  if (v.has_mac) {
    e.eth_src = mac_text(v.src_mac);
    e.eth_dst = mac_text(v.dst_mac);
  }
  return e;
}

std::string text_of(const Expected& e) {
  return e.kind + " " + e.src + " " + e.dst + " " + e.sport + " " + e.dport + " " + e.payload_wire + " " +
         e.seq + " " + e.ack + " " + e.flags + " " + e.window + " " + e.ttl + " " + e.vlans + " " +
         e.eth_src + " " + e.eth_dst;
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

PacketKind decode(const RawPacket& raw, PacketView* out) { return Decoder().decode(raw, out); }

PacketKind kind_of(const Frame& frame, uint16_t link_type = 1) {
  PacketView view;
  return decode(harness::raw_packet(frame, 0, link_type), &view);
}

TEST(Decoder, ReadsEveryFrameAsTsharkDoes) {
  ASSERT_GT(samples().size(), 75u);
  for (const Sample& s : samples()) {
    PacketView view;
    const PacketKind kind = decode(s.raw(), &view);
    Expected expected = s.expected;
    // Four tags are kept; a fifth is walked over and counted.
    if (expected.vlans == "1,2,3,4,6") expected.vlans = "1,2,3,4";
    EXPECT_EQ(text_of(describe(kind, view)), text_of(expected)) << s.name;
    if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) continue;
    EXPECT_EQ(view.time, 42) << s.name;
    EXPECT_EQ(view.key.protocol, kind == PacketKind::kTcp ? 6 : 17) << s.name;
    EXPECT_TRUE(inside(view.payload, s.raw().bytes)) << s.name;
    // make.py: the payload's byte i is 7 i + n (TCP) or 5 i + n (UDP) mod 251, n its length on the wire.
    if (s.wire_length > 1000 && kind == PacketKind::kUdp) continue;  // but for the jumbogram
    const unsigned factor = kind == PacketKind::kTcp ? 7 : 5;
    const unsigned n =
        s.name == "link_ethernet.pcap frame 49" ? 20 : view.payload_wire;  // sent 20, UDP length says 10
    for (size_t i = 0; i < view.payload.size(); ++i) {
      ASSERT_EQ(view.payload[i], (factor * i + n) % 251) << s.name << " byte " << i;
    }
    if (s.frame.size() == s.wire_length) {
      EXPECT_EQ(view.payload.size(), view.payload_wire) << s.name;
    }
  }
}

// Whatever the snap length: the kind is the same or kTruncated, what is known is the same, and the payload
// is as long as the capture reaches. Exact-size heap blocks let the sanitizer see an over-read.
TEST(Decoder, EveryTruncationIsTruncatedOrTheSame) {
  for (const Sample& s : samples()) {
    PacketView whole;
    const PacketKind kind = decode(s.raw(), &whole);
    const bool has_payload = kind == PacketKind::kTcp || kind == PacketKind::kUdp;
    const std::string all = text_of(describe(kind, whole));
    bool seen_whole = false;
    for (size_t cut = 0; cut <= s.frame.size(); ++cut) {
      const auto block = std::make_unique<uint8_t[]>(cut);
      std::copy_n(s.frame.begin(), cut, block.get());
      const RawPacket raw{42, Bytes(block.get(), cut), s.wire_length, s.link_type, 0};
      PacketView view;
      const PacketKind got = decode(raw, &view);
      steer_hash(raw);
      if (got == PacketKind::kTruncated) {
        EXPECT_FALSE(seen_whole) << s.name << " cut at " << cut;
        continue;
      }
      // IPv4's and IPv6's header tell nothing about a header behind them that is cut: ICMP stays ICMP.
      ASSERT_EQ(name_of(got), name_of(kind)) << s.name << " cut at " << cut;
      seen_whole = true;
      if (!has_payload) continue;
      ASSERT_EQ(text_of(describe(got, view)), all) << s.name << " cut at " << cut;
      ASSERT_TRUE(inside(view.payload, raw.bytes)) << s.name << " cut at " << cut;
      const auto begin = static_cast<size_t>(whole.payload.data() - s.frame.data());
      const size_t expected =
          whole.payload.empty() || cut < begin ? 0 : std::min(cut - begin, whole.payload.size());
      ASSERT_EQ(view.payload.size(), expected) << s.name << " cut at " << cut;
    }
    EXPECT_TRUE(seen_whole || kind == PacketKind::kTruncated) << s.name;
  }
}

// Every value in every one of the first 90 bytes: nothing outside the frame is read or handed on.
TEST(Decoder, EveryByteMutatedStaysInsideTheFrame) {
  for (const Sample& s : samples()) {
    const size_t size = std::min<size_t>(s.frame.size(), 90);
    const auto block = std::make_unique<uint8_t[]>(size);
    std::copy_n(s.frame.begin(), size, block.get());
    const RawPacket raw{0, Bytes(block.get(), size), s.wire_length, s.link_type, 0};
    for (size_t at = 0; at < size; ++at) {
      const uint8_t kept = block[at];
      for (unsigned value = 0; value < 256; ++value) {
        block[at] = static_cast<uint8_t>(value);
        PacketView view;
        const PacketKind kind = decode(raw, &view);
        steer_hash(raw);
        ASSERT_LT(static_cast<size_t>(kind), kPacketKinds);
        if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) continue;
        ASSERT_TRUE(inside(view.payload, raw.bytes)) << s.name << " byte " << at << " = " << value;
        ASSERT_LE(view.payload.size(), view.payload_wire) << s.name << " byte " << at << " = " << value;
        ASSERT_LE(view.vlan_count, view.vlans.size());
      }
      block[at] = kept;
    }
  }
}

PacketBuilder tcp4() {
  return PacketBuilder().ethernet().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 80).payload("0123456789");
}
PacketBuilder tcp6() {
  return PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2").tcp(40000, 80).payload("0123456789");
}
PacketBuilder udp4() {
  return PacketBuilder().ethernet().ipv4("192.0.2.1", "198.51.100.7").udp(5353, 53).payload("0123456789");
}
PacketBuilder udp6() {
  return PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2").udp(5353, 53).payload("0123456789");
}

Frame with(Frame frame, size_t at, std::initializer_list<uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
  return frame;
}

// Header offsets: Ethernet 14, then IPv4 20 or IPv6 40.
TEST(Decoder, LengthsThatContradictEachOtherAreMalformed) {
  struct Case {
    const char* what;
    Frame frame;
  };
  const Case kCases[] = {
      {"IPv4 with version 5", with(tcp4().frame(), 14, {0x55})},
      {"IPv4 header of 16 bytes", with(tcp4().frame(), 14, {0x44})},
      {"IPv4 total length below its header", with(tcp4().frame(), 16, {0, 19})},
      {"IPv4 total length within the TCP header", with(tcp4().frame(), 16, {0, 39})},
      {"IPv4 header longer than the packet", with(with(tcp4().frame(), 14, {0x4f}), 16, {0, 50})},
      {"TCP header of 16 bytes", with(tcp4().frame(), 14 + 20 + 12, {0x40})},
      {"TCP header longer than the packet", with(tcp4().frame(), 14 + 20 + 12, {0xf0})},
      {"UDP length 7", with(udp4().frame(), 14 + 20 + 4, {0, 7})},
      {"UDP length 0 where nothing is a jumbogram", with(udp4().frame(), 14 + 20 + 4, {0, 0})},
      {"UDP length beyond the packet", with(udp4().frame(), 14 + 20 + 4, {0, 19})},
      {"IPv6 with version 4", with(tcp6().frame(), 14, {0x40})},
      {"IPv6 payload within the TCP header", with(tcp6().frame(), 18, {0, 19})},
      {"IPv6 UDP length 0 in a packet of its own length", with(udp6().frame(), 14 + 40 + 4, {0, 0})},
      {"extension header longer than the packet", tcp6().extension(60, {0, 200, 1, 4, 0, 0, 0, 0}).frame()},
      {"extension headers up to the end",
       with(tcp6().extension(60, {0, 0, 1, 4, 0, 0, 0, 0}).frame(), 14 + 40, {60, 4})},
      {"hop-by-hop without jumbo option and no payload",
       with(tcp6().extension(0, {0, 0, 1, 4, 0, 0, 0, 0}).frame(), 18, {0, 0})},
      {"jumbo length that needs no jumbogram",
       with(tcp6().extension(0, {0, 0, 0xc2, 4, 0, 0, 0xff, 0xff}).frame(), 18, {0, 0})},
      {"jumbo length of 4 GiB",
       with(tcp6().extension(0, {0, 0, 0xc2, 4, 0xff, 0xff, 0xff, 0xff}).frame(), 18, {0, 0})},
  };
  for (const Case& c : kCases) EXPECT_EQ(name_of(kind_of(c.frame)), "malformed") << c.what;
  EXPECT_EQ(name_of(kind_of({0x50, 0, 0, 0}, 101)), "malformed") << "raw IP of version 5";
  EXPECT_EQ(name_of(kind_of(Frame(40, 0x60), 228)), "malformed") << "IPv6 where the link type says IPv4";
  // The undamaged ones are good.
  for (const Frame& good : {tcp4().frame(), tcp6().frame()}) EXPECT_EQ(name_of(kind_of(good)), "tcp");
  for (const Frame& good : {udp4().frame(), udp6().frame()}) EXPECT_EQ(name_of(kind_of(good)), "udp");
}

TEST(Decoder, IpLengthBeyondTheFrameIsUnreadNotInvented) {
  const Frame frame = with(tcp4().frame(), 16, {0x05, 0xdc});  // 1500
  PacketView view;
  ASSERT_EQ(decode(harness::raw_packet(frame), &view), PacketKind::kTcp);
  EXPECT_EQ(as_text(view.payload), "0123456789");
  EXPECT_EQ(view.payload_wire, 1460u);
}

TEST(Decoder, ChainsAndTagsWithoutEndStayBounded) {
  PacketBuilder chain = tcp6();
  for (int i = 0; i < 2000; ++i) chain.extension(60, {0, 0, 1, 4, 0, 0, 0, 0});
  EXPECT_EQ(name_of(kind_of(chain.frame())), "tcp");

  PacketBuilder tags = PacketBuilder().ethernet();
  for (uint16_t i = 0; i < 300; ++i) tags.vlan(i);
  const Frame frame = tags.ipv4("192.0.2.1", "198.51.100.7").udp(1, 2).payload("x").frame();
  Decoder decoder;
  PacketView view;
  ASSERT_EQ(decoder.decode(harness::raw_packet(frame), &view), PacketKind::kUdp);
  EXPECT_EQ(view.vlan_count, 4);
  EXPECT_EQ(view.vlans[3], 3);
  EXPECT_EQ(decoder.counters().vlan_depth_exceeded, 1u);
  EXPECT_EQ(decoder.counters().vlan_tagged, 1u);
}

TEST(Decoder, EspIsAKindOfItsOwn) {
  const std::string packet = std::string("\0\0\x10\1\0\0\0\1", 8) + std::string(64, '\xc3');
  for (const Frame& frame :
       {PacketBuilder().ethernet().ipv4("192.0.2.1", "198.51.100.7").protocol(50).payload(packet).frame(),
        PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2").protocol(50).payload(packet).frame()}) {
    EXPECT_EQ(kind_of(frame), PacketKind::kEsp);
  }
}

TEST(Decoder, CountsEveryFrameOnceByKind) {
  Decoder decoder;
  std::map<std::string, uint64_t> packets, bytes;
  PacketView view;
  for (const Sample& s : samples()) {
    decoder.decode(s.raw(), &view);
    ++packets[s.expected.kind];
    bytes[s.expected.kind] += s.wire_length;
  }
  decoder.count_filtered(3, 300);
  packets["filtered"] = 3;
  bytes["filtered"] = 300;
  for (size_t i = 0; i < kPacketKinds; ++i) {
    const std::string kind(name_of(static_cast<PacketKind>(i)));
    EXPECT_EQ(decoder.counters().packets[i], packets[kind]) << kind;
    EXPECT_EQ(decoder.counters().bytes[i], bytes[kind]) << kind;
  }
  // As make.py made them: two 802.3 frames and one of each cooked kind without EtherType; two offloaded.
  EXPECT_EQ(decoder.counters().llc, 4u);
  EXPECT_EQ(decoder.counters().offload_length, 2u);
  DecodeCounters twice = decoder.counters();
  twice += decoder.counters();
  EXPECT_EQ(twice.packets[0], 2 * packets["tcp"]);
  EXPECT_EQ(twice.vlan_tagged, 2 * decoder.counters().vlan_tagged);
}

TEST(Decoder, LeavesNothingOfThePacketBefore) {
  Decoder decoder;
  PacketView view;
  const Frame tagged =
      PacketBuilder().ethernet().vlan(9).ipv4("192.0.2.1", "192.0.2.2").tcp(1, 2).seq(7).payload("x").frame();
  ASSERT_EQ(decoder.decode(harness::raw_packet(tagged), &view), PacketKind::kTcp);
  const Frame bare = PacketBuilder().ipv4("192.0.2.3", "192.0.2.4").udp(3, 4).frame();
  ASSERT_EQ(decoder.decode(harness::raw_packet(bare, 0, 101), &view), PacketKind::kUdp);
  EXPECT_EQ(view.vlan_count, 0);
  EXPECT_EQ(view.vlans[0], 0);
  EXPECT_FALSE(view.has_mac);
  EXPECT_EQ(view.tcp_seq, 0u);
  EXPECT_EQ(view.tcp_flags, 0);
  EXPECT_TRUE(view.payload.empty());
  EXPECT_EQ(view.payload_wire, 0u);
}

uint32_t hash_of(const Frame& frame, uint16_t link_type = 1) {
  return steer_hash(harness::raw_packet(frame, 0, link_type));
}

TEST(SteerHash, BothDirectionsAndEveryDressMeet) {
  const auto udp = [](PacketBuilder b, const char* src, const char* dst) {
    return b.ipv4(src, dst).udp(1, 2).frame();
  };
  const uint32_t there = hash_of(udp(PacketBuilder().ethernet(), "10.0.0.1", "10.9.8.7"));
  EXPECT_NE(there, 0u);
  EXPECT_EQ(there, hash_of(udp(PacketBuilder().ethernet(), "10.9.8.7", "10.0.0.1")));
  EXPECT_EQ(there, hash_of(udp(PacketBuilder().ethernet().vlan(1).vlan(2), "10.0.0.1", "10.9.8.7")));
  EXPECT_EQ(there, hash_of(udp(PacketBuilder(), "10.0.0.1", "10.9.8.7"), 101));
  EXPECT_EQ(there,
            hash_of(PacketBuilder().ipv6("::ffff:10.0.0.1", "::ffff:10.9.8.7").udp(1, 2).frame(), 229));
  // A fragment carries no ports, and goes where its pair goes.
  EXPECT_EQ(there, hash_of(with(udp(PacketBuilder().ethernet(), "10.0.0.1", "10.9.8.7"), 20, {0x00, 0x10})));
  EXPECT_NE(there, hash_of(udp(PacketBuilder().ethernet(), "10.0.0.2", "10.9.8.7")));
  const auto six = [](const char* src, const char* dst) {
    return hash_of(PacketBuilder().ethernet().ipv6(src, dst).tcp(1, 2).frame());
  };
  EXPECT_EQ(six("2001:db8::1", "2001:db8::2"), six("2001:db8::2", "2001:db8::1"));
  EXPECT_NE(six("2001:db8::1", "2001:db8::2"), six("2001:db8::1", "2001:db8::3"));
  // An address talking to itself must not cancel out.
  EXPECT_NE(hash_of(udp(PacketBuilder().ethernet(), "127.0.0.1", "127.0.0.1")),
            hash_of(udp(PacketBuilder().ethernet(), "127.0.0.2", "127.0.0.2")));
}

TEST(SteerHash, ZeroWithoutIp) {
  for (const Sample& s : samples()) {
    const std::string& kind = s.expected.kind;
    if (kind == "arp" || kind == "other_link" || kind == "unknown_link") {
      EXPECT_EQ(steer_hash(s.raw()), 0u) << s.name;
    } else if (kind == "tcp" || kind == "udp") {
      EXPECT_NE(steer_hash(s.raw()), 0u) << s.name;
    }
  }
}

// Clients of one subnet to one server: the worst case of a weak hash. 4,000 pairs over N workers; each
// should get 4000 / N, with a standard deviation of at most 32: six of those are allowed.
TEST(SteerHash, SpreadsNeighbours) {
  for (const unsigned workers : {2u, 3u, 4u, 8u}) {
    for (const bool ipv6 : {false, true}) {
      std::vector<int> load(workers, 0);
      for (int i = 0; i < 4000; ++i) {
        const std::string client = ipv6 ? "2001:db8::" + std::to_string(i)
                                        : "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250);
        const Frame frame = ipv6 ? PacketBuilder().ethernet().ipv6(client, "2001:db8:1::1").udp(1, 2).frame()
                                 : PacketBuilder().ethernet().ipv4(client, "10.1.255.1").udp(1, 2).frame();
        ++load[hash_of(frame) % workers];
      }
      for (const int n : load)
        EXPECT_NEAR(n, 4000.0 / workers, 6 * 32) << workers << " workers, IPv" << (ipv6 ? 6 : 4);
    }
  }
}

}  // namespace
}  // namespace weir
