// Conversations with a known truth, sent through real workers with any times on their packets: one worker,
// several that each walk the capture, several that one receiver hands packets to; in long and short bursts.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "sensor/pipeline/hand_over.h"
#include "sensor/pipeline/sensor_run.h"
#include "sensor/policy/policy_set.h"
#include "tests/harness/packet_builder.h"
#include "tests/harness/sensor_setup.h"

namespace weir {

using harness::PacketBuilder;
using harness::TimedFrame;
using std::chrono::milliseconds;

constexpr Nanoseconds kMs = 1'000'000;
constexpr Nanoseconds kHour = 3600 * kSecond;
constexpr Nanoseconds kStart = Nanoseconds{1'767'225'600} * kSecond;

inline const SharedSetup& setup() {
  static const SharedSetup shared = harness::sensor_setup({everything_policy()});
  return shared;
}

// One packet of the truth: when it was on the wire, counted from kStart.
using Truth = std::vector<TimedFrame>;

// `count` clients, each with one POST in two segments: the number that is in it is cut between them. Client i
// begins i × `apart` after `begin`; the first half comes 1 s later, the second 4 s, FIN 6 s.
struct Clients {
  int first = 0;
  int count = 20;
  Nanoseconds begin = 0;
  Nanoseconds apart = 20 * kMs;
  bool ends = true;  // with FIN of both sides; else the connections just fall silent, their bodies unfinished
};

// What a client sends.
inline std::string head_of(size_t body) {
  return "POST /a HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body) + "\r\n\r\n";
}
inline std::string body_of(bool ends) {
  return "{\"mobile\":\"13812345678\"}" + std::string(ends ? 1 : 0, '\n');
}
inline std::string said_by(bool ends) {
  const std::string body = body_of(ends);
  return head_of(ends ? body.size() : 9000) + body;
}

inline void add_clients(Truth* truth, const Clients& clients) {
  for (int i = clients.first; i < clients.first + clients.count; ++i) {
    const std::string client = "10.0." + std::to_string(i / 200) + "." + std::to_string(1 + i % 200);
    const auto port = static_cast<uint16_t>(40'000 + i);
    const Nanoseconds begin = clients.begin + (i - clients.first) * clients.apart;
    const auto send = [&](Nanoseconds at, bool out, uint32_t seq, uint32_t ack, uint8_t flags,
                          std::string_view text) {
      PacketBuilder packet;
      packet.ethernet();
      if (out) {
        packet.ipv4(client, "203.0.113.9").tcp(port, 80);
      } else {
        packet.ipv4("203.0.113.9", client).tcp(80, port);
      }
      truth->push_back({begin + at, packet.seq(seq).ack(ack).flags(flags).payload(text).frame()});
    };
    const std::string all = said_by(clients.ends);
    const std::string answer = "HTTP/1.1 204 No Content\r\n\r\n";
    const size_t half = all.find("13812345678") + 7;  // inside the number
    const auto said = static_cast<uint32_t>(1001 + all.size());
    const auto told = static_cast<uint32_t>(5001 + (clients.ends ? answer.size() : 0));
    send(0, true, 1000, 0, kTcpSyn, {});
    send(kMs, false, 5000, 1001, kTcpSyn | kTcpAck, {});
    send(2 * kMs, true, 1001, 5001, kTcpAck, {});
    send(kSecond, true, 1001, 5001, kTcpAck, all.substr(0, half));
    send(kSecond + kMs, false, 5001, static_cast<uint32_t>(1001 + half), kTcpAck, {});
    send(4 * kSecond, true, static_cast<uint32_t>(1001 + half), 5001, kTcpAck, all.substr(half));
    if (!clients.ends) continue;
    send(4 * kSecond + kMs, false, 5001, said, kTcpAck, answer);
    send(6 * kSecond, true, said, told, kTcpAck | kTcpFin, {});
    send(6 * kSecond + kMs, false, told, said + 1, kTcpAck | kTcpFin, {});
  }
}

inline Truth in_order(Truth truth) {
  std::ranges::stable_sort(truth, {}, &TimedFrame::time);
  return truth;
}
inline Truth clients(const Clients& how = {}) {
  Truth truth;
  add_clients(&truth, how);
  return in_order(std::move(truth));
}

// A datagram without anything in it.
inline TimedFrame datagram(Nanoseconds at, const std::string& from = "192.0.2.77", uint16_t port = 999) {
  return {at, PacketBuilder().ethernet().ipv4(from, "192.0.2.78").udp(port, 999).payload("hello").frame()};
}

// A capture of a file or a device: the packets with the times on them.
struct Stamped {
  Nanoseconds time = 0;       // on the packet
  Nanoseconds wall = 0;       // a device's clock when it was read …
  Nanoseconds monotonic = 0;  // … and the one that only runs
  harness::Frame frame;
};

class ListSource final : public PacketSource {
 public:
  ListSource(const std::vector<Stamped>& packets, size_t burst, bool live)
      : packets_(packets), burst_(burst), live_(live) {}
  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    *count = 0;
    if (next_ == packets_.size()) return SourceStatus::kEnd;
    // A device is read as packets come; and between them the worker hears that there are none.
    if (live_ && next_ > 0 && !idle_ && packets_[next_].monotonic - at_.monotonic > 100 * kMs) {
      idle_ = true;
      at_.monotonic = packets_[next_].monotonic - kMs;
      at_.wall = packets_[next_].wall - kMs;
      return SourceStatus::kIdle;
    }
    idle_ = false;
    const size_t n = live_ ? 1 : std::min({burst_, out.size(), packets_.size() - next_});
    for (; *count < n; ++*count, ++next_) {
      const Stamped& packet = packets_[next_];
      out[*count] = harness::raw_packet(packet.frame, packet.time);
      at_ = {packet.wall, packet.monotonic};
    }
    return SourceStatus::kOk;
  }
  SourceStats stats() const override { return {}; }
  std::string error() const override { return {}; }
  Clocks clocks() const override { return live_ ? at_ : Clocks{}; }

 private:
  const std::vector<Stamped>& packets_;
  size_t burst_;
  bool live_;
  size_t next_ = 0;
  bool idle_ = false;
  Clocks at_;
};

class KeepingSink final : public Sink {
 public:
  void write(const Record& record) override { records.push_back(nlohmann::json::parse(record.json)); }
  bool drain(milliseconds) override { return true; }
  SinkStats stats() const override { return {}; }
  std::string problem() const override { return {}; }
  std::string name() const override { return "test"; }
  std::vector<nlohmann::json> records;
};

struct Ran {
  RunResult result;
  std::vector<nlohmann::json> records;
  // Connections that an alert of a mobile number names.
  std::set<std::string> found() const {
    std::set<std::string> who;
    for (const nlohmann::json& r : records) {
      const auto& src = r["src_endpoint"];
      who.insert(src["ip"].get<std::string>() + ":" + std::to_string(src["port"].get<int>()));
    }
    return who;
  }
};

struct How {
  uint32_t workers = 1;
  bool hand_over = false;
  size_t burst = 64;
  bool live = false;
  uint32_t max_flows = 10'000;
};

inline Ran run(const std::vector<Stamped>& packets, const How& how) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  if (how.hand_over) {
    HandOverOptions handing;
    handing.workers = how.workers;
    handing.wait = true;
    handing.ticks = true;
    sources = split_source(std::make_unique<ListSource>(packets, how.burst, how.live), handing);
  } else {
    for (uint32_t i = 0; i < how.workers; ++i) {
      sources.push_back(std::make_unique<ListSource>(packets, how.burst, how.live));
    }
  }
  RunOptions options;
  options.worker.steered = options.worker.shows_fragments = how.hand_over;
  options.worker.flow.max_flows = how.max_flows;
  KeepingSink sink;
  Ran ran{run_sensor(options, setup(), std::move(sources), {&sink}), {}};
  ran.records = std::move(sink.records);
  return ran;
}

inline std::string text_of(const Ran& ran) {
  std::string text;
  for (nlohmann::json record : ran.records) {
    record["metadata"].erase("logged_time");
    text += record.dump() + "\n";
  }
  return text;
}

// Puts times on the packets: what `clock` makes of the true time of packet i.
using Clock = std::function<Nanoseconds(size_t i, Nanoseconds at)>;
inline std::vector<Stamped> stamp(const Truth& truth, const Clock& clock) {
  std::vector<Stamped> packets;
  for (size_t i = 0; i < truth.size(); ++i) {
    packets.push_back({clock(i, truth[i].time), 0, 0, truth[i].frame});
  }
  return packets;
}
inline Nanoseconds right(size_t, Nanoseconds at) { return kStart + at; }

// The same in every way of running; answers one of them.
inline Ran run_every_way(const std::vector<Stamped>& packets) {
  const Ran one = run(packets, {});
  for (const How& how :
       {How{1, false, 5}, How{2, false, 64}, How{3, false, 7}, How{3, true, 64}, How{2, true, 3}}) {
    const Ran other = run(packets, how);
    const std::string what = std::to_string(how.workers) + (how.hand_over ? " handed over" : " walking");
    EXPECT_EQ(text_of(other), text_of(one)) << what;
    EXPECT_EQ(other.result.totals.flows, one.result.totals.flows) << what;
    EXPECT_EQ(other.result.totals.clock.strays, one.result.totals.clock.strays) << what;
    EXPECT_EQ(other.result.totals.clock.ahead, one.result.totals.clock.ahead) << what;
    EXPECT_EQ(other.result.totals.clock.back, one.result.totals.clock.back) << what;
  }
  return one;
}

inline void expect_whole(const Ran& ran, size_t connections, size_t others = 0) {
  EXPECT_EQ(ran.result.totals.flows, connections + others);
  EXPECT_EQ(ran.found().size(), connections);
  const Inspection account = ran.result.totals.inspection();
  EXPECT_EQ(account.read(), account.seen);
  EXPECT_EQ(account.gap, 0u);
  EXPECT_EQ(ran.result.totals.tcp.late, 0u);
  EXPECT_EQ(ran.result.totals.flows_evicted, 0u);
}

}  // namespace weir
