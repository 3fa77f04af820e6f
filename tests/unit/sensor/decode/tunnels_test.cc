// Packets inside tunnels made by scapy, with tshark's reading of the innermost packet
// (tests/data/tunnels/make.py) as the expectation; then the same frames cut, bent and mutated, and headers
// that lie.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sensor/decode/decoder.h"
#include "sensor/decode/tunnel_path.h"
#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;

struct Sample {
  Frame frame;
  std::string kind, text, path;  // `text`: the other columns of frames.tsv
  std::string name;

  RawPacket raw(Bytes bytes) const {
    return RawPacket{42, bytes, static_cast<uint32_t>(frame.size()), kLinkEthernet, 0};
  }
  RawPacket raw() const { return raw(frame); }
  bool has_payload() const { return kind == "tcp" || kind == "udp"; }
};

std::vector<Sample> read_samples() {
  std::vector<Sample> all;
  std::ifstream in("tests/data/tunnels/tunnels.pcap", std::ios::binary);
  const std::vector<char> chars((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto* p = reinterpret_cast<const uint8_t*>(chars.data());
  for (size_t at = 24; at + 16 <= chars.size(); at += 16 + read_le32(p + at + 8)) {
    Sample s;
    s.frame.assign(p + at + 16, p + at + 16 + read_le32(p + at + 8));
    all.push_back(std::move(s));
  }
  std::ifstream table("tests/data/tunnels/frames.tsv");
  size_t next = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with("#")) continue;
    Sample& s = all.at(next++);
    std::istringstream fields(line);
    std::string column;
    fields >> s.kind;
    for (int i = 0; i < 9; ++i) {
      fields >> column;
      if (i == 6 && column == "1,2,3,4,5") column = "1,2,3,4";  // four tags are kept
      s.text += (i == 0 ? "" : " ") + column;
    }
    fields >> s.path;
    s.name = "frame " + std::to_string(next) + " (" + s.path + ")";
  }
  EXPECT_EQ(next, all.size());
  return all;
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kAll = read_samples();
  return kAll;
}

const Sample& sample(const std::string& path) {
  const auto found = std::find_if(samples().begin(), samples().end(),
                                  [&](const Sample& s) { return s.path == path && s.has_payload(); });
  EXPECT_NE(found, samples().end()) << path;
  return *found;
}

std::string mac_text(const std::array<uint8_t, 6>& mac) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text;
}

std::string text_of(PacketKind kind, const PacketView& v) {
  if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) return "- - - - - - - - -";
  std::string vlans;
  for (size_t i = 0; i < v.vlan_count; ++i) vlans += (i ? "," : "") + std::to_string(v.vlans[i]);
  return v.key.src.to_string() + " " + v.key.dst.to_string() + " " + std::to_string(v.key.src_port) + " " +
         std::to_string(v.key.dst_port) + " " + std::to_string(v.payload_wire) + " " + std::to_string(v.ttl) +
         " " + (vlans.empty() ? "-" : vlans) + " " + (v.has_mac ? mac_text(v.src_mac) : "-") + " " +
         (v.has_mac ? mac_text(v.dst_mac) : "-");
}

