// TCP reassembly: in-order segments, a mirror that reorders, request and response in turns; the payload hash;
// and what a hostile sender may send, with the items that become of it. The latter count bytes of frames:
// each stays above 0.3 Gbit/s (37.5 MB/s) with content and match behind it, and is far above that here.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sensor/base/keyed_hash.h"
#include "sensor/pipeline/other_versions.h"
#include "sensor/reassembly/tcp_connection.h"

namespace weir {
namespace {

struct NoSink : StreamSink {
  void on_chunk(Direction, uint64_t, Bytes bytes, Nanoseconds) override { total += bytes.size(); }
  void on_gap(Direction, uint64_t, uint64_t n, Nanoseconds) override { total += n; }
  void on_end(Direction, Nanoseconds) override {}
  void on_extra(ExtraKind, Direction, uint64_t, Bytes bytes, const Surroundings&, Nanoseconds) override {
    total += bytes.size();
  }
  uint64_t total = 0;
};

struct Setup {
  explicit Setup(size_t length) : payload(length, 'x') {}

  void data(uint32_t at) {
    PacketView packet;
    packet.time = time += 1000;
    packet.tcp_seq = at;
    packet.tcp_flags = kTcpAck;
    packet.tcp_ack = 1;
    packet.payload = as_bytes(payload);
    packet.payload_wire = static_cast<uint32_t>(payload.size());
    connection.on_segment(packet, Direction::kFromInitiator, sink, context);
  }
  void acknowledge(uint32_t to) {
    PacketView packet;
    packet.time = time += 1000;
    packet.tcp_seq = 1;
    packet.tcp_flags = kTcpAck;
    packet.tcp_ack = to;
    connection.on_segment(packet, Direction::kFromResponder, sink, context);
  }

