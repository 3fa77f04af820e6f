#include "sensor/output/kafka_sink.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace weir {

namespace {

using Clock = std::chrono::steady_clock;

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using ConfPtr = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

// Properties whose values must not show up in an error text.
bool is_secret(const std::string& property) {
  return property.find("password") != std::string::npos || property.find("secret") != std::string::npos ||
         property.find("pem") != std::string::npos || property.find("oauthbearer") != std::string::npos;
}

bool set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
                  std::string* error) {
  std::array<char, 512> text{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK)
    return true;
  *error = "kafka property " + name + ": " +
           (is_secret(name) ? std::string("librdkafka refuses its value") : std::string(text.data()));
  return false;
}

std::string iso_time(int64_t time_ms) {
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(time_ms % 1000));
  return text.data();
}

// What no second try can mend.
bool is_final(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
         error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

constexpr auto kRetryPause = std::chrono::milliseconds(500);
constexpr int kPollMs = 50;

}  // namespace

class KafkaSink::Impl {
 public:
  explicit Impl(KafkaOptions options) : options_(std::move(options)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    stop_.store(true);
    if (poller_.joinable()) poller_.join();
    if (rk_ != nullptr) discard(rk_);
  }

  bool start(std::string* error) {
    rk_ = make_producer(error);
    if (rk_ == nullptr) return false;
    poller_ = std::thread([this] { poll_loop(); });
    return true;
  }

  void write(const Record& record) {
    std::unique_lock lock(mutex_);
    ++stats_.written;
    const size_t size = record.json.size() + record.key.size();
    room_.wait(lock, [&] {
      return interrupted_ || kept_.empty() ||
             (stats_.pending < options_.max_records && bytes_ + size <= options_.max_bytes);
    });
    if (interrupted_ && stats_.pending >= options_.max_records) {
      ++stats_.failed;
      give_up_ = "given up when the program was told to end";
      return;
    }
    kept_.push_back({record, State::kWaiting});
    bytes_ += size;
    ++stats_.pending;
    pump();
  }

  bool drain(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    if (rk_ != nullptr) pump();
    room_.wait_for(lock, limit, [&] { return interrupted_ || stats_.pending == 0; });
    return stats_.pending == 0 && stats_.failed == 0;
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
    std::string text;
    if (!trouble_.empty()) {
      text = "kafka " + options_.brokers + ": " + trouble_;
      if (stats_.pending > 0)
        text += "; " + std::to_string(stats_.pending) + " records are kept and tried again";
    }
    if (stats_.failed > 0) {
      if (!text.empty()) text += "; ";
      text += std::to_string(stats_.failed) + " records could not be delivered: " + give_up_;
    }
    return text;
  }

  uint64_t replaced() const {
    const std::lock_guard lock(mutex_);
    return replaced_;
  }

  const KafkaOptions& options() const { return options_; }

 private:
  enum class State : uint8_t { kWaiting, kInFlight, kDone };
  struct Kept {
    Record record;
    State state;
  };

  std::string topic_of(const Record& record) const {
    const auto it = options_.topics.find(record.topic_kind);
    return it != options_.topics.end() ? it->second : options_.topic_prefix + "." + record.topic_kind + ".v1";
  }

  rd_kafka_t* make_producer(std::string* error) {
    ConfPtr conf(rd_kafka_conf_new());
    const std::pair<const char*, std::string> kDefaults[] = {
        {"bootstrap.servers", options_.brokers},
        {"client.id", options_.sensor},
        {"linger.ms", "5"},
        {"reconnect.backoff.max.ms", "2000"},
        {"socket.keepalive.enable", "true"},
        {"queue.buffering.max.messages", std::to_string(std::max<size_t>(options_.max_records, 1))},
        {"queue.buffering.max.kbytes", std::to_string(std::max<size_t>(options_.max_bytes / 1024, 1))},
    };
    for (const auto& [name, value] : kDefaults) {
      if (!set_property(conf.get(), name, value, error)) return nullptr;
    }
    // zstd where librdkafka was built with it, else lz4.
    std::string ignored;
    if (!set_property(conf.get(), "compression.codec", "zstd", &ignored) &&
        !set_property(conf.get(), "compression.codec", "lz4", error)) {
      return nullptr;
    }
    for (const auto& [name, value] : options_.properties) {
      if (!set_property(conf.get(), name, value, error)) return nullptr;
    }
    // What "nothing is lost" rests on cannot be configured away.
    for (const auto& [name, value] : {std::pair{"enable.idempotence", "true"}, std::pair{"acks", "all"},
                                      std::pair{"message.timeout.ms", "0"}}) {
      if (!set_property(conf.get(), name, value, error)) return nullptr;
    }
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
    rd_kafka_headers_t* headers = rd_kafka_headers_new(7);
    const std::pair<const char*, std::string> all[] = {
        {"content-type", "application/json"},
        {"weir-schema", r.schema},
        {"weir-sensor", options_.sensor},
        {"ce_id", r.id},
        {"ce_type", r.type},
        {"ce_source", "weir/" + options_.sensor},
        {"ce_time", iso_time(r.time_ms)},
    };
    for (const auto& [name, value] : all) {
      rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
    }
    return headers;
  }

