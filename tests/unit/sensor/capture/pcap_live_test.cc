// Live capture on the loopback interface of a network namespace that the test makes for itself, with
// a user namespace around it where the test does not run as root.
//
// A suite of this name runs before all others: it forks, and must not do so beside threads that DPDK's tests
// leave behind.
#include "sensor/capture/pcap_live.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weir {
namespace {

// Runs `body` in a process of its own that has its own network with only `lo`, up. Its failures are printed
// there and fail the test here.
void in_own_network(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto prepare = [] {
      if (unshare(CLONE_NEWNET) != 0) {
        ASSERT_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0)
            << std::strerror(errno) << ": this test wants root or user namespaces";
      }
      const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      ASSERT_GE(fd, 0);
      ifreq request{};
      std::strcpy(request.ifr_name, "lo");
      ASSERT_EQ(ioctl(fd, SIOCGIFFLAGS, &request), 0);
      request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
      ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &request), 0);
      close(fd);
    };
    prepare();
    if (!::testing::Test::HasFailure()) body();
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see the failures above";
}

void send_datagrams(uint16_t port, int count) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < count; ++i) {
    const std::string text = "datagram " + std::to_string(i);
    ASSERT_EQ(sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof(to)),
              static_cast<ssize_t>(text.size()));
  }
  close(fd);
}

// What comes until `wanted` packets or five seconds.
struct Caught {
  std::vector<std::string> payloads;
  std::vector<Nanoseconds> times;
};
Caught catch_packets(PacketSource* source, size_t wanted) {
  Caught caught;
  RawPacket out[8];
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (caught.payloads.size() < wanted && std::chrono::steady_clock::now() < until) {
    size_t count = 0;
    const SourceStatus status = source->next_burst(out, &count);
    EXPECT_NE(status, SourceStatus::kError) << source->error();
    if (status == SourceStatus::kError || status == SourceStatus::kEnd) break;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(out[i].link_type, 1);
      EXPECT_GE(out[i].wire_length, out[i].bytes.size());
      // Ethernet, IPv4 and UDP headers
      caught.payloads.emplace_back(as_text(out[i].bytes.size() > 42 ? out[i].bytes.subspan(42) : Bytes()));
      caught.times.push_back(out[i].time);
    }
  }
  return caught;
}

TEST(PcapLiveDeathTest, CatchesWhatIsSentAndNothingElse) {
  in_own_network([] {
    std::string error;
    LiveOptions options;
    options.interface = "lo";
    options.filter = "udp dst port 4242";
    options.buffer_bytes = 2 << 20;
    const auto source = make_live_source(options, &error);
    ASSERT_TRUE(source) << error;
    RawPacket out[8];
    size_t count = 9;
    EXPECT_EQ(source->next_burst(out, &count), SourceStatus::kIdle);
    EXPECT_EQ(count, 0u);

    const Nanoseconds before =
        std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
    send_datagrams(4241, 5);
    send_datagrams(4242, 20);
    const Caught caught = catch_packets(source.get(), 20);
    const Nanoseconds after =
        std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
    ASSERT_EQ(caught.payloads.size(), 20u);
    for (size_t i = 0; i < 20; ++i) EXPECT_EQ(caught.payloads[i], "datagram " + std::to_string(i));
    for (const Nanoseconds time : caught.times) {
      EXPECT_GE(time, before);
      EXPECT_LE(time, after);
    }
    EXPECT_EQ(source->stats().packets, 20u);
    EXPECT_EQ(source->stats().kernel_drops, 0u);
  });
}

TEST(PcapLiveDeathTest, SnapLengthCutsAndTheWireLengthStays) {
  in_own_network([] {
    std::string error;
    LiveOptions options;
    options.interface = "lo";
    options.snaplen = 64;
    options.buffer_bytes = 2 << 20;
    const auto source = make_live_source(options, &error);
    ASSERT_TRUE(source) << error;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(4242);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string text(1000, 'x');
    ASSERT_EQ(sendto(fd, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 1000);
    close(fd);
    RawPacket out[8];
    size_t count = 0;
    for (int i = 0; i < 50 && count == 0; ++i)
      ASSERT_NE(source->next_burst(out, &count), SourceStatus::kError);
    ASSERT_GE(count, 1u);
    EXPECT_EQ(out[0].bytes.size(), 64u);
    EXPECT_EQ(out[0].wire_length, 1042u);
  });
}

// One datagram from `from` to `to` of 127/8, and from port to port.
void send_one(uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port, const std::string& text) {
  const auto address = [](uint32_t host, uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(host);
    return a;
  };
  const sockaddr_in one = address(from, from_port);
  const sockaddr_in other = address(to, to_port);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&one), sizeof(one)), 0) << std::strerror(errno);
  ASSERT_GT(sendto(fd, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&other), sizeof(other)),
            0);
  close(fd);
}

