// An Alert as OCSF 1.8.0 class 2006 Data Security Finding: one line of JSON, keys in one fixed order, closed
// by sensor/alert/alert.schema.json. Called by the output thread, once an alert.
#pragma once

#include <cstdint>
#include <string>

#include "sensor/alert/alert.h"
#include "sensor/base/record.h"

namespace weir {

struct WriterOptions {
  std::string tenant_uid;   // metadata.tenant_uid; empty: absent
  std::string sensor_name;  // metadata.reporter; empty: absent
};

// `sequence`: 1, 2, … in the order of writing; `logged_time_ms`: the clock now, ms since the epoch.
std::string write_ocsf(const Alert& alert, const WriterOptions& options, uint64_t sequence,
                       int64_t logged_time_ms);

// The JSON with what the sinks need beside it.
Record make_record(const Alert& alert, const WriterOptions& options, uint64_t sequence,
                   int64_t logged_time_ms);

// One line for a person at a terminal, without a newline: time, severity, what, how many persons, who → whom,
// by which way.
std::string alert_line(const Alert& alert);

}  // namespace weir
