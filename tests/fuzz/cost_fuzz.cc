// How much work can a sender buy for a byte? Plays what the input says through a whole worker, from frames to
// alerts, and fails when a byte of it costs more than the bound below: libFuzzer is told how high each input
// gets (__libfuzzer_extra_counters), and so climbs.
//
// Work is counted, not timed: the fuzz preset has clang call a function for every comparison of the program's
// own code (-fsanitize-coverage=trace-cmp, which libFuzzer takes values from); here they are counted on their
// way there, so that the same input always costs the same. What other libraries do is not in it. Without that
// instrumentation the corpus is replayed.
//
// Input: byte 0 what is sent, byte 1 how.
//   0 text: bytes 2 … are a piece of text, repeated until kText bytes are full: the body of an HTTP response
//     (byte 1 picks its type and the cut of segments);
//   1 a conversation: byte 1 bit 0: no handshake was seen; bits 1-2: the port. Then records: one byte (bit 0
//     direction; bits 1-2: 0 data, 1 data with a low TTL over the last bytes sent, 2 data that came twice, 3
//     a hole; bits 3-6 the length's high bits; bit 7: the piece again, up to kAgain times), one byte (the
//     length's low bits), the bytes.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sensor/match/matcher.h"
#include "sensor/pipeline/worker.h"
#include "sensor/policy/policy_set.h"
#include "tests/harness/packet_builder.h"
#include "tests/harness/sensor_setup.h"

// Linked with --wrap (tests/fuzz/CMakeLists.txt): every call comes here first.
namespace {
uint64_t g_comparisons = 0;
}
#ifdef WEIR_COUNTS_COMPARISONS
#define WEIR_COUNTED(name, type)                                                           \
  extern "C" void __real_##name(type a, type b);                                           \
  extern "C" void __wrap_##name(type a, type b);                                           \
  extern "C" __attribute__((no_sanitize("coverage"))) void __wrap_##name(type a, type b) { \
    ++g_comparisons;                                                                       \
    __real_##name(a, b);                                                                   \
  }
WEIR_COUNTED(__sanitizer_cov_trace_cmp1, uint8_t)
WEIR_COUNTED(__sanitizer_cov_trace_cmp2, uint16_t)
WEIR_COUNTED(__sanitizer_cov_trace_cmp4, uint32_t)
WEIR_COUNTED(__sanitizer_cov_trace_cmp8, uint64_t)
WEIR_COUNTED(__sanitizer_cov_trace_const_cmp1, uint8_t)
WEIR_COUNTED(__sanitizer_cov_trace_const_cmp2, uint16_t)
WEIR_COUNTED(__sanitizer_cov_trace_const_cmp4, uint32_t)
WEIR_COUNTED(__sanitizer_cov_trace_const_cmp8, uint64_t)
#endif

namespace {

using namespace weir;

// The bound, in comparisons: for a byte, for a packet, and for a worker's begin and end with its alerts.
// Benign text takes 3 a byte. Of what is known the dearest takes 500 a byte (values between nested escapes,
// each judged in up to ten readings), and 9,500 a packet where every byte is one and turns the direction.
constexpr uint64_t kPerByte = 800;
constexpr uint64_t kPerPacket = 12'000;
constexpr uint64_t kPerRun = 600'000;

constexpr size_t kText = 24 * 1024;
constexpr size_t kAgain = 64;
constexpr size_t kMostPackets = 4096;

#ifdef WEIR_COUNTS_COMPARISONS
constexpr size_t kLevels = 1024;
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t g_levels[kLevels];
#endif

const SharedSetup& setup() {
  static const SharedSetup made = [] {
    SharedSetup s = harness::sensor_setup_with_builtin(everything_policy());
    if (!s.patterns || !s.policies) std::abort();
    return s;
  }();
  return made;
}

// Two ends of one TCP connection, as frames.
class Conversation {
 public:
  explicit Conversation(uint16_t port) : port_(port) {}

  void handshake() {
    put(Direction::kFromInitiator, {}, kTcpSyn, 64, 0);
    put(Direction::kFromResponder, {}, kTcpSyn | kTcpAck, 64, 0);
    put(Direction::kFromInitiator, {}, kTcpAck, 64, 1);
    next_ = {1, 1};
  }
  // `from`: sequence number; the next when SIZE_MAX.
  void data(Direction d, std::string_view bytes, uint8_t ttl = 64, size_t back = 0) {
    const uint32_t from = next_[index_of(d)] - static_cast<uint32_t>(back);
    put(d, bytes, kTcpAck | kTcpPsh, ttl, from);
    const uint32_t end = from + static_cast<uint32_t>(bytes.size());
    if (static_cast<int32_t>(end - next_[index_of(d)]) > 0 && ttl > 8) next_[index_of(d)] = end;
    bytes_ += bytes.size();
  }
  void hole(Direction d, uint32_t n) { next_[index_of(d)] += n; }
  const std::vector<harness::TimedFrame>& frames() const { return frames_; }
  size_t bytes() const { return bytes_; }
  bool full() const { return frames_.size() >= kMostPackets; }

