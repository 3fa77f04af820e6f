// The flow table under packets of many flows in random order (performance.md, goals 6 and 10). A state of the
// size that the pipeline keeps hot; bursts of 32 with and without prefetching.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "sensor/flow/flow_table.h"
#include "sensor/reassembly/tcp_connection.h"

namespace weir {
namespace {

constexpr size_t kBurst = 32;

struct State {
  TcpConnection tcp;
  std::unique_ptr<int> cold;
};

struct NoObserver : FlowObserver<State> {
  void on_leave(Flow<State>&, FlowEnd, Nanoseconds) override {}
  Nanoseconds on_alarm(Flow<State>&, Nanoseconds) override { return kNever; }
};

struct Setup {
  explicit Setup(size_t flows, size_t packets = size_t{1} << 20)
      : table(FlowTableOptions{}, HashKey::random(), budget, observer), views(packets) {
    uint64_t x = 88172645463325252u;
    const auto random = [&] {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      return x;
    };
    Nanoseconds time = 1'700'000'000 * kSecond;
    for (size_t i = 0; i < flows; ++i) table.find_or_create(view_of(i, time), time);
    for (PacketView& view : views) view = view_of(random() % flows, time);
  }
  static PacketView view_of(uint64_t flow, Nanoseconds time) {
    PacketView view;
    const std::array<uint8_t, 4> client = {10, static_cast<uint8_t>(flow >> 16),
                                           static_cast<uint8_t>(flow >> 8), static_cast<uint8_t>(flow)};
    const std::array<uint8_t, 4> server = {192, 0, 2, 1};
    view.key.src = IpAddress::v4(client.data());
    view.key.dst = IpAddress::v4(server.data());
    view.key.src_port = static_cast<uint16_t>(1024 + flow % 60000);
    view.key.dst_port = 443;
    view.key.protocol = kProtoTcp;
    view.tcp_flags = kTcpAck;
    view.time = time;
    return view;
  }

  MemoryBudget budget{size_t{4} << 30};
  NoObserver observer;
  FlowTable<State> table;
  std::vector<PacketView> views;  // read in order: the hardware fetches them ahead
};

void find_known_flow(benchmark::State& bench, bool prefetch) {
  Setup setup(static_cast<size_t>(bench.range(0)));
  Nanoseconds time = 1'700'000'000 * kSecond;
  size_t at = 0;
  std::array<uint64_t, kBurst> hashes{};
  for (auto _ : bench) {
    for (size_t i = 0; i < kBurst; ++i) {
      hashes[i] = setup.table.hash(setup.views[at + i].key);
      if (prefetch) setup.table.prefetch_index(hashes[i]);
    }
    for (size_t i = 0; prefetch && i < kBurst; ++i) setup.table.prefetch_flow(hashes[i]);
    for (size_t i = 0; i < kBurst; ++i) {
      PacketView& view = setup.views[at + i];
      view.time = time += 100;  // ten million packets a second
      setup.table.advance(view.time);
      benchmark::DoNotOptimize(setup.table.find_or_create(view, hashes[i], view.time));
    }
    at = (at + kBurst) % setup.views.size();
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<int64_t>(kBurst));
  bench.counters["bytes_a_flow"] =
      static_cast<double>(setup.table.memory()) / static_cast<double>(setup.table.size());
}
BENCHMARK_CAPTURE(find_known_flow, prefetched, true)->Arg(1000)->Arg(1'000'000);
BENCHMARK_CAPTURE(find_known_flow, plain, false)->Arg(1000)->Arg(1'000'000);

// Every packet a new flow, the table full: creation, eviction, timers.
void create_and_evict(benchmark::State& bench) {
  MemoryBudget budget(size_t{256} << 20);
  NoObserver observer;
  FlowTable<State> table(FlowTableOptions{}, HashKey::random(), budget, observer);
  Nanoseconds time = 1'700'000'000 * kSecond;
  uint64_t n = 0;
  for (auto _ : bench) {
    PacketView view = Setup::view_of(n, time += 1000);
    view.key.src_port = static_cast<uint16_t>(n >> 20);
    ++n;
    table.advance(view.time);
    benchmark::DoNotOptimize(table.find_or_create(view, view.time));
  }
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK(create_and_evict);

void hash_key(benchmark::State& bench) {
  const HashKey key = HashKey::random();
  PacketView view = Setup::view_of(1, 0);
  for (auto _ : bench) {
    ++view.key.src_port;
    benchmark::DoNotOptimize(flow_hash(key, view.key));
  }
}
BENCHMARK(hash_key);

}  // namespace
}  // namespace weir
