#include "parsers/codec/inflate.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace weir {

struct InflateState {
  InflateState() = default;
  InflateState(const InflateState&) = delete;
  InflateState& operator=(const InflateState&) = delete;
  ~InflateState() {
    if (zlib_there) inflateEnd(&zlib);
  }
  inflate_state isal;
  z_stream zlib{};
  bool zlib_there = false;
};

void InflateStateDeleter::operator()(InflateState* state) const {
  std::default_delete<InflateState>()(state);
}

InflateStatePtr make_inflate_state() { return InflateStatePtr(std::make_unique<InflateState>().release()); }

namespace {

// What zlib allocates for one stream: its state and a window (zconf.h: about 7 KiB, and 32 KiB).
constexpr size_t kZlibSize = 40 * 1024;

}  // namespace

size_t inflate_state_size() { return sizeof(InflateState) + kZlibSize; }

namespace {

// After so many bytes of deflate data a look at what they said: as much as content gives at once, because
// each call of ISA-L moves its window. A block's header has at most some 300 bytes.
constexpr uint32_t kLook = 4096;
// Less than a sixteenth of its size: blocks that say nothing. A server that flushes after every byte sends
// a seventh of what it takes.
constexpr uint32_t kPoorest = 16;
// What a gzip member is credited with: its header and trailer are paid for by their bytes.
constexpr uint32_t kMemberCredit = 8;
// A gzip member of at most so many bytes is tiny.
constexpr uint32_t kTiny = 512;

// RFC 1952 2.3.1.
constexpr uint8_t kFlagHeaderCrc = 0x02;
constexpr uint8_t kFlagExtra = 0x04;
constexpr uint8_t kFlagName = 0x08;
constexpr uint8_t kFlagComment = 0x10;
constexpr uint8_t kMethodDeflate = 8;
constexpr uint32_t kMaxHeader = 128 * 1024;  // EXTRA may be 64 KiB; names without an end are not followed

bool zlib_header_fits(uint8_t cmf, uint8_t flg) {
  return (cmf & 0x0f) == kMethodDeflate && (cmf >> 4) <= 7 && (uint32_t{cmf} * 256 + flg) % 31 == 0;
}

}  // namespace

Inflater::Inflater(InflateWrapper wrapper, InflatePool& pool) : pool_(pool), wrapper_(wrapper) {
  switch (wrapper) {
    case InflateWrapper::kGzip:
      at_ = At::kMagic1;
      break;
    case InflateWrapper::kZlib:
      at_ = At::kZlibHeader;
      field_left_ = 2;
      break;
    case InflateWrapper::kRaw:
      at_ = At::kDeflate;
      break;
  }
}

Inflater::~Inflater() { release(); }

void Inflater::release() {
  if (state_ != nullptr) pool_.give(std::move(state_));
}

DecodeStatus Inflater::fail(DecodeStatus why) {
  at_ = At::kFailed;
  release();
  return why;
}

bool Inflater::complete() const {
  return at_ == At::kDone || (wrapper_ == InflateWrapper::kGzip && at_ == At::kMagic1 && member_);
}

DecodeStep Inflater::decode(Bytes in, std::span<uint8_t> out) {
  DecodeStep step;
  while (true) {
    if (at_ == At::kDone) {
      step.status = DecodeStatus::kEnd;
      return step;
    }
    if (at_ == At::kDraining) {
      step.produced += drain(out.subspan(step.produced));
      if (at_ == At::kFailed) step.status = DecodeStatus::kCorrupt;
      return step;
    }
    if (at_ == At::kFailed) {
      step.status = DecodeStatus::kCorrupt;
      return step;
    }
    if (at_ == At::kDeflate) {
      step.status = inflate(in, out, &step);
      if (step.status != DecodeStatus::kOk || at_ == At::kDeflate) return step;
      continue;
    }
    // What ISA-L read too far comes before the input.
    if (over_size_ > 0) {
      const uint8_t byte = over_[0];
      std::copy(over_.begin() + 1, over_.begin() + over_size_, over_.begin());
      --over_size_;
      step.status = header_byte(byte);
    } else if (step.consumed < in.size()) {
      // Between members anything but a new one is not part of the data.
      if (at_ == At::kMagic1 && member_ && in[step.consumed] != 0x1f && in[step.consumed] != 0) {
        at_ = At::kDone;
        continue;
      }
      step.status = header_byte(in[step.consumed++]);
    } else {
      return step;
    }
    if (step.status != DecodeStatus::kOk) return step;
  }
}

