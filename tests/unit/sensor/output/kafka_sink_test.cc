// The Kafka sink against librdkafka's mock cluster, which answers with the errors that a real broker gives
// rarely: fatal ones, refusals in the middle, silence. Its own client of the cluster reads back what arrived.
#include "sensor/output/kafka_sink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "tests/unit/sensor/output/record_maker.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::make_test_record;
using ::testing::HasSubstr;

constexpr int16_t kProduce = 0;
constexpr int16_t kInitProducerId = 22;
constexpr const char* kTopic = "weir.alerts.v1";
constexpr auto kLong = seconds(60);  // only ever waited for in full by a test that fails

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = kLong) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

class MockCluster {
 public:
  explicit MockCluster(int partitions) {
    std::array<char, 256> text{};
    rk_ = rd_kafka_new(RD_KAFKA_PRODUCER, quiet(), text.data(), text.size());
    cluster_ = rd_kafka_mock_cluster_new(rk_, 1);
    rd_kafka_mock_topic_create(cluster_, kTopic, partitions, 1);
    partitions_ = partitions;
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(rk_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void answer(int16_t api, std::vector<rd_kafka_resp_err_t> errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, api, errors.size(), errors.data());
  }
  void topic_error(rd_kafka_resp_err_t error) { rd_kafka_mock_topic_set_error(cluster_, kTopic, error); }
  void broker_down() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void broker_up() { rd_kafka_mock_broker_set_up(cluster_, 1); }

  // What arrived, by key, in the order of the partition; reads until `count` are there.
  std::map<std::string, std::vector<std::string>> read(size_t count) const {
    rd_kafka_conf_t* conf = quiet();
    std::array<char, 256> text{};
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), text.data(), text.size());
    rd_kafka_conf_set(conf, "group.id", "reader", text.data(), text.size());
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text.data(), text.size());
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(partitions_);
    for (int p = 0; p < partitions_; ++p) {
      rd_kafka_topic_partition_list_add(all, kTopic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer, all);
    rd_kafka_topic_partition_list_destroy(all);
    std::map<std::string, std::vector<std::string>> got;
    size_t total = 0;
    // A little beyond the count, so that a record too many is seen as well.
    const auto until = std::chrono::steady_clock::now() + kLong;
    int quiet_polls = 0;
    while (std::chrono::steady_clock::now() < until && (total < count || quiet_polls < 3)) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (message == nullptr) {
        ++quiet_polls;
        continue;
      }
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        quiet_polls = 0;
        got[{static_cast<const char*>(message->key), message->key_len}].emplace_back(
            static_cast<const char*>(message->payload), message->len);
        ++total;
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return got;
  }

 private:
  static rd_kafka_conf_t* quiet() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    return conf;
  }
  rd_kafka_t* rk_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  int partitions_ = 0;
};

std::unique_ptr<KafkaSink> make_sink(const std::string& brokers,
                                     std::map<std::string, std::string> properties = {},
                                     size_t max_records = 100'000) {
  KafkaOptions options;
  options.brokers = brokers;
  options.sensor = "lab-1";
  options.properties = std::move(properties);
  options.max_records = max_records;
  std::string error;
  auto sink = KafkaSink::create(options, &error);
  EXPECT_EQ(error, "");
  return sink;
}

// The records of make_test_record(0 … count-1), by key, in order.
std::map<std::string, std::vector<std::string>> expected(int count, size_t filler = 0) {
  std::map<std::string, std::vector<std::string>> all;
  for (int n = 0; n < count; ++n)
    all["key-" + std::to_string(n % 4)].push_back(make_test_record(n, 4, filler).json);
  return all;
}

// At least once and in order: with every repeat of a record taken as one, all are there, and each record's
// last appearance comes before the last one of what follows it.
void expect_at_least_once_in_order(const std::map<std::string, std::vector<std::string>>& got, int count) {
  for (const auto& [key, want] : expected(count)) {
    const auto it = got.find(key);
    ASSERT_NE(it, got.end()) << key;
    size_t before = 0;
    for (const std::string& json : want) {
      const auto last = std::find(it->second.rbegin(), it->second.rend(), json);
      ASSERT_NE(last, it->second.rend()) << key << " lost " << json;
      const size_t place = static_cast<size_t>(it->second.rend() - last);
      EXPECT_GT(place, before) << key << ": out of order: " << json;
      before = place;
    }
  }
}

TEST(KafkaSink, DeliversEachRecordOnceAndInOrderByKey) {
  MockCluster cluster(3);
  auto sink = make_sink(cluster.brokers());
  for (int n = 0; n < 2000; ++n) sink->write(make_test_record(n));
  EXPECT_TRUE(sink->drain(kLong));
  EXPECT_EQ(sink->stats().written, 2000u);
  EXPECT_EQ(sink->stats().delivered, 2000u);
  EXPECT_EQ(sink->stats().pending, 0u);
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(cluster.read(2000), expected(2000));
}

