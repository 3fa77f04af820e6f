// What is kept out at the start of a group of sockets, and that nothing is for a clock that was set back.
#include "sensor/capture/start_gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

constexpr Nanoseconds kMs = 1'000'000;
constexpr Nanoseconds kHour = 3600 * 1000 * kMs;
constexpr Nanoseconds kStart = 1'700'000'000'000 * kMs;
constexpr Nanoseconds kLongest = 400 * kMs;

// Packets of these times, handed out one a millisecond: how many are kept out.
int kept_out(StartGate& gate, const std::vector<Nanoseconds>& times, Nanoseconds monotonic) {
  int n = 0;
  for (const Nanoseconds time : times) {
    n += gate.keeps_out(time, monotonic) ? 1 : 0;
    monotonic += kMs;
  }
  return n;
}

TEST(StartGate, LetsEverythingThroughWhereThereIsNoGroup) {
  StartGate gate;
  EXPECT_FALSE(gate.shut());
  EXPECT_EQ(kept_out(gate, {0, kStart, -1}, 5), 0);
}

TEST(StartGate, KeepsOutWhatCameBeforeAndNoMore) {
  StartGate gate(kStart, kLongest);
  EXPECT_TRUE(gate.shut());
  EXPECT_EQ(kept_out(gate, {kStart - 2 * kMs, kStart - 1, kStart, kStart + kMs}, 7 * kHour), 2);
  EXPECT_FALSE(gate.shut());
}

// What lies in the ring from before is kept out whenever the reading begins.
TEST(StartGate, AWorkerThatBeginsLateLosesNothingOfIt) {
  StartGate gate(kStart, kLongest);
  EXPECT_EQ(kept_out(gate, {kStart - kMs, kStart - 1, kStart + kHour}, 3 * kHour), 2);
}

TEST(StartGate, AClockSetBackLaterKeepsNothingOut) {
  StartGate gate(kStart, kLongest);
  std::vector<Nanoseconds> times = {kStart + kMs};
  for (int i = 0; i < 10'000; ++i) times.push_back(kStart - 8 * kHour + i * kMs);
  EXPECT_EQ(kept_out(gate, times, kHour), 0);
}

// … and set back before the first packet was read, for as long as a packet lies in the ring at most.
TEST(StartGate, AClockSetBackAtTheStartIsNoLongBlindness) {
  StartGate gate(kStart, kLongest);
  std::vector<Nanoseconds> times;
  for (int i = 0; i < 10'000; ++i) times.push_back(kStart - 8 * kHour + i * kMs);
  EXPECT_EQ(kept_out(gate, times, kHour), 400);
}

}  // namespace
}  // namespace weir
