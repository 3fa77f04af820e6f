// Records for the sinks' tests: numbered, with a checkable payload, keys that repeat.
#pragma once

#include <string>

#include "sensor/base/record.h"

namespace weir::test {

// The n-th record of a run; `keys` different keys, `filler` bytes beside the number.
inline Record make_test_record(int n, int keys = 4, size_t filler = 0) {
  Record r;
  r.topic_kind = "alerts";
  r.schema = "alert/1";
  r.type = "weir.alert.create";
  r.id = "uid-" + std::to_string(n);
  r.key = "key-" + std::to_string(n % keys);
  r.time_ms = 1'600'000'000'000 + n;
  r.json = "{\"n\":" + std::to_string(n) + ",\"filler\":\"" + std::string(filler, 'x') + "\"}";
  return r;
}

}  // namespace weir::test
