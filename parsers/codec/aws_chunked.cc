#include "parsers/codec/aws_chunked.h"

#include <algorithm>
#include <cstring>

namespace weir {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

// The line in line_, without its line end.
bool AwsChunkedDecoder::take_line() {
  std::string_view line(line_.data(), line_size_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  uint64_t size = 0;
  size_t digits = 0;
  for (; digits < line.size() && hex_digit(line[digits]) >= 0; ++digits) {
    if (digits == 15) return false;
    size = size << 4 | static_cast<uint64_t>(hex_digit(line[digits]));
  }
  line.remove_prefix(digits);
  constexpr std::string_view kSignature = ";chunk-signature=";
  const bool bare = line.empty();  // unsigned payloads with a trailer
  const bool has =
      line.starts_with(kSignature) && line.size() == kSignature.size() + 64 &&
      std::ranges::all_of(line.substr(kSignature.size()), [](char c) { return hex_digit(c) >= 0; });
  if (digits == 0 || (!bare && !has)) return false;
  left_ = size;
  line_size_ = 0;
  return true;
}

DecodeStep AwsChunkedDecoder::decode(Bytes in, std::span<uint8_t> out) {
  DecodeStep step;
  while (true) {
    switch (at_) {
      case At::kLine: {
        if (step.consumed == in.size()) return step;
        const auto c = static_cast<char>(in[step.consumed++]);
        if (c != '\n') {
          if (line_size_ == kMostLine) {
            at_ = At::kFailed;
            break;
          }
          line_[line_size_++] = c;
          break;
        }
        at_ = !take_line() ? At::kFailed : left_ == 0 ? At::kDone : At::kData;
        break;
      }
      case At::kData: {
        const size_t n = static_cast<size_t>(
            std::min<uint64_t>({left_, in.size() - step.consumed, out.size() - step.produced}));
        if (n == 0) return step;
        std::memcpy(out.data() + step.produced, in.data() + step.consumed, n);
        step.consumed += n;
        step.produced += n;
        left_ -= n;
        if (left_ == 0) at_ = At::kDataEnd;
        break;
      }
      case At::kDataEnd:
        if (step.consumed == in.size()) return step;
        // CR LF; at_ goes on with the LF.
        if (in[step.consumed] == '\r' && left_ == 0) {
          left_ = 1;
          ++step.consumed;
        } else if (in[step.consumed] == '\n') {
          left_ = 0;
          ++step.consumed;
          at_ = At::kLine;
        } else {
          at_ = At::kFailed;
        }
        break;
      case At::kDone:
        step.status = DecodeStatus::kEnd;
        return step;
      case At::kFailed:
        step.status = DecodeStatus::kCorrupt;
        return step;
    }
  }
}

}  // namespace weir
