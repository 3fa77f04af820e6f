#include "parsers/codec/transfer.h"

#include <array>

namespace weir {

namespace {

constexpr uint8_t kNotBase64 = 0xff;

constexpr std::array<uint8_t, 256> make_base64_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kNotBase64);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (uint8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kAlphabet[i])] = i;
  values['-'] = 62;  // RFC 4648 5
  values['_'] = 63;
  return values;
}
constexpr std::array<uint8_t, 256> kBase64 = make_base64_values();

int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

DecodeStep Base64Decoder::decode(Bytes in, std::span<uint8_t> out) {
  DecodeStep step;
  while (step.consumed < in.size()) {
    const uint8_t c = in[step.consumed];
    if (c == '=') {
      // The end of a quantum; another may follow (several encodings one after the other).
      count_ = 0;
      ++step.consumed;
      continue;
    }
    const uint8_t value = kBase64[c];
    if (value == kNotBase64) {
      ++step.consumed;
      continue;
    }
    if (count_ > 0 && step.produced == out.size()) break;
    ++step.consumed;
    bits_ = bits_ << 6 | value;
    count_ = static_cast<uint8_t>(count_ + 6);
    if (count_ >= 8) {
      count_ = static_cast<uint8_t>(count_ - 8);
      out[step.produced++] = static_cast<uint8_t>(bits_ >> count_);
    }
  }
  return step;
}

DecodeStep QuotedPrintableDecoder::decode(Bytes in, std::span<uint8_t> out) {
  DecodeStep step;
  while (true) {
    uint8_t given = 0;
    while (given < queued_ && step.produced < out.size()) out[step.produced++] = queue_[given++];
    for (uint8_t i = given; i < queued_; ++i) queue_[i - given] = queue_[i];
    queued_ = static_cast<uint8_t>(queued_ - given);
    if (queued_ > 0 || step.produced == out.size() || step.consumed == in.size()) return step;
    byte(in[step.consumed++]);
  }
}

void QuotedPrintableDecoder::byte(uint8_t c) {
  if (held_size_ == 0) {
    if (c == '=') {
      held_[held_size_++] = c;
    } else {
      put(c);
    }
    return;
  }
  const auto blank = [](uint8_t b) { return b == '\r' || b == ' ' || b == '\t'; };
  if (held_size_ == 1) {
    if (c == '\n') {
      held_size_ = 0;  // soft line break
    } else if (blank(c) || hex_digit(c) >= 0) {
      held_[held_size_++] = c;
    } else {
      put(held_[0]);
      held_size_ = 0;
      byte(c);
    }
    return;
  }
  const uint8_t first = held_[1];
  held_size_ = 0;
  if (blank(first)) {
    // Blanks before the break are padding of transports.
    if (c == '\n') return;
    if (blank(c)) {
      held_[1] = c;
      held_size_ = 2;
      return;
    }
  } else if (hex_digit(c) >= 0) {
    put(static_cast<uint8_t>(hex_digit(first) * 16 + hex_digit(c)));
    return;
  }
  put(held_[0]);
  put(first);
  byte(c);
}

}  // namespace weir
