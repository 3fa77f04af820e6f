#include "sensor/pipeline/sensor_run.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <ctime>
#include <thread>

namespace weir {

namespace {

constexpr size_t kRingCapacity = 4096;  // alerts of one worker on their way
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
  ~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
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

}  // namespace

RunResult run_sensor(const RunOptions& options, const SharedSetup& setup,
                     std::vector<std::unique_ptr<PacketSource>> sources, const std::vector<Sink*>& sinks,
                     const std::function<void(const std::vector<PacketSource*>&)>& at_end) {
  const Signals signals;
  RunResult result;
  std::vector<std::unique_ptr<AlertChannel>> channels;
  std::vector<AlertChannel*> channel_list;
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < sources.size(); ++i) {
    channels.push_back(std::make_unique<AlertChannel>(kRingCapacity));
    channel_list.push_back(channels.back().get());
    WorkerOptions mine = options.worker;
    mine.index = static_cast<uint32_t>(i);
    mine.count = static_cast<uint32_t>(sources.size());
    workers.push_back(std::make_unique<Worker>(mine, setup, std::move(sources[i]), channel_list.back()));
  }
  OutputThread output(options.output, channel_list, sinks);
  output.start();

  const auto begin = std::chrono::steady_clock::now();
  std::atomic<size_t> running{workers.size()};
  std::atomic<bool> drained{false};
  const pthread_t caller = pthread_self();
  std::thread ender([&] {
    std::vector<std::thread> threads;
    for (const std::unique_ptr<Worker>& worker : workers) {
      threads.emplace_back([&] {
        worker->run();
        running.fetch_sub(1);
      });
    }
    for (std::thread& t : threads) t.join();
    result.elapsed = std::chrono::steady_clock::now() - begin;
    result.delivered = output.finish(options.drain_limit);
    drained.store(true);
    pthread_kill(caller, SIGUSR1);
  });

  while (!drained.load()) {
    if (signals.wait()) {
      if (!result.interrupted) {
        result.interrupted = true;
        for (const std::unique_ptr<Worker>& worker : workers) worker->stop();
      } else {
        for (AlertChannel* channel : channel_list) channel->abandoned.store(true);
        for (Sink* sink : sinks) sink->interrupt();
      }
      continue;
    }
    if (options.on_progress && running.load() > 0) {
      PacketSource& source = workers.front()->source();
      options.on_progress(source.progress(), source.stats().bytes);
    }
    if (options.on_wait) options.on_wait();
  }
  ender.join();

  std::vector<PacketSource*> ended;
  for (const std::unique_ptr<Worker>& worker : workers) {
    result.totals += worker->totals();
    result.alerts_dropped += worker->alerts_dropped();
    result.source_stats.push_back(worker->source().stats());
    result.source_errors.push_back(worker->source().error());
    ended.push_back(&worker->source());
  }
  if (at_end) at_end(ended);
  return result;
}

}  // namespace weir
