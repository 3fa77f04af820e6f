#include "sensor/pipeline/sensor_run.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <barrier>
#include <ctime>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "sensor/base/cpus.h"

namespace weir {

namespace {

constexpr long kTickNs = 100'000'000;

// Blocks SIGINT and SIGTERM for this thread and those it starts; hands them out one by one. SIGUSR1 is how
// the run's own thread says that it is done.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~Signals() {
    // One that came after the last wait() would end the program as soon as it is let through.
    const timespec now{0, 0};
    while (sigtimedwait(&set_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  // True when the user asked to end within a tick.
  bool wait() const {
    const timespec tick{0, kTickNs};
    const int signal = sigtimedwait(&set_, nullptr, &tick);
    return signal == SIGINT || signal == SIGTERM;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

// The first thing that went wrong in a thread before the run began.
class Failure {
 public:
  void set(std::exception_ptr what) {
    const std::lock_guard lock(mutex_);
    if (!what_) what_ = std::move(what);
  }
  std::exception_ptr get() const {
    const std::lock_guard lock(mutex_);
    return what_;
  }

 private:
  mutable std::mutex mutex_;
  std::exception_ptr what_;
};

// Packets that the sources have read so far, all workers together.
uint64_t packets_read(const std::vector<PacketSource*>& sources) {
  uint64_t n = 0;
  for (const PacketSource* source : sources) n += source->stats().packets;
  return n;
}

}  // namespace

RunResult run_sensor(const RunOptions& options, const SharedSetup& setup,
                     std::vector<std::unique_ptr<PacketSource>> sources, const std::vector<Sink*>& sinks,
                     const std::function<void(const std::vector<PacketSource*>&)>& at_end) {
  const Signals signals;
  RunResult result;
  std::vector<std::unique_ptr<AlertChannel>> channels;
  std::vector<AlertChannel*> channel_list;
  std::vector<PacketSource*> source_list;
  for (const auto& source : sources) {
    source_list.push_back(source.get());
    channels.push_back(std::make_unique<AlertChannel>(options.ring_capacity));
    channel_list.push_back(channels.back().get());
  }
  std::vector<std::unique_ptr<Worker>> workers(sources.size());
  OutputThread output(options.output, channel_list, sinks);
  output.start();

  auto begin = std::chrono::steady_clock::now();
  std::atomic<size_t> running{workers.size()};
  std::atomic<bool> drained{false};
  Failure failure;
  // The clock starts before any worker does: a small capture is read before another thread wakes.
  const auto start_clock = [&begin]() noexcept { begin = std::chrono::steady_clock::now(); };
  std::barrier made(static_cast<std::ptrdiff_t>(workers.size()) + 2, start_clock);
  const pthread_t caller = pthread_self();

  const auto run_worker = [&](size_t i) {
    try {
      name_this_thread("weir-worker-" + std::to_string(i));
      std::string error;
      if (i < options.worker_cpus.size() && !place_this_thread({options.worker_cpus[i]}, &error)) {
        throw std::runtime_error(error);
      }
      WorkerOptions mine = options.worker;
      mine.index = static_cast<uint32_t>(i);
      mine.count = static_cast<uint32_t>(workers.size());
      workers[i] = std::make_unique<Worker>(mine, setup, std::move(sources[i]), channel_list[i]);
    } catch (...) {
      failure.set(std::current_exception());
    }
    made.arrive_and_wait();
    if (failure.get() == nullptr) {
      workers[i]->run();
    } else {
      channel_list[i]->done.store(true, std::memory_order_release);
    }
    running.fetch_sub(1);
  };
  std::thread ender([&] {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < workers.size(); ++i) threads.emplace_back(run_worker, i);
    made.arrive_and_wait();
    for (std::thread& t : threads) t.join();
    result.elapsed = std::chrono::steady_clock::now() - begin;
    result.delivered = output.finish(options.drain_limit);
    drained.store(true);
    pthread_kill(caller, SIGUSR1);
  });

  made.arrive_and_wait();  // from here on `failure` is final
  uint64_t packets_before = 0;
  auto last_packet = std::chrono::steady_clock::now();
  while (!drained.load()) {
    const bool asked = signals.wait();
    if (failure.get() != nullptr) continue;  // sources may be gone with the worker that was not made
    if (asked) {
      const bool again = result.interrupted;
      result.interrupted = true;
      // The first signal ends the reading, and what was found is written and delivered. The second, or the
      // first where nothing but a delivery is waited for, ends the waiting.
      if (!again && !output.delivering()) {
        // A source outlives its worker's run, and takes stop() from any thread.
        for (PacketSource* source : source_list) source->stop();
      } else {
        for (AlertChannel* channel : channel_list) channel->abandoned.store(true);
        for (Sink* sink : sinks) sink->interrupt();
      }
      continue;
    }
    if (options.on_progress && running.load() > 0) {
      options.on_progress(source_list.front()->progress(), source_list.front()->stats().bytes);
    }
    if (options.end_when_idle.count() > 0) {
      const uint64_t packets = packets_read(source_list);
      const auto now = std::chrono::steady_clock::now();
      if (packets != packets_before) last_packet = now;
      packets_before = packets;
      if (now - last_packet >= options.end_when_idle) {
        for (PacketSource* source : source_list) source->stop();
      }
    }
    if (options.on_wait) options.on_wait();
  }
  ender.join();
  if (failure.get() != nullptr) std::rethrow_exception(failure.get());
  result.alerts_written = output.written();
  result.placement_error = output.placement_error();
  for (size_t i = 0; i < workers.size(); ++i) {
    const Worker& worker = *workers[i];
    result.totals += worker.totals();
    result.outlet += worker.outlet();
    // Sources that give every worker the same have all counted the same.
    if (options.worker.steered || i == 0) {
      result.source_stats += source_list[i]->stats();
      for (NamedCount& count : source_list[i]->extended_stats()) {
        result.extended_stats.push_back(std::move(count));
      }
    }
    result.source_errors.push_back(source_list[i]->error());
  }
  if (at_end) at_end(source_list);
  return result;
}

}  // namespace weir
