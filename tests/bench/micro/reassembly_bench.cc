// TCP reassembly: in-order segments, a mirror that reorders, request and response in turns; the payload hash.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

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
  TcpShared shared{budget, TcpOptions{}, HashKey::random()};
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

}  // namespace
}  // namespace weir
