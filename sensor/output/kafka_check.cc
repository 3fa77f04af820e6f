#include "sensor/output/kafka_check.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "sensor/output/kafka_conf.h"

namespace weir {

namespace {

// "kafka property NAME: …" and "kafka topic …", as kafka_conf.h writes them.
std::string field_of(std::string_view error, const KafkaOptions& options) {
  constexpr std::string_view kProperty = "kafka property ";
  if (error.starts_with(kProperty)) {
    error.remove_prefix(kProperty.size());
    return "properties." + std::string(error.substr(0, error.find(':')));
  }
  if (error.starts_with("kafka topic prefix")) return "topic_prefix";
  if (error.starts_with("kafka topic")) return "topics.alerts";
  // librdkafka names the property somewhere in its text.
  for (const auto& [name, value] : options.properties) {
    if (error.find("`" + name + "`") != std::string_view::npos ||
        error.find(name) != std::string_view::npos) {
      return "properties." + name;
    }
  }
  return "brokers";
}

// librdkafka opens what these name, and would wait for the writer of a pipe.
bool check_locations(const KafkaOptions& options, std::string* error) {
  for (const auto& [name, path] : options.properties) {
    if (!name.ends_with(".location") || path == "probe") continue;
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
      *error = "kafka property " + name + ": " + path + ": " + std::strerror(errno);
      return false;
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
      *error = "kafka property " + name + ": " + path + " is no plain file";
      return false;
    }
  }
  return true;
}

// librdkafka looks at most properties together only when it makes a client: one without brokers.
bool make_client(const KafkaOptions& options, std::string* error) {
  KafkaOptions alone = options;
  alone.brokers.clear();
  alone.properties.erase("bootstrap.servers");
  alone.properties.erase("metadata.broker.list");
  KafkaConf conf = make_conf(alone, error);
  if (!conf) return false;
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  std::array<char, 512> text{};
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size());
  if (client != nullptr) {
    (void)conf.release();  // rd_kafka_new took it
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return true;
  }
  // No threads, no descriptors: nothing that the options say.
  if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) return true;
  *error = std::string("kafka: ") + text.data();
  return false;
}

}  // namespace

bool check_kafka(const KafkaOptions& options, std::string* field, std::string* error) {
  if (check_options(options, error) && check_locations(options, error) && make_client(options, error)) {
    return true;
  }
  *field = field_of(*error, options);
  return false;
}

}  // namespace weir
