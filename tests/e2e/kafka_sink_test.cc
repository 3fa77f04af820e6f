// The Kafka sink against a real Apache Kafka broker, which the ctest fixture kafka_broker has started
// (tests/harness/kafka/broker.py). What arrived is read back by librdkafka's consumer and by kcat.
#include "sensor/output/kafka_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "tests/harness/kafka/kafka_client.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::KafkaClient;
using test::ReadRecord;
using ::testing::HasSubstr;

constexpr auto kLong = seconds(90);  // only ever waited for in full by a test that fails

struct Output {
  int code = -1;
  std::string text;
};

Output run(const std::string& command) {
  Output output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char piece[4096];
  for (size_t n = 0; (n = std::fread(piece, 1, sizeof piece, pipe)) > 0;) output.text.append(piece, n);
  const int status = ::pclose(pipe);
  output.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

Output ask_broker(const std::string& action) {
  return run(std::string("'") + WEIR_PYTHON + "' -B '" + WEIR_BROKER_SCRIPT + "' " + action + " '" +
             WEIR_BROKER_FOLDER + "' --tool '" + WEIR_KAFKA_TOOL + "' 2>&1");
}

void broker(const std::string& action) {
  const Output done = ask_broker(action);
  ASSERT_EQ(done.code, 0) << action << ": " << done.text;
}

std::string broker_address() {
  const Output address = ask_broker("address");
  return address.code == 0 ? address.text.substr(0, address.text.find('\n')) : std::string();
}

bool wait_until(const std::function<bool()>& condition, milliseconds limit = kLong) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

Record make_record(int n, size_t filler = 0) {
  Record r;
  r.topic_kind = "alerts";
  r.schema = "alert/1";
  r.type = n % 2 == 0 ? "weir.alert.create" : "weir.alert.update";
  r.id = "uid-" + std::to_string(n);
  r.key = "key-" + std::to_string(n % 7);
  r.time_ms = 1'709'210'096'789 + n;  // 2024-02-29T12:34:56.789Z + n ms
  r.json = "{\"n\":" + std::to_string(n) + ",\"名\":\"" + std::string(filler, 'x') + "\"}";
  return r;
}

class KafkaSinkEndToEnd : public ::testing::Test {
 protected:
  void SetUp() override {
    address_ = broker_address();
    ASSERT_NE(address_, "") << "no broker; run this through ctest, which starts one";
    topic_ = std::string("weir.test.") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }

  std::unique_ptr<KafkaSink> make_sink(std::map<std::string, std::string> properties = {}) {
    KafkaOptions options;
    options.brokers = address_;
    options.topics["alerts"] = topic_;
    options.sensor = "lab-1";
    options.properties = std::move(properties);
    std::string error;
    auto sink = KafkaSink::create(options, &error);
    EXPECT_EQ(error, "");
    return sink;
  }

  KafkaClient client() const { return KafkaClient(address_); }

  // Every record of 0 … count-1 is there; by key, its last appearance is before that of the next one.
  void expect_in_order(const std::vector<ReadRecord>& got, int count, bool exactly_once) const {
    std::map<std::string, std::pair<size_t, std::string>> last;  // by uid
    for (size_t i = 0; i < got.size(); ++i) {
      for (const auto& [name, value] : got[i].headers) {
        if (name == "ce_id") last[value] = {i, got[i].value};
      }
    }
    EXPECT_EQ(last.size(), static_cast<size_t>(count));
    if (exactly_once) {
      EXPECT_EQ(got.size(), static_cast<size_t>(count));
    }
    std::map<std::string, size_t> place;  // by key
    for (int n = 0; n < count; ++n) {
      const Record want = make_record(n);
      ASSERT_TRUE(last.contains(want.id)) << want.id << " is lost";
      EXPECT_EQ(last[want.id].second, want.json);
      if (const auto before = place.find(want.key); before != place.end()) {
        EXPECT_GT(last[want.id].first, before->second) << want.id << " is out of order";
      }
      place[want.key] = last[want.id].first;
    }
  }

  std::string address_;
  std::string topic_;
};

TEST_F(KafkaSinkEndToEnd, ExactlyTheRecordsWithKeysAndHeadersInOrder) {
  constexpr int kCount = 1000;
  client().create_topic(topic_, 3);
  auto sink = make_sink();
  for (int n = 0; n < kCount; ++n) sink->write(make_record(n));
  ASSERT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(sink->stats().delivered, static_cast<uint64_t>(kCount));

  const std::vector<ReadRecord> got = client().read_topic(topic_);
  expect_in_order(got, kCount, true);
  std::map<std::string, std::set<int32_t>> partitions;
  for (const ReadRecord& record : got) {
    partitions[record.key].insert(record.partition);
    const int n = std::stoi(record.value.substr(5));
    EXPECT_EQ(record.key, "key-" + std::to_string(n % 7));
    if (n != 0 && n != 1) continue;
    const std::vector<std::pair<std::string, std::string>> headers = {
        {"content-type", "application/json"},
        {"weir-schema", "alert/1"},
        {"weir-sensor", "lab-1"},
        {"ce_specversion", "1.0"},
        {"ce_id", "uid-" + std::to_string(n)},
        {"ce_type", n == 0 ? "weir.alert.create" : "weir.alert.update"},
        {"ce_source", "weir/lab-1"},
        {"ce_time", n == 0 ? "2024-02-29T12:34:56.789Z" : "2024-02-29T12:34:56.790Z"}};
    EXPECT_EQ(record.headers, headers);
    // The time of the message is the sensor's clock: retention must not eat the alerts of an old capture.
    EXPECT_GT(record.timestamp_ms, 1'709'210'096'789 + 86'400'000);
  }
  for (const auto& [key, used] : partitions) EXPECT_EQ(used.size(), 1u) << key;

  const Output kcat = run("kcat -C -q -e -b " + address_ + " -t " + topic_ + " -f '%k|%h|%s\\n' 2>&1");
  EXPECT_EQ(kcat.code, 0);
  std::multiset<std::string> lines;
  std::istringstream text(kcat.text);
  for (std::string line; std::getline(text, line);) lines.insert(line);
  EXPECT_EQ(lines.size(), static_cast<size_t>(kCount));
  EXPECT_EQ(
      lines.count(
          "key-0|content-type=application/json,weir-schema=alert/1,weir-sensor=lab-1,ce_specversion=1.0,"
          "ce_id=uid-0,ce_type=weir.alert.create,ce_source=weir/lab-1,ce_time=2024-02-29T12:34:56.789Z|" +
          make_record(0).json),
      1u);
}

TEST_F(KafkaSinkEndToEnd, ABrokerRestartInTheMiddleLosesAndReordersNothing) {
  client().create_topic(topic_, 2);
  auto sink = make_sink();
  int n = 0;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) sink->write(make_record(n++));
  };
  write(300);
  ASSERT_TRUE(sink->drain(kLong)) << sink->problem();
  for (const char* end : {"stop", "kill"}) {
    std::thread ending([&] { broker(end); });  // while records are on their way
    write(300);
    ending.join();
    write(300);
    EXPECT_TRUE(
        wait_until([&] { return sink->problem().find("kept and tried again") != std::string::npos; }));
    EXPECT_THAT(sink->problem(), HasSubstr("kafka " + address_ + ": "));
    broker("start");
    write(100);
    ASSERT_TRUE(sink->drain(kLong)) << sink->problem();
    EXPECT_EQ(sink->problem(), "");
  }
  EXPECT_EQ(sink->stats().delivered, static_cast<uint64_t>(n));
  expect_in_order(client().read_topic(topic_), n, false);
}