// Every layer, VLAN tags included.
std::string path_of(PacketView v) {
  v.tunnels = 1;
  std::string text;
  for (const std::string& layer : tunnel_path(v)) text += (text.empty() ? "" : ",") + layer;
  return text.empty() ? "-" : text;
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

TEST(Tunnels, InnermostPacketAsTsharkReadsIt) {
  ASSERT_GT(samples().size(), 110u);
  std::set<std::string> kinds;
  for (const Sample& s : samples()) {
    Decoder decoder;
    PacketView view;
    const PacketKind kind = decoder.decode(s.raw(), &view);
    EXPECT_EQ(name_of(kind), s.kind) << s.name;
    EXPECT_EQ(text_of(kind, view), s.text) << s.name;
    EXPECT_EQ(path_of(view), s.path) << s.name;
    for (size_t i = 0; i < kLayerKinds; ++i) {
      const auto layer = static_cast<LayerKind>(i);
      uint64_t meant = 0;
      std::istringstream parts(s.path);
      for (std::string part; std::getline(parts, part, ',');) {
        meant += part.substr(0, part.find(':')) == name_of(layer) && layer != LayerKind::kVlan;
      }
      EXPECT_EQ(decoder.counters().tunnels[i], meant) << s.name << " " << name_of(layer);
      EXPECT_EQ(decoder.counters().tunnels_malformed[i], 0u) << s.name << " " << name_of(layer);
      if (meant != 0) kinds.emplace(name_of(layer));
    }
    EXPECT_EQ(decoder.counters().tunnel_refused, 0u) << s.name;
    if (!s.has_payload()) continue;
    EXPECT_TRUE(inside(view.payload, s.frame)) << s.name;
    ASSERT_EQ(view.payload.size(), view.payload_wire) << s.name;
    const unsigned factor = kind == PacketKind::kTcp ? 7 : 5;  // make.py: 7 i + n, 5 i + n, modulo 251
    for (size_t i = 0; i < view.payload.size(); ++i) {
      ASSERT_EQ(view.payload[i], (factor * i + view.payload_wire) % 251) << s.name << " byte " << i;
    }
  }
  EXPECT_EQ(kinds.size(), kLayerKinds - 1) << "a kind of tunnel has no frame";
}

// Whatever the snap length: the same packet with less payload; or kTruncated; or, where it cannot be told
// yet that a datagram is a tunnel, the datagram.
TEST(Tunnels, EveryTruncationIsTruncatedOrTheSame) {
  for (const Sample& s : samples()) {
    PacketView whole;
    const PacketKind kind = Decoder().decode(s.raw(), &whole);
    const std::string all = text_of(kind, whole);
    bool seen_whole = false;
    for (size_t cut = 0; cut <= s.frame.size(); ++cut) {
      const auto block = std::make_unique<uint8_t[]>(cut);
      std::copy_n(s.frame.begin(), cut, block.get());
      const RawPacket raw = s.raw(Bytes(block.get(), cut));
      PacketView view;
      const PacketKind got = Decoder().decode(raw, &view);
      steer_hash(raw);
      if (got == PacketKind::kTruncated) {
        EXPECT_FALSE(seen_whole) << s.name << " cut at " << cut;
        continue;
      }
      if (got == PacketKind::kUdp && view.tunnels < whole.tunnels) {
        EXPECT_FALSE(seen_whole) << s.name << " cut at " << cut;
        ASSERT_TRUE(inside(view.payload, raw.bytes)) << s.name << " cut at " << cut;
        continue;
      }
      ASSERT_EQ(name_of(got), name_of(kind)) << s.name << " cut at " << cut;
      seen_whole = true;
      if (!s.has_payload()) continue;
      ASSERT_EQ(text_of(got, view), all) << s.name << " cut at " << cut;
      const auto begin = static_cast<size_t>(whole.payload.data() - s.frame.data());
      const size_t expected = cut < begin ? 0 : std::min(cut - begin, whole.payload.size());
      ASSERT_EQ(view.payload.size(), expected) << s.name << " cut at " << cut;
    }
    EXPECT_TRUE(seen_whole) << s.name;
  }
}

// A frame that really ends there: what was sent is all there is, so nothing but the length fields says
// otherwise. No byte behind the end is read or handed on.
TEST(Tunnels, EveryShorterFrameStaysInside) {
  for (const Sample& s : samples()) {
    for (size_t cut = 0; cut <= s.frame.size(); ++cut) {
      const auto block = std::make_unique<uint8_t[]>(cut);
      std::copy_n(s.frame.begin(), cut, block.get());
      const RawPacket raw{0, Bytes(block.get(), cut), static_cast<uint32_t>(cut), kLinkEthernet, 0};
      PacketView view;
      const PacketKind kind = Decoder().decode(raw, &view);
      steer_hash(raw);
      if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) continue;
      ASSERT_TRUE(inside(view.payload, raw.bytes)) << s.name << " cut at " << cut;
      ASSERT_LE(view.payload.size(), view.payload_wire) << s.name << " cut at " << cut;
    }
  }
}

