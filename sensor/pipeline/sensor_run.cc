#include "sensor/pipeline/sensor_run.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "sensor/base/cpus.h"
#include "sensor/base/plain_failure.h"
#include "sensor/pipeline/signals.h"

namespace weir {

namespace {

constexpr auto kDrainSlice = std::chrono::milliseconds(200);
// Once no sink is waited for, workers wait so long for the rest to be handed on.
constexpr auto kLastWait = std::chrono::seconds(2);

// The first thing that went wrong in a thread.
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

// Workers wait here until all of them are made, and learn whether the run begins.
class StartGate {
 public:
  bool arrive_and_wait() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return state_ != State::kShut; });
    return state_ == State::kOpen;
  }
  void await(size_t threads) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ == threads; });
  }
  void open(bool begin) {
    const std::lock_guard lock(mutex_);
    state_ = begin ? State::kOpen : State::kCalledOff;
    changed_.notify_all();
  }

 private:
  enum class State : uint8_t { kShut, kOpen, kCalledOff };
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t arrived_ = 0;
  State state_ = State::kShut;
};

std::string text_of(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    return plain_failure(e);
  } catch (...) {
    return "unknown";
  }
}

// True when everything is safe; waits until it is, or nothing more can be.
bool drain(Sink& sink) {
  while (!sink.drain(kDrainSlice)) {
    if (sink.interrupted() || sink.over()) return false;
  }
  return true;
}

// Packets that the sources have read so far, all workers together.
uint64_t packets_read(const std::vector<PacketSource*>& sources) {
  uint64_t n = 0;
  for (const PacketSource* source : sources) n += source->stats().packets;
  return n;
}

// Reads on for a worker that cannot, so that a receiver that hands packets over waits for nobody.
void read_in_vain(PacketSource& source) {
  std::array<RawPacket, 64> burst;
  SourceStatus status = SourceStatus::kOk;
  while (status == SourceStatus::kOk || status == SourceStatus::kIdle) {
    size_t count = 0;
    status = source.next_burst(burst, &count);
  }
}

void stop_all(const std::vector<PacketSource*>& sources) {
  for (PacketSource* source : sources) source->stop();
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

  auto begin = std::chrono::steady_clock::now();
  std::atomic<size_t> running{workers.size()};
  std::atomic<bool> drained{false};
  Failure never_began;
  Failure broke;
  StartGate gate;
  const pthread_t caller = pthread_self();

  const auto work = [&](size_t i) {
    try {
      workers[i]->run();
    } catch (...) {
      // The others end in order; what this one has sent is delivered.
      broke.set(std::current_exception());
      stop_all(source_list);
      try {
        read_in_vain(*source_list[i]);
      } catch (...) {
        // The source is what broke.
      }
    }
  };
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
      never_began.set(std::current_exception());
    }
    if (gate.arrive_and_wait()) work(i);
    channel_list[i]->done.store(true, std::memory_order_release);
    running.fetch_sub(1);
  };
  std::vector<std::thread> threads;
  const auto end_in_order = [&] {
    try {
      for (std::thread& t : threads) t.join();
      result.elapsed = std::chrono::steady_clock::now() - begin;
      result.delivered = output.finish();
      if (options.observed != nullptr) result.delivered &= drain(*options.observed);
    } catch (...) {
      broke.set(std::current_exception());
      result.delivered = false;
    }
    drained.store(true);
    pthread_kill(caller, Signals::kWake);
  };

  // Any thread may be refused. Those that are there are told so, and go.
  std::promise<bool> begins;
  std::thread ender;
  try {
    output.start();
    ender = std::thread([&] {
      if (begins.get_future().get()) end_in_order();
    });
    threads.reserve(workers.size());
    for (size_t i = 0; i < workers.size(); ++i) threads.emplace_back(run_worker, i);
  } catch (...) {
    never_began.set(std::current_exception());
  }
  gate.await(threads.size());
  const std::exception_ptr why_not = never_began.get();
  // The clock starts before any worker does: a small capture is read before another thread wakes.
  begin = std::chrono::steady_clock::now();
  begins.set_value(!why_not);
  gate.open(!why_not);
  if (why_not) {
    for (std::thread& t : threads) t.join();
    for (AlertChannel* channel : channel_list) channel->done.store(true);
    if (ender.joinable()) ender.join();
    throw std::runtime_error(text_of(why_not));
  }

  uint64_t packets_before = 0;
  auto last_packet = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> ending;    // since when
  std::optional<std::chrono::steady_clock::time_point> hurrying;  // since when no sink is waited for
  while (!drained.load()) {
    const SignalKind signal = signals.wait();
    const auto now = std::chrono::steady_clock::now();
    const bool input_over = std::ranges::all_of(
        channel_list, [](const AlertChannel* c) { return c->input_over.load() || c->done.load(); });
    if (signal == SignalKind::kReopen) output.reopen();
    bool hurry = false;
    if (signal == SignalKind::kEnd) {
      // The first signal ends the reading, and what was found is written and delivered. The second, or the
      // first where nothing but a delivery is waited for, ends the waiting.
      hurry = result.interrupted || input_over;
      result.interrupted = true;
      stop_all(source_list);
    }
    const bool nobody =
        output.nobody_left() || (sinks.empty() && options.observed && options.observed->over());
    if (nobody && !input_over && !result.nobody_left) {
      result.nobody_left = true;
      stop_all(source_list);
    }
    if (!ending && (result.interrupted || input_over)) ending = now;
    if (options.drain_limit.count() > 0 && ending && now - *ending >= options.drain_limit) hurry = true;
    if (hurry && !hurrying) {
      hurrying = now;
      output.interrupt();
      if (options.observed != nullptr) options.observed->interrupt();
    }
    if (hurrying && now - *hurrying >= kLastWait) {
      for (AlertChannel* channel : channel_list) channel->abandoned.store(true);
    }
    if (const std::exception_ptr what = output.failure()) {
      broke.set(what);
      stop_all(source_list);
    }
    try {
      if (options.on_progress && running.load() > 0) {
        options.on_progress(source_list.front()->progress(), source_list.front()->stats().bytes);
      }
      if (options.end_when_idle.count() > 0) {
        const uint64_t packets = packets_read(source_list);
        if (packets != packets_before) last_packet = now;
        packets_before = packets;
        if (now - last_packet >= options.end_when_idle) stop_all(source_list);
      }
      if (options.on_wait && !hurrying) options.on_wait(output.folded_so_far());
    } catch (...) {
      broke.set(std::current_exception());
      stop_all(source_list);
    }
  }
  ender.join();
  if (const std::exception_ptr what = output.failure()) broke.set(what);
  if (const std::exception_ptr what = broke.get()) result.failure = text_of(what);
  result.alerts_written = output.written();
  result.placement_error = output.placement_error();
  result.sinks = output.tallies();
  for (size_t i = 0; i < workers.size(); ++i) {
    const Worker& worker = *workers[i];
    result.totals += worker.totals();
    result.outlet += worker.outlet();
    for (SinkTally& sink : result.sinks) sink.lost += worker.outlet().lost;
    // Sources that give every worker the same have all counted the same.
    if (options.worker.steered || i == 0) {
      result.source_stats += source_list[i]->stats();
      for (NamedCount& count : source_list[i]->extended_stats()) {
        result.extended_stats.push_back(std::move(count));
      }
    }
    result.source_errors.push_back(source_list[i]->error());
    std::string problem = source_list[i]->problem();
    if (!problem.empty()) result.device_problems.push_back(std::move(problem));
  }
  if (at_end) at_end(source_list);
  return result;
}

}  // namespace weir
