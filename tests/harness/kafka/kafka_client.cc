#include "tests/harness/kafka/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

namespace weir::test {

namespace {

constexpr int kAdminMs = 30'000;

template <auto destroy>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    destroy(p);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Deleter<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;
using Error = std::unique_ptr<rd_kafka_error_t, Deleter<rd_kafka_error_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Deleter<rd_kafka_message_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;
using Acl = std::unique_ptr<rd_kafka_AclBinding_t, Deleter<rd_kafka_AclBinding_destroy>>;
using Partitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;

[[noreturn]] void fail(const std::string& what, const char* why) {
  throw std::runtime_error(what + ": " + why);
}

Handle make_handle(rd_kafka_type_t type, std::map<std::string, std::string> properties,
                   void (*on_report)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> text{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      fail(name, text.data());
    }
  }
  if (on_report != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_t* handle = rd_kafka_new(type, conf, text.data(), text.size());
  if (handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    fail("rd_kafka_new", text.data());
  }
  return Handle(handle);
}

// One admin request and its answer, asked again while the broker is still coming up.
Event ask(const std::string& brokers, rd_kafka_admin_op_t operation, const std::string& what,
          const std::function<void(rd_kafka_t*, rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& request) {
  const Handle handle = make_handle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}});
  const Queue queue(rd_kafka_queue_new(handle.get()));
  const Options options(rd_kafka_AdminOptions_new(handle.get(), operation));
  std::array<char, 512> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kAdminMs, text.data(), text.size());
  request(handle.get(), options.get(), queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), kAdminMs + 5000));
  if (!event) fail(what, "no answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail(what, rd_kafka_event_error_string(event.get()));
  return event;
}

}  // namespace

void KafkaClient::create_topic(const std::string& topic, int partitions,
                               const std::map<std::string, std::string>& configuration) const {
  std::array<char, 512> text{};
  const NewTopic made(rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, text.data(), text.size()));
  if (!made) fail("topic " + topic, text.data());
  for (const auto& [name, value] : configuration)
    rd_kafka_NewTopic_set_config(made.get(), name.c_str(), value.c_str());
  const Event event = ask(brokers_, RD_KAFKA_ADMIN_OP_CREATETOPICS, "topic " + topic,
                          [&](auto* rk, auto* options, auto* queue) {
                            std::array<rd_kafka_NewTopic_t*, 1> all = {made.get()};
                            rd_kafka_CreateTopics(rk, all.data(), all.size(), options, queue);
                          });
  size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      fail("topic " + topic, rd_kafka_err2str(error));
  }
}

void KafkaClient::deny_write(const std::string& topic) const {
  std::array<char, 512> text{};
  const Acl rule(rd_kafka_AclBinding_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:ANONYMOUS", "*",
      RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY, text.data(), text.size()));
  if (!rule) fail("access rule " + topic, text.data());
  const Event event = ask(brokers_, RD_KAFKA_ADMIN_OP_CREATEACLS, "access rule " + topic,
                          [&](auto* rk, auto* options, auto* queue) {
                            std::array<rd_kafka_AclBinding_t*, 1> all = {rule.get()};
                            rd_kafka_CreateAcls(rk, all.data(), all.size(), options, queue);
                          });
  size_t count = 0;
  const auto* results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* error = rd_kafka_acl_result_error(results[i]); error != nullptr)
      fail("access rule " + topic, rd_kafka_error_string(error));
  }
}

void KafkaClient::allow_write(const std::string& topic) const {
  std::array<char, 512> text{};
  const Acl filter(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr, nullptr,
      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text.data(), text.size()));
  if (!filter) fail("access rule " + topic, text.data());
  ask(brokers_, RD_KAFKA_ADMIN_OP_DELETEACLS, "access rule " + topic,
      [&](auto* rk, auto* options, auto* queue) {
        std::array<rd_kafka_AclBindingFilter_t*, 1> all = {filter.get()};
        rd_kafka_DeleteAcls(rk, all.data(), all.size(), options, queue);
      });
}