TEST(Tunnels, EveryByteMutatedStaysInsideTheFrame) {
  Decoder decoder;
  for (const Sample& s : samples()) {
    const size_t size = std::min<size_t>(s.frame.size(), 130);
    const auto block = std::make_unique<uint8_t[]>(size);
    std::copy_n(s.frame.begin(), size, block.get());
    const RawPacket raw = s.raw(Bytes(block.get(), size));
    for (size_t at = 12; at < size; ++at) {
      const uint8_t kept = block[at];
      for (unsigned value = 0; value < 256; value += 1 + (value > 16 && value < 240)) {
        block[at] = static_cast<uint8_t>(value);
        PacketView view;
        const PacketKind kind = decoder.decode(raw, &view);
        ASSERT_LT(static_cast<size_t>(kind), kPacketKinds);
        ASSERT_LE(view.layer_count, view.layers.size());
        ASSERT_LE(view.vlan_count, view.vlans.size());
        ASSERT_LE(view.tunnels, 8);
        if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) continue;
        ASSERT_TRUE(inside(view.payload, raw.bytes)) << s.name << " byte " << at << " = " << value;
        ASSERT_LE(view.payload.size(), view.payload_wire) << s.name << " byte " << at << " = " << value;
      }
      block[at] = kept;
    }
  }
}

PacketView decoded(const RawPacket& raw, PacketKind expected, const DecodeOptions& options = {}) {
  PacketView view;
  EXPECT_EQ(name_of(Decoder(options).decode(raw, &view)), name_of(expected));
  return view;
}

Frame with(Frame frame, size_t at, std::initializer_list<uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
  return frame;
}

// Offsets: Ethernet 14, IPv4 20, UDP 8, the tunnel's header from 42.
constexpr size_t kUdpTunnel = 42;
constexpr size_t kIpTunnel = 34;

