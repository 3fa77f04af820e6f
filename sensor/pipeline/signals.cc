#include "sensor/pipeline/signals.h"

#include <pthread.h>

#include <ctime>
#include <initializer_list>

namespace weir {

namespace {
constexpr long kTickNs = 100'000'000;
}  // namespace

Signals::Signals() {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kWake}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

SignalKind Signals::wait() const {
  const timespec tick{0, kTickNs};
  switch (sigtimedwait(&set_, nullptr, &tick)) {
    case SIGINT:
    case SIGTERM:
      return SignalKind::kEnd;
    case SIGHUP:
      return SignalKind::kReopen;
    default:
      return SignalKind::kNone;
  }
}

void Signals::restore() {
  if (restored_) return;
  restored_ = true;
  const timespec now{0, 0};
  while (sigtimedwait(&set_, nullptr, &now) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void ignore_write_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

void ignore_hang_up() { ::signal(SIGHUP, SIG_IGN); }

}  // namespace weir
