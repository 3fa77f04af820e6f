#include "sensor/content/coding_chain.h"

#include <algorithm>
#include <cstring>

#include "parsers/codec/aws_chunked.h"
#include "parsers/codec/charset.h"
#include "parsers/codec/inflate.h"
#include "parsers/codec/legible.h"
#include "parsers/codec/transfer.h"
#include "sensor/content/content_pools.h"

namespace weir {

namespace {

std::string lower(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (c == ' ' || c == '\t') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  return out;
}

// Not what is done to a body's bytes, and yet found in Content-Encoding: charsets, and words of other
// headers.
bool no_coding(std::string_view name) {
  constexpr std::string_view kWords[] = {"",       "identity", "none", "null",  "7bit", "8bit",
                                         "binary", "chunked",  "text", "plain", "*"};
  return std::ranges::find(kWords, name) != std::end(kWords) || find_charset(name) != nullptr;
}

// Bytes that base64 does not have, or so many digits as coded data does not have: one character in six is
// one.
bool beyond_base64(Bytes bytes) {
  size_t digits = 0;
  for (const uint8_t b : bytes) {
    digits += b >= '0' && b <= '9';
    const bool other = ((b | 0x20) >= 'a' && (b | 0x20) <= 'z') || b == '+' || b == '/' || b == '=' ||
                       b == '-' || b == '_' || b == ' ' || (b >= '\t' && b <= '\r');
    if (!other && (b < '0' || b > '9')) return true;
  }
  return digits * 2 > bytes.size();
}

// "=XX" for a control character, or for a digit or a letter where a digit follows as it is: "id=110101…",
// "card=6222…" without the coding. Who writes digits so writes all of them so (=36=32=32=32); of what else is
// written so, "=3D440106…" and "=40163.com" are honest.
bool beyond_quoted_printable(Bytes bytes) {
  constexpr size_t kNumber = 6;  // digits behind "=40" that are no domain's
  const auto digit = [](uint8_t b) { return b >= '0' && b <= '9'; };
  const auto hex = [&](uint8_t b) { return digit(b) || ((b | 0x20) >= 'a' && (b | 0x20) <= 'f'); };
  for (size_t i = 0; i + 2 < bytes.size(); ++i) {
    const uint8_t high = bytes[i + 1];
    const uint8_t low = bytes[i + 2];
    if (bytes[i] != '=' || !hex(high) || !hex(low)) continue;
    if (high == '1' || (high == '0' && low != '9' && (low | 0x20) != 'a' && (low | 0x20) != 'd')) return true;
    // Two digits are a digit, a letter, '@' or '`'.
    if (high < '3' || high > '7' || !digit(low)) continue;
    size_t follow = 0;
    while (follow < kNumber && i + 3 + follow < bytes.size() && digit(bytes[i + 3 + follow])) ++follow;
    if (follow >= (high == '4' && low == '0' ? kNumber : 1)) return true;
  }
  return false;
}

}  // namespace

CodingChain::CodingChain(const std::vector<std::string>& codings, bool guessed, size_t scratch,
                         ContentContext& context)
    : context_(context), scratch_(scratch), guessed_(guessed) {
  // Stages are referred to while others are put behind them.
  stages_.reserve(std::max<size_t>(codings.size(), context.options().max_codings) + 1);
  for (auto it = codings.rbegin(); it != codings.rend(); ++it) {
    const std::string coding = lower(*it);
    if (no_coding(coding)) continue;
    Stage& stage = stages_.emplace_back();
    if (coding == "gzip" || coding == "x-gzip") {
      stage.coding = Coding::kGzip;
    } else if (coding == "deflate") {
      stage.coding = Coding::kDeflate;
    } else if (coding == "aws-chunked") {
      stage.coding = Coding::kAwsChunked;
    } else if (coding == "base64") {
      stage.coding = Coding::kBase64;
    } else if (coding == "quoted-printable") {
      stage.coding = Coding::kQuotedPrintable;
    } else {
      stage.coding = Coding::kUnknown;
    }
  }
  if (stages_.size() > context.options().max_codings) {
    ++context.counters().coding_limit;
    failed_ = Unread::kUndecodable;
  }
}

CodingChain::~CodingChain() = default;

bool CodingChain::fail(Unread why) {
  if (!failed_) failed_ = why;
  return false;
}

void CodingChain::feed(Bytes bytes, CodedOutput& out) {
  context_.counters().coded_bytes += bytes.size();
  while (!bytes.empty() && !failed_) {
    if (block_size_ == 0 && bytes.size() >= kBlock) {
      process(bytes.first(kBlock), out);
      bytes = bytes.subspan(kBlock);
      continue;
    }
    const size_t n = std::min(bytes.size(), kBlock - block_size_);
    std::memcpy(block_.data() + block_size_, bytes.data(), n);
    block_size_ += static_cast<uint32_t>(n);
    bytes = bytes.subspan(n);
    if (block_size_ == kBlock) flush(out);
  }
  if (failed_) unread_ += bytes.size();
}

void CodingChain::flush(CodedOutput& out) {
  const size_t n = block_size_;
  block_size_ = 0;
  if (n > 0 && !failed_) process(Bytes(block_.data(), n), out);
}

void CodingChain::process(Bytes block, CodedOutput& out) {
  if (fed_ == first_size_) {
    const size_t n = std::min(block.size(), kBlock - first_size_);
    std::memcpy(first_.data() + first_size_, block.data(), n);
    first_size_ += n;
  }
  fed_ += block.size();
  while (stages_.size() > 1 && stages_.back().coding == Coding::kInner && stages_.back().resolved &&
         stages_.back().decoder == nullptr) {
    stages_.pop_back();
  }
  size_t consumed = 0;
  if (feed_stage(0, block, false, out, &consumed)) return;
  if (denied_) return read_plainly(out);
  // Without any text nothing of what was taken has been read.
  unread_ = text_ == 0 ? fed_ : unread_ + (block.size() - consumed);
}

void CodingChain::finish(CodedOutput& out) {
  flush(out);
  // What is still too short to tell a coding from text.
  size_t consumed = 0;
  if (failed_ || stages_.empty()) return;
  const bool whole = feed_stage(0, {}, true, out, &consumed);
  if (denied_) return read_plainly(out);
  // Nothing came out: what was taken for a coding is no more than its beginning, or something else.
  const bool nothing = text_ == 0 && fed_ > 0 && std::ranges::any_of(stages_, [](const Stage& s) {
                         return s.decoder != nullptr && !s.decoder->complete();
                       });
  if (whole && nothing && may_deny(0)) return read_plainly(out);
  if (whole && nothing) {
    ++context_.counters().coding_corrupt;
    fail(Unread::kUndecodable);
  }
  if (failed_ && text_ == 0) unread_ = fed_;
}

void CodingChain::gap(CodedOutput& out) {
  finish(out);
  if (failed_) return;
  const bool coded =
      std::ranges::any_of(stages_, [](const Stage& s) { return s.decoder != nullptr && !s.ended; });
  if (coded) {
    ++context_.counters().coding_corrupt;
    fail(Unread::kUndecodable);
  }
  out.decoded_break();
}

// Nothing has come out of it yet that bears it out, and all that it was made of is still here.
bool CodingChain::may_deny(size_t n) const { return n == 0 && !holds_ && fed_ == first_size_ && !denied_; }

bool CodingChain::deny() {
  denied_ = true;
  return false;
}

// The bytes are not in the codings that were declared or guessed: they are read as they are, from the first.
void CodingChain::read_plainly(CodedOutput& out) {
  denied_ = false;
  if (!guessed_) ++context_.counters().coding_false;
  stages_.clear();
  if (text_ > 0) out.decoded_break();
  if (!text(Bytes(first_.data(), first_size_), out)) unread_ = fed_;
}

// Decides what a stage is, by its first bytes. `in`: those that follow its head, or include it.
void CodingChain::resolve(size_t n, Bytes in) {
  Stage& stage = stages_[n];
  stage.resolved = true;
  const CodedShape shape = coded_shape(Bytes(stage.head.data(), stage.head_size));
  InflatePool& pool = context_.pools().inflate();
  const auto use = [&](InflateWrapper wrapper, std::string_view name) {
    stage.decoder = std::make_unique<Inflater>(wrapper, pool);
    stage.name = name;
    // What is packed twice is often declared once.
    if (n + 1 == stages_.size() && stages_.size() < context_.options().max_codings) {
      stages_.emplace_back().coding = Coding::kInner;
    }
  };
  switch (stage.coding) {
    case Coding::kGzip:
      if (shape == CodedShape::kGzip) return use(InflateWrapper::kGzip, "gzip");
      if (shape == CodedShape::kZlib) return use(InflateWrapper::kZlib, "deflate");
      break;
    case Coding::kDeflate:
      if (shape == CodedShape::kGzip) return use(InflateWrapper::kGzip, "gzip");
      if (shape == CodedShape::kZlib) return use(InflateWrapper::kZlib, "deflate");
      if (shape == CodedShape::kOther && !says_text(in)) return use(InflateWrapper::kRaw, "deflate");
      break;
    case Coding::kInner:
      if (shape == CodedShape::kGzip) return use(InflateWrapper::kGzip, "gzip");
      return;
    case Coding::kAwsChunked:
      stage.decoder = std::make_unique<AwsChunkedDecoder>();
      stage.name = "aws-chunked";
      return;
    case Coding::kBase64:
      if (n == 0 && beyond_base64(in)) {
        std::array<uint8_t, kBlock> decoded;
        const size_t size = Base64Decoder().decode(in, decoded).produced;
        if (!says_text(Bytes(decoded.data(), size))) break;
      }
      stage.decoder = std::make_unique<Base64Decoder>();
      stage.name = "base64";
      return;
    case Coding::kQuotedPrintable:
      if (n == 0 && beyond_quoted_printable(in)) break;
      stage.decoder = std::make_unique<QuotedPrintableDecoder>();
      stage.name = "quoted-printable";
      return;
    case Coding::kUnknown:
      break;
  }
  if (stage.head_size > 0 && !guessed_) ++context_.counters().coding_false;
}

bool CodingChain::feed_stage(size_t n, Bytes in, bool last, CodedOutput& out, size_t* consumed) {
  *consumed = 0;
  if (n == stages_.size()) {
    *consumed = in.size();
    return text(in, out);
  }
  Stage& stage = stages_[n];
  if (stage.coding == Coding::kUnknown) return unknown(n, in, last, out, consumed);
  if (!stage.resolved) {
    const size_t had = stage.head_size;
    const size_t wanted = stage.coding == Coding::kInner ? kMagic : kHead;
    const size_t take = std::min(in.size(), wanted - had);
    std::copy_n(in.begin(), take, stage.head.begin() + static_cast<std::ptrdiff_t>(had));
    stage.head_size = static_cast<uint8_t>(had + take);
    if (stage.head_size < wanted && !last) {
      *consumed = in.size();
      return true;
    }
    resolve(n, in);
    // The bytes that were held back, unless they are all of this input.
    if (had > 0) {
      size_t ignored = 0;
      if (!decode(n, Bytes(stage.head.data(), had), false, out, &ignored)) return false;
    }
  }
  return decode(n, in, last, out, consumed);
}

// A coding that Weir does not read, where its bytes are no plain text after all: block by block.
bool CodingChain::unknown(size_t n, Bytes in, bool last, CodedOutput& out, size_t* consumed) {
  Stage& stage = stages_[n];
  *consumed = in.size();
  if (in.empty() || says_text(in)) {
    if (!in.empty() && !stage.resolved && !guessed_) ++context_.counters().coding_false;
    stage.resolved |= !in.empty();
    if (pass(n, in, last, out)) return true;
    *consumed = 0;
    return false;
  }
  if (!stage.ended) ++context_.counters().coding_unknown;
  stage.resolved = stage.ended = true;
  if (n > 0) return fail(Unread::kUnsupported);
  unknown_ += in.size();
  if (text_ > 0) out.decoded_break();
  return true;
}

// To the next stage, or the text.
bool CodingChain::pass(size_t n, Bytes in, bool last, CodedOutput& out) {
  size_t consumed = 0;
  return feed_stage(n + 1, in, last, out, &consumed);
}

bool CodingChain::text(Bytes in, CodedOutput& out) {
  while (!in.empty()) {
    const uint64_t left = context_.options().max_output - text_;
    if (left == 0) {
      ++context_.counters().coding_limit;
      return fail(Unread::kUndecodable);
    }
    const std::span<uint8_t> room = out.decoded_room();
    if (room.empty()) return fail(Unread::kMemory);
    const size_t n =
        std::min({in.size(), room.size(), static_cast<size_t>(std::min<uint64_t>(left, SIZE_MAX))});
    std::memcpy(room.data(), in.data(), n);
    text_ += n;
    out.decoded(n);
    in = in.subspan(n);
  }
  return true;
}

bool CodingChain::within_limits(const Stage& stage) {
  const ContentOptions& options = context_.options();
  const bool ratio = stage.produced > options.ratio_from && stage.produced / options.max_ratio > fed_;
  if (!ratio && stage.produced <= options.max_output) return true;
  ++context_.counters().coding_limit;
  return fail(Unread::kUndecodable);
}

bool CodingChain::decode(size_t n, Bytes in, bool last, CodedOutput& out, size_t* consumed) {
  Stage& stage = stages_[n];
  if (n == 0 && stage.coding == Coding::kQuotedPrintable && stage.decoder != nullptr &&
      beyond_quoted_printable(in)) {
    out.decoded_break();
    stage.decoder = nullptr;
  }
  if (stage.decoder == nullptr || stage.ended) {
    const bool passed = stage.ended ? text(in, out) : pass(n, in, last, out);
    *consumed = passed ? in.size() : 0;
    return passed;
  }
  const bool to_text = n + 1 == stages_.size();
  const bool from_start = stage.taken == 0;
  while (true) {
    std::span<uint8_t> room;
    if (to_text) {
      room = out.decoded_room();
      if (room.empty()) return fail(Unread::kMemory);
      const uint64_t left = context_.options().max_output - text_;
      if (left < room.size()) room = room.first(std::max<size_t>(1, static_cast<size_t>(left)));
    } else {
      room = context_.pools().scratch(scratch_ + n);
    }
    const DecodeStep step = stage.decoder->decode(in.subspan(*consumed), room);
    *consumed += step.consumed;
    stage.taken += step.consumed;
    stage.produced += step.produced;
    context_.counters().decoded_bytes += step.produced;
    if (step.produced > 0) {
      if (n == 0 && !holds_ && fed_ <= kBlock) {
        holds_ = says_text(room.first(std::min<size_t>(step.produced, 1024)));
      }
      if (to_text) {
        if (text_ >= context_.options().max_output) {
          ++context_.counters().coding_limit;
          return fail(Unread::kUndecodable);
        }
        text_ += step.produced;
        out.decoded(step.produced);
      } else if (!pass(n, Bytes(room.data(), step.produced), false, out)) {
        return false;
      }
    }
    if (!within_limits(stage)) return false;
    switch (step.status) {
      case DecodeStatus::kOk:
        break;
      case DecodeStatus::kEnd: {
        stage.ended = true;
        count_checksums(stage);
        const std::vector<uint8_t> leftover(stage.decoder->leftover().begin(),
                                            stage.decoder->leftover().end());
        const Bytes rest = in.subspan(*consumed);
        if (!rest.empty() && stage.produced > 0 && may_deny(n)) return deny();
        *consumed = in.size();
        if (leftover.empty() && rest.empty()) return !last || to_text || pass(n, {}, true, out);
        out.decoded_break();
        return text(leftover, out) && text(rest, out);
      }
      case DecodeStatus::kCorrupt:
        // Declared so, but not so: nothing came out of it, and all of it is still here.
        if (from_start && stage.produced == 0) {
          if (!guessed_) ++context_.counters().coding_false;
          stage.decoder = nullptr;
          stage.name = {};
          const bool passed = pass(n, in, last, out);
          *consumed = passed ? in.size() : 0;
          return passed;
        }
        if (may_deny(n)) return deny();
        ++context_.counters().coding_corrupt;
        return fail(Unread::kUndecodable);
      case DecodeStatus::kUnsupported:
        ++context_.counters().coding_unknown;
        return fail(Unread::kUnsupported);
      case DecodeStatus::kLimit:
        ++context_.counters().coding_limit;
        return fail(Unread::kUndecodable);
      case DecodeStatus::kMemory:
        ++context_.counters().coding_memory;
        return fail(Unread::kMemory);
    }
    if (*consumed == in.size() && step.produced < room.size()) break;
  }
  if (!last) return true;
  count_checksums(stage);
  cut_ = cut_ || !stage.decoder->complete();
  return to_text || pass(n, {}, true, out);
}

void CodingChain::count_checksums(const Stage& stage) {
  const uint32_t errors = stage.decoder->checksum_errors();
  context_.counters().coding_checksum += errors;
  altered_ = altered_ || errors > 0;
}

std::string CodingChain::path() const {
  std::string path;
  for (const Stage& stage : stages_) {
    if (stage.name.empty()) continue;
    if (!path.empty()) path += '/';
    path += stage.name;
  }
  return path;
}

bool CodingChain::path_known() const {
  return std::ranges::all_of(stages_, [](const Stage& s) { return s.resolved; });
}

}  // namespace weir
