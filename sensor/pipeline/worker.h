// One worker: reads its source burst by burst and does everything from decoding to the finished alert
// itself. Owns its flows, budgets, pools, scratch and counters; shares only the immutable PatternSet and
// PolicySet, and its alert channel.
//
// Make it, run() it on a thread of its own (it returns when the source ends or after stop()), then read
// totals().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "sensor/alert/item_alerts.h"
#include "sensor/base/memory_budget.h"
#include "sensor/capture/packet_source.h"
#include "sensor/content/flow_content.h"
#include "sensor/decode/decoder.h"
#include "sensor/flow/flow_table.h"
#include "sensor/match/matcher.h"
#include "sensor/pipeline/alert_channel.h"
#include "sensor/pipeline/flow_session.h"
#include "sensor/pipeline/totals.h"
#include "sensor/policy/policy_engine.h"
#include "sensor/reassembly/tcp_connection.h"
#include "sensor/token/tokenizer.h"

namespace weir {

// Which stages a worker runs; those before Depth::kReassembly are for benchmarks.
enum class Stage : uint8_t { kCapture, kDecode, kFlow, kReassembly, kParse, kContent, kMatch, kAlert };

// What all workers share, immutable while they run.
struct SharedSetup {
  std::shared_ptr<const PatternSet> patterns;
  std::shared_ptr<const PolicySet> policies;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::string token_prefix;  // names the key: "k1:"
  std::shared_ptr<const Catalogue> catalogue;
  ItemObserver* observer = nullptr;
};

// Memory limits are of one worker.
struct WorkerOptions {
  Stage last_stage = Stage::kAlert;
  uint32_t index = 0;
  uint32_t count = 1;         // workers over the same packets: each keeps what steers to it
  bool wait_for_room = true;  // a full alert ring: wait (replay), or drop and count (live)
  FlowTableOptions flow;
  size_t flow_memory = size_t{1} << 30;
  TcpOptions tcp;
  size_t reassembly_memory = size_t{512} << 20;
  ContentOptions content;
  size_t content_memory = size_t{512} << 20;
  size_t findings_memory = size_t{256} << 20;
  AlertOptions alerts;
};

class Worker {
 public:
  Worker(const WorkerOptions& options, const SharedSetup& setup, std::unique_ptr<PacketSource> source,
         AlertChannel* channel);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Until the source ends or breaks, then flushes all flows.
  void run();
  // Any thread, signal handlers included: the source ends soon.
  void stop();

  // After run().
  const Totals& totals() const;
  uint64_t alerts_dropped() const;
  // Any time.
  PacketSource& source();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
