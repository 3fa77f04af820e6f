#include "sensor/flow/flow_clock.h"

#include <cstdlib>

namespace weir {
namespace {

constexpr Nanoseconds kLongestTolerance = 5 * kSecond;

Nanoseconds shortest_of(const FlowTimeouts& timeouts) {
  return std::min({timeouts.tcp_opening, timeouts.tcp_established, timeouts.tcp_closing, timeouts.udp});
}

Nanoseconds longest_of(const FlowTimeouts& timeouts) {
  return std::max({timeouts.tcp_opening, timeouts.tcp_established, timeouts.tcp_closing, timeouts.udp});
}

}  // namespace

ClockCounters& ClockCounters::operator+=(const ClockCounters& other) {
  ahead = std::max(ahead, other.ahead);
  back = std::max(back, other.back);
  longest_ahead = std::max(longest_ahead, other.longest_ahead);
  longest_back = std::max(longest_back, other.longest_back);
  strays = std::max(strays, other.strays);
  taken_back = std::max(taken_back, other.taken_back);
  return *this;
}

Nanoseconds FlowClock::tolerance_of(const FlowTimeouts& timeouts) {
  return std::min(kLongestTolerance, shortest_of(timeouts) / 2);
}

FlowClock::FlowClock(const FlowTimeouts& timeouts)
    : tolerance_(tolerance_of(timeouts)), shortest_(shortest_of(timeouts)), longest_(longest_of(timeouts)) {
  line_.time = line_then_ = -2 * tolerance_ - 1;  // no packet is in line with it
}

// In line again: what came between was not.
bool FlowClock::settle(Nanoseconds time) {
  end_run();
  lost_ = 0;
  follow(time);
  return false;
}

bool FlowClock::doubt(Nanoseconds time, uint32_t flow) {
  if (!started_) {
    started_ = true;
    line_ = {time, time};
    now_ = time;
    return false;
  }
  if (know_again(time) || ask_source(time)) {
    lost_ = 0;
    return false;
  }
  join(time, flow);
  if (++lost_ >= kManyPackets && !agreed()) {  // three clocks, or more, and none of them goes on
    count(time - line_.time);
    step_to({time, now_});
    lost_ = 0;
    return false;
  }
  if (!agreed()) return false;
  lost_ = 0;
  const bool silent = believe();
  // The packet itself may still be ahead of what is believed with it.
  if (in_line(time)) {
    follow(time);
  } else {
    join(time, flow);
  }
  return silent;
}

bool FlowClock::know_again(Nanoseconds time) {
  for (size_t i = 0; i < known_count_; ++i) {
    const Line known = known_[i];
    const Nanoseconds since = time - known.time;
    const Nanoseconds apart = since - (line_.clock - known.clock);
    if (apart > tolerance_ || apart < -tolerance_) continue;
    end_run();
    if (known.aged && time < line_.time) ++counters_.taken_back;  // and forgotten with the line
    known_[i] = line_;
    line_ = {time, known.clock + since};
    now_ = std::max(now_, line_.clock);
    return true;
  }
  return false;
}

bool FlowClock::ask_source(Nanoseconds time) {
  if (monotonic_ == 0) return false;
  const Nanoseconds gone = time - line_.time;
  const Nanoseconds really = monotonic_ - monotonic_at_line_;
  const bool fresh = wall_ != 0 && std::abs(wall_ - time) <= tolerance_;
  if (fresh && std::abs(gone - really) > tolerance_) {
    end_run();
    count(gone - really);
    step_to({time, std::max(now_, line_.clock + really)});
  } else if (gone > 0 && gone - really <= tolerance_) {
    end_run();
    line_ = {time, line_.clock + gone};
    now_ = std::max(now_, line_.clock);
  } else {
    return false;
  }
  monotonic_at_line_ = monotonic_;
  line_then_ = line_.time;
  return true;
}

void FlowClock::join(Nanoseconds time, uint32_t flow) {
  const bool ahead = time > line_.time;
  if (run_.packets != 0 && run_.ahead != ahead) end_run();
  if (run_.packets == 0) {
    run_.ahead = ahead;
    run_.since = now_;
    run_.low = run_.high = time;
    run_.second = line_.time;
    ++now_;  // who is heard from here on was heard after `since`
  } else {
    run_.took += std::clamp<Nanoseconds>(time - run_.high, 0, tolerance_);
    run_.low = std::min(run_.low, time);
    run_.second = time >= run_.high ? run_.high : std::max(run_.second, time);
    run_.high = std::max(run_.high, time);
  }
  ++run_.packets;
  run_.last = time;
  const auto seen_end = run_.seen.begin() + run_.flows;
  const uint32_t conversation = flow & ~kGoesOn;
  if (run_.flows < kFlows && std::find(run_.seen.begin(), seen_end, conversation) == seen_end) {
    run_.seen[run_.flows++] = conversation;
    run_.going_on += flow & kGoesOn;
  }
  now_ = std::max(now_, line_.clock + run_.took + (ahead ? tolerance_ : 0));
  if (ahead) jump_ = telling({run_.since, time - line_.time - (now_ - line_.clock)});
}

bool FlowClock::agreed() const {
  const bool many = run_.packets >= kManyPackets;
  const bool several = run_.flows >= kFlows || run_.packets >= kPackets;
  return several && (!run_.ahead || run_.second - run_.low >= kSpan || many);
}

// True: silence_ is to be told.
bool FlowClock::believe() {
  const Run run = run_;
  const Nanoseconds to = run.ahead ? run.second : run.high;
  const Nanoseconds by = to - line_.time;
  // A live source has said that no such time has passed.
  const bool silent = run.ahead && monotonic_ == 0 && 2 * run.going_on < run.flows;
  const Nanoseconds more = by - (now_ - line_.clock);
  const bool ages = silent && more > 0;
  count(by);
  // Who gets older needs no telling.
  if (run.ahead) believed_ = ages ? Silence{kNoJump, 0} : telling({run.since, more});
  if (!run.ahead && goes_on_from_silence(to)) ++counters_.taken_back;
  line_.aged = ages;
  step_to({to, silent ? now_ : line_.clock + run.took});
  if (ages) silence_ = {run.since, more};
  return ages;
}

// Of the jump believed last and a new one: none but a long one takes the place of a longer one, for most
// flows were last heard before that.
FlowClock::Silence FlowClock::telling(const Silence& jump) const {
  return jump.more >= longest_ || jump.more >= believed_.more ? jump : believed_;
}

// `to`, behind the present line, continues one that was left for a silence.
bool FlowClock::goes_on_from_silence(Nanoseconds to) {
  for (size_t i = 0; i < known_count_; ++i) {
    Line& known = known_[i];
    const Nanoseconds gone = now_ - known.clock;
    if (!known.aged || to < known.time - tolerance_ || to > known.time + gone + tolerance_) continue;
    known.aged = false;
    return true;
  }
  return false;
}

// The clock goes on by another line.
void FlowClock::step_to(const Line& line) {
  std::copy_backward(known_.begin(), known_.end() - 1, known_.end());
  known_[0] = line_;
  known_count_ = std::min(known_count_ + 1, kLines);
  line_ = line;
  now_ = std::max(now_, line_.clock);
  run_ = Run{};
  jump_ = believed_;
}

void FlowClock::count(Nanoseconds by) {
  if (by > shortest_) {
    ++counters_.ahead;
    counters_.longest_ahead = std::max(counters_.longest_ahead, by);
  } else if (by < -tolerance_) {
    ++counters_.back;
    counters_.longest_back = std::max(counters_.longest_back, -by);
  }
}

void FlowClock::running(Nanoseconds wall, Nanoseconds monotonic, bool idle) {
  if (line_.time != line_then_) {
    line_then_ = line_.time;
    monotonic_at_line_ = monotonic_;
  }
  wall_ = wall;
  monotonic_ = monotonic;
  if (idle && started_) now_ = std::max(now_, line_.clock + (monotonic - monotonic_at_line_));
}

}  // namespace weir
