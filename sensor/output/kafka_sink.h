// Alerts into Kafka: idempotent producer, acks=all. A record is kept, in order, until its own good
// delivery report. When the producer turns fatal (librdkafka 2.0.2 does so when a broker goes away with
// a request in flight and comes back not ready) it is destroyed, a new one is made, and everything
// without a good report is produced again: at least once; consumers dedupe on metadata.uid (header ce_id).
//
// write() and drain() belong to one thread; stats(), problem() and interrupt() to any.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "sensor/output/sink.h"

namespace weir {

struct KafkaOptions {
  std::string brokers;                            // "host:port,host:port"
  std::string topic_prefix = "weir";              // topic = <prefix>.<record.topic_kind>.v1
  std::map<std::string, std::string> topics;      // by record.topic_kind; overrides the prefix
  std::string sensor = "weir";                    // header weir-sensor and ce_source
  std::map<std::string, std::string> properties;  // any librdkafka property; wins over the defaults
  size_t max_records = 200'000;                   // kept without a delivery report; then write() waits
  size_t max_bytes = 256u << 20;
};

class KafkaSink : public Sink {
 public:
  // Null, and `error` filled, when librdkafka refuses a property. An unreachable broker is no error
  // here: it shows in problem() and the records wait.
  static std::unique_ptr<KafkaSink> create(const KafkaOptions& options, std::string* error);
  ~KafkaSink() override;

  void write(const Record& record) override;
  bool drain(std::chrono::milliseconds limit) override;
  void interrupt() override;
  bool interrupted() const override;
  SinkStats stats() const override;
  std::string problem() const override;
  std::string losses() const override;
  std::string name() const override;
  // How often a fatal producer was replaced.
  uint64_t producers_replaced() const;

 private:
  class Impl;
  explicit KafkaSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