TEST_F(KafkaSinkEndToEnd, ABrokerThatAppearsLateGetsWhatWaited) {
  client().create_topic(topic_, 1);
  broker("stop");
  auto sink = make_sink();
  for (int n = 0; n < 50; ++n) sink->write(make_record(n));
  EXPECT_TRUE(wait_until([&] { return !sink->problem().empty(); }, seconds(10)));
  EXPECT_EQ(sink->problem(),
            "kafka " + address_ + ": connection refused; 50 alerts are kept and tried again");
  EXPECT_FALSE(sink->drain(milliseconds(100)));
  broker("start");
  ASSERT_TRUE(sink->drain(kLong)) << sink->problem();
  expect_in_order(client().read_topic(topic_), 50, true);
}

TEST_F(KafkaSinkEndToEnd, AnUnknownTopicIsToldAndWaitedFor) {
  auto sink = make_sink();
  for (int n = 0; n < 20; ++n) sink->write(make_record(n));
  EXPECT_TRUE(wait_until([&] { return sink->problem().find("topic " + topic_ + ": ") != std::string::npos; },
                         seconds(20)))
      << sink->problem();
  EXPECT_THAT(sink->problem(), HasSubstr("nknown topic"));
  EXPECT_THAT(sink->problem(), HasSubstr("20 alerts are kept and tried again"));
  client().create_topic(topic_, 1);
  ASSERT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->problem(), "");
  expect_in_order(client().read_topic(topic_), 20, true);
}

