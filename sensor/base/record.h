// A finished record on its way to the sinks: serialised once, by the output thread.
#pragma once

#include <cstdint>
#include <string>

namespace weir {

struct Record {
  std::string topic_kind;  // "alerts"
  std::string schema;      // "alert/1"
  std::string type;        // "weir.alert.create" / "weir.alert.update"
  std::string id;          // metadata.uid
  std::string key;         // finding_info.uid: keeps revisions in order
  int64_t time_ms = 0;     // capture time, ms since the epoch
  std::string json;        // one line, no newline
  uint64_t alerts = 1;     // how many it stands for: one of an item 1, a storm those folded into it
  bool storm = false;
};

}  // namespace weir
