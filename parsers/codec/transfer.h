// Content transfer encodings of MIME (RFC 2045 6.7, 6.8), streaming. Lenient: what is no base64 is passed
// over, what is no escape stands for itself.
#pragma once

#include "parsers/codec/decoder.h"

namespace weir {

class Base64Decoder final : public Decoder {
 public:
  DecodeStep decode(Bytes in, std::span<uint8_t> out) override;
  // Every place will do: mailers leave the padding out.
  bool complete() const override { return true; }
  uint32_t checksum_errors() const override { return 0; }
  Bytes leftover() const override { return {}; }

 private:
  uint32_t bits_ = 0;
  uint8_t count_ = 0;  // of bits waiting: 0, 2, 4 or 6
};

class QuotedPrintableDecoder final : public Decoder {
 public:
  DecodeStep decode(Bytes in, std::span<uint8_t> out) override;
  bool complete() const override { return held_size_ == 0 && queued_ == 0; }
  uint32_t checksum_errors() const override { return 0; }
  // "=" and what followed it, cut by the end.
  Bytes leftover() const override { return {held_, held_size_}; }

 private:
  void byte(uint8_t c);
  void put(uint8_t c) { queue_[queued_++] = c; }

  uint8_t held_[2] = {};
  uint8_t held_size_ = 0;
  uint8_t queue_[3] = {};  // output of one byte of input
  uint8_t queued_ = 0;
};

}  // namespace weir