// One byte of a wrapper: header, trailer, or what stands between members.
DecodeStatus Inflater::header_byte(uint8_t byte) {
  if (at_ != At::kTrailer && at_ != At::kMagic1 && ++header_length_ > kMaxHeader) {
    return fail(DecodeStatus::kCorrupt);
  }
  const At at = at_;
  if (wrapper_ == InflateWrapper::kGzip && at != At::kTrailer && at != At::kHeaderCrc) {
    if (at == At::kMagic1) header_crc_ = 0;
    header_crc_ = crc32_gzip_refl(header_crc_, &byte, 1);
  }
  switch (at) {
    case At::kMagic1:
      if (byte == 0 && member_) return DecodeStatus::kOk;  // padding
      if (byte != 0x1f) {
        if (!member_) return fail(DecodeStatus::kCorrupt);
        not_ours(byte);
        return DecodeStatus::kOk;
      }
      header_length_ = 1;
      at_ = At::kMagic2;
      return DecodeStatus::kOk;
    case At::kMagic2:
      if (byte != 0x8b) {
        if (!member_) return fail(DecodeStatus::kCorrupt);
        not_ours(byte);
        not_ours(0x1f);
        return DecodeStatus::kOk;
      }
      member_ = true;
      at_ = At::kFixed;
      field_left_ = 8;  // CM, FLG, MTIME, XFL, OS
      return DecodeStatus::kOk;
    case At::kFixed:
      if (field_left_ == 8 && byte != kMethodDeflate) return fail(DecodeStatus::kCorrupt);
      if (field_left_ == 7) flags_ = byte;
      if (--field_left_ == 0) next_header_field(at);
      return DecodeStatus::kOk;
    case At::kExtraLength:
      field_value_ |= field_left_ == 2 ? uint32_t{byte} : uint32_t{byte} << 8;
      if (--field_left_ == 0) {
        field_left_ = field_value_;
        at_ = At::kExtra;
        if (field_left_ == 0) next_header_field(At::kExtra);
      }
      return DecodeStatus::kOk;
    case At::kExtra:
      if (--field_left_ == 0) next_header_field(at);
      return DecodeStatus::kOk;
    case At::kName:
    case At::kComment:
      if (byte == 0) next_header_field(at);
      return DecodeStatus::kOk;
    case At::kHeaderCrc:
      field_value_ |= field_left_ == 2 ? uint32_t{byte} : uint32_t{byte} << 8;
      if (--field_left_ == 0) {
        if (field_value_ != (header_crc_ & 0xffff)) ++checksum_errors_;
        next_header_field(at);
      }
      return DecodeStatus::kOk;
    case At::kZlibHeader:
      if (field_left_ == 2) {
        field_value_ = byte;
        --field_left_;
        return DecodeStatus::kOk;
      }
      if (!zlib_header_fits(static_cast<uint8_t>(field_value_), byte)) return fail(DecodeStatus::kCorrupt);
      if ((byte & 0x20) != 0) return fail(DecodeStatus::kUnsupported);  // FDICT
      member_ = true;
      sum_ = 1;
      at_ = At::kDeflate;
      return DecodeStatus::kOk;
    case At::kTrailer: {
      const uint32_t size = wrapper_ == InflateWrapper::kGzip ? 8 : 4;
      trailer_[size - field_left_] = byte;
      return --field_left_ == 0 ? end_of_member() : DecodeStatus::kOk;
    }
    case At::kDeflate:
    case At::kDone:
    case At::kDraining:
    case At::kFailed:
      break;
  }
  return DecodeStatus::kOk;
}

// The optional fields stand in this order: EXTRA, NAME, COMMENT, HCRC.
void Inflater::next_header_field(At from) {
  field_value_ = 0;
  if (from == At::kFixed && (flags_ & kFlagExtra) != 0) {
    at_ = At::kExtraLength;
    field_left_ = 2;
  } else if (from <= At::kExtra && (flags_ & kFlagName) != 0) {
    at_ = At::kName;
  } else if (from <= At::kName && (flags_ & kFlagComment) != 0) {
    at_ = At::kComment;
  } else if (from <= At::kComment && (flags_ & kFlagHeaderCrc) != 0) {
    at_ = At::kHeaderCrc;
    field_left_ = 2;
  } else {
    at_ = At::kDeflate;
    sum_ = 0;
    member_size_ = 0;
  }
}