TEST(KafkaSink, AFatalProducerIsReplacedAndNothingIsLost) {
  MockCluster cluster(2);
  auto sink = make_sink(cluster.brokers());
  for (int n = 0; n < 100; ++n) sink->write(make_test_record(n));
  ASSERT_TRUE(sink->drain(kLong));
  // Answers that no idempotent producer can go on from. Which requests they meet depends on the moment: they
  // are given again until they have met those that make one fatal.
  int written = 100;
  for (int round = 0; round < 20 && sink->producers_replaced() == 0; ++round) {
    cluster.answer(
        kProduce, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    for (const int end = written + 300; written < end; ++written) sink->write(make_test_record(written));
    EXPECT_TRUE(sink->drain(kLong)) << sink->problem();
  }
  EXPECT_GE(sink->producers_replaced(), 1u);
  EXPECT_EQ(sink->stats().delivered, static_cast<uint64_t>(written));
  EXPECT_EQ(sink->problem(), "");
  expect_at_least_once_in_order(cluster.read(static_cast<size_t>(written)), written);
}

TEST(KafkaSink, AProducerThatIsFatalFromTheStartIsReplacedWithAPauseAndSaysWhy) {
  MockCluster cluster(1);
  cluster.answer(kInitProducerId, {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                                   RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED});
  auto sink = make_sink(cluster.brokers());
  sink->write(make_test_record(0));
  EXPECT_TRUE(wait_until([&] { return sink->problem().find("uthoriz") != std::string::npos; }))
      << sink->problem();
  EXPECT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->producers_replaced(), 2u);
  EXPECT_EQ(cluster.read(1), expected(1));
}

TEST(KafkaSink, ARefusalInTheMiddleKeepsTheOrderOfEachKey) {
  MockCluster cluster(1);
  auto sink = make_sink(cluster.brokers(), {{"batch.num.messages", "10"}, {"linger.ms", "0"}});
  std::vector<rd_kafka_resp_err_t> answers;
  for (int i = 0; i < 6; ++i) {
    answers.push_back(RD_KAFKA_RESP_ERR_NO_ERROR);
    answers.push_back(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  }
  cluster.answer(kProduce, answers);
  for (int n = 0; n < 500; ++n) sink->write(make_test_record(n));
  EXPECT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->stats().delivered, 500u);
  EXPECT_EQ(sink->stats().failed, 0u);
  expect_at_least_once_in_order(cluster.read(500), 500);
}

TEST(KafkaSink, ARefusedBatchIsHalvedUntilTheRecordIsFound) {
  MockCluster cluster(1);
  auto sink = make_sink(cluster.brokers(), {{"linger.ms", "200"}});
  // The whole batch, its first half, not the first quarter, the second, not its first record, the fourth.
  const auto refused = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  const auto taken = RD_KAFKA_RESP_ERR_NO_ERROR;
  cluster.answer(kProduce, {refused, refused, taken, refused, taken, refused});
  for (int n = 0; n < 8; ++n) sink->write(make_test_record(n));
  EXPECT_FALSE(sink->drain(kLong));  // not everything is safe, but nothing is left to wait for
  EXPECT_EQ(sink->stats().pending, 0u);
  EXPECT_EQ(sink->stats().delivered, 7u);
  EXPECT_EQ(sink->stats().failed, 1u);
  EXPECT_THAT(sink->losses(), HasSubstr("1 alert is lost: uid-3, 19 bytes: broker: Message size too large"));
  auto want = expected(8);
  want["key-3"].erase(want["key-3"].begin());
  EXPECT_EQ(cluster.read(7), want);
}

TEST(KafkaSink, ARecordOverTheClientsLimitIsCountedAndToldTheRestGoesOn) {
  MockCluster cluster(1);
  auto sink = make_sink(cluster.brokers(), {{"message.max.bytes", "2000"}});
  sink->write(make_test_record(0));
  sink->write(make_test_record(1, 4, 5000));
  sink->write(make_test_record(2));
  EXPECT_FALSE(sink->drain(kLong));
  EXPECT_EQ(sink->stats().delivered, 2u);
  EXPECT_EQ(sink->stats().failed, 1u);
  EXPECT_THAT(sink->losses(), HasSubstr("uid-1, 5019 bytes"));
}

