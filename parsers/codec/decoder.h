// The contract of a streaming decoder (content codings: gzip, deflate, later brotli and zstd).
//
// The caller gives input in any cut and room for output of any size, until the status is not kOk or the
// input has ended. Decoders stack: the output of one is the input of the next. A decoder holds no more
// than its declared state whatever the input; how much output is too much is the caller's to judge after
// each step, because only it knows what the whole item has cost.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "parsers/wire/bytes.h"

namespace weir {

enum class DecodeStatus : uint8_t {
  kOk,           // go on: more input, or more room when `produced` filled it
  kEnd,          // the coded data is complete; what was not consumed does not belong to it
  kCorrupt,      // the data contradicts its format; what came out before is good
  kUnsupported,  // the format is right, but needs what Weir does not have (a preset dictionary)
  kLimit,        // it goes on without saying anything
  kMemory,       // no state to decode with
};

struct DecodeStep {
  DecodeStatus status = DecodeStatus::kOk;
  size_t consumed = 0;  // of the input
  size_t produced = 0;  // of the room
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes until the input is used up or the room is full. With kOk and a full room there may be more
  // output waiting: call again, also with empty input.
  virtual DecodeStep decode(Bytes in, std::span<uint8_t> out) = 0;
  // True where the coded data may end: an end here is no truncation.
  virtual bool complete() const = 0;
  // After kEnd: bytes of earlier inputs that turned out not to belong to the coded data. They stand before
  // what the last call did not consume.
  virtual Bytes leftover() const = 0;
  // Checksums and lengths stored in the data that did not hold. The output was given all the same.
  virtual uint32_t checksum_errors() const = 0;
};

}  // namespace weir
