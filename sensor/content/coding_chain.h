// Undoes the content codings of one item: a stack of decoders, fed in blocks that do not depend on how the
// bytes came, so that broken data breaks at the same place whatever the packets.
//
// The item makes one when its codings are known, feeds it the item's bytes as they come, and calls finish()
// at the end; a hole ends what can be read. What comes out goes to CodedOutput. Owns its decoders and a
// block of 4 KiB; inflate states come from the worker's pools.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parsers/api/types.h"
#include "parsers/codec/decoder.h"
#include "sensor/content/flow_content.h"

namespace weir {

// Where decoded bytes go.
class CodedOutput {
 public:
  virtual ~CodedOutput() = default;
  // Room for decoded bytes; empty: no memory.
  virtual std::span<uint8_t> decoded_room() = 0;
  virtual void decoded(size_t n) = 0;
  // What follows does not belong to the coded data: another run.
  virtual void decoded_break() = 0;
};

class CodingChain {
 public:
  // `codings` in the order in which they were applied; "base64" and "quoted-printable" are known too.
  // `guessed`: by the first bytes, not by declaration. Decoders of a stack use the pools' scratch from
  // `scratch` on.
  CodingChain(const std::vector<std::string>& codings, bool guessed, size_t scratch, ContentContext& context);
  ~CodingChain();

  // True if there is nothing to undo (only "identity").
  bool empty() const { return stages_.empty(); }

  void feed(Bytes bytes, CodedOutput& out);
  // Decodes what waits for the rest of its block. More may follow.
  void flush(CodedOutput& out);
  void finish(CodedOutput& out);
  // Bytes are missing here: nothing that follows can be read.
  void gap(CodedOutput& out);

  // Bytes fed that wait for their block.
  size_t waiting() const { return block_size_; }
  // Bytes fed that are in a coding that Weir does not read, and did not fail for it: what is text among the
  // rest is read.
  uint64_t unknown() const { return unknown_; }
  // Why decoding stopped, and how many of the bytes fed were not decoded because of it (they grow as more is
  // fed).
  std::optional<Unread> failed() const { return failed_; }
  uint64_t unread() const { return unread_; }
  // After finish(): a coding's end never came; its check sum or length says other bytes than came out.
  bool cut() const { return cut_; }
  bool altered() const { return altered_; }
  // "gzip", "gzip/deflate": what was undone, in the order of undoing; empty while unknown.
  std::string path() const;
  bool path_known() const;

 private:
  static constexpr size_t kBlock = 4096;
  static constexpr size_t kHead = 16;  // bytes that tell a coding from text
  static constexpr size_t kMagic = 3;  // … that gzip begins with

  // kInner: behind a coding; gzip that nobody declared, or none.
  enum class Coding : uint8_t { kGzip, kDeflate, kAwsChunked, kBase64, kQuotedPrintable, kUnknown, kInner };
  struct Stage {
    Coding coding = Coding::kGzip;
    std::unique_ptr<Decoder> decoder;  // null and resolved: the bytes go through as they are
    bool resolved = false;
    bool ended = false;  // complete: what follows is no part of the coded data
    uint64_t taken = 0;  // bytes into the decoder
    uint64_t produced = 0;
    std::array<uint8_t, kHead> head{};
    uint8_t head_size = 0;
    std::string_view name;
  };

  void process(Bytes block, CodedOutput& out);
  // False: decoding has failed. *consumed: of `in`.
  bool feed_stage(size_t n, Bytes in, bool last, CodedOutput& out, size_t* consumed);
  bool decode(size_t n, Bytes in, bool last, CodedOutput& out, size_t* consumed);
  bool pass(size_t n, Bytes in, bool last, CodedOutput& out);
  void count_checksums(const Stage& stage);
  bool text(Bytes in, CodedOutput& out);
  bool unknown(size_t n, Bytes in, bool last, CodedOutput& out, size_t* consumed);
  void resolve(size_t n, Bytes in);
  bool may_deny(size_t n) const;
  bool deny();
  void read_plainly(CodedOutput& out);
  bool within_limits(const Stage& stage);
  bool fail(Unread why);

  ContentContext& context_;
  std::vector<Stage> stages_;
  size_t scratch_;
  bool guessed_;
  std::array<uint8_t, kBlock> block_;
  uint32_t block_size_ = 0;
  // What the codings were taken for is a guess until something came out that says so: the first block waits
  // to be read as it is.
  std::array<uint8_t, kBlock> first_;
  size_t first_size_ = 0;
  bool holds_ = false;   // what came out of the first block says something
  bool denied_ = false;  // it is not what it was taken for
  bool cut_ = false, altered_ = false;
  uint64_t fed_ = 0;   // bytes given to process()
  uint64_t text_ = 0;  // bytes out
  std::optional<Unread> failed_;
  uint64_t unread_ = 0;
  uint64_t unknown_ = 0;
};

}  // namespace weir