// A datagram on a tunnel's port that is not quite the tunnel is a datagram: all its payload is there to be
// read.
TEST(Tunnels, WhatIsNotPlausibleStaysADatagram) {
  struct Case {
    const char* what;
    Frame frame;
    bool malformed = false;
  };
  const Frame& vxlan = sample("vxlan:5001").frame;
  const Frame& geneve = sample("geneve:72").frame;
  const Frame& gtp = sample("gtp:2").frame;
  const Frame& teredo = sample("teredo").frame;
  const Frame& l2tp = sample("l2tp:3.4").frame;
  const Frame& mpls = sample("mpls:19").frame;
  Frame trailer = vxlan;
  trailer.insert(trailer.end(), 100, 'x');
  const auto total = static_cast<uint16_t>(trailer.size() - 14);
  trailer = with(trailer, 16, {static_cast<uint8_t>(total >> 8), static_cast<uint8_t>(total)});
  const auto udp = static_cast<uint16_t>(trailer.size() - 34);
  trailer = with(trailer, 38, {static_cast<uint8_t>(udp >> 8), static_cast<uint8_t>(udp)});
  const Case kCases[] = {
      {"VXLAN without the I flag", with(vxlan, kUdpTunnel, {0})},
      {"VXLAN with a packet longer than its datagram", with(vxlan, kUdpTunnel + 8 + 14 + 2, {0x05, 0xdc})},
      {"VXLAN with a hundred bytes behind the packet", trailer},
      {"VXLAN with an unknown EtherType", with(vxlan, kUdpTunnel + 8 + 12, {0x12, 0x34})},
      {"VXLAN with another IP version", with(vxlan, kUdpTunnel + 8 + 14, {0x65})},
      {"VXLAN with a TCP header that contradicts itself", with(vxlan, kUdpTunnel + 8 + 14 + 20 + 12, {0x10})},
      {"GENEVE of version 1", with(geneve, kUdpTunnel, {0x40})},
      {"GENEVE control", with(geneve, kUdpTunnel + 1, {0x80})},
      {"GENEVE with options beyond its datagram", with(geneve, kUdpTunnel, {0x3f}), true},
      {"GENEVE of an EtherType that nobody has", with(geneve, kUdpTunnel + 2, {0x12, 0x34})},
      {"GTP prime", with(gtp, kUdpTunnel, {0x20})},
      {"GTP echo", with(gtp, kUdpTunnel + 1, {1})},
      {"GTP longer than its datagram", with(gtp, kUdpTunnel + 2, {0xff, 0xff}), true},
      {"GTP with an extension header of no length",
       with(with(gtp, kUdpTunnel, {0x34}), kUdpTunnel + 11, {0x85, 0}), true},
      {"Teredo with no Teredo address", with(teredo, kUdpTunnel + 8, {0x20, 0x02})},
      {"L2TP control", with(l2tp, kUdpTunnel, {0xc8})},
      {"L2TP with reserved bits", with(l2tp, kUdpTunnel, {0x10})},
      {"L2TP with link control inside", with(l2tp, kUdpTunnel + 8, {0xc0, 0x21})},
      {"L2TP longer than its datagram", with(l2tp, kUdpTunnel, {0x40, 0x02, 0xff, 0xff}), true},
      {"MPLS without the bottom of its stack", with(mpls, kUdpTunnel + 2, {0x30})},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    Decoder decoder;
    PacketView view;
    const RawPacket raw = harness::raw_packet(c.frame);
    ASSERT_EQ(name_of(decoder.decode(raw, &view)), "udp");
    EXPECT_EQ(view.payload.data(), c.frame.data() + kUdpTunnel);
    EXPECT_EQ(view.payload.size(), c.frame.size() - kUdpTunnel);
    EXPECT_EQ(view.key.src.to_string(), "198.18.0.1");
    EXPECT_EQ(mac_text(view.src_mac), "02:00:00:00:00:01");
    EXPECT_EQ(view.tunnels, 0);
    EXPECT_EQ(view.layer_count, 0);
    EXPECT_EQ(decoder.counters().tunnel_refused, 1u);
    uint64_t malformed = 0;
    for (const uint64_t n : decoder.counters().tunnels_malformed) malformed += n;
    EXPECT_EQ(malformed, c.malformed ? 1u : 0u);
    // Steered by the same addresses.
    EXPECT_EQ(steer_hash(raw),
              steer_hash(harness::raw_packet(
                  PacketBuilder().ethernet().ipv4("198.18.0.1", "198.18.0.2").udp(1, 2).frame())));
  }
}

// A tunnel that names its protocol is believed; where its lengths contradict each other the packet is
// malformed, and counted for its kind.
TEST(Tunnels, LengthsThatContradictEachOtherAreCounted) {
  struct Case {
    LayerKind kind;
    Frame frame;
  };
  Frame cut_key = sample("gre:12").frame;
  cut_key.resize(kIpTunnel + 6);
  cut_key = with(cut_key, 16, {0, 26});
  Frame cut_routes = sample("gre:6").frame;  // the last source route entry says 255 bytes
  cut_routes = with(cut_routes, kIpTunnel + 16 + 3, {255});
  const Case kCases[] = {
      {LayerKind::kGre, cut_key},
      {LayerKind::kGre, cut_routes},
      {LayerKind::kPptp, with(sample("pptp:77").frame, kIpTunnel + 4, {0xff, 0xff})},
      {LayerKind::kPppoe, with(sample("pppoe:4660").frame, 14 + 4, {0xff, 0xff})},
      {LayerKind::kNsh, with(sample("nsh:66051").frame, 14 + 1, {0xc1})},  // a length of 4 bytes
      {LayerKind::kNsh, with(sample("nsh:66051").frame, 14 + 1, {0xff})},
      {LayerKind::kMpls, with(with(sample("mpls:99999").frame, 14 + 2, {0xf0}), 14 + 4, {0, 0, 0, 0})},
  };
  int number = 0;
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(name_of(c.kind)) + " " + std::to_string(number++));
    Frame frame = c.frame;
    if (c.kind == LayerKind::kMpls) {
      for (size_t i = 14; i + 4 <= frame.size(); i += 4) frame = with(frame, i, {0, 0x01, 0x00, 64});
    }
    Decoder decoder;
    PacketView view;
    EXPECT_EQ(name_of(decoder.decode(harness::raw_packet(frame), &view)), "malformed");
    EXPECT_EQ(decoder.counters().tunnels_malformed[static_cast<size_t>(c.kind)], 1u);
  }
}

