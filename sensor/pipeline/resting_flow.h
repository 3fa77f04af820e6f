// A flow between two messages: what cannot be found out again when its next byte comes. Lies in the flow's
// record; everything else that reads a flow (FlowSession) is let go and made again from this.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/pipeline/flow_reader.h"
#include "sensor/pipeline/reported_values.h"
#include "sensor/pipeline/session_memory.h"

namespace weir {

struct RestingFlow {
  // What most flows do not have.
  struct Rare {
    std::vector<uint16_t> vlans;
    std::vector<std::string> tunnels;
    ReportedValues reported;
    std::array<uint64_t, 2> datagram_bytes{};  // counted where there is a depth limit
    SessionMemory::Entry entry;

    size_t memory() const {
      size_t n = sizeof(Rare) + vlans.capacity() * sizeof(uint16_t) + reported.memory();
      for (const std::string& t : tunnels) n += sizeof(std::string) + t.capacity();
      return n;
    }
  };

  std::unique_ptr<Rare> rare;
  FlowReader::AtRest reader;
  std::array<uint32_t, 2> ordinals{};  // items opened, by direction
  std::array<uint8_t, 6> initiator_mac{};
  std::array<uint8_t, 6> responder_mac{};
  bool has_mac = false;
  FlowRoles roles;

  bool resting() const { return reader.mode != FlowReader::Mode::kProbing; }
  void end(Direction direction) { reader.flags |= FlowReader::AtRest::kEnded[index_of(direction)]; }
};

}  // namespace weir
