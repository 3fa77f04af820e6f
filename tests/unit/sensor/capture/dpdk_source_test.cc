// DPDK's virtual devices without huge pages, a card or root: net_ring (what is put in comes out), net_pcap (a
// recording), net_null (queues and RSS). One environment a process: all tests share it.
#ifdef WEIR_HAVE_DPDK
#include "sensor/capture/dpdk_source.h"

#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sensor/capture/dpdk_ports.h"
#include "tests/harness/packet_builder.h"

namespace weir {
namespace {

using harness::Frame;
using harness::PacketBuilder;

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("weir-dpdk-" + std::to_string(getpid()) + "-" + name))
      .string();
}

DpdkOptions small(std::vector<std::string> ports) {
  DpdkOptions options;
  options.ports = std::move(ports);
  options.huge_pages = false;
  options.rx_descriptors = 512;
  options.mbufs = 8192;
  // The first test to come starts the environment for all.
  options.eal = {"-m", "512", "--no-pci"};
  return options;
}

struct Taken {
  std::vector<Frame> frames;
  std::vector<Nanoseconds> times;
  std::vector<uint32_t> wire;
};
// Until `wanted` packets, or nothing more came for a while.
Taken take(PacketSource& source, size_t wanted) {
  Taken taken;
  std::array<RawPacket, 64> out;
  for (int idle = 0; taken.frames.size() < wanted && idle < 20;) {
    size_t count = 0;
    const SourceStatus status = source.next_burst(out, &count);
    EXPECT_TRUE(status == SourceStatus::kOk || status == SourceStatus::kIdle);
    idle = count == 0 ? idle + 1 : 0;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(out[i].link_type, 1);
      EXPECT_GE(out[i].wire_length, out[i].bytes.size());
      taken.frames.emplace_back(out[i].bytes.begin(), out[i].bytes.end());
      taken.times.push_back(out[i].time);
      taken.wire.push_back(out[i].wire_length);
    }
  }
  return taken;
}
void expect_end(PacketSource& source) {
  source.stop();
  std::array<RawPacket, 64> out;
  size_t count = 0;
  SourceStatus status = SourceStatus::kOk;
  // A device that never falls silent ends all the same.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (status != SourceStatus::kEnd && std::chrono::steady_clock::now() < until) {
    status = source.next_burst(out, &count);
  }
  EXPECT_EQ(status, SourceStatus::kEnd);
}

std::vector<harness::TimedFrame> some_frames(size_t n) {
  std::vector<harness::TimedFrame> frames;
  for (size_t i = 0; i < n; ++i) {
    const std::string host = "10.0." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250);
    frames.push_back({1'500'000'000'000'000'000 + static_cast<Nanoseconds>(i) * 1'000'000,
                      PacketBuilder()
                          .ethernet()
                          .ipv4(host, "192.0.2.1")
                          .udp(1000, 53)
                          .payload("number " + std::to_string(i))
                          .frame()});
  }
  return frames;
}

TEST(Dpdk, TheCallersAffinityAndSignalsStayAsTheyWere) {
  cpu_set_t before;
  cpu_set_t after;
  sigset_t mask_before;
  sigset_t mask_after;
  sched_getaffinity(0, sizeof(before), &before);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({"net_null7"}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  sched_getaffinity(0, sizeof(after), &after);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    EXPECT_EQ(sigismember(&mask_before, signal), sigismember(&mask_after, signal));
  }
  // None of the environment's own threads takes the signals that end a run.
  size_t others = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream status(thread.path() / "status");
    std::string name;
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("Name:")) name = line.substr(6);
      if (!line.starts_with("SigBlk:") || name.find("eal-") == std::string::npos) continue;
      const uint64_t blocked = std::stoull(line.substr(8), nullptr, 16);
      EXPECT_NE(blocked & 1u << (SIGINT - 1), 0u) << name;
      EXPECT_NE(blocked & 1u << (SIGTERM - 1), 0u) << name;
      ++others;
    }
  }
  EXPECT_GT(others, 0u);
}

