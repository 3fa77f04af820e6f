// "aws-chunked", the content coding of signed streaming uploads to S3 (AWS Signature Version 4, "Signature
// calculations for the Authorization header: transferring payload in multiple chunks"): chunks as HTTP/1.1
// has them, each with a signature, within the body. It ends at the chunk of size 0; trailers follow.
//
// Only that form is undone, so that nothing but sizes and signatures is left out: kCorrupt for any other.
#pragma once

#include <array>

#include "parsers/codec/decoder.h"

namespace weir {

class AwsChunkedDecoder final : public Decoder {
 public:
  DecodeStep decode(Bytes in, std::span<uint8_t> out) override;
  bool complete() const override { return at_ == At::kDone; }
  uint32_t checksum_errors() const override { return 0; }
  Bytes leftover() const override { return {}; }

 private:
  enum class At : uint8_t { kLine, kData, kDataEnd, kDone, kFailed };

  bool take_line();

  static constexpr size_t kMostLine = 128;  // 16 digits, ";chunk-signature=" and 64 digits, a line end
  std::array<char, kMostLine> line_{};
  size_t line_size_ = 0;
  uint64_t left_ = 0;  // of the chunk
  At at_ = At::kLine;
};

}  // namespace weir