  MemoryBudget budget{size_t{64} << 20};
  TcpShared shared{budget, TcpOptions{}};
  Inspection ledger;
  TcpContext context{shared, ledger};
  NoSink sink;
  TcpConnection connection;
  std::string payload;
  Nanoseconds time = 0;
};

// Four segments, then their acknowledgement.
void in_order(benchmark::State& bench) {
  const auto length = static_cast<uint32_t>(bench.range(0));
  Setup setup(length);
  uint32_t seq = 1000;
  for (auto _ : bench) {
    for (int i = 0; i < 4; ++i, seq += length) setup.data(seq);
    setup.acknowledge(seq);
  }
  bench.SetBytesProcessed(bench.iterations() * 4 * int64_t{length});
  bench.SetItemsProcessed(bench.iterations() * 5);
}
BENCHMARK(in_order)->Arg(64)->Arg(512)->Arg(1460);

// Each second pair of segments swapped.
void swapped(benchmark::State& bench) {
  const auto length = static_cast<uint32_t>(bench.range(0));
  Setup setup(length);
  uint32_t seq = 1000;
  setup.acknowledge(seq);
  for (auto _ : bench) {
    setup.data(seq);
    setup.data(seq + length);
    setup.data(seq + 3 * length);
    setup.data(seq + 2 * length);
    seq += 4 * length;
    setup.acknowledge(seq);
  }
  bench.SetBytesProcessed(bench.iterations() * 4 * int64_t{length});
  bench.SetItemsProcessed(bench.iterations() * 5);
}
BENCHMARK(swapped)->Arg(1460);

// No acknowledgement is captured: everything is remembered.
void one_direction(benchmark::State& bench) {
  const auto length = static_cast<uint32_t>(bench.range(0));
  Setup setup(length);
  uint32_t seq = 1000;
  for (auto _ : bench) {
    setup.data(seq);
    seq += length;
  }
  bench.SetBytesProcessed(bench.iterations() * int64_t{length});
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(one_direction)->Arg(1460);

void hash_payload(benchmark::State& bench) {
  const HashKey key = HashKey::random();
  const std::string payload(static_cast<size_t>(bench.range(0)), 'x');
  for (auto _ : bench) benchmark::DoNotOptimize(payload_hash(key, as_bytes(payload)));
  bench.SetBytesProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(hash_payload)->Arg(16)->Arg(64)->Arg(1460);

// Every second byte first, then the rest: fifty thousand pieces.
void one_byte_pieces(benchmark::State& bench) {
  for (auto _ : bench) {
    Setup setup(1);
    setup.acknowledge(1000);
    setup.data(1000);
    for (uint32_t i = 50'000; i > 0; --i) setup.data(1001 + 2 * i);
    for (uint32_t i = 0; i <= 50'000; ++i) setup.data(1002 + 2 * i);
    bench.counters["peak_bytes"] = static_cast<double>(setup.budget.peak());
  }
  bench.SetItemsProcessed(bench.iterations() * 100'000);
}
BENCHMARK(one_byte_pieces)->Unit(benchmark::kMillisecond);

// Counts the items.
struct NoContent final : TimedContentSink {
  void set_time(Nanoseconds) override {}
  ItemId open(ContentMeta&&, ItemId) override { return ++items; }
  void data(ItemId, uint64_t, Bytes bytes) override { total += bytes.size(); }
  void gap(ItemId, uint64_t, uint64_t) override {}
  void meta(ItemId, const ContentMeta&) override {}
  void close(ItemId, CloseReason) override {}
  void unread(Direction, Unread, uint64_t n) override { not_read += n; }

  ItemId items = kNoItem;
  uint64_t total = 0;
  uint64_t not_read = 0;
};

struct VersionsSink final : StreamSink {
  void on_chunk(Direction d, uint64_t offset, Bytes bytes, Nanoseconds) override {
    versions.on_chunk(d, offset, bytes, content);
  }
  void on_gap(Direction d, uint64_t offset, uint64_t n, Nanoseconds) override {
    versions.on_gap(d, offset, n);
  }
  void on_end(Direction d, Nanoseconds) override { versions.on_end(d, content); }
  void on_extra(ExtraKind kind, Direction d, uint64_t offset, Bytes bytes, const Surroundings& around,
                Nanoseconds) override {
    versions.on_extra(kind, d, offset, bytes, around, content);
  }
  void on_urgent(Direction d, uint64_t offset) override { versions.on_urgent(d, offset); }
  Bytes recent(Direction d) const override { return versions.recent(d); }

  OtherVersions versions;
  NoContent content;
};

struct Hostile {
  void send(uint32_t seq, std::string_view bytes, uint8_t ttl = 64, uint16_t urgent = 0) {
    PacketView packet;
    packet.time = time += 1000;
    packet.ttl = ttl;
    packet.tcp_seq = seq;
    packet.tcp_flags = urgent != 0 ? kTcpAck | kTcpUrg : kTcpAck;
    packet.tcp_urgent = urgent;
    packet.payload = as_bytes(bytes);
    packet.payload_wire = static_cast<uint32_t>(bytes.size());
    connection.on_segment(packet, Direction::kFromInitiator, sink, context);
    frames += std::max<size_t>(60, bytes.size() + 54);
  }
  void acknowledge(uint32_t to) {
    PacketView packet;
    packet.time = time += 1000;
    packet.tcp_flags = kTcpAck;
    packet.tcp_ack = to;
    connection.on_segment(packet, Direction::kFromResponder, sink, context);
  }
  uint32_t below(uint32_t n) {
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>((dice >> 33) % n);
  }
  void report(benchmark::State& bench) {
    bench.SetBytesProcessed(static_cast<int64_t>(frames));
    bench.counters["items"] = static_cast<double>(sink.content.items);
    bench.counters["unread"] = static_cast<double>(sink.content.not_read);
  }

  MemoryBudget budget{size_t{64} << 20};
  TcpShared shared{budget, TcpOptions{}};
  Inspection ledger;
  TcpContext context{shared, ledger};
  VersionsSink sink;
  TcpConnection connection;
  Nanoseconds time = 0;
  uint64_t dice = 1;
  uint64_t frames = 0;
};

// 700 bytes wait at odd offsets; segments that may not arrive lie over them and differ in each second byte.
void doubtful_over_pieces(benchmark::State& bench) {
  Hostile h;
  h.acknowledge(1000);
  h.send(999, "x");
  for (uint32_t i = 0; i < 700; ++i) h.send(1001 + 2 * i, "x");
  std::string text(1400, 'a');
  for (auto _ : bench) {
    for (size_t i = 0; i < text.size(); i += 2) text[i] = static_cast<char>('a' + h.below(26));
    h.send(1001 + static_cast<uint32_t>(bench.range(0) != 0 ? h.below(600) : 0), text, 3);
  }
  h.report(bench);
}
BENCHMARK(doubtful_over_pieces)->Arg(0)->Arg(1);

// Single bytes, believed and doubtful, over each other where nothing was passed on yet.
void doubtful_singles(benchmark::State& bench) {
  Hostile h;
  h.acknowledge(1000);
  h.send(999, "x");
  for (auto _ : bench) {
    h.send(1001 + h.below(3000), h.below(2) != 0 ? "a" : "b", h.below(2) != 0 ? 3 : 64);
  }
  h.report(bench);
}
BENCHMARK(doubtful_singles);

// Single bytes that differ from what was passed on.
void tiny_conflicts(benchmark::State& bench) {
  Hostile h;
  h.acknowledge(1000);
  for (uint32_t i = 0; i < 20; ++i) h.send(1000 + 1400 * i, std::string(1400, 'a'));
  for (auto _ : bench) h.send(1000 + h.below(28'000), "#");
  h.report(bench);
}
BENCHMARK(tiny_conflicts);

// Every other byte is missing, given up, and comes late.
void late_singles(benchmark::State& bench) {
  Hostile h;
  h.acknowledge(1000);
  uint32_t i = 0;
  for (auto _ : bench) {
    h.send(1001 + 2 * i, "x");
    if (++i % 40 == 0) h.acknowledge(1000 + 2 * i);
    if (i > 300) h.send(1000 + 2 * (i - 170 - h.below(60)), "y");
  }
  h.report(bench);
}
BENCHMARK(late_singles);

// Every byte is urgent; or one in each segment.
void urgent_bytes(benchmark::State& bench) {
  Hostile h;
  h.acknowledge(1000);
  const std::string bytes(static_cast<size_t>(bench.range(0)), 'a');
  uint32_t seq = 1000;
  for (auto _ : bench) {
    h.send(seq, bytes, 64, 1);
    seq += static_cast<uint32_t>(bytes.size());
    h.acknowledge(seq);
  }
  h.report(bench);
}
BENCHMARK(urgent_bytes)->Arg(1)->Arg(300);

// A hole before every byte, and nobody who acknowledges.
void holes_without_receiver(benchmark::State& bench) {
  Hostile h;
  uint32_t seq = 1000;
  for (auto _ : bench) h.send(seq += 1 + static_cast<uint32_t>(bench.range(0)), "a");
  h.report(bench);
}
BENCHMARK(holes_without_receiver)->Arg(1)->Arg(10'000);

// Every second segment was sent before, with other cuts: nothing but repeats.
void sent_again_otherwise(benchmark::State& bench) {
  Hostile h;
  h.acknowledge(1000);
  std::string text;
  for (size_t i = 0; i < 64 * 1024; ++i) text += static_cast<char>('a' + h.below(26));
  uint32_t seq = 1000;
  size_t at = 0;
  for (auto _ : bench) {
    if (at + 1460 > text.size()) {
      h.acknowledge(seq);
      at = 0;
    }
    h.send(seq, std::string_view(text).substr(at, 1460));
    seq += 1460;
    at += 1460;
    const uint32_t back = std::min<uint32_t>(1 + h.below(20'000), static_cast<uint32_t>(at));
    h.send(seq - back, std::string_view(text).substr(at - back, std::min<size_t>(back, 1000)));
  }
  h.report(bench);
}
BENCHMARK(sent_again_otherwise);

}  // namespace
}  // namespace weir
