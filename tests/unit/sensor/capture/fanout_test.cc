// The program that shares an interface among workers: run by libpcap's own interpreter (bpf_filter) over
// frames, for balance and symmetry; by the kernel in pcap_live_test.cc.
#include "sensor/capture/fanout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;

class Fanout : public ::testing::Test {
 protected:
  uint32_t hash(const Frame& frame, size_t captured = SIZE_MAX) {
    const auto length = static_cast<u_int>(frame.size());
    // Exactly as long as captured: a read behind the end is an error under a sanitizer.
    const Frame cut(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(std::min(captured, frame.size())));
    return bpf_filter(program_.data(), cut.data(), length, static_cast<u_int>(cut.size()));
  }
  uint32_t of(const std::string& a, const std::string& b) {
    PacketBuilder builder;
    builder.ethernet();
    if (a.find(':') == std::string::npos) {
      builder.ipv4(a, b);
    } else {
      builder.ipv6(a, b);
    }
    return hash(builder.tcp(1, 2).frame());
  }
  // The largest and the smallest share, in parts of an even one.
  void expect_even(const std::vector<uint32_t>& hashes, const std::string& what) {
    for (const uint32_t workers : {2u, 3u, 4u, 7u, 8u, 16u}) {
      std::vector<size_t> share(workers);
      for (const uint32_t h : hashes) ++share[h % workers];
      const double even = static_cast<double>(hashes.size()) / workers;
      // Five standard deviations of a fair draw.
      const double slack = 5 * std::sqrt(even);
      for (size_t w = 0; w < workers; ++w) {
        EXPECT_NEAR(static_cast<double>(share[w]), even, slack)
            << what << ", worker " << w << " of " << workers;
      }
    }
  }
  std::vector<bpf_insn> program_ = fanout_program(FanoutView::kFrame);
};

TEST_F(Fanout, ThePrograms) {
  EXPECT_NE(bpf_validate(program_.data(), static_cast<int>(program_.size())), 0);
  EXPECT_LT(program_.size(), 256u);
  // The kernel's differs in how it gets at the headers, nowhere else.
  const std::vector<bpf_insn> kernel = fanout_program(FanoutView::kKernel);
  ASSERT_EQ(kernel.size(), program_.size());
  for (size_t i = 0; i < kernel.size(); ++i) {
    const bool load = BPF_CLASS(kernel[i].code) == BPF_LD && BPF_MODE(kernel[i].code) != BPF_MEM;
    EXPECT_EQ(kernel[i].k == program_[i].k, !load) << i;
    EXPECT_EQ(kernel[i].jt, program_[i].jt);
    EXPECT_EQ(kernel[i].jf, program_[i].jf);
  }
}

TEST_F(Fanout, OneClientNetAndOneServer) {
  std::vector<uint32_t> v4;
  std::vector<uint32_t> v6;
  for (int i = 0; i < 4096; ++i) {
    v4.push_back(of("10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256), "192.0.2.80"));
    char text[64];
    std::snprintf(text, sizeof(text), "2001:db8::%x", i + 1);
    v6.push_back(of(text, "2001:db8:ffff::80"));
  }
  expect_even(v4, "IPv4 clients in a row");
  expect_even(v6, "IPv6 clients in a row");
}

// Where client n speaks to server n, or both lie in one net, the XOR of the addresses takes few values.
TEST_F(Fanout, PairsThatAPlainXorPutsTogether) {
  std::vector<uint32_t> same_number;
  std::set<uint32_t> plain;
  for (int i = 0; i < 4096; ++i) {
    const std::string low = std::to_string(i / 256) + "." + std::to_string(i % 256);
    same_number.push_back(of("10.1." + low, "10.2." + low));
    plain.insert((0x0a010000u + static_cast<uint32_t>(i)) ^ (0x0a020000u + static_cast<uint32_t>(i)));
  }
  EXPECT_EQ(plain.size(), 1u) << "the case that this test is about";
  expect_even(same_number, "client n and server n");

  std::vector<uint32_t> mesh;
  for (int a = 1; a < 100; ++a) {
    for (int b = a + 1; b < 100; ++b)
      mesh.push_back(of("10.0.0." + std::to_string(a), "10.0.0." + std::to_string(b)));
  }
  expect_even(mesh, "every host of a net with every other");
}

TEST_F(Fanout, Ipv6WordsAllCount) {
  std::vector<uint32_t> hashes;
  for (int word = 0; word < 8; ++word) {
    for (int i = 1; i <= 512; ++i) {
      std::string address;
      for (int w = 0; w < 8; ++w) {
        char text[8];
        std::snprintf(text, sizeof(text), "%s%x", w == 0 ? "" : ":", w == word ? i : 1);
        address += text;
      }
      hashes.push_back(of(address, "2001:db8::1"));
    }
  }
  expect_even(hashes, "one group of the address counts up");
}

TEST_F(Fanout, BothDirectionsAndAnyPortsAreOne) {
  for (int i = 1; i < 200; ++i) {
    const std::string a = "10.0.0." + std::to_string(i);
    EXPECT_EQ(of(a, "203.0.113.7"), of("203.0.113.7", a));
    const std::string b = "2001:db8::" + std::to_string(i);
    EXPECT_EQ(of(b, "2001:db8:1::7"), of("2001:db8:1::7", b));
  }
  EXPECT_EQ(hash(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).frame()),
            hash(PacketBuilder().ethernet().ipv4("10.0.0.2", "10.0.0.1").udp(7, 9).payload("xyz").frame()));
}

TEST_F(Fanout, VlanTagsAreReadPast) {
  const auto frame = [](std::vector<std::pair<uint16_t, uint16_t>> tags) {
    PacketBuilder builder;
    builder.ethernet();
    for (const auto& [id, type] : tags) builder.vlan(id, type);
    return builder.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).frame();
  };
  const uint32_t plain = hash(frame({}));
  EXPECT_NE(plain, 0u);
  EXPECT_EQ(hash(frame({{5, 0x8100}})), plain);
  EXPECT_EQ(hash(frame({{5, 0x8100}, {6, 0x8100}})), plain);
  EXPECT_EQ(hash(frame({{5, 0x88a8}, {6, 0x8100}})), plain);
  EXPECT_EQ(hash(frame({{5, 0x88a8}, {6, 0x8100}, {7, 0x8100}})), 0u) << "three are beyond it";
  const auto six = [](int tags) {
    PacketBuilder builder;
    builder.ethernet();
    for (int i = 0; i < tags; ++i) builder.vlan(9);
    return builder.ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).frame();
  };
  EXPECT_EQ(hash(six(1)), hash(six(0)));
  EXPECT_EQ(hash(six(2)), hash(six(0)));
}

TEST_F(Fanout, WhatIsNoIpOrCutShortGoesToTheFirst) {
  const Frame arp(60, 0x06);
  EXPECT_EQ(hash(arp), 0u);
  const Frame whole = PacketBuilder().ethernet().vlan(3).ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).frame();
  for (size_t cut = 0; cut < 14 + 4 + 40; ++cut) EXPECT_EQ(hash(whole, cut), 0u) << cut;
  EXPECT_NE(hash(whole, 14 + 4 + 40), 0u);
}

}  // namespace
}  // namespace weir
