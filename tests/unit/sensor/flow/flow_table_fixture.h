// A flow table under test, its packets and what it says of them.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sensor/flow/flow_table.h"

namespace weir {
inline constexpr Nanoseconds kStart = 1'700'000'000 * kSecond;

struct State {
  State() { ++alive; }
  ~State() { --alive; }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  int packets = 0;
  static inline int alive = 0;
};

struct Left {
  FlowKey key;
  Nanoseconds first;
  Nanoseconds when;
  FlowEnd why;
  int packets;
};

class FlowTableTest : public ::testing::Test, public FlowObserver<State> {
 protected:
  void make(FlowTableOptions options = {}, size_t memory = size_t{16} << 20, HashKey key = {5, 6}) {
    table_.reset();
    budget_.emplace(memory);
    table_.emplace(options, key, *budget_, *this);
    clock_.emplace(options.timeouts);
  }
  void TearDown() override {
    if (!table_) return;
    table_.reset();
    EXPECT_EQ(State::alive, 0);
    EXPECT_EQ(budget_->used(), 0u);
  }
  void on_leave(Flow<State>& flow, FlowEnd why, Nanoseconds when) override {
    left_.push_back({flow.key, flow.first_packet, when, why, flow.state.packets});
  }
  Nanoseconds on_alarm(Flow<State>& flow, Nanoseconds now) override {
    rung_.push_back({flow.key.src_port, now});
    return next_alarm_;
  }

  static PacketView packet(const std::string& src, uint16_t sport, const std::string& dst, uint16_t dport,
                           Nanoseconds time, uint8_t protocol = kProtoUdp) {
    PacketView view;
    EXPECT_TRUE(IpAddress::parse(src, &view.key.src) && IpAddress::parse(dst, &view.key.dst));
    view.key.src_port = sport;
    view.key.dst_port = dport;
    view.key.protocol = protocol;
    view.time = time;
    return view;
  }
  static PacketView tcp(bool from_client, uint8_t flags, Nanoseconds time, uint32_t seq = 0,
                        uint32_t ack = 0) {
    PacketView view = from_client ? packet("192.0.2.1", 40000, "198.51.100.7", 80, time, kProtoTcp)
                                  : packet("198.51.100.7", 80, "192.0.2.1", 40000, time, kProtoTcp);
    view.tcp_flags = flags;
    view.tcp_seq = seq;
    view.tcp_ack = ack;
    return view;
  }
  // As the worker does it: the flow is found by the worker's clock, never by the packet's own time. The
  // source is a live one, whose clock on the wall gives the packets their times.
  FlowTable<State>::Found put(const PacketView& view) {
    if (view.time > wall_ && wall_ != 0) monotonic_ += view.time - wall_;
    wall_ = view.time;
    clock_->running(wall_, monotonic_, false);
    if (clock_->see(view.time, [&] { return static_cast<uint32_t>(table_->hash(view.key)); })) {
      table_->age(clock_->silence());
    }
    table_->advance(clock_->now());
    const auto found = table_->find_or_create(view, clock_->now());
    ++found.flow->state.packets;
    return found;
  }
  FlowTable<State>& table() { return *table_; }

  std::optional<MemoryBudget> budget_;
  std::optional<FlowTable<State>> table_;
  std::optional<FlowClock> clock_;
  Nanoseconds wall_ = 0;
  Nanoseconds monotonic_ = 1;
  std::vector<Left> left_;
  std::vector<std::pair<uint16_t, Nanoseconds>> rung_;
  Nanoseconds next_alarm_ = kNever;
};

}  // namespace weir
