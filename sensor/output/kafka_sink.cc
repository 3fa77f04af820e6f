#include "sensor/output/kafka_sink.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include "sensor/output/kafka_batch.h"
#include "sensor/output/kafka_conf.h"

namespace weir {

namespace {

using Clock = std::chrono::steady_clock;

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using Error = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;

// RFC 3339 with milliseconds; empty outside the years 0 to 9999, which it cannot say (a damaged capture).
std::string iso_time(int64_t time_ms) {
  const int64_t below = ((time_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = static_cast<std::time_t>((time_ms - below) / 1000);
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr || utc.tm_year + 1900 < 0 || utc.tm_year + 1900 > 9999) return {};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(below));
  return text.data();
}

// What no second try can mend. A broker says it of a whole batch: believed only of a record sent by itself
// (KafkaBatch).
bool is_final(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
         error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

// Comes back because its producer or its queue was emptied: says nothing about the record.
bool is_purge(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

constexpr int kPollMs = 50;
constexpr auto kRetryPause = std::chrono::milliseconds(500);
// After a refusal the records already on their way are awaited this long before their producer is replaced.
constexpr auto kSettleLimit = std::chrono::seconds(5);
// A producer that turns fatal again and again is replaced no more often than this.
constexpr auto kReplacePause = std::chrono::seconds(1);
// Without a delivery report for so long, problem() says so even when librdkafka reports no error.
constexpr auto kSilence = std::chrono::seconds(5);
constexpr auto kProbePause = std::chrono::seconds(2);
constexpr int kProbeMs = 500;
// What a kept record costs beyond its strings: list nodes, librdkafka's message, its copies of the headers.
constexpr size_t kOverhead = 1024;
// wait_for() adds the limit to a clock: "for ever" must not overflow it.
constexpr auto kLongest = std::chrono::milliseconds(std::chrono::hours(24 * 365));

size_t cost_of(const Record& r) {
  return r.topic_kind.size() + r.schema.size() + r.type.size() + r.id.size() + r.key.size() + r.json.size() +
         kOverhead;
}

size_t batch_size_of(const Record& r) { return r.key.size() + r.json.size(); }

}  // namespace

class KafkaSink::Impl {
 public:
  explicit Impl(KafkaOptions options) : options_(std::move(options)), batch_(kafka_batch_bytes(options_)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    stop_.store(true);
    if (poller_.joinable()) poller_.join();
    if (rk_ != nullptr) discard(rk_);
  }

  bool start(std::string* error) {
    if (!check_options(options_, error)) return false;
    rk_ = make_producer(error);
    if (rk_ == nullptr) return false;
    poller_ = std::thread([this] { poll_loop(); });
    return true;
  }

  void write(const Record& record) {
    std::unique_lock lock(mutex_);
    stats_.written += record.alerts;
    const size_t size = cost_of(record);
    const auto has_room = [&] {
      return kept_.empty() || (kept_.size() < options_.max_records && bytes_ + size <= options_.max_bytes);
    };
    room_.wait(lock, [&] { return interrupted_ || has_room(); });
    if (!has_room()) {
      stats_.failed += record.alerts;
      give_up_ = "no room was left when the program was told to end at once";
      return;
    }
    if (open_ == 0) progress_at_ = Clock::now();
    kept_.push_back({record, size});
    bytes_ += size;
    ++open_;
    stats_.pending += record.alerts;
    pump();
  }

  bool drain(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    room_.wait_for(lock, std::min(limit, kLongest), [&] { return interrupted_ || open_ == 0; });
    return open_ == 0 && stats_.failed == 0;
  }

  void interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    room_.notify_all();
  }

  bool interrupted() const {
    const std::lock_guard lock(mutex_);
    return interrupted_;
  }

  SinkStats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  std::string problem() const {
    const std::lock_guard lock(mutex_);
    std::string text = trouble_;
    if (text.empty() && open_ > 0 && Clock::now() - progress_at_ > kSilence) text = "no acknowledgement yet";
    if (text.empty()) return {};
    if (stats_.pending > 0) text += "; " + count_of(stats_.pending) + " kept and tried again";
    return name() + ": " + text;
  }

  std::string losses() const {
    const std::lock_guard lock(mutex_);
    if (stats_.failed == 0) return {};
    return name() + ": " + count_of(stats_.failed) + " lost: " + give_up_;
  }

  uint64_t replaced() const {
    const std::lock_guard lock(mutex_);
    return replaced_;
  }

  std::string name() const {
    return options_.brokers.empty() ? std::string("kafka") : "kafka " + options_.brokers;
  }

 private:
  enum class State : uint8_t { kWaiting, kInFlight, kDone };
  struct Kept {
    Record record;
    size_t cost;
    State state = State::kWaiting;
    bool counted = false;  // stands in stats_ as delivered or failed
    bool given_up = false;
  };

  static std::string count_of(uint64_t n) {
    return std::to_string(n) + (n == 1 ? " alert is" : " alerts are");
  }

  rd_kafka_t* make_producer(std::string* error) {
    KafkaConf conf = make_conf(options_, error);
    if (!conf) return nullptr;
    rd_kafka_conf_set_opaque(conf.get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
      static_cast<Impl*>(self)->on_report(*message);
    });
    rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int code, const char* reason, void* self) {
      static_cast<Impl*>(self)->on_error(static_cast<rd_kafka_resp_err_t>(code), reason);
    });
    rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
    std::array<char, 512> text{};
    rd_kafka_t* rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size());
    if (rk == nullptr) {
      *error = std::string("kafka: ") + text.data();
      return nullptr;
    }
    (void)conf.release();  // rd_kafka_new took it
    return rk;
  }

  static void discard(rd_kafka_t* rk) {
    rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(rk, 200);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }

  rd_kafka_headers_t* headers_of(const Record& r) const {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(8);
    const std::pair<const char*, std::string> all[] = {
        {"content-type", "application/json"},
        {"weir-schema", r.schema},
        {"weir-sensor", options_.sensor},
        {"ce_specversion", "1.0"},  // CloudEvents 1.0, Kafka binding 3.2
        {"ce_id", r.id},
        {"ce_type", r.type},
        {"ce_source", "weir/" + options_.sensor},
        {"ce_time", iso_time(r.time_ms)},
    };
    for (const auto& [name, value] : all) {
      if (!value.empty())
        rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
    }
    return headers;
  }

  // The payload is lent: a kept record stays where it is until its report or until its producer is gone. The
  // time of the message is left to librdkafka: with the capture's own, the retention of a topic would delete
  // the alerts of an old capture at once, and a broker refuses times to come. ce_time has the capture's.
  rd_kafka_resp_err_t produce(Kept& kept, uint64_t id) {
    const Record& r = kept.record;
    const std::string topic = kafka_topic(options_, r.topic_kind);
    rd_kafka_headers_t* headers = headers_of(r);
    std::array<rd_kafka_vu_t, 5> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_KEY;
    parts[1].u.mem = {const_cast<char*>(r.key.data()), r.key.size()};
    parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[2].u.mem = {const_cast<char*>(r.json.data()), r.json.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[3].u.headers = headers;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[4].u.ptr = reinterpret_cast<void*>(static_cast<uintptr_t>(id));
    const Error error(rd_kafka_produceva(rk_, parts.data(), parts.size()));
    if (!error) return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_headers_destroy(headers);  // taken only on success
    return rd_kafka_error_code(error.get());
  }

  // Gives librdkafka what waits, in order, as far as its queue takes it; where batches have a limit, one
  // batch after the other. Mutex held.
  void pump() {
    if (rk_ == nullptr || settling_ || Clock::now() < retry_at_) return;
    if (batch_.one_at_a_time() && in_flight_ > 0) return;
    batch_.begin();
    for (; next_ < kept_.size(); ++next_) {
      Kept& kept = kept_[next_];
      if (kept.state != State::kWaiting) continue;
      if (!batch_.add(batch_size_of(kept.record))) break;
      const rd_kafka_resp_err_t error = produce(kept, base_ + next_);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kept.state = State::kInFlight;
        ++in_flight_;
        continue;
      }
      if (is_final(error)) {  // larger than message.max.bytes: refused here, before any batch
        give_up(kept, error);
        continue;
      }
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL && error != RD_KAFKA_RESP_ERR__FATAL) {
        refused(kept, error);
        retry_at_ = Clock::now() + kRetryPause;
      }
      break;
    }
    retire();
  }

  void refused(const Kept& kept, rd_kafka_resp_err_t error) {
    trouble_ = "topic " + kafka_topic(options_, kept.record.topic_kind) + ": " +
               plain_reason(rd_kafka_err2str(error), "");
  }

  void give_up(Kept& kept, rd_kafka_resp_err_t error) {
    kept.state = State::kDone;
    kept.given_up = true;
    --open_;
    if (std::exchange(kept.counted, true)) return;
    stats_.pending -= kept.record.alerts;
    stats_.failed += kept.record.alerts;
    give_up_ = kept.record.id + ", " + std::to_string(kept.record.json.size()) +
               " bytes: " + plain_reason(rd_kafka_err2str(error), "");
  }

  // Lets go of what is done at the front. Mutex held.
  void retire() {
    while (!kept_.empty() && kept_.front().state == State::kDone) {
      bytes_ -= kept_.front().cost;
      kept_.pop_front();
      ++base_;
      if (next_ > 0) --next_;
    }
    room_.notify_all();
  }

  void on_report(const rd_kafka_message_t& message) {
    const std::lock_guard lock(mutex_);
    const uint64_t id = reinterpret_cast<uintptr_t>(message._private);
    if (id < base_ || id - base_ >= kept_.size()) return;
    Kept& kept = kept_[id - base_];
    if (kept.state != State::kInFlight) return;
    --in_flight_;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      kept.state = State::kDone;
      --open_;
      if (!std::exchange(kept.counted, true)) {
        stats_.pending -= kept.record.alerts;
        stats_.deliver(kept.record.alerts, kept.record.storm);
      }
      progress_at_ = Clock::now();
      trouble_.clear();
      if (in_flight_ == 0 && !settling_) batch_.passed();
    } else if (is_final(message.err) && batch_.is_single()) {
      give_up(kept, message.err);
      batch_.found();
    } else {
      kept.state = State::kWaiting;
      if (is_final(message.err)) {
        refused_bytes_ += batch_size_of(kept.record);
      } else if (!is_purge(message.err)) {
        refused(kept, message.err);
        retry_at_ = Clock::now() + kRetryPause;
      }
      settle();
    }
    retire();
  }

  // A record came back: nothing more goes out until all on their way have been heard of, so that they can be
  // put in order again. Mutex held.
  void settle() {
    if (settling_) return;
    settling_ = true;
    purge_ = true;
    settle_until_ = Clock::now() + kSettleLimit;
  }

  // All reports are in: starts again from the first record that waits. What was delivered meanwhile with the
  // key of one before it goes out once more after that one, so that each key's last record is its latest.
  // Mutex held, nothing in flight.
  void rewind() {
    std::unordered_set<std::string_view> late;
    for (Kept& kept : kept_) {
      if (kept.state == State::kWaiting) {
        late.insert(kept.record.key);
      } else if (!kept.given_up && late.contains(kept.record.key)) {
        kept.state = State::kWaiting;
        ++open_;
      }
    }
    next_ = 0;
    settling_ = false;
    purge_ = false;
    if (refused_bytes_ > 0) batch_.refused(std::exchange(refused_bytes_, 0));
  }

  void on_error(rd_kafka_resp_err_t error, const char* reason) {
    const std::lock_guard lock(mutex_);
    if (error == RD_KAFKA_RESP_ERR__FATAL) return;  // replace_producer() tells
    // "All brokers down" says less than the reason that came just before it.
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !trouble_.empty()) return;
    trouble_ = plain_reason(reason, options_.brokers);
    if (trouble_.empty()) trouble_ = plain_reason(rd_kafka_err2str(error), "");
  }

  // On the poller's thread, the only one that destroys a producer. `why` may be empty.
  void replace_producer(const std::string& why) {
    rd_kafka_t* old = nullptr;
    {
      const std::lock_guard lock(mutex_);
      old = std::exchange(rk_, nullptr);
      if (!why.empty()) trouble_ = why;
    }
    if (old != nullptr) discard(old);  // its last reports arrive in here
    const auto next = replaced_at_ + kReplacePause;
    while (Clock::now() < next && !stop_.load())
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
    replaced_at_ = Clock::now();
    std::string error;
    rd_kafka_t* fresh = make_producer(&error);
    const std::lock_guard lock(mutex_);
    for (Kept& kept : kept_) {
      if (kept.state == State::kInFlight) kept.state = State::kWaiting;
    }
    in_flight_ = 0;
    rewind();
    rk_ = fresh;
    if (fresh == nullptr) {
      trouble_ = error;  // tried again by the poller, e.g. a certificate that is being renewed
      return;
    }
    ++replaced_;
    pump();
  }

  // An error of an idle connection is over when the broker answers again; nothing else would tell.
  void probe(rd_kafka_t* rk) {
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(rk, 0, nullptr, &metadata, kProbeMs) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    rd_kafka_metadata_destroy(metadata);
    const std::lock_guard lock(mutex_);
    if (open_ == 0) trouble_.clear();
  }

  void poll_loop() {
    auto probe_at = Clock::now();
    while (!stop_.load()) {
      rd_kafka_t* const rk = rk_;  // changed by this thread only
      if (rk == nullptr) {
        replace_producer({});
        continue;
      }
      rd_kafka_poll(rk, kPollMs);
      std::array<char, 512> text{};
      if (rd_kafka_fatal_error(rk, text.data(), text.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        replace_producer(plain_reason(text.data(), options_.brokers));
        continue;
      }
      bool stuck = false;
      bool purge = false;
      bool idle_trouble = false;
      {
        const std::lock_guard lock(mutex_);
        if (settling_ && in_flight_ == 0) rewind();
        stuck = settling_ && Clock::now() >= settle_until_;
        purge = std::exchange(purge_, false);
        idle_trouble = open_ == 0 && !trouble_.empty();
        if (next_ < kept_.size()) pump();
      }
      if (purge) rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE);
      if (stuck) {
        replace_producer({});
      } else if (idle_trouble && Clock::now() >= probe_at) {
        probe(rk);
        probe_at = Clock::now() + kProbePause;
      }
    }
  }

  const KafkaOptions options_;
  std::atomic<bool> stop_{false};
  std::thread poller_;
  Clock::time_point replaced_at_{};  // of the poller

  mutable std::mutex mutex_;
  std::condition_variable room_;
  rd_kafka_t* rk_ = nullptr;  // written by the poller with the mutex held
  std::deque<Kept> kept_;     // in order of write(); kept_[i] has the id base_ + i
  uint64_t base_ = 1;
  size_t next_ = 0;       // nothing before it waits, unless settling_
  size_t in_flight_ = 0;  // records without their report
  size_t open_ = 0;       // records not done, those that go out again among them
  size_t bytes_ = 0;
  bool settling_ = false;
  bool purge_ = false;        // the poller is to empty librdkafka's queue
  size_t refused_bytes_ = 0;  // came back as too large, or with a record that the broker refuses
  KafkaBatch batch_;
  Clock::time_point settle_until_{};
  Clock::time_point retry_at_{};
  Clock::time_point progress_at_{};
  uint64_t replaced_ = 0;
  bool interrupted_ = false;
  SinkStats stats_;
  std::string trouble_;
  std::string give_up_;
};

std::unique_ptr<KafkaSink> KafkaSink::create(const KafkaOptions& options, std::string* error) {
  auto impl = std::make_unique<Impl>(options);
  if (!impl->start(error)) return nullptr;
  return std::unique_ptr<KafkaSink>(new KafkaSink(std::move(impl)));
}

KafkaSink::KafkaSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaSink::~KafkaSink() = default;
void KafkaSink::write(const Record& record) { impl_->write(record); }
bool KafkaSink::drain(std::chrono::milliseconds limit) { return impl_->drain(limit); }
void KafkaSink::interrupt() { impl_->interrupt(); }
bool KafkaSink::interrupted() const { return impl_->interrupted(); }
SinkStats KafkaSink::stats() const { return impl_->stats(); }
std::string KafkaSink::problem() const { return impl_->problem(); }
std::string KafkaSink::losses() const { return impl_->losses(); }
std::string KafkaSink::name() const { return impl_->name(); }
uint64_t KafkaSink::producers_replaced() const { return impl_->replaced(); }

}  // namespace weir
