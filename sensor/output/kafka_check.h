// Whether a Kafka sink with these options could be made, without talking to any broker: for `weir check`, and
// for a run before it begins. The one place that says what is wrong with them.
#pragma once

#include <string>

#include "sensor/output/kafka_sink.h"

namespace weir {

// False, and *error: what check_options() and librdkafka refuse, a file that is not there or is no file. Then
// *field is what it is about, below `output.kafka`: "properties.acks", "topic_prefix".
bool check_kafka(const KafkaOptions& options, std::string* field, std::string* error);

}  // namespace weir
