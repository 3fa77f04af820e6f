// Signals are heard, not died of; in whatever thread they arrive, however the objects nest.
#include "sensor/pipeline/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <set>
#include <thread>

namespace weir {
namespace {

TEST(Signals, HearsEachKindEvenFromBefore) {
  const Signals outer;
  // For the process, as a shell and the kernel send them: every thread has them blocked.
  for (const auto& [number, kind] : {std::pair{SIGINT, SignalKind::kEnd},
                                     {SIGTERM, SignalKind::kEnd},
                                     {SIGHUP, SignalKind::kReopen},
                                     {Signals::kWake, SignalKind::kNone}}) {
    ASSERT_EQ(kill(getpid(), number), 0);
    EXPECT_EQ(outer.wait(), kind) << number;
  }
  EXPECT_EQ(outer.wait(), SignalKind::kNone);
  // Sent before the run's own are made.
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  {
    const Signals inner;
    EXPECT_EQ(inner.wait(), SignalKind::kEnd);
    ASSERT_EQ(kill(getpid(), SIGINT), 0);
  }  // dropped
  EXPECT_EQ(outer.wait(), SignalKind::kNone);
}

TEST(Signals, AnIgnoredHangUpIsHeardWhileItIsBlocked) {
  ignore_hang_up();
  ASSERT_EQ(kill(getpid(), SIGHUP), 0);  // and nobody dies
  {
    const Signals signals;
    ASSERT_EQ(kill(getpid(), SIGHUP), 0);
    EXPECT_EQ(signals.wait(), SignalKind::kReopen);
  }
  ::signal(SIGHUP, SIG_DFL);
}

TEST(Signals, ThreadsInheritAndTheMaskComesBack) {
  const auto blocked = [] {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    std::set<int> names;
    for (const int number : {SIGINT, SIGTERM, SIGHUP, Signals::kWake}) {
      if (sigismember(&now, number) == 1) names.insert(number);
    }
    return names;
  };
  const std::set<int> before = blocked();
  Signals signals;
  const std::set<int> all{SIGINT, SIGTERM, SIGHUP, Signals::kWake};
  EXPECT_EQ(blocked(), all);
  std::set<int> in_thread;
  std::thread([&] { in_thread = blocked(); }).join();
  EXPECT_EQ(in_thread, all);
  signals.restore();
  EXPECT_EQ(blocked(), before);
  signals.restore();  // once is enough
  EXPECT_EQ(blocked(), before);
}

}  // namespace
}  // namespace weir