 private:
  void put(Direction d, std::string_view bytes, uint8_t flags, uint8_t ttl, uint32_t seq) {
    const bool forth = d == Direction::kFromInitiator;
    harness::PacketBuilder builder;
    builder.ethernet().ipv4(forth ? "10.0.0.1" : "10.0.0.2", forth ? "10.0.0.2" : "10.0.0.1", ttl);
    builder.tcp(forth ? 40000 : port_, forth ? port_ : 40000).seq(seq).flags(flags).payload(bytes);
    builder.ack(next_[1 - index_of(d)]);
    frames_.push_back({time_ += 100'000, builder.frame()});
  }

  uint16_t port_;
  Nanoseconds time_ = 1'790'000'000'000'000'000;
  std::array<uint32_t, 2> next_{};
  std::vector<harness::TimedFrame> frames_;
  size_t bytes_ = 0;
};

Conversation text_of(Bytes input, uint8_t how) {
  static constexpr const char* kTypes[] = {
      "text/plain",
      "text/plain; charset=gbk",
      "application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=b",
      "application/octet-stream",
      "text/plain; charset=utf-16",
      "image/png",
  };
  constexpr size_t kSegments[] = {1448, 1448, 536, 100};
  std::string body;
  while (body.size() < kText && !input.empty()) {
    body += as_text(input.first(std::min(input.size(), kText - body.size())));
  }
  Conversation talk(80);
  talk.handshake();
  talk.data(Direction::kFromInitiator, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(kTypes[how % 8]) +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  const size_t segment = kSegments[how / 8 % 4];
  for (size_t at = 0; at < answer.size(); at += segment) {
    talk.data(Direction::kFromResponder, std::string_view(answer).substr(at, segment));
  }
  return talk;
}

Conversation talk_of(Bytes input, uint8_t how) {
  constexpr uint16_t kPorts[] = {80, 443, 22, 9000};
  Conversation talk(kPorts[how / 2 % 4]);
  if ((how & 1) == 0) talk.handshake();
  while (input.size() >= 2 && !talk.full()) {
    const uint8_t op = input[0];
    const Direction direction = (op & 1) == 0 ? Direction::kFromInitiator : Direction::kFromResponder;
    const size_t wanted = (size_t{op} >> 3 & 15) << 8 | input[1];
    input = input.subspan(2);
    const size_t kind = op >> 1 & 3;
    if (kind == 3) {
      talk.hole(direction, static_cast<uint32_t>(wanted));
      continue;
    }
    const size_t n = std::min({wanted, input.size(), size_t{1448}});
    const std::string_view bytes = as_text(input.first(n));
    input = input.subspan(n);
    for (size_t i = 0; i < ((op & 0x80) != 0 ? kAgain : 1) && !talk.full(); ++i) {
      talk.data(direction, bytes, kind == 1 ? 2 : 64, kind == 1 ? n + i % 2 : 0);
      if (kind == 2) talk.data(direction, bytes, 64, n);
    }
  }
  return talk;
}

}  // namespace

// The packs are compiled before the first input.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setup();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3 || size > 16 * 1024) return 0;
  const Bytes rest = Bytes(data, size).subspan(2);
  const Conversation talk = data[0] % 2 == 0 ? text_of(rest, data[1]) : talk_of(rest, data[1]);

  WorkerOptions options;
  options.wait_for_room = false;
  options.content_memory = size_t{64} << 20;
  options.findings_memory = size_t{64} << 20;
  options.flow.max_flows = 64;
  AlertChannel channel(4096);
  Worker worker(options, setup(), std::make_unique<harness::FrameSource>(talk.frames()), &channel);
  g_comparisons = 0;
  worker.run();
  const uint64_t cost = g_comparisons;
  const uint64_t bound = kPerRun + kPerPacket * talk.frames().size() + kPerByte * talk.bytes();
  if (std::getenv("WEIR_COST") != nullptr) {
    std::fprintf(stderr, "%zu bytes, %zu packets, %llu comparisons, %.3f of the bound\n", talk.bytes(),
                 talk.frames().size(), static_cast<unsigned long long>(cost),
                 static_cast<double>(cost) / static_cast<double>(bound));
  }
#ifdef WEIR_COUNTS_COMPARISONS
  // A new level is a new feature: steps of 1/512 of the bound.
  const size_t level = std::min<uint64_t>(kLevels - 1, cost * 512 / bound);
  for (size_t i = 0; i <= level; ++i) g_levels[i] = 1;
#endif
  if (cost > bound) {
    std::fprintf(stderr, "%llu comparisons for %zu bytes in %zu packets: the bound is %llu\n",
                 static_cast<unsigned long long>(cost), talk.bytes(), talk.frames().size(),
                 static_cast<unsigned long long>(bound));
    std::abort();
  }
  return 0;
}