TEST(Dpdk, ARecordingComesWholeWithItsTimes) {
  const std::string path = temporary("a.pcap");
  const auto frames = some_frames(500);
  harness::write_file(path, harness::pcap_image(frames));
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({"net_pcap0,rx_pcap=" + path}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  ASSERT_EQ(ports.sources.size(), 1u);
  EXPECT_TRUE(ports.steered);
  const Taken taken = take(*ports.sources[0], frames.size());
  ASSERT_EQ(taken.frames.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(taken.frames[i], frames[i].frame);
    EXPECT_EQ(taken.times[i], frames[i].time);
    EXPECT_EQ(taken.wire[i], frames[i].frame.size());
  }
  EXPECT_EQ(ports.sources[0]->clocks().monotonic, 0) << "a recording's clock is not the wall's";
  EXPECT_EQ(ports.sources[0]->stats().packets, frames.size());
  expect_end(*ports.sources[0]);
  std::filesystem::remove(path);
}

// A snap length of 60 bytes: the length on the wire is in the IP header alone.
TEST(Dpdk, TheLengthOnTheWireComesFromTheIpHeader) {
  const Frame whole = PacketBuilder()
                          .ethernet()
                          .vlan(7)
                          .ipv4("10.0.0.1", "192.0.2.1")
                          .udp(1, 2)
                          .payload(std::string(900, 'x'))
                          .frame();
  Frame image = harness::pcap_image({{1'500'000'000'000'000'000, Frame(whole.begin(), whole.begin() + 60)}});
  const std::string path = temporary("cut.pcap");
  harness::write_file(path, image);
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({"net_pcap1,rx_pcap=" + path}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  const Taken taken = take(*ports.sources[0], 1);
  ASSERT_EQ(taken.frames.size(), 1u);
  EXPECT_EQ(taken.frames[0].size(), 60u);
  EXPECT_EQ(taken.wire[0], 14u + 4 + 20 + 8 + 900);
  std::filesystem::remove(path);
}

TEST(Dpdk, FramesInPiecesAreMadeWhole) {
  std::vector<harness::TimedFrame> frames;
  for (size_t i = 0; i < 40; ++i) {
    std::string text(8900 + i, static_cast<char>('a' + i % 26));
    frames.push_back(
        {1'500'000'000'000'000'000,
         PacketBuilder().ethernet().ipv4("10.0.0.1", "192.0.2.1").udp(1, 2).payload(text).frame()});
  }
  const std::string path = temporary("jumbo.pcap");
  harness::write_file(path, harness::pcap_image(frames));
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({"net_pcap2,rx_pcap=" + path}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  const Taken taken = take(*ports.sources[0], frames.size());
  ASSERT_EQ(taken.frames.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(taken.frames[i], frames[i].frame) << i;
  EXPECT_EQ(ports.sources[0]->stats().linearised, frames.size());
  std::filesystem::remove(path);
}

TEST(Dpdk, TheFilterCountsWhatItRefuses) {
  const std::string path = temporary("filter.pcap");
  harness::write_file(path, harness::pcap_image(some_frames(100)));
  DpdkOptions options = small({"net_pcap3,rx_pcap=" + path});
  options.filter = "host 10.0.0.5";
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(options, DpdkSteer::kAuto, 1, &ports, &error)) << error;
  EXPECT_EQ(take(*ports.sources[0], 2).frames.size(), 1u);
  EXPECT_EQ(ports.sources[0]->stats().packets, 100u);
  EXPECT_EQ(ports.sources[0]->stats().filtered, 99u);
  std::filesystem::remove(path);
}

TEST(Dpdk, ADeviceWithoutRssIsHandedOverAndOneWithSteers) {
  const std::string path = temporary("one.pcap");
  harness::write_file(path, harness::pcap_image(some_frames(10)));
  std::string error;
  {
    DpdkOptions options = small({"net_pcap4,rx_pcap=" + path});
    options.keep_packets = 1024;
    DpdkPorts ports;
    ASSERT_TRUE(open_dpdk(options, DpdkSteer::kAuto, 3, &ports, &error)) << error;
    EXPECT_EQ(ports.sources.size(), 1u);
    EXPECT_FALSE(ports.steered);
    EXPECT_GE(ports.sources[0]->keep_limit(), 1024u);
    ASSERT_EQ(ports.notes.size(), 2u);
    EXPECT_NE(ports.notes[1].find("hands packets over to 3 workers: net_pcap4 has 1 receive queues"),
              std::string::npos)
        << ports.notes[1];
  }
  {
    DpdkPorts ports;
    EXPECT_FALSE(open_dpdk(small({"net_pcap5,rx_pcap=" + path}), DpdkSteer::kRss, 3, &ports, &error));
    EXPECT_NE(error.find("1 receive queues, 3 are wanted"), std::string::npos) << error;
  }
  // net_null takes the configuration of RSS: what was asked for is what it holds.
  {
    DpdkPorts ports;
    ASSERT_TRUE(open_dpdk(small({"net_null1,size=64"}), DpdkSteer::kRss, 3, &ports, &error)) << error;
    EXPECT_EQ(ports.sources.size(), 3u);
    EXPECT_TRUE(ports.steered);
    uint16_t id = 0;
    ASSERT_EQ(rte_eth_dev_get_port_by_name("net_null1", &id), 0);
    uint8_t key[64] = {};
    rte_eth_rss_conf conf{};
    conf.rss_key = key;
    conf.rss_key_len = sizeof(key);
    ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(id, &conf), 0);
    EXPECT_EQ(conf.rss_hf & (RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_PORT),
              0u);
    EXPECT_NE(conf.rss_hf & RTE_ETH_RSS_IPV4, 0u);
    EXPECT_EQ(key[0], 0x6d);
    EXPECT_EQ(key[1], 0x5a);
    EXPECT_EQ(key[38], 0x6d);
    rte_eth_rss_reta_entry64 table[2] = {};
    table[0].mask = table[1].mask = UINT64_MAX;
    ASSERT_EQ(rte_eth_dev_rss_reta_query(id, table, 128), 0);
    for (int i = 0; i < 128; ++i) EXPECT_EQ(table[i / 64].reta[i % 64], i % 3);
    // Each source takes from its own queue.
    for (const auto& source : ports.sources) {
      std::array<RawPacket, 64> out;
      size_t count = 0;
      EXPECT_EQ(source->next_burst(out, &count), SourceStatus::kOk);
      EXPECT_GT(count, 0u);
    }
    for (const auto& source : ports.sources) expect_end(*source);
  }
  std::filesystem::remove(path);
}

// What is put into a ring comes out, mbuf for mbuf: kept ones stay alive until they are released.
class Ring : public ::testing::Test {
 protected:
  void SetUp() override {
    // The environment must be there before a ring can be made.
    std::string error;
    ASSERT_TRUE(start_eal(small({"net_null9"}), 512, &error)) << error;
    static int number = 0;
    const std::string name = "weir_test_" + std::to_string(number++);
    ring_ = rte_ring_create(name.c_str(), 1024, SOCKET_ID_ANY, 0);
    ASSERT_NE(ring_, nullptr);
    pool_ = rte_pktmbuf_pool_create((name + "_pool").c_str(), 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                    SOCKET_ID_ANY);
    ASSERT_NE(pool_, nullptr);
    const int port = rte_eth_from_ring(ring_);
    ASSERT_GE(port, 0);
    char text[RTE_ETH_NAME_MAX_LEN] = "";
    ASSERT_EQ(rte_eth_dev_get_name_by_port(static_cast<uint16_t>(port), text), 0);
    port_name_ = text;
  }
  void put(const Frame& frame, uint16_t stripped_vlan = 0) {
    rte_mbuf* m = rte_pktmbuf_alloc(pool_);
    ASSERT_NE(m, nullptr);
    std::memcpy(rte_pktmbuf_append(m, static_cast<uint16_t>(frame.size())), frame.data(), frame.size());
    if (stripped_vlan != 0) {
      m->vlan_tci = stripped_vlan;
      m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    }
    ASSERT_EQ(rte_ring_enqueue(ring_, m), 0);
  }
  unsigned in_use() const { return rte_mempool_in_use_count(pool_); }

  rte_ring* ring_ = nullptr;
  rte_mempool* pool_ = nullptr;
  std::string port_name_;
};

TEST_F(Ring, BuffersLiveAsLongAsTheirBurst) {
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({port_name_}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  PacketSource& source = *ports.sources[0];
  const auto frames = some_frames(10);
  const auto before = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const auto& frame : frames) put(frame.frame);
  std::array<RawPacket, 64> out;
  size_t count = 0;
  ASSERT_EQ(source.next_burst(out, &count), SourceStatus::kOk);
  ASSERT_EQ(count, 10u);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(std::equal(out[i].bytes.begin(), out[i].bytes.end(), frames[i].frame.begin()));
    EXPECT_GE(out[i].time, before) << "the clock on the wall";
  }
  EXPECT_EQ(in_use(), 10u);
  EXPECT_EQ(source.next_burst(out, &count), SourceStatus::kIdle);
  EXPECT_EQ(in_use(), 0u);
  EXPECT_GE(source.clocks().wall, before);
  EXPECT_GT(source.clocks().monotonic, 0);

  // Kept: they outlive two more calls, and go when they are released.
  for (const auto& frame : frames) put(frame.frame);
  ASSERT_EQ(source.next_burst(out, &count), SourceStatus::kOk);
  std::array<void*, 64> handles;
  source.keep_burst(std::span(handles).first(count));
  const Bytes kept = out[3].bytes;
  EXPECT_EQ(source.next_burst(out, &count), SourceStatus::kIdle);
  EXPECT_EQ(in_use(), 10u);
  EXPECT_TRUE(std::equal(kept.begin(), kept.end(), frames[3].frame.begin()));
  source.release(std::span<void* const>(handles).first(10));
  EXPECT_EQ(in_use(), 0u);
  expect_end(source);
}

TEST_F(Ring, ASmallBurstOfTheCallerLosesNothing) {
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({port_name_}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  const auto frames = some_frames(50);
  for (const auto& frame : frames) put(frame.frame);
  std::vector<Frame> got;
  std::array<RawPacket, 3> out;
  size_t count = 0;
  while (ports.sources[0]->next_burst(out, &count) == SourceStatus::kOk) {
    for (size_t i = 0; i < count; ++i) got.emplace_back(out[i].bytes.begin(), out[i].bytes.end());
  }
  ASSERT_EQ(got.size(), 50u);
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(got[i], frames[i].frame);
  EXPECT_EQ(in_use(), 0u);
}

TEST_F(Ring, ATagThatTheDeviceTookOffIsPutBack) {
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({port_name_}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  const auto build = [](bool tagged) {
    PacketBuilder builder;
    builder.ethernet();
    if (tagged) builder.vlan(77);
    return builder.ipv4("10.0.0.1", "192.0.2.1").udp(1, 2).payload("x").frame();
  };
  put(build(false), 77);
  const Taken taken = take(*ports.sources[0], 1);
  ASSERT_EQ(taken.frames.size(), 1u);
  EXPECT_EQ(taken.frames[0], build(true));
}

TEST_F(Ring, StopHandsOutWhatIsThereThenEnds) {
  DpdkPorts ports;
  std::string error;
  ASSERT_TRUE(open_dpdk(small({port_name_}), DpdkSteer::kAuto, 1, &ports, &error)) << error;
  for (const auto& frame : some_frames(5)) put(frame.frame);
  ports.sources[0]->stop();
  std::array<RawPacket, 64> out;
  size_t count = 0;
  EXPECT_EQ(ports.sources[0]->next_burst(out, &count), SourceStatus::kOk);
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(ports.sources[0]->next_burst(out, &count), SourceStatus::kEnd);
}

TEST(Dpdk, SaysWhatIsWrong) {
  const auto error_of = [](const DpdkOptions& options, DpdkSteer steer = DpdkSteer::kAuto,
                           uint32_t workers = 1) {
    DpdkPorts ports;
    std::string error;
    EXPECT_FALSE(open_dpdk(options, steer, workers, &ports, &error));
    return error;
  };
  EXPECT_EQ(error_of(small({})), "no DPDK port named");
  EXPECT_NE(error_of(small({"0000:63:00.0"})).find("no DPDK driver took the card 0000:63:00.0"),
            std::string::npos);
  EXPECT_NE(error_of(small({"net_nonsense0"})).find("no such port: net_nonsense0"), std::string::npos);
  EXPECT_NE(error_of(small({"net_pcap6,rx_pcap=/nonexistent"})).find("net_pcap6"), std::string::npos);
  EXPECT_NE(error_of(small({"net_null2", "net_null2"})).find("named twice"), std::string::npos);
  DpdkOptions few = small({"net_null3"});
  few.mbufs = 1024;
  EXPECT_NE(error_of(few).find("capture.dpdk.mbufs: 1024 are too few"), std::string::npos);
  DpdkOptions filtered = small({"net_null4"});
  filtered.filter = "port port";
  EXPECT_NE(error_of(filtered).find("port port"), std::string::npos);
  DpdkOptions queues = small({"net_null5"});
  queues.queues = 2;
  EXPECT_NE(error_of(queues).find("more queues (2) than workers (1)"), std::string::npos);
}

TEST(Dpdk, ArgumentsOfTheEnvironment) {
  const auto line = [](DpdkOptions options, bool pages) {
    std::string text;
    for (const std::string& word : eal_arguments(options, 300, pages, 2)) text += word + ' ';
    return text;
  };
  DpdkOptions options;
  options.ports = {"net_null0"};
  const std::string prefix = "--file-prefix=weir-" + std::to_string(getpid()) + " ";
  EXPECT_EQ(line(options, false), "weir --log-level=warning --no-telemetry " + prefix +
                                      "--no-huge --no-shconf -m 300 --iova-mode=va -l 2 --no-pci ");
  EXPECT_EQ(line(options, true),
            "weir --log-level=warning --no-telemetry " + prefix + "--in-memory -l 2 --no-pci ");
  options.ports = {"0000:03:00.0", "0000:03:00.1"};
  EXPECT_EQ(line(options, true), "weir --log-level=warning --no-telemetry " + prefix +
                                     "--in-memory -l 2 -a 0000:03:00.0 -a 0000:03:00.1 ");
  // What the operator gives is not given twice.
  options.ports = {"net_null0"};
  options.eal = {"--no-huge", "-m", "64", "--lcores=0", "--file-prefix=x", "--no-pci"};
  EXPECT_EQ(line(options, true),
            "weir --log-level=warning --no-telemetry --no-shconf --iova-mode=va --no-huge -m "
            "64 --lcores=0 --file-prefix=x --no-pci ");
}

TEST(Dpdk, PciAddressesAndHugePages) {
  EXPECT_TRUE(is_pci_address("0000:03:00.0"));
  EXPECT_TRUE(is_pci_address("3b:00.1"));
  for (const char* no : {"net_pcap0", "0000:03:00", "eth0", "0000:03:00.0,x=1", "g000:03:00.0", ""}) {
    EXPECT_FALSE(is_pci_address(no)) << no;
  }
  const std::filesystem::path root = temporary("sys");
  const auto size = root / "sys/kernel/mm/hugepages/hugepages-2048kB";
  std::filesystem::create_directories(size);
  std::ofstream(size / "free_hugepages") << "0\n";
  EXPECT_FALSE(free_huge_pages(root));
  std::ofstream(size / "free_hugepages") << "12\n";
  EXPECT_TRUE(free_huge_pages(root));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace weir
#else
#include <gtest/gtest.h>

#include "sensor/capture/dpdk_source.h"

namespace weir {
namespace {

TEST(Dpdk, ABuildWithoutItSaysSo) {
  DpdkPorts ports;
  std::string error;
  EXPECT_FALSE(open_dpdk({}, DpdkSteer::kAuto, 1, &ports, &error));
  EXPECT_EQ(error.find("this build has no DPDK: "), 0u) << error;
  EXPECT_FALSE(has_dpdk());
}

}  // namespace
}  // namespace weir
#endif
