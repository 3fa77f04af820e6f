// gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951), streaming.
//
// The wrappers are read here, byte by byte, so that any cut of the input gives the same result; ISA-L
// inflates the raw deflate data within. Its state (about 87 KiB) comes from a pool of the caller's, is
// taken at the first compressed byte of a member and given back at the member's end.
//
// Work is bounded by the input. ISA-L fills tables for each block, microseconds that a few bits can buy:
// deflate data that goes on without saying anything is given up (kLimit), and a gzip member that follows a
// tiny one is inflated by zlib, which begins cheaply. Gzip members are not counted: an empty one costs no
// more than its bytes.
#pragma once

#include <array>
#include <memory>

#include "parsers/codec/decoder.h"

namespace weir {

struct InflateState;  // ISA-L's
struct InflateStateDeleter {
  void operator()(InflateState* state) const;
};
using InflateStatePtr = std::unique_ptr<InflateState, InflateStateDeleter>;
InflateStatePtr make_inflate_state();
size_t inflate_state_size();  // bytes

// Where decoders borrow their states.
class InflatePool {
 public:
  virtual ~InflatePool() = default;
  virtual InflateStatePtr take() = 0;  // null: none left
  virtual void give(InflateStatePtr state) = 0;
};

enum class InflateWrapper : uint8_t { kGzip, kZlib, kRaw };

class Inflater final : public Decoder {
 public:
  // `pool` outlives the decoder.
  Inflater(InflateWrapper wrapper, InflatePool& pool);
  ~Inflater() override;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  DecodeStep decode(Bytes in, std::span<uint8_t> out) override;
  bool complete() const override;
  uint32_t checksum_errors() const override { return checksum_errors_; }
  Bytes leftover() const override { return at_ == At::kDone ? Bytes(over_.data(), over_size_) : Bytes(); }

 private:
  // In the order of a gzip member (RFC 1952 2.3); zlib goes kZlibHeader, kDeflate, kTrailer, kDone.
  enum class At : uint8_t {
    kMagic1,
    kMagic2,
    kFixed,
    kExtraLength,
    kExtra,
    kName,
    kComment,
    kHeaderCrc,
    kZlibHeader,
    kDeflate,
    kTrailer,
    kDone,
    kDraining,  // broken; good output still waits
    kFailed,
  };

  DecodeStatus header_byte(uint8_t byte);
  void next_header_field(At from);
  DecodeStatus inflate(Bytes in, std::span<uint8_t> out, DecodeStep* step);
  DecodeStatus inflate_small(Bytes in, std::span<uint8_t> out, DecodeStep* step);
  bool take_state();
  void count(Bytes made);
  bool says_enough();
  size_t drain(std::span<uint8_t> room);
  void end_of_deflate(DecodeStep* step);
  void end_of_data();
  void not_ours(uint8_t byte);
  DecodeStatus end_of_member();
  DecodeStatus fail(DecodeStatus why);
  void release();

  InflatePool& pool_;
  InflateStatePtr state_;
  InflateWrapper wrapper_;
  At at_;
  uint8_t flags_ = 0;      // of the gzip member
  bool member_ = false;    // one has begun
  bool small_ = false;     // the last member was tiny: the next is zlib's
  uint32_t look_in_ = 0;   // deflate bytes since the last look
  uint32_t look_out_ = 0;  // what they said
  uint32_t checksum_errors_ = 0;
  uint32_t field_left_ = 0;   // bytes of the field at at_
  uint32_t field_value_ = 0;  // little-endian as far as read
  uint32_t header_length_ = 0;
  uint32_t header_crc_ = 0;
  uint32_t sum_ = 0;          // CRC-32 or Adler-32 of the member's output
  uint32_t member_size_ = 0;  // of its output, modulo 2^32
  std::array<uint8_t, 8> trailer_{};
  // Bytes of earlier inputs that come before the next: ISA-L had read them past the end of the deflate data.
  std::array<uint8_t, 16> over_{};
  uint8_t over_size_ = 0;
};

// What the first bytes of a body (16 are enough, fewer when it is shorter) say about its coding.
enum class CodedShape : uint8_t { kGzip, kZlib, kText, kOther };
CodedShape coded_shape(Bytes head);

}  // namespace weir
