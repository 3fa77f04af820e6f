// What a run did, added up: each worker keeps its own, the summary and `weir bench` add them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/base/inspection.h"
#include "sensor/base/packet.h"
#include "sensor/decode/defragmenter.h"
#include "sensor/flow/flow_clock.h"
#include "sensor/reassembly/tcp_shared.h"

namespace weir {

struct ProtocolTotals {
  uint64_t flows = 0;
  Inspection inspection;
};

struct DetectorTotals {
  uint64_t findings = 0;                    // decided matches at low or above, before item bonuses
  std::array<uint64_t, 4> by_confidence{};  // by index of Confidence
  uint64_t alerts = 0;                      // Creates in which it was the best of those that the policy named
};

struct Totals {
  std::array<uint64_t, kPacketKinds> packets{};
  std::array<uint64_t, kPacketKinds> frame_bytes{};       // on the wire
  std::array<uint64_t, kLayerKinds> tunnels{};            // packets in them, by kind
  std::array<uint64_t, kLayerKinds> tunnels_malformed{};  // with lengths that contradict each other
  uint64_t tunnels_refused = 0;   // datagrams on a tunnel's port that hold none, read as they are
  uint64_t tunnels_too_deep = 0;  // packets with a tunnel left closed
  uint64_t duplicates = 0;        // packets that a mirror copied again
  DefragmentCounters fragments;
  ClockCounters clock;
  uint64_t flows = 0;
  uint64_t flows_evicted = 0;
  uint64_t flows_evicted_half_open = 0;  // of them: TCP that had not opened
  uint64_t flows_evicted_sessions = 0;   // of them: for want of memory for sessions (flow.session_memory)
  uint64_t flows_refused = 0;            // with bytes that found none
  uint64_t datagrams_bad_checksum = 0;   // UDP that was not read for its checksum
  ReassemblyCounters tcp;
  uint64_t items = 0;
  uint64_t values_forgotten = 0;  // that a flow had reported; reported again if they come again
  uint64_t suppressed = 0;        // by exceptions
  std::array<uint64_t, 7> alerts_by_severity{};  // by OCSF severity_id; Creates
  uint64_t alert_updates = 0;
  std::map<std::string, ProtocolTotals, std::less<>> protocols;
  std::vector<DetectorTotals> detectors;  // by DetectorIndex
  Nanoseconds first_packet = 0;           // 0: none
  Nanoseconds last_packet = 0;

  uint64_t packet_count() const {
    uint64_t n = 0;
    for (const uint64_t k : packets) n += k;
    return n;
  }
  uint64_t byte_count() const {
    uint64_t n = 0;
    for (const uint64_t k : frame_bytes) n += k;
    return n;
  }
  uint64_t alert_count() const {
    uint64_t n = 0;
    for (const uint64_t k : alerts_by_severity) n += k;
    return n;
  }
  Inspection inspection() const {
    Inspection sum;
    for (const auto& [name, p] : protocols) sum += p.inspection;
    return sum;
  }
  Totals& operator+=(const Totals& other);
};

}  // namespace weir
