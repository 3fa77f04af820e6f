// What the Kafka tests ask of a broker, through librdkafka's own client and independent of weir's sink:
// make topics and access rules, produce a probe, read a topic back whole.
//
// All calls wait, within the given limit, and throw std::runtime_error with librdkafka's text.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weir::test {

struct ReadRecord {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;  // in order
};

class KafkaClient {
 public:
  explicit KafkaClient(std::string brokers) : brokers_(std::move(brokers)) {}

  // A topic that is there already is no error. `configuration`: e.g. max.message.bytes.
  void create_topic(const std::string& topic, int partitions,
                    const std::map<std::string, std::string>& configuration = {}) const;
  // An access rule that forbids everyone to write to the topic; and its end.
  void deny_write(const std::string& topic) const;
  void allow_write(const std::string& topic) const;
  // Makes the topic and produces one record (idempotent, acks=all), again and again until it is taken.
  void wait_ready(const std::string& topic, std::chrono::seconds limit) const;
  // Every record between the first and the last offset of the moment, by partition and offset.
  std::vector<ReadRecord> read_topic(const std::string& topic,
                                     std::chrono::seconds limit = std::chrono::seconds(60)) const;

 private:
  std::string brokers_;
};

}  // namespace weir::test
