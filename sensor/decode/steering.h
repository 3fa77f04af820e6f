// Which worker a packet belongs to. One object a thread that steers: each worker of a replay over mapped
// files, the receiver where packets are handed over.
#pragma once

#include <cstdint>

#include "sensor/decode/decoder.h"

namespace weir {

enum class SteerBy : uint8_t {
  // The unordered pair of innermost addresses: all that two hosts say to each other meets in one worker.
  kAddress,
  // Addresses, ports and protocol: one busy pair of hosts is spread over workers. What crosses flows (FTP's
  // data beside its control connection, parts of one file) is then best effort; fragments, which have no
  // ports, go by their addresses.
  kFlow,
};

// Of a decoded TCP or UDP packet.
uint32_t steer_hash(const FlowKey& key, SteerBy by);

class Steering {
 public:
  // `decode`: as the packets will be decoded.
  explicit Steering(SteerBy by, const DecodeOptions& decode = {})
      : by_(by), decode_(decode), decoder_(decode) {}

  // The hash is the same for both directions of a flow, and well mixed: take it modulo the number of workers.
  Steer of(const RawPacket& raw) { return by_ == SteerBy::kAddress ? steer(raw, decode_) : flow_of(raw); }

 private:
  Steer flow_of(const RawPacket& raw);

  SteerBy by_;
  DecodeOptions decode_;
  Decoder decoder_;  // only for the ports; its counters are nobody's
};

}  // namespace weir
