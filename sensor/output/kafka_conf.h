// librdkafka's configuration for the Kafka sink: the defaults, the operator's properties over them, and what
// cannot be configured away because "nothing is lost" rests on it. And librdkafka's error texts, made short.
//
// check_options() once at the start, make_conf() for each producer.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>

#include "sensor/output/kafka_sink.h"

namespace weir {

struct KafkaConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, KafkaConfDeleter>;

// False, and `error` filled: no broker, a topic name that Kafka does not allow (1 to 249 of A-Z a-z 0-9 . _
// -), or a property that would lose or reorder records.
bool check_options(const KafkaOptions& options, std::string* error);

// Null, and `error` filled with librdkafka's text, when it refuses a property. The value of a secret
// property is never in the text. Callbacks are the caller's to set.
KafkaConf make_conf(const KafkaOptions& options, std::string* error);

// The largest batch that a producer of these options makes, in bytes.
size_t kafka_batch_bytes(const KafkaOptions& options);

// The topic of a kind of record: options.topics, else <prefix>.<kind>.v1.
std::string kafka_topic(const KafkaOptions& options, const std::string& kind);

// "127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state
// CONNECT)" becomes "connection refused"; the broker's address is kept where it is not all of `brokers`.
std::string plain_reason(std::string_view reason, std::string_view brokers);

}  // namespace weir
