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
#include "sensor/base/networks.h"
#include "sensor/capture/packet_source.h"
#include "sensor/content/flow_content.h"
#include "sensor/decode/decoder.h"
#include "sensor/decode/steering.h"
#include "sensor/flow/flow_table.h"
#include "sensor/match/matcher.h"
#include "sensor/pipeline/alert_outlet.h"
#include "sensor/pipeline/flow_session.h"
#include "sensor/pipeline/fragment_path.h"
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
  std::string token_prefix;  // names the key: TokenKey::name() and ":"
  std::shared_ptr<const Catalogue> catalogue;
  ItemObserver* observer = nullptr;
};

// Memory limits are of one worker.
struct WorkerOptions {
  Stage last_stage = Stage::kAlert;
  uint32_t index = 0;
  uint32_t count = 1;
  // The source gives only what belongs to this worker (and ticks); else every worker's source gives the same
  // packets, and each keeps what steers to it.
  bool steered = false;
  // … with the fragments of the others' packets beside (RawPacket::foreign): every worker sees all of them.
  bool shows_fragments = false;
  SteerBy steer = SteerBy::kAddress;
  bool wait_for_room = true;  // a full alert ring: wait (replay), or fold into storms (live)
  DecodeOptions decode;
  FlowTableOptions flow;
  size_t flow_memory = size_t{1} << 30;
  DefragmentOptions defragment;
  size_t defragment_memory = size_t{32} << 20;  // the same for every worker: each may see all fragments
  TcpOptions tcp;
  NetworkList excluded;      // a flow with an end in one of these is not read
  uint64_t depth_limit = 0;  // bytes of each direction of a flow that are read; 0: all
  bool check_sums = true;    // verify checksums; what then follows: TcpOptions::drop_wrong_checksums
  size_t reassembly_memory = size_t{512} << 20;
  ContentOptions content;
  size_t content_memory = size_t{512} << 20;
  size_t findings_memory = size_t{256} << 20;
  size_t session_memory = size_t{512} << 20;  // what the flows that are being read take, items apart
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
  const OutletCounters& outlet() const;
  // Any time.
  PacketSource& source();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
