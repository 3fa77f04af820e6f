// Steering by flow: both directions together, ports apart, fragments by their addresses, evenly spread.
#include "sensor/decode/steering.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;
using harness::raw_packet;

uint32_t hash(SteerBy by, const Frame& frame) {
  Steering steering(by);
  return steering.of(raw_packet(frame)).hash;
}
Frame tcp(const std::string& a, uint16_t from, const std::string& b, uint16_t to) {
  return PacketBuilder().ethernet().ipv4(a, b).tcp(from, to).payload("x").frame();
}

TEST(Steering, BothDirectionsOfAFlowAreOne) {
  for (uint16_t port = 1024; port < 1200; ++port) {
    EXPECT_EQ(hash(SteerBy::kFlow, tcp("10.0.0.1", port, "192.0.2.1", 443)),
              hash(SteerBy::kFlow, tcp("192.0.2.1", 443, "10.0.0.1", port)));
  }
}

TEST(Steering, OneBusyPairIsSpreadEvenly) {
  constexpr size_t kFlows = 8192;
  for (const uint32_t workers : {2u, 3u, 8u}) {
    std::vector<size_t> share(workers);
    for (size_t i = 0; i < kFlows; ++i) {
      ++share[hash(SteerBy::kFlow, tcp("10.0.0.1", static_cast<uint16_t>(20000 + i), "192.0.2.1", 443)) %
              workers];
    }
    const double even = static_cast<double>(kFlows) / workers;
    for (const size_t n : share) EXPECT_NEAR(static_cast<double>(n), even, 5 * std::sqrt(even));
  }
  EXPECT_EQ(hash(SteerBy::kAddress, tcp("10.0.0.1", 20000, "192.0.2.1", 443)),
            hash(SteerBy::kAddress, tcp("10.0.0.1", 20001, "192.0.2.1", 80)));
}

TEST(Steering, TheProtocolCountsAndWhatHasNoPortsGoesByAddresses) {
  const Frame udp =
      PacketBuilder().ethernet().ipv4("10.0.0.1", "192.0.2.1").udp(20000, 443).payload("x").frame();
  EXPECT_NE(hash(SteerBy::kFlow, udp), hash(SteerBy::kFlow, tcp("10.0.0.1", 20000, "192.0.2.1", 443)));
  const Frame icmp =
      PacketBuilder().ethernet().ipv4("10.0.0.1", "192.0.2.1").protocol(1).payload("xxxxxxxx").frame();
  EXPECT_EQ(hash(SteerBy::kFlow, icmp), hash(SteerBy::kAddress, icmp));
  // The second fragment has no ports; the first goes where it goes.
  Frame fragment = udp;
  fragment[14 + 6] = 0x20;  // more fragments (RFC 791 3.1)
  EXPECT_EQ(hash(SteerBy::kFlow, fragment), hash(SteerBy::kAddress, udp));
}

}  // namespace
}  // namespace weir