// A state for the deflate data that begins. False: there is none.
bool Inflater::take_state() {
  assert(over_size_ == 0);  // a gzip trailer is as long as ISA-L reads ahead
  state_ = pool_.take();
  if (state_ == nullptr) return false;
  if (small_) {
    z_stream& z = state_->zlib;
    const int status = state_->zlib_there ? inflateReset(&z) : inflateInit2(&z, -MAX_WBITS);
    state_->zlib_there = status == Z_OK;
    if (status == Z_OK) return true;
    small_ = false;
  }
  isal_inflate_init(&state_->isal);
  state_->isal.crc_flag = ISAL_DEFLATE;
  return true;
}

void Inflater::count(Bytes made) {
  if (wrapper_ == InflateWrapper::kGzip) {
    sum_ = crc32_gzip_refl(sum_, made.data(), made.size());
  } else if (wrapper_ == InflateWrapper::kZlib) {
    sum_ = isal_adler32(sum_, made.data(), made.size());
  }
  member_size_ += static_cast<uint32_t>(made.size());
  look_out_ = static_cast<uint32_t>(std::min<size_t>(size_t{look_out_} + made.size(), 2 * kLook));
}

// At a look.
bool Inflater::says_enough() {
  const bool enough = look_out_ * kPoorest >= look_in_;
  look_in_ = look_out_ = 0;
  return enough;
}

DecodeStatus Inflater::inflate_small(Bytes in, std::span<uint8_t> out, DecodeStep* step) {
  z_stream& z = state_->zlib;
  const Bytes piece = in.subspan(step->consumed);
  const std::span<uint8_t> room = out.subspan(step->produced);
  if (room.empty()) return DecodeStatus::kOk;
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max() / 2;
  const auto piece_size = static_cast<uint32_t>(std::min(piece.size(), kMost));
  const auto room_size = static_cast<uint32_t>(std::min(room.size(), kMost));
  // zlib takes a mutable pointer and does not write through it.
  z.next_in = const_cast<uint8_t*>(piece.data());
  z.avail_in = piece_size;
  z.next_out = room.data();
  z.avail_out = room_size;
  const int status = ::inflate(&z, Z_NO_FLUSH);
  const size_t used = piece_size - z.avail_in;
  const size_t made = room_size - z.avail_out;
  step->consumed += used;
  step->produced += made;
  count(room.first(made));
  if (status == Z_STREAM_END) {
    release();
    end_of_data();
    return DecodeStatus::kOk;
  }
  if (status != Z_OK && status != Z_BUF_ERROR) return fail(DecodeStatus::kCorrupt);
  return DecodeStatus::kOk;
}

DecodeStatus Inflater::inflate(Bytes in, std::span<uint8_t> out, DecodeStep* step) {
  if (state_ == nullptr) {
    if (step->consumed == in.size()) return DecodeStatus::kOk;
    // An empty member, as all encoders write it: one block with fixed codes, and its end.
    if (wrapper_ == InflateWrapper::kGzip && in.size() - step->consumed >= 2 && in[step->consumed] == 3 &&
        in[step->consumed + 1] == 0) {
      step->consumed += 2;
      end_of_data();
      return DecodeStatus::kOk;
    }
    if (!take_state()) return fail(DecodeStatus::kMemory);
  }
  if (small_) return inflate_small(in, out, step);
  inflate_state& isal = state_->isal;
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max() / 2;
  while (true) {
    const Bytes piece = in.subspan(step->consumed);
    const std::span<uint8_t> room = out.subspan(step->produced);
    if (room.empty()) return DecodeStatus::kOk;
    const auto piece_size = static_cast<uint32_t>(std::min<size_t>(piece.size(), kLook - look_in_));
    const auto room_size = static_cast<uint32_t>(std::min(room.size(), kMost));
    // ISA-L takes a mutable pointer and does not write through it.
    isal.next_in = const_cast<uint8_t*>(piece.data());
    isal.avail_in = piece_size;
    isal.next_out = room.data();
    isal.avail_out = room_size;
    const int status = isal_inflate(&isal);
    // At a fault ISA-L may say that it has used a byte more than there was.
    const size_t used = isal.avail_in <= piece_size ? piece_size - isal.avail_in : piece_size;
    const size_t made = isal.avail_out <= room_size ? room_size - isal.avail_out : room_size;
    step->consumed += used;
    step->produced += made;
    count(room.first(made));
    look_in_ += static_cast<uint32_t>(used);
    if (status != ISAL_DECOMP_OK) {
      at_ = At::kDraining;
      step->produced += drain(out.subspan(step->produced));
      return at_ == At::kFailed ? DecodeStatus::kCorrupt : DecodeStatus::kOk;
    }
    if (isal.block_state == ISAL_BLOCK_FINISH) {
      end_of_deflate(step);
      return DecodeStatus::kOk;
    }
    if (look_in_ >= kLook && made < room_size) {  // a full room: there may be more to say
      if (!says_enough()) return fail(DecodeStatus::kLimit);
      if (step->consumed < in.size()) continue;
    }
    if (step->consumed == in.size()) return DecodeStatus::kOk;
    // Input left, room left and nothing done: a library fault must not become a loop.
    if (used == 0 && made == 0) return fail(DecodeStatus::kCorrupt);
  }
}

