// The Kafka sink's configuration: what librdkafka refuses, what the sink refuses, and texts without secrets.
// The reasons are librdkafka 2.0.2's own, as it gave them to an error callback.
#include "sensor/output/kafka_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

KafkaOptions with(const std::string& name, const std::string& value) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:9092";
  if (!name.empty()) options.properties[name] = value;
  return options;
}

std::string value_of(const rd_kafka_conf_t* conf, const char* name) {
  std::array<char, 256> text{};
  size_t size = text.size();
  EXPECT_EQ(rd_kafka_conf_get(conf, name, text.data(), &size), RD_KAFKA_CONF_OK) << name;
  return text.data();
}

TEST(KafkaConf, IsIdempotentAndWaitsForAllReplicasForEver) {
  std::string error;
  const KafkaConf conf = make_conf(with("", ""), &error);
  ASSERT_TRUE(conf) << error;
  EXPECT_EQ(value_of(conf.get(), "enable.idempotence"), "true");
  EXPECT_EQ(value_of(conf.get(), "acks"), "-1");
  EXPECT_EQ(value_of(conf.get(), "message.timeout.ms"), "0");
  EXPECT_EQ(value_of(conf.get(), "compression.codec"), "zstd");
  EXPECT_EQ(value_of(conf.get(), "bootstrap.servers"), "127.0.0.1:9092");
}

TEST(KafkaConf, TheOperatorsPropertiesWin) {
  std::string error;
  const KafkaConf conf = make_conf(with("linger.ms", "50"), &error);
  ASSERT_TRUE(conf) << error;
  EXPECT_EQ(value_of(conf.get(), "linger.ms"), "50");
}

TEST(KafkaConf, AnUnknownPropertyIsNamed) {
  std::string error;
  EXPECT_FALSE(make_conf(with("lingering.ms", "5"), &error));
  EXPECT_THAT(error, HasSubstr("lingering.ms"));
  EXPECT_THAT(error, HasSubstr("No such configuration property"));
  EXPECT_FALSE(make_conf(with("sasl.pasword", "hunter2"), &error));
  EXPECT_THAT(error, HasSubstr("No such configuration property"));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

TEST(KafkaConf, AWrongValueIsToldASecretOneIsNot) {
  std::string error;
  EXPECT_FALSE(make_conf(with("compression.codec", "bzip9"), &error));
  EXPECT_THAT(error, HasSubstr("bzip9"));
  // librdkafka's own text repeats the value; a multi-line key given by value is what could fail here.
  EXPECT_FALSE(make_conf(with("sasl.oauthbearer.method", "hunter2"), &error));
  EXPECT_THAT(error, HasSubstr("sasl.oauthbearer.method"));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

TEST(KafkaConf, WhatWouldLoseAlertsIsRefused) {
  std::string error;
  for (const auto& [name, value] : {std::pair{"acks", "1"},
                                    {"request.required.acks", "0"},
                                    {"enable.idempotence", "false"},
                                    {"message.timeout.ms", "1000"},
                                    {"delivery.timeout.ms", "1000"},
                                    {"delivery.report.only.error", "true"},
                                    {"transactional.id", "t"},
                                    {"queuing.strategy", "lifo"}}) {
    EXPECT_FALSE(check_options(with(name, value), &error)) << name;
    EXPECT_THAT(error, HasSubstr(std::string("kafka property ") + name));
  }
  EXPECT_TRUE(check_options(with("acks", "all"), &error)) << error;
  EXPECT_TRUE(check_options(with("acks", "-1"), &error)) << error;
  EXPECT_TRUE(check_options(with("message.timeout.ms", "0"), &error)) << error;
}

TEST(KafkaConf, NamesOfTopicsAreCheckedBeforeAnythingIsSent) {
  std::string error;
  KafkaOptions options = with("", "");
  EXPECT_EQ(kafka_topic(options, "alerts"), "weir.alerts.v1");
  EXPECT_TRUE(check_options(options, &error)) << error;
  options.topics["alerts"] = "alarm 1";
  EXPECT_FALSE(check_options(options, &error));
  EXPECT_THAT(error, HasSubstr("'alarm 1'"));
  options.topics["alerts"] = "soc.alarms-1_a";
  EXPECT_TRUE(check_options(options, &error)) << error;
  EXPECT_EQ(kafka_topic(options, "alerts"), "soc.alarms-1_a");
  options.topics["alerts"] = "..";
  EXPECT_FALSE(check_options(options, &error));
  options.topics["alerts"] = std::string(250, 'a');
  EXPECT_FALSE(check_options(options, &error));
  options.topics.clear();
  options.topic_prefix = "水坝";
  EXPECT_FALSE(check_options(options, &error));
  EXPECT_THAT(error, HasSubstr("水坝"));
}

TEST(KafkaConf, ABrokerMustBeGiven) {
  std::string error;
  KafkaOptions options;
  EXPECT_FALSE(check_options(options, &error));
  EXPECT_THAT(error, HasSubstr("no broker"));
  options.properties["bootstrap.servers"] = "127.0.0.1:9092";
  EXPECT_TRUE(check_options(options, &error)) << error;
}

TEST(KafkaConf, ReasonsAreMadeShort) {
  const std::string one = "127.0.0.1:9";
  EXPECT_EQ(
      plain_reason("127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms "
                   "in state CONNECT)",
                   one),
      "connection refused");
  EXPECT_EQ(
      plain_reason("127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms "
                   "in state CONNECT, 1 identical error(s) suppressed)",
                   one),
      "connection refused");
  EXPECT_EQ(
      plain_reason("kafka-2:9092/2: Disconnected (after 1021ms in state UP)", "kafka-1:9092,kafka-2:9092"),
      "kafka-2:9092: disconnected");
  EXPECT_EQ(
      plain_reason("nosuch:9092/bootstrap: Failed to resolve 'nosuch:9092': Name or service not known (after "
                   "3ms in state CONNECT)",
                   "nosuch:9092"),
      "failed to resolve 'nosuch:9092': Name or service not known");
  EXPECT_EQ(
      plain_reason("sasl_ssl://k:9093/bootstrap: SASL authentication error: Authentication failed", "k:9093"),
      "SASL authentication error: Authentication failed");
  EXPECT_EQ(plain_reason("1/1 brokers are down", one), "1/1 brokers are down");
  EXPECT_EQ(plain_reason("Broker: Unknown topic or partition", one), "broker: Unknown topic or partition");
  EXPECT_EQ(plain_reason("", one), "");
}

}  // namespace
}  // namespace weir