TEST_F(KafkaSinkEndToEnd, AForbiddenTopicIsToldAndWaitedFor) {
  client().create_topic(topic_, 1);
  client().deny_write(topic_);
  auto sink = make_sink();
  for (int n = 0; n < 20; ++n) sink->write(make_record(n));
  EXPECT_TRUE(wait_until(
      [&] { return sink->problem().find("Topic authorization failed") != std::string::npos; }, seconds(20)))
      << sink->problem();
  client().allow_write(topic_);
  ASSERT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(sink->stats().failed, 0u);
  expect_in_order(client().read_topic(topic_), 20, true);
}

TEST_F(KafkaSinkEndToEnd, OnlyTheRecordThatIsTooLargeIsLostAndItIsTold) {
  client().create_topic(topic_, 1, {{"max.message.bytes", "3000"}});
  // Uncompressed and lingering, so that small records share a batch that is larger than the topic allows.
  auto sink = make_sink({{"compression.codec", "none"}, {"linger.ms", "300"}});
  for (int n = 0; n < 20; ++n) sink->write(make_record(n, n == 7 ? 5000 : 500));
  EXPECT_FALSE(sink->drain(kLong));
  EXPECT_EQ(sink->stats().pending, 0u);
  EXPECT_EQ(sink->stats().failed, 1u);
  EXPECT_EQ(sink->stats().delivered, 19u);
  EXPECT_THAT(sink->losses(),
              HasSubstr("1 alert is lost: uid-7, " + std::to_string(make_record(7, 5000).json.size()) +
                        " bytes: broker: Message size too large"));
  const std::vector<ReadRecord> got = client().read_topic(topic_);
  std::set<std::string> values;
  for (const ReadRecord& record : got) values.insert(record.value);
  EXPECT_EQ(values.size(), 19u);
  EXPECT_FALSE(values.contains(make_record(7, 5000).json));
}

// How many records each batch of partition 0 holds, from the broker's own log (Kafka's record batch, version
// 2: the length at 8, the count at 57, big-endian).
std::vector<uint32_t> batches_of(const std::string& topic) {
  std::ifstream file(std::string(WEIR_BROKER_FOLDER) + "/data/" + topic + "-0/00000000000000000000.log",
                     std::ios::binary);
  std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto u32 = [&log](size_t at) {
    uint32_t n = 0;
    for (size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(log[at + i]);
    return n;
  };
  std::vector<uint32_t> counts;
  for (size_t at = 0; at + 61 <= log.size(); at += 12 + u32(at + 8)) counts.push_back(u32(at + 57));
  return counts;
}

// The producer's batches are ten times what the topic takes: they become as large as it takes, not a record
// each.
TEST_F(KafkaSinkEndToEnd, ATopicThatTakesSmallBatchesGetsBatches) {
  constexpr int kCount = 20'000;
  client().create_topic(topic_, 1, {{"max.message.bytes", "100000"}});
  auto sink = make_sink({{"compression.codec", "none"}});
  for (int n = 0; n < kCount; ++n) sink->write(make_record(n, 1000));
  EXPECT_TRUE(sink->drain(kLong)) << sink->problem();
  EXPECT_EQ(sink->stats().delivered, static_cast<uint64_t>(kCount));
  EXPECT_EQ(sink->losses(), "");
  const std::vector<uint32_t> batches = batches_of(topic_);
  uint64_t records = 0;
  for (const uint32_t count : batches) records += count;
  EXPECT_GE(records, static_cast<uint64_t>(kCount));
  // A record is 1.3 KB with its headers: 75 fit into a batch, 267 batches are the least.
  EXPECT_LT(batches.size(), 700u);
  std::set<std::string> values;
  for (const ReadRecord& record : client().read_topic(topic_)) values.insert(record.value);
  EXPECT_EQ(values.size(), static_cast<size_t>(kCount));
}

}  // namespace
}  // namespace weir