// Datagrams between many address pairs of 127/8: each comes to one source alone, both directions of a pair to
// the same, and every source gets its share.
//
// No more than four are on their way at a time, so that on the busiest machine none is dropped for want of a
// block in the kernel's ring.
void expect_shared(FanoutBy by) {
  constexpr size_t kWorkers = 3;
  constexpr int kPairs = 300;
  constexpr uint64_t kOnTheirWay = 4;
  std::string error;
  LiveOptions options;
  options.interface = "lo";
  options.filter = "udp";
  options.buffer_bytes = 6 << 20;
  options.timeout_ms = 1;
  const auto sources = make_live_sources(options, kWorkers, by, &error);
  ASSERT_EQ(sources.size(), kWorkers) << error;
  std::array<std::vector<std::string>, kWorkers> came;
  std::atomic<uint64_t> total{0};
  std::vector<std::thread> readers;
  for (size_t w = 0; w < kWorkers; ++w) {
    readers.emplace_back([&, w] {
      RawPacket out[64];
      for (SourceStatus status = SourceStatus::kOk;
           status == SourceStatus::kOk || status == SourceStatus::kIdle;) {
        size_t count = 0;
        status = sources[w]->next_burst(out, &count);
        for (size_t i = 0; i < count; ++i) came[w].emplace_back(as_text(out[i].bytes.subspan(42)));
        total.fetch_add(count);
      }
    });
  }
  uint64_t sent = 0;
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::minutes(5);  // a hang is told, not waited for
  for (int i = 0; i < kPairs; ++i) {
    const uint32_t client = 0x7f010000u + static_cast<uint32_t>(i);
    const auto port = static_cast<uint16_t>(3000 + i);
    send_one(client, port, 0x7f020001u, 53, std::to_string(i) + " forth");
    send_one(0x7f020001u, 53, client, port, std::to_string(i) + " back");
    sent += 2;
    while (total.load() + kOnTheirWay < sent && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  for (const auto& source : sources) source->stop();
  for (std::thread& reader : readers) reader.join();

  std::map<std::string, size_t> where;
  for (size_t w = 0; w < kWorkers; ++w) {
    for (const std::string& text : came[w])
      EXPECT_TRUE(where.emplace(text, w).second) << text << " came twice";
    EXPECT_EQ(sources[w]->stats().kernel_drops, 0u);
    EXPECT_GT(came[w].size(), 2u * kPairs / kWorkers / 2) << "a worker with less than half its share";
  }
  EXPECT_EQ(where.size(), sent);
  for (int i = 0; i < kPairs; ++i) {
    EXPECT_EQ(where[std::to_string(i) + " forth"], where[std::to_string(i) + " back"]) << i;
  }
}

TEST(PcapLiveDeathTest, TheKernelSharesByAddressPair) {
  in_own_network([] { expect_shared(FanoutBy::kAddress); });
}
TEST(PcapLiveDeathTest, TheKernelSharesByFlow) {
  in_own_network([] { expect_shared(FanoutBy::kFlow); });
}

// What the kernel computes is what fanout_test.cc holds in user space: the same hash of the same frame.
TEST(PcapLiveDeathTest, TheKernelRunsTheSameProgram) {
  in_own_network([] {
    std::string error;
    LiveOptions options;
    options.interface = "lo";
    options.filter = "udp dst port 4242";
    options.buffer_bytes = 8 << 20;
    const auto sources = make_live_sources(options, 4, FanoutBy::kAddress, &error);
    ASSERT_EQ(sources.size(), 4u) << error;
    for (uint32_t i = 0; i < 64; ++i) {
      const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(4242);
      to.sin_addr.s_addr = htonl(0x7f030000u + i);
      ASSERT_EQ(sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 1);
      close(fd);
    }
    const std::vector<bpf_insn> program = fanout_program(FanoutView::kFrame);
    size_t seen = 0;
    for (size_t w = 0; w < sources.size(); ++w) {
      sources[w]->stop();
      RawPacket out[64];
      size_t count = 0;
      for (SourceStatus status = SourceStatus::kOk; status != SourceStatus::kEnd;) {
        status = sources[w]->next_burst(out, &count);
        ASSERT_NE(status, SourceStatus::kError) << sources[w]->error();
        for (size_t i = 0; i < count; ++i, ++seen) {
          const auto length = static_cast<u_int>(out[i].bytes.size());
          EXPECT_EQ(bpf_filter(program.data(), out[i].bytes.data(), length, length) % 4, w);
        }
      }
    }
    EXPECT_EQ(seen, 64u);
  });
}

// The link is asked of the kernel, and of the interface's own namespace.
TEST(PcapLiveDeathTest, TellsThatTheLinkIsDown) {
  in_own_network([] {
    std::string error;
    LiveOptions options;
    options.interface = "lo";
    options.buffer_bytes = 4 << 20;
    const auto sources = make_live_sources(options, 2, FanoutBy::kAddress, &error);
    ASSERT_EQ(sources.size(), 2u) << error;
    EXPECT_EQ(sources[0]->problem(), "");
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    ASSERT_EQ(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
    ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    EXPECT_EQ(sources[0]->problem(), "lo is down, no packet can come: sudo ip link set lo up");
    EXPECT_EQ(sources[1]->problem(), "") << "one of them tells";
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    EXPECT_EQ(sources[0]->problem(), "");
    close(fd);
  });
}

TEST(PcapLiveDeathTest, StopHandsOutWhatTheKernelHas) {
  in_own_network([] {
    std::string error;
    LiveOptions options;
    options.interface = "lo";
    options.filter = "udp dst port 4242";
    options.buffer_bytes = 2 << 20;
    const auto source = make_live_source(options, &error);
    ASSERT_TRUE(source) << error;
    send_datagrams(4242, 3);
    source->stop();
    const Caught caught = catch_packets(source.get(), 100);
    EXPECT_EQ(caught.payloads.size(), 3u);
    RawPacket out[8];
    size_t count = 9;
    EXPECT_EQ(source->next_burst(out, &count), SourceStatus::kEnd);
    EXPECT_EQ(count, 0u);
  });
}

TEST(PcapLiveDeathTest, StopEndsTheWait) {
  in_own_network([] {
    std::string error;
    LiveOptions options;
    options.interface = "lo";
    options.buffer_bytes = 2 << 20;
    const auto source = make_live_source(options, &error);
    ASSERT_TRUE(source) << error;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      source->stop();
    });
    RawPacket out[8];
    size_t count = 0;
    SourceStatus status = SourceStatus::kIdle;
    for (int i = 0; i < 50 && status == SourceStatus::kIdle; ++i) status = source->next_burst(out, &count);
    stopper.join();
    EXPECT_EQ(status, SourceStatus::kEnd);
  });
}

TEST(PcapLiveDeathTest, SaysWhatIsWrong) {
  in_own_network([] {
    const auto error_of = [](LiveOptions options) {
      std::string error;
      EXPECT_FALSE(make_live_source(options, &error));
      return error;
    };
    EXPECT_EQ(
        error_of({.interface = "weir-none", .filter = ""}).find("no interface \"weir-none\"; there are: "),
        0u)
        << error_of({.interface = "weir-none", .filter = ""});
    EXPECT_NE(error_of({.interface = "weir-none", .filter = ""}).find("lo"), std::string::npos);
    EXPECT_EQ(error_of({.interface = "lo", .filter = "port port"}),
              "filter \"port port\": can't parse filter expression: syntax error");
    EXPECT_EQ(error_of({.interface = "lo", .filter = "", .snaplen = 10}),
              "the snap length must be 64 to 262144 bytes");
    EXPECT_EQ(error_of({.interface = "", .filter = ""}).find("no interface named"), 0u);
  });
}

}  // namespace
}  // namespace weir