TEST(KafkaSink, ARefusedTopicIsToldAndTriedAgain) {
  MockCluster cluster(1);
  cluster.answer(kProduce, std::vector<rd_kafka_resp_err_t>(3, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
  auto sink = make_sink(cluster.brokers());
  sink->write(make_test_record(0));
  EXPECT_TRUE(wait_until([&] { return !sink->problem().empty(); }));
  EXPECT_THAT(sink->problem(),
              HasSubstr("topic weir.alerts.v1: broker: Topic authorization failed; 1 alert is kept "
                        "and tried again"));
  EXPECT_TRUE(sink->drain(kLong));
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(cluster.read(1), expected(1));
}

TEST(KafkaSink, SilenceOfABrokerIsTold) {
  MockCluster cluster(1);
  // Retried inside librdkafka, which reports nothing to the application.
  cluster.answer(kProduce, std::vector<rd_kafka_resp_err_t>(90, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS));
  auto sink = make_sink(cluster.brokers());
  sink->write(make_test_record(0));
  EXPECT_TRUE(wait_until([&] { return !sink->problem().empty(); }, seconds(20)));
  EXPECT_THAT(sink->problem(), HasSubstr("no acknowledgement yet; 1 alert is kept and tried again"));
  EXPECT_TRUE(sink->drain(kLong));
  EXPECT_EQ(sink->problem(), "");
}

TEST(KafkaSink, AnUnreachableBrokerIsToldAndRecordsWait) {
  // A port that is bound and not listened on refuses every connection, and nobody else can take it.
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string broker = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  {
    auto sink = make_sink(broker);
    EXPECT_EQ(sink->name(), "kafka " + broker);
    for (int n = 0; n < 12; ++n) sink->write(make_test_record(n));
    EXPECT_TRUE(wait_until([&] { return !sink->problem().empty(); }, seconds(10)));
    EXPECT_EQ(sink->problem(),
              "kafka " + broker + ": connection refused; 12 alerts are kept and tried again");
    EXPECT_FALSE(sink->drain(milliseconds(50)));
    EXPECT_EQ(sink->stats().pending, 12u);
    // The program is told to end at once: a drain without a limit returns.
    std::thread draining([&] { EXPECT_FALSE(sink->drain(milliseconds::max())); });
    sink->interrupt();
    draining.join();
    EXPECT_TRUE(sink->interrupted());
  }
  ::close(fd);
}

TEST(KafkaSink, AFullMemoryMakesWriteWaitUntilTheBrokerIsBack) {
  MockCluster cluster(1);
  cluster.broker_down();
  auto sink = make_sink(cluster.brokers(), {}, 50);
  std::thread writer([&] {
    for (int n = 0; n < 200; ++n) sink->write(make_test_record(n));
  });
  EXPECT_TRUE(wait_until([&] { return sink->stats().written == 51; }));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(sink->stats().pending, 50u);  // the 51st waits for room
  cluster.broker_up();
  writer.join();
  EXPECT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->stats().delivered, 200u);
  EXPECT_EQ(cluster.read(200), expected(200));
}

TEST(KafkaSink, AFullMemoryAndAnInterruptGiveUpWithACount) {
  MockCluster cluster(1);
  cluster.broker_down();
  auto sink = make_sink(cluster.brokers(), {}, 10);
  std::thread writer([&] {
    for (int n = 0; n < 15; ++n) sink->write(make_test_record(n));
  });
  EXPECT_TRUE(wait_until([&] { return sink->stats().written == 11; }));
  sink->interrupt();
  writer.join();
  EXPECT_EQ(sink->stats().pending, 10u);
  EXPECT_EQ(sink->stats().failed, 5u);
  EXPECT_THAT(sink->losses(), HasSubstr("5 alerts are lost: no room was left"));
}

TEST(KafkaSink, ABrokerThatGoesAwayAndComesBackGetsEverything) {
  MockCluster cluster(2);
  auto sink = make_sink(cluster.brokers());
  int n = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) sink->write(make_test_record(n++));
    cluster.broker_down();
    for (int i = 0; i < 100; ++i) sink->write(make_test_record(n++));
    // Requests in flight when it went, refused once when it is back: what librdkafka 2.0.2 turns fatal on.
    cluster.answer(kProduce, {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
    cluster.broker_up();
    for (int i = 0; i < 100; ++i) sink->write(make_test_record(n++));
  }
  EXPECT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->stats().delivered, 900u);
  expect_at_least_once_in_order(cluster.read(900), 900);
}

TEST(KafkaSink, AnErrorOfAnIdleConnectionIsForgottenWhenTheBrokerAnswersAgain) {
  MockCluster cluster(1);
  auto sink = make_sink(cluster.brokers());
  sink->write(make_test_record(0));
  ASSERT_TRUE(sink->drain(kLong));
  cluster.broker_down();
  EXPECT_TRUE(wait_until([&] { return !sink->problem().empty(); }))
      << "nothing is said of a broker that is away";
  cluster.broker_up();
  EXPECT_TRUE(wait_until([&] { return sink->problem().empty(); })) << sink->problem();
}

TEST(KafkaSink, ARefusedPropertyIsAnErrorAtTheStart) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:9092";
  options.properties["no.such.thing"] = "1";
  std::string error;
  EXPECT_EQ(KafkaSink::create(options, &error), nullptr);
  EXPECT_EQ(error, "kafka property no.such.thing: No such configuration property: \"no.such.thing\"");
  options.properties = {{"acks", "1"}};
  EXPECT_EQ(KafkaSink::create(options, &error), nullptr);
  EXPECT_EQ(error, "kafka property acks: must be all, or alerts could be lost");
}

}  // namespace
}  // namespace weir
