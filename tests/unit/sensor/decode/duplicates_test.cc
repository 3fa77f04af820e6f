// What a mirror copies twice is found whatever stands around it; what a sender says twice is not.
#include "sensor/decode/duplicates.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "sensor/decode/decoder.h"
#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;

constexpr HashKey kKey{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
constexpr Nanoseconds kWindow = 10'000'000;
constexpr Nanoseconds kNow = 1'700'000'000'000'000'000;

uint64_t hash_of(const Frame& frame) {
  PacketView view;
  const PacketKind kind = Decoder().decode(harness::raw_packet(frame), &view);
  EXPECT_TRUE(kind == PacketKind::kTcp || kind == PacketKind::kUdp) << name_of(kind);
  // As the flow table's: of both ends in whichever order.
  std::string a = view.key.src.to_string() + ' ' + std::to_string(view.key.src_port);
  std::string b = view.key.dst.to_string() + ' ' + std::to_string(view.key.dst_port);
  if (b < a) std::swap(a, b);
  const size_t conversation = std::hash<std::string>()(a + ' ' + b + ' ' + std::to_string(view.key.protocol));
  return DuplicateFinder(kWindow, kKey).hash(view, conversation);
}

Frame with(Frame frame, size_t at, std::initializer_list<uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
  return frame;
}

Frame tcp() {
  return PacketBuilder()
      .ethernet()
      .ipv4("192.0.2.1", "192.0.2.2")
      .tcp(40000, 80)
      .seq(7)
      .payload("abc")
      .frame();
}
Frame udp(const std::string& payload = "hello") {
  return PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(5000, 514).payload(payload).frame();
}

TEST(DuplicateFinder, WhatRoutersAndMirrorsChangeDoesNotCount) {
  for (const Frame& frame : {tcp(), udp()}) {
    const uint64_t plain = hash_of(frame);
    EXPECT_EQ(plain, hash_of(with(frame, 0, {6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7}))) << "MAC addresses";
    EXPECT_EQ(plain, hash_of(with(frame, 22, {63}))) << "TTL";
    EXPECT_EQ(plain, hash_of(with(frame, 24, {0xab, 0xcd}))) << "header checksum";
    EXPECT_EQ(plain, hash_of(with(frame, 15, {0xb8}))) << "traffic class";
    Frame tagged = frame;
    const uint8_t tag[] = {0x81, 0, 0, 9};
    tagged.insert(tagged.begin() + 12, std::begin(tag), std::end(tag));
    EXPECT_EQ(plain, hash_of(tagged)) << "VLAN";
    Frame padded = frame;
    padded.resize(padded.size() + 9);
    EXPECT_EQ(plain, hash_of(padded)) << "padding";
    // The same packet in IP in IP.
    Frame wrapped = PacketBuilder().ethernet().ipv4("198.18.0.1", "198.18.0.2").frame();
    wrapped.resize(34);
    const auto total = static_cast<uint16_t>(20 + frame.size() - 14);
    wrapped = with(wrapped, 16, {static_cast<uint8_t>(total >> 8), static_cast<uint8_t>(total)});
    wrapped[23] = 4;
    wrapped.insert(wrapped.end(), frame.begin() + 14, frame.end());
    EXPECT_EQ(plain, hash_of(wrapped)) << "tunnel";
  }
  EXPECT_EQ(hash_of(tcp()), hash_of(with(tcp(), 14 + 20 + 16, {1, 2}))) << "TCP checksum";
  EXPECT_EQ(hash_of(udp()), hash_of(with(udp(), 14 + 20 + 6, {1, 2}))) << "UDP checksum";
}

// An answer that says the same, between equal ports.
TEST(DuplicateFinder, AnEchoIsNoCopy) {
  const auto from = [](const char* source, const char* destination) {
    return hash_of(PacketBuilder().ethernet().ipv4(source, destination).udp(500, 500).payload("x").frame());
  };
  EXPECT_NE(from("192.0.2.1", "192.0.2.2"), from("192.0.2.2", "192.0.2.1"));
}

TEST(DuplicateFinder, WhatASenderChangesCounts) {
  for (const Frame& frame : {tcp(), udp()}) {
    const uint64_t plain = hash_of(frame);
    EXPECT_NE(plain, hash_of(with(frame, 18, {0x12, 0x34}))) << "a retransmission has another identification";
    EXPECT_NE(plain, hash_of(with(frame, 29, {77}))) << "source";
    EXPECT_NE(plain, hash_of(with(frame, 33, {77}))) << "destination";
    EXPECT_NE(plain, hash_of(with(frame, 34, {0x77}))) << "source port";
    EXPECT_NE(plain, hash_of(with(frame, 36, {0x77}))) << "destination port";
  }
  EXPECT_NE(hash_of(udp("hello")), hash_of(udp("hellp")));
  EXPECT_NE(hash_of(udp("hello")), hash_of(udp("hell")));
  EXPECT_NE(hash_of(tcp()), hash_of(with(tcp(), 34 + 4, {9}))) << "sequence";
  EXPECT_NE(hash_of(tcp()), hash_of(with(tcp(), 34 + 8, {9}))) << "acknowledgement";
  EXPECT_NE(hash_of(tcp()), hash_of(with(tcp(), 34 + 13, {0x18}))) << "flags";
  EXPECT_NE(hash_of(tcp()), hash_of(with(tcp(), 34 + 14, {0x7a}))) << "window";
  // Two acknowledgements that differ in a time stamp alone.
  const auto stamped = [](uint8_t value) {
    return hash_of(PacketBuilder()
                       .ethernet()
                       .ipv6("2001:db8::1", "2001:db8::2")
                       .tcp(40000, 80)
                       .tcp_options({1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, 2})
                       .frame());
  };
  EXPECT_EQ(stamped(1), stamped(1));
  EXPECT_NE(stamped(1), stamped(2));
}

TEST(DuplicateFinder, OnlyWithinTheWindow) {
  DuplicateFinder finder(kWindow, kKey);
  EXPECT_FALSE(finder.is_repeat(1, kNow));
  EXPECT_TRUE(finder.is_repeat(1, kNow + 1));
  EXPECT_TRUE(finder.is_repeat(1, kNow + kWindow));
  // Counted from the copy that was read, so that a steady repeat is read once a window.
  EXPECT_FALSE(finder.is_repeat(1, kNow + kWindow + 1));
  EXPECT_TRUE(finder.is_repeat(1, kNow + 2 * kWindow + 1));
  EXPECT_FALSE(finder.is_repeat(2, kNow));
  // Time that goes back by little is a mirror's second port; by much, another capture.
  EXPECT_TRUE(finder.is_repeat(2, kNow - kWindow));
  EXPECT_FALSE(finder.is_repeat(2, kNow - 10 * kWindow));
  EXPECT_FALSE(DuplicateFinder(0, kKey).enabled());
}

// One place of the table holds four; the oldest goes.
TEST(DuplicateFinder, ForgetsTheOldestWhereItIsFull) {
  DuplicateFinder finder(kWindow, kKey);
  for (uint64_t i = 1; i <= 5; ++i)
    EXPECT_FALSE(finder.is_repeat(i << 32 | 3, kNow + static_cast<int64_t>(i)));
  EXPECT_TRUE(finder.is_repeat(uint64_t{5} << 32 | 3, kNow + 6));
  EXPECT_TRUE(finder.is_repeat(uint64_t{2} << 32 | 3, kNow + 6));
  EXPECT_FALSE(finder.is_repeat(uint64_t{1} << 32 | 3, kNow + 6));
}

}  // namespace
}  // namespace weir