  // Gives librdkafka what waits, in order, as far as its queue takes it. Payloads are lent: a kept record
  // stays where it is until its report or until its producer is gone. Mutex held.
  void pump() {
    if (rk_ == nullptr || Clock::now() < retry_at_) return;
    for (; next_ < kept_.size(); ++next_) {
      Kept& kept = kept_[next_];
      if (kept.state != State::kWaiting) continue;
      const Record& r = kept.record;
      const std::string topic = topic_of(r);
      rd_kafka_headers_t* headers = headers_of(r);
      const rd_kafka_resp_err_t error = rd_kafka_producev(
          rk_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_MSGFLAGS(0),
          RD_KAFKA_V_KEY(r.key.data(), r.key.size()),
          RD_KAFKA_V_VALUE(const_cast<char*>(r.json.data()), r.json.size()), RD_KAFKA_V_TIMESTAMP(r.time_ms),
          RD_KAFKA_V_HEADERS(headers),
          RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<uintptr_t>(base_ + next_))), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kept.state = State::kInFlight;
        continue;
      }
      rd_kafka_headers_destroy(headers);
      if (is_final(error)) {
        give_up(kept, error);
        continue;
      }
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) trouble_ = rd_kafka_err2str(error);
      return;
    }
    retire();
  }

  void give_up(Kept& kept, rd_kafka_resp_err_t error) {
    kept.state = State::kDone;
    --stats_.pending;
    ++stats_.failed;
    give_up_ = kept.record.id + ", " + std::to_string(kept.record.json.size()) +
               " bytes: " + rd_kafka_err2str(error);
  }

  // Lets go of what is done at the front. Mutex held.
  void retire() {
    while (!kept_.empty() && kept_.front().state == State::kDone) {
      bytes_ -= kept_.front().record.json.size() + kept_.front().record.key.size();
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
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      kept.state = State::kDone;
      --stats_.pending;
      ++stats_.delivered;
      trouble_.clear();
    } else if (is_final(message.err)) {
      give_up(kept, message.err);
    } else {
      kept.state = State::kWaiting;
      next_ = std::min(next_, static_cast<size_t>(id - base_));
      if (message.err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && message.err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
        trouble_ = "topic " + topic_of(kept.record) + ": " + rd_kafka_err2str(message.err);
        retry_at_ = Clock::now() + kRetryPause;
      }
    }
    retire();
  }

  void on_error(rd_kafka_resp_err_t error, const char* reason) {
    const std::lock_guard lock(mutex_);
    // "All brokers down" says less than the reason that came just before it.
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !trouble_.empty()) return;
    trouble_ = reason;
  }

  void replace_producer() {
    rd_kafka_t* old = nullptr;
    {
      const std::lock_guard lock(mutex_);
      old = std::exchange(rk_, nullptr);
    }
    discard(old);  // its last reports arrive in here
    std::string error;
    rd_kafka_t* fresh = make_producer(&error);
    const std::lock_guard lock(mutex_);
    ++replaced_;
    for (Kept& kept : kept_) {
      if (kept.state == State::kInFlight) kept.state = State::kWaiting;
    }
    next_ = 0;
    rk_ = fresh;
    if (fresh == nullptr) {
      trouble_ = error;
    } else {
      pump();
    }
  }

  void poll_loop() {
    while (!stop_.load()) {
      rd_kafka_t* rk = nullptr;
      {
        const std::lock_guard lock(mutex_);
        rk = rk_;
      }
      if (rk == nullptr) {
        std::this_thread::sleep_for(kRetryPause);
        std::string error;
        rd_kafka_t* fresh = make_producer(&error);
        const std::lock_guard lock(mutex_);
        rk_ = fresh;
        continue;
      }
      rd_kafka_poll(rk, kPollMs);
      if (rd_kafka_fatal_error(rk, nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        replace_producer();
        continue;
      }
      const std::lock_guard lock(mutex_);
      if (next_ < kept_.size()) pump();
    }
  }

  const KafkaOptions options_;
  std::atomic<bool> stop_{false};
  std::thread poller_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  rd_kafka_t* rk_ = nullptr;
  std::deque<Kept> kept_;  // in order of write(); kept_[i] has the id base_ + i
  uint64_t base_ = 1;
  size_t next_ = 0;  // nothing before it waits
  size_t bytes_ = 0;
  Clock::time_point retry_at_{};
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
std::string KafkaSink::name() const { return "kafka " + impl_->options().brokers; }
uint64_t KafkaSink::producers_replaced() const { return impl_->replaced(); }

}  // namespace weir
