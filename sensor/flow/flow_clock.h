// The clock of one worker: by it all timers run, and by it a flow is silent or not. It never goes back, and
// what a packet says about its time moves it only as far as that can be believed:
//
//   - a packet at most `tolerance` after or before the latest believed one moves it, or is a little late;
//   - further ahead the capture may have been silent, a clock may have been set, or one sender's or one
//     card's clock is wrong. The timers that were armed before have then run out (they are far shorter), so
//     the clock goes on by `tolerance`, once, and then as those packets go on; the rest is believed when
//     packets of several flows, or many packets, and a second of their time agree without one of the old time
//     between them;
//   - further back, likewise, but for the tolerance;
//   - a time line that was believed before is known again at once (two clocks in one capture).
//
// Where the first of those flows are new ones, time has passed: the capture was silent. Then see() answers
// true, and since when who was not heard has been silent for how much longer than the clock tells. Who was
// heard after it began stays. Where half of them or more are TCP connections that just go on, the packets'
// clock was set, and nobody is older for it. jump() says for both, and while neither is decided, how long a
// flow was silent by the packets' own times: whose numbers then fit nowhere is another connection.
//
// So no flow ends for a packet from the future, nor for a clock that was set in the midst of connections that
// go on. Four packets of four new flows that agree on a time hours ahead are believed, though: flows that
// were not heard in that run of packets end by it. Where the old time then goes on, what has ended stays
// ended (its bytes were read to the end, and what comes of it still is read as a flow picked up late);
// ClockCounters::taken_back tells how often.
//
// A live source knows better (running()): its monotonic clock tells silence from a step at the first packet,
// and its clock on the wall whether a packet's time is the device's present one.
//
// What it says depends on the packets' times and flows in their order alone, so that every worker of a replay
// that sees all of them comes to the same. Owned by a worker; see() for each packet of the capture.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "sensor/base/packet.h"
#include "sensor/flow/flow.h"

namespace weir {

struct ClockCounters {
  uint64_t ahead = 0;             // times that it went on by more than a flow may be silent
  uint64_t back = 0;              // times that it was set back
  Nanoseconds longest_ahead = 0;  // the most that it went on by at once
  Nanoseconds longest_back = 0;
  uint64_t strays = 0;      // packets whose time was not believed
  uint64_t taken_back = 0;  // silences that were believed, and the time before them went on all the same

  // Of workers that see the same steps.
  ClockCounters& operator+=(const ClockCounters& other);
};

class FlowClock {
 public:
  static constexpr uint32_t kGoesOn = 1;

  // How far one packet is believed: less than any flow may be silent.
  static Nanoseconds tolerance_of(const FlowTimeouts& timeouts);

  explicit FlowClock(const FlowTimeouts& timeouts);

  // A packet came with this time (0 … kMaxPacketTime). `flow()`, asked where that is in doubt: a hash of its
  // conversation, the same for both directions, but for the lowest bit (kGoesOn): TCP, and no SYN. True:
  // silence() has come out.
  template <class FlowHash>
  [[gnu::always_inline]] bool see(Nanoseconds time, const FlowHash& flow) {
    const auto apart = static_cast<uint64_t>(time - line_.time + tolerance_);
    if (apart > 2 * static_cast<uint64_t>(tolerance_) || run_.packets != 0) [[unlikely]] {
      return in_line(time) ? settle(time) : doubt(time, flow());
    }
    follow(time);
    return false;
  }

  struct Silence {
    Nanoseconds since = 0;  // by this clock: who was last heard at it or before …
    Nanoseconds more = 0;   // … has been silent for so much longer
  };
  const Silence& silence() const { return silence_; }
  // The last time that the packets' times went ahead, believed or in doubt (a longer one counts before one
  // shorter than any flow may be silent): who was last heard at `since` or before, and is heard at a later
  // moment of the clock, was silent for `more` longer as the packets tell it. `since` is kNoJump where there
  // was none.
  static constexpr Nanoseconds kNoJump = std::numeric_limits<Nanoseconds>::min();
  const Silence& jump() const { return jump_; }

  // A live source, before the packets of each burst and when there are none: the clock on its wall, and one
  // that only runs (both in ns; 0: the source has none). `idle`: no packet is waiting to be read.
  void running(Nanoseconds wall, Nanoseconds monotonic, bool idle);

  // Of the timers; 0 before the first packet.
  Nanoseconds now() const { return now_; }
  // The same as the packets tell the time.
  Nanoseconds told() const { return run_.packets != 0 ? run_.last : line_.time; }
  const ClockCounters& counters() const { return counters_; }

 private:
  static constexpr size_t kLines = 4;
  // A time is believed when so many different flows, or so many packets of whichever, agree on it; ahead,
  // also so much of their own time (clocks whose packets take turns in bursts must not look like silence) or
  // many packets.
  static constexpr uint32_t kFlows = 4;
  static constexpr uint32_t kPackets = 64;
  static constexpr Nanoseconds kSpan = kSecond;
  static constexpr uint32_t kManyPackets = 4096;

  // A packet's time, and the clock's then.
  struct Line {
    Nanoseconds time = 0;
    Nanoseconds clock = 0;
    bool aged = false;  // when it was left, flows became older
  };
  // Packets in a row that are not in line, all ahead or all behind.
  struct Run {
    uint32_t packets = 0;
    uint32_t flows = 0;
    uint32_t going_on = 0;  // of them
    bool ahead = false;
    std::array<uint32_t, kFlows> seen{};
    Nanoseconds since = 0;  // the clock before it
    Nanoseconds took = 0;   // how long it lasts, by its own packets
    Nanoseconds low = 0;
    Nanoseconds high = 0;
    Nanoseconds second = 0;  // to high: what one packet alone says is not believed
    Nanoseconds last = 0;
  };

  bool in_line(Nanoseconds time) const {
    return time - line_.time <= tolerance_ && line_.time - time <= tolerance_;
  }
  void follow(Nanoseconds time) {
    if (time <= line_.time) return;
    line_.clock += time - line_.time;
    line_.time = time;
    now_ = std::max(now_, line_.clock);
  }
  void end_run() {
    counters_.strays += run_.packets;
    run_ = Run{};
    jump_ = believed_;
  }
  bool settle(Nanoseconds time);
  bool doubt(Nanoseconds time, uint32_t flow);
  bool know_again(Nanoseconds time);
  bool ask_source(Nanoseconds time);
  void join(Nanoseconds time, uint32_t flow);
  bool agreed() const;
  bool believe();
  Silence telling(const Silence& jump) const;
  bool goes_on_from_silence(Nanoseconds to);
  void step_to(const Line& line);
  void count(Nanoseconds by);

  const Nanoseconds tolerance_;
  const Nanoseconds shortest_;  // silence that ends a flow …
  const Nanoseconds longest_;   // … and any flow
  Line line_;                   // the latest packet that was believed
  Nanoseconds now_ = 0;
  bool started_ = false;
  Run run_;
  std::array<Line, kLines> known_{};  // lines that were left, latest first
  size_t known_count_ = 0;
  uint32_t lost_ = 0;  // packets in a row that are not in line, whichever side
  Silence silence_;
  Silence jump_{kNoJump, 0};
  Silence believed_{kNoJump, 0};
  // A live source's.
  Nanoseconds wall_ = 0;
  Nanoseconds monotonic_ = 0;          // at the burst that is being read
  Nanoseconds monotonic_at_line_ = 0;  // when line_ was the latest
  Nanoseconds line_then_ = 0;          // line_.time at the burst before
  ClockCounters counters_;
};

}  // namespace weir