TEST(Tunnels, DeeperThanAllowedStaysClosed) {
  const Sample& nested = sample("vxlan:5,gre:6,4in4");
  const char* const kPaths[] = {"-", "vxlan:5", "vxlan:5,gre:6", "vxlan:5,gre:6,4in4"};
  const PacketKind kKinds[] = {PacketKind::kUdp, PacketKind::kOtherIp, PacketKind::kOtherIp,
                               PacketKind::kTcp};
  for (uint8_t depth = 0; depth < 4; ++depth) {
    DecodeOptions options;
    options.max_tunnels = depth;
    Decoder decoder(options);
    PacketView view;
    EXPECT_EQ(name_of(decoder.decode(nested.raw(), &view)), name_of(kKinds[depth])) << int{depth};
    EXPECT_EQ(path_of(view), kPaths[depth]) << int{depth};
    EXPECT_EQ(decoder.counters().tunnel_depth_exceeded, depth < 3 ? 1u : 0u) << int{depth};
  }
  // At most so many layers are kept; the packet is read all the same.
  PacketBuilder tags = PacketBuilder().ethernet();
  for (uint16_t i = 0; i < 20; ++i) tags.vlan(i);
  const Frame frame = tags.ipv4("192.0.2.1", "198.51.100.7").udp(1, 2).payload("x").frame();
  EXPECT_EQ(decoded(harness::raw_packet(frame), PacketKind::kUdp).layer_count, 12);
}

TEST(Tunnels, OnOtherPortsWhereSaid) {
  const Sample& vxlan = sample("vxlan:5001");
  const Frame moved = with(vxlan.frame, 36, {0x30, 0x39});  // to port 12345
  EXPECT_EQ(decoded(harness::raw_packet(moved), PacketKind::kUdp).tunnels, 0);
  DecodeOptions options;
  options.ports = TunnelPorts();
  ASSERT_TRUE(options.ports.add(12345, LayerKind::kGeneve));
  ASSERT_TRUE(options.ports.add(12345, LayerKind::kVxlan));
  EXPECT_EQ(path_of(decoded(harness::raw_packet(moved), PacketKind::kTcp, options)), "vxlan:5001");
  EXPECT_EQ(decoded(vxlan.raw(), PacketKind::kUdp, options).tunnels, 0);
  for (size_t i = 2; i < TunnelPorts::kMax; ++i) ASSERT_TRUE(options.ports.add(1, LayerKind::kVxlan));
  EXPECT_FALSE(options.ports.add(1, LayerKind::kVxlan));
}