// ISA-L stops at a fault at once: what it had decoded before still lies in its buffer.
size_t Inflater::drain(std::span<uint8_t> room) {
  inflate_state& isal = state_->isal;
  const auto valid =
      std::min(static_cast<size_t>(std::max(isal.tmp_out_valid, 0)), sizeof isal.tmp_out_buffer);
  const auto done = std::min(static_cast<size_t>(std::max(isal.tmp_out_processed, 0)), valid);
  const size_t n = std::min(valid - done, room.size());
  std::copy_n(isal.tmp_out_buffer + done, n, room.data());
  isal.tmp_out_processed = static_cast<int32_t>(done + n);
  if (done + n == valid) fail(DecodeStatus::kCorrupt);
  return n;
}

// ISA-L reads ahead by up to eight bytes. Those after the end of the deflate data belong to the wrapper:
// they are given back to the input, or kept when they came with an earlier one.
void Inflater::end_of_deflate(DecodeStep* step) {
  inflate_state& isal = state_->isal;
  const int32_t bits = std::clamp<int32_t>(isal.read_in_length, 0, 64);
  const size_t ahead = static_cast<size_t>(bits / 8);
  const size_t back = std::min(ahead, step->consumed);
  step->consumed -= back;
  const uint64_t whole = bits == 64 ? isal.read_in : isal.read_in >> (bits % 8);
  std::array<uint8_t, 16> joined{};
  size_t n = 0;
  for (; n < ahead - back; ++n) joined[n] = static_cast<uint8_t>(whole >> (8 * n));
  over_ = joined;
  over_size_ = static_cast<uint8_t>(n);
  look_in_ -= static_cast<uint32_t>(std::min<size_t>(look_in_, back));
  release();
  end_of_data();
}

// The deflate data of a member has ended.
void Inflater::end_of_data() {
  look_out_ = std::min(look_out_ + kMemberCredit, 2 * kLook);
  small_ = member_size_ <= kTiny;
  if (wrapper_ == InflateWrapper::kRaw) {
    member_ = true;
    at_ = At::kDone;
    return;
  }
  at_ = At::kTrailer;
  field_left_ = wrapper_ == InflateWrapper::kGzip ? 8 : 4;
}

// `byte` stands after the end of the data.
void Inflater::not_ours(uint8_t byte) {
  at_ = At::kDone;
  const size_t n = std::min<size_t>(over_size_, over_.size() - 1);
  std::copy_backward(over_.begin(), over_.begin() + static_cast<std::ptrdiff_t>(n),
                     over_.begin() + static_cast<std::ptrdiff_t>(n) + 1);
  over_[0] = byte;
  over_size_ = static_cast<uint8_t>(n + 1);
}

DecodeStatus Inflater::end_of_member() {
  if (wrapper_ == InflateWrapper::kZlib) {
    if (read_be32(trailer_.data()) != sum_) ++checksum_errors_;
    at_ = At::kDone;
    return DecodeStatus::kOk;
  }
  if (read_le32(trailer_.data()) != sum_ || read_le32(trailer_.data() + 4) != member_size_) {
    ++checksum_errors_;
  }
  at_ = At::kMagic1;
  return DecodeStatus::kOk;
}

CodedShape coded_shape(Bytes head) {
  if (head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b) return CodedShape::kGzip;
  const Bytes sample = head.first(std::min<size_t>(head.size(), 16));
  bool printable = true;
  for (const uint8_t b : sample) {
    printable &= (b >= 0x20 && b < 0x7f) || b == '\t' || b == '\n' || b == '\r';
  }
  // "x^" is both a zlib header and the beginning of a text.
  if (printable) return CodedShape::kText;
  if (head.size() >= 2 && zlib_header_fits(head[0], head[1])) return CodedShape::kZlib;
  return CodedShape::kOther;
}

}  // namespace weir
