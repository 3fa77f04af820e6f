#include "sensor/pipeline/totals.h"

#include <algorithm>

namespace weir {

Totals& Totals::operator+=(const Totals& other) {
  for (size_t i = 0; i < kPacketKinds; ++i) {
    packets[i] += other.packets[i];
    frame_bytes[i] += other.frame_bytes[i];
  }
  for (size_t i = 0; i < kLayerKinds; ++i) {
    tunnels[i] += other.tunnels[i];
    tunnels_malformed[i] += other.tunnels_malformed[i];
  }
  tunnels_refused += other.tunnels_refused;
  tunnels_too_deep += other.tunnels_too_deep;
  duplicates += other.duplicates;
  fragments += other.fragments;
  clock += other.clock;
  flows += other.flows;
  flows_evicted += other.flows_evicted;
  flows_evicted_half_open += other.flows_evicted_half_open;
  flows_evicted_sessions += other.flows_evicted_sessions;
  flows_refused += other.flows_refused;
  datagrams_bad_checksum += other.datagrams_bad_checksum;
  tcp += other.tcp;
  items += other.items;
  values_forgotten += other.values_forgotten;
  suppressed += other.suppressed;
  for (size_t i = 0; i < alerts_by_severity.size(); ++i) alerts_by_severity[i] += other.alerts_by_severity[i];
  alert_updates += other.alert_updates;
  for (const auto& [name, p] : other.protocols) {
    ProtocolTotals& mine = protocols[name];
    mine.flows += p.flows;
    mine.inspection += p.inspection;
  }
  if (detectors.size() < other.detectors.size()) detectors.resize(other.detectors.size());
  for (size_t i = 0; i < other.detectors.size(); ++i) {
    detectors[i].findings += other.detectors[i].findings;
    detectors[i].alerts += other.detectors[i].alerts;
    for (size_t c = 0; c < 4; ++c) detectors[i].by_confidence[c] += other.detectors[i].by_confidence[c];
  }
  if (other.first_packet != 0 && (first_packet == 0 || other.first_packet < first_packet)) {
    first_packet = other.first_packet;
  }
  last_packet = std::max(last_packet, other.last_packet);
  return *this;
}

}  // namespace weir
