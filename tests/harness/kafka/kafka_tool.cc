// Kafka for the Python tests and for broker.py, through librdkafka:
//
//   kafka_tool ready HOST:PORT SECONDS            waits until a topic takes a message
//   kafka_tool create HOST:PORT TOPIC PARTITIONS  makes a topic
//   kafka_tool read HOST:PORT TOPIC               prints the topic, one JSON object a record, by partition
//   and offset
#include <cstdlib>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/harness/kafka/kafka_client.h"

namespace {

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) return 2;
  const std::string& action = arguments[0];
  const weir::test::KafkaClient client(arguments[1]);
  if (action == "ready" && arguments.size() == 3) {
    client.wait_ready("weir.test.ready", std::chrono::seconds(std::stoi(arguments[2])));
  } else if (action == "create" && arguments.size() == 4) {
    client.create_topic(arguments[2], std::stoi(arguments[3]));
  } else if (action == "read" && arguments.size() == 3) {
    for (const weir::test::ReadRecord& record : client.read_topic(arguments[2])) {
      const nlohmann::json line = {{"partition", record.partition},       {"offset", record.offset},
                                   {"timestamp_ms", record.timestamp_ms}, {"key", record.key},
                                   {"headers", record.headers},           {"value", record.value}};
      std::cout << line.dump() << '\n';
    }
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = run({argv + 1, argv + argc});
    if (code == 2) {
      std::cerr
          << "usage: kafka_tool ready HOST:PORT SECONDS | create HOST:PORT TOPIC PARTITIONS | read HOST:PORT "
             "TOPIC\n";
    }
    return code;
  } catch (const std::exception& e) {
    std::cerr << "kafka_tool: " << e.what() << '\n';
    return 1;
  }
}