void KafkaClient::wait_ready(const std::string& topic, std::chrono::seconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::string last;
  while (std::chrono::steady_clock::now() < until) {
    try {
      create_topic(topic, 1);
      const Handle handle = make_handle(RD_KAFKA_PRODUCER,
                                        {{"bootstrap.servers", brokers_},
                                         {"enable.idempotence", "true"},
                                         {"acks", "all"},
                                         {"message.timeout.ms", "10000"}},
                                        [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
                                          *static_cast<rd_kafka_resp_err_t*>(message->_private) =
                                              message->err;
                                        });
      rd_kafka_resp_err_t outcome = RD_KAFKA_RESP_ERR__IN_PROGRESS;
      std::array<rd_kafka_vu_t, 2> parts{};
      parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
      parts[0].u.cstr = topic.c_str();
      parts[1].vtype = RD_KAFKA_VTYPE_OPAQUE;
      parts[1].u.ptr = &outcome;
      const Error error(rd_kafka_produceva(handle.get(), parts.data(), parts.size()));
      if (error) fail("produce", rd_kafka_error_string(error.get()));
      rd_kafka_flush(handle.get(), 15'000);
      if (outcome == RD_KAFKA_RESP_ERR_NO_ERROR) return;
      fail("produce", rd_kafka_err2str(outcome));
    } catch (const std::runtime_error& e) {
      last = e.what();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
  throw std::runtime_error("not ready: " + last);
}

std::vector<ReadRecord> KafkaClient::read_topic(const std::string& topic, std::chrono::seconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  const Handle handle = make_handle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers_},
                                                        {"group.id", "weir-test-reader"},
                                                        {"enable.auto.commit", "false"},
                                                        {"check.crcs", "true"},
                                                        {"enable.partition.eof", "false"}});
  rd_kafka_poll_set_consumer(handle.get());

  rd_kafka_topic_t* known = rd_kafka_topic_new(handle.get(), topic.c_str(), nullptr);
  const std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>> known_owner(known);
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_resp_err_t error = rd_kafka_metadata(handle.get(), 0, known, &metadata, 15'000);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("metadata of " + topic, rd_kafka_err2str(error));
  const int32_t partitions = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (partitions == 0) fail("topic " + topic, "is not there");

  const Partitions assigned(rd_kafka_topic_partition_list_new(partitions));
  std::map<int32_t, int64_t> end;
  int64_t missing = 0;
  for (int32_t p = 0; p < partitions; ++p) {
    int64_t low = 0;
    int64_t high = 0;
    error = rd_kafka_query_watermark_offsets(handle.get(), topic.c_str(), p, &low, &high, 15'000);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("offsets of " + topic, rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), p)->offset = low;
    end[p] = high;
    missing += high > low ? 1 : 0;  // partitions whose last record is still to come
  }
  error = rd_kafka_assign(handle.get(), assigned.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("assign " + topic, rd_kafka_err2str(error));

  std::vector<ReadRecord> records;
  while (missing > 0) {
    if (std::chrono::steady_clock::now() > until) fail("topic " + topic, "could not be read to its end");
    const Message message(rd_kafka_consumer_poll(handle.get(), 200));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (message->offset >= end[message->partition]) continue;
    if (message->offset == end[message->partition] - 1) --missing;
    ReadRecord& record = records.emplace_back();
    record.partition = message->partition;
    record.offset = message->offset;
    record.timestamp_ms = rd_kafka_message_timestamp(message.get(), nullptr);
    record.key.assign(static_cast<const char*>(message->key), message->key_len);
    record.value.assign(static_cast<const char*>(message->payload), message->len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message.get(), &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* name = nullptr;
      const void* value = nullptr;
      size_t size = 0;
      for (size_t i = 0;
           rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      }
    }
  }
  rd_kafka_consumer_close(handle.get());
  std::sort(records.begin(), records.end(), [](const ReadRecord& a, const ReadRecord& b) {
    return std::pair(a.partition, a.offset) < std::pair(b.partition, b.offset);
  });
  return records;
}

}  // namespace weir::test