TEST(Tunnels, TenantsAreToldApartByWhatIsNamed) {
  const auto tenant = [](const std::string& path, TenantBy by, Frame change = {}) {
    DecodeOptions options;
    options.tenant = by;
    return decoded(harness::raw_packet(change.empty() ? sample(path).frame : change), PacketKind::kTcp,
                   options)
        .key.tenant;
  };
  const std::string kPath = "vxlan:2,vlan:100,vlan:200";
  TenantBy vlan, vni, both, key;
  vlan.vlan = vni.vni = both.vlan = both.vni = key.gre_key = true;
  const Frame other_vni = with(sample(kPath).frame, kUdpTunnel + 4, {0, 0, 3});
  const Frame other_vlan = with(sample(kPath).frame, kUdpTunnel + 8 + 14, {0, 101});
  const Frame swapped = with(other_vlan, kUdpTunnel + 8 + 14, {0, 200, 0x81, 0, 0, 100});
  const Frame priority = with(sample(kPath).frame, kUdpTunnel + 8 + 14, {0xe0, 100});
  EXPECT_EQ(tenant(kPath, {}), 0u);
  EXPECT_NE(tenant(kPath, vlan), 0u);
  EXPECT_EQ(tenant(kPath, vlan), tenant(kPath, vlan, other_vni));
  EXPECT_NE(tenant(kPath, vlan), tenant(kPath, vlan, other_vlan));
  EXPECT_NE(tenant(kPath, vlan), tenant(kPath, vlan, swapped));
  EXPECT_EQ(tenant(kPath, vlan), tenant(kPath, vlan, priority));
  EXPECT_EQ(tenant(kPath, vni), tenant(kPath, vni, other_vlan));
  EXPECT_NE(tenant(kPath, vni), tenant(kPath, vni, other_vni));
  EXPECT_NE(tenant(kPath, both), tenant(kPath, both, other_vni));
  EXPECT_NE(tenant(kPath, both), tenant(kPath, both, other_vlan));
  EXPECT_EQ(tenant("gre", key), 0u);
  EXPECT_NE(tenant("gre:1280,vlan:9", key), 0u);
}

// The pair inside decides, whichever way the packet came and went.
TEST(Tunnels, SteeredByTheInnermostAddresses) {
  const uint32_t four = steer_hash(
      harness::raw_packet(PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.77").tcp(40000, 80).frame()));
  const uint32_t six = steer_hash(harness::raw_packet(
      PacketBuilder().ethernet().ipv6("2001:db8::77", "2001:db8::1").tcp(80, 40000).frame()));
  std::map<std::string, int> seen;
  for (const Sample& s : samples()) {
    if (s.text.starts_with("192.0.2.1 192.0.2.77 ")) {
      EXPECT_EQ(steer_hash(s.raw()), four) << s.name;
      ++seen["4"];
    } else if (s.text.starts_with("2001:db8::1 2001:db8::77 ")) {
      EXPECT_EQ(steer_hash(s.raw()), six) << s.name;
      ++seen["6"];
    }
  }
  EXPECT_GT(seen["4"], 50);
  EXPECT_GT(seen["6"], 20);
}

// A piece of a tunnel's packet is steered by its own addresses: the others cannot be seen in all pieces.
TEST(Tunnels, FragmentsAroundATunnelMeet) {
  const uint32_t outer = steer_hash(
      harness::raw_packet(PacketBuilder().ethernet().ipv4("198.18.0.1", "198.18.0.2").udp(1, 2).frame()));
  EXPECT_EQ(steer_hash(harness::raw_packet(with(sample("vxlan:5001").frame, 20, {0x20, 0}))), outer);
  EXPECT_EQ(steer_hash(harness::raw_packet(with(sample("vxlan:5001").frame, 20, {0, 0x10}))), outer);
  PacketView view;
  EXPECT_EQ(Decoder().decode(harness::raw_packet(with(sample("gre").frame, 20, {0x20, 0})), &view),
            PacketKind::kFragment);
  EXPECT_EQ(view.key.src.to_string(), "198.18.0.1");
}

TEST(Tunnels, PathIsEmptyWithoutATunnel) {
  PacketView view;
  EXPECT_EQ(Decoder().decode(sample("vlan:1,vlan:2,vlan:3,vlan:4").raw(), &view), PacketKind::kTcp);
  EXPECT_TRUE(tunnel_path(view).empty());
  EXPECT_EQ(Decoder().decode(sample("vlan:300,vxlan:3,vlan:4").raw(), &view), PacketKind::kTcp);
  EXPECT_EQ(tunnel_path(view), (std::vector<std::string>{"vlan:300", "vxlan:3", "vlan:4"}));
}

}  // namespace
}  // namespace weir
