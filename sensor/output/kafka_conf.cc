#include "sensor/output/kafka_conf.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace weir {

namespace {

// Properties whose values must not show up in an error text.
bool is_secret(std::string_view property) {
  for (const std::string_view part : {"password", "secret", "pem", "oauthbearer", "jaas"}) {
    if (property.find(part) != std::string_view::npos) return true;
  }
  return false;
}

bool set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value,
                  std::string* error) {
  std::array<char, 512> text{};
  const rd_kafka_conf_res_t result =
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size());
  if (result == RD_KAFKA_CONF_OK) return true;
  const bool hide = result != RD_KAFKA_CONF_UNKNOWN && is_secret(name);
  *error =
      "kafka property " + name + ": " + (hide ? std::string("librdkafka refuses its value") : text.data());
  return false;
}

struct Fixed {
  std::string_view name;
  std::string_view value;  // the only one allowed; empty: none is
};

// Aliases of librdkafka are listed beside the names.
constexpr Fixed kFixed[] = {
    {"enable.idempotence", "true"},   {"acks", "all"},
    {"request.required.acks", "all"}, {"message.timeout.ms", "0"},
    {"delivery.timeout.ms", "0"},     {"delivery.report.only.error", "false"},
    {"queuing.strategy", "fifo"},     {"transactional.id", ""},
};

bool is_allowed(std::string_view value, const Fixed& fixed) {
  return value == fixed.value || (fixed.value == "all" && value == "-1");
}

bool is_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

std::string kafka_topic(const KafkaOptions& options, const std::string& kind) {
  const auto it = options.topics.find(kind);
  return it != options.topics.end() ? it->second : options.topic_prefix + "." + kind + ".v1";
}

bool check_options(const KafkaOptions& options, std::string* error) {
  const auto given = [&](const char* name) { return options.properties.contains(name); };
  if (options.brokers.empty() && !given("bootstrap.servers") && !given("metadata.broker.list")) {
    *error = "kafka: no broker is given (HOST:PORT)";
    return false;
  }
  for (const auto& [kind, topic] : options.topics) {
    if (!is_topic_name(topic)) {
      *error = "kafka topic '" + topic + "' of " + kind + ": a name has 1 to 249 of A-Z a-z 0-9 . _ -";
      return false;
    }
  }
  if (!is_topic_name(kafka_topic(options, "alerts"))) {
    *error = "kafka topic prefix '" + options.topic_prefix + "': a name has 1 to 249 of A-Z a-z 0-9 . _ -";
    return false;
  }
  for (const Fixed& fixed : kFixed) {
    const auto it = options.properties.find(std::string(fixed.name));
    if (it == options.properties.end() || is_allowed(it->second, fixed)) continue;
    *error = "kafka property " + it->first + ": " +
             (fixed.value.empty() ? std::string("cannot be given") : "must be " + std::string(fixed.value)) +
             ", or alerts could be lost";
    return false;
  }
  return true;
}

KafkaConf make_conf(const KafkaOptions& options, std::string* error) {
  KafkaConf conf(rd_kafka_conf_new());
  const std::pair<const char*, std::string> defaults[] = {
      {"bootstrap.servers", options.brokers},
      {"client.id", options.sensor},
      {"linger.ms", "5"},
      {"reconnect.backoff.max.ms", "2000"},
      {"socket.keepalive.enable", "true"},
      // How long a topic that is not there may yet appear before its records come back with that reason.
      // They are tried again for ever; the reason should not take the default's half minute.
      {"topic.metadata.propagation.max.ms", "3000"},
      {"queue.buffering.max.messages",
       std::to_string(std::clamp<size_t>(options.max_records, 1, 10'000'000))},
      {"queue.buffering.max.kbytes",
       std::to_string(std::clamp<size_t>(options.max_bytes / 1024, 1, 2'097'151))},
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", "0"},
  };
  for (const auto& [name, value] : defaults) {
    if (value.empty() && std::string_view(name) == "bootstrap.servers") continue;
    if (!set_property(conf.get(), name, value, error)) return nullptr;
  }
  // zstd where librdkafka was built with it, else lz4.
  std::string ignored;
  if (!set_property(conf.get(), "compression.codec", "zstd", &ignored) &&
      !set_property(conf.get(), "compression.codec", "lz4", error)) {
    return nullptr;
  }
  for (const auto& [name, value] : options.properties) {
    if (!set_property(conf.get(), name, value, error)) return nullptr;
  }
  return conf;
}

size_t kafka_batch_bytes(const KafkaOptions& options) {
  std::string error;
  const KafkaConf conf = make_conf(options, &error);
  std::array<char, 32> text{};
  size_t size = text.size();
  size_t bytes = 0;
  if (conf != nullptr &&
      rd_kafka_conf_get(conf.get(), "batch.size", text.data(), &size) == RD_KAFKA_CONF_OK) {
    std::from_chars(text.data(), text.data() + std::char_traits<char>::length(text.data()), bytes);
  }
  return bytes == 0 ? 1'000'000 : bytes;
}

std::string plain_reason(std::string_view reason, std::string_view brokers) {
  // "… (after 0ms in state CONNECT)", "… (after 3ms in state CONNECT, 1 identical error(s) suppressed)"
  if (const size_t after = reason.find(" (after "); after != std::string_view::npos)
    reason = reason.substr(0, after);
  // "HOST:PORT/ID: "; with TLS or SASL "sasl_ssl://HOST:PORT/ID: "
  const size_t scheme = reason.find("://");
  const size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t slash = reason.find('/', host);
  const size_t colon = reason.find(": ", slash == std::string_view::npos ? 0 : slash);
  std::string_view broker;
  if (slash != std::string_view::npos && colon != std::string_view::npos && reason.find(' ') > colon) {
    broker = reason.substr(host, slash - host);
    reason = reason.substr(colon + 2);
  }
  if (reason.starts_with("Connect to ")) {
    if (const size_t failed = reason.find(" failed: "); failed != std::string_view::npos)
      reason = reason.substr(failed + 9);
  }
  std::string text;
  if (!broker.empty() && broker != brokers) text = std::string(broker) + ": ";
  const size_t at = text.size();
  text += reason;
  // A capital only where it begins an ordinary word: "Connection refused", not "SASL …".
  if (text.size() > at + 1 && std::islower(static_cast<unsigned char>(text[at + 1])) != 0)
    text[at] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[at])));
  return text;
}

}  // namespace weir
