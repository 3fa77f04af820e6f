// The signals that a run answers itself, instead of dying of them.
//
// Make one before anything that starts threads (Kafka's, DPDK's, our own): a thread inherits what is blocked,
// and a signal that only one thread lets through ends the process all the same. Then wait() from the thread
// that runs things; restore() when the run is over, so that a program that hangs at its end can be ended.
// They nest: the inner one leaves them blocked.
#pragma once

#include <signal.h>

#include <cstdint>

namespace weir {

enum class SignalKind : uint8_t {
  kNone,    // nothing, or a wake-up
  kEnd,     // SIGINT, SIGTERM
  kReopen,  // SIGHUP: log files were moved away, or the terminal has gone
};

class Signals {
 public:
  // How another thread wakes wait(): pthread_kill(…, kWake).
  static constexpr int kWake = SIGUSR1;

  Signals();
  ~Signals() { restore(); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal; kNone after 100 ms without one.
  SignalKind wait() const;
  // Takes back what the constructor did. What came since the last wait() is dropped: it would end the program
  // at once.
  void restore();

 private:
  sigset_t set_{};
  sigset_t before_{};
  bool restored_ = false;
};

// For main(), before anything else: a reader of standard output that has gone, and a limit on the size of
// files, are errors of write() and no reason to die.
void ignore_write_signals();
// For a command that runs for long: SIGHUP does not end it even before and after there are Signals, which
// hear of it nevertheless (what is blocked is never ignored).
void ignore_hang_up();

}  // namespace weir
