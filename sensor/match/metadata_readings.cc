#include "sensor/match/metadata_readings.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sensor/match/characters.h"

namespace weir {

namespace {

constexpr int kRounds = 4;

// The zeros of the decimal digits of all scripts (Unicode 15, general category Nd); their nines follow.
constexpr uint32_t kZeros[] = {
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,
    0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,
    0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
    0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
    0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0};

bool is_invisible(uint32_t code) {
  return (code >= 0x200B && code <= 0x200D) || code == 0x2060 || code == 0xFEFF || code == 0xAD ||
         (code >= 0xFE00 && code <= 0xFE0F);
}

void append_utf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0 | (code >> 6));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0 | (code >> 12));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | (code >> 18));
    *out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Bytes of a whole, valid character at `pos`, or 0.
size_t valid_character(std::string_view text, size_t pos) {
  const auto c = static_cast<unsigned char>(text[pos]);
  if (c < 0x80) return 1;
  size_t length = 0;
  const uint32_t code = code_point_at(text, pos, &length);
  if (length == 1) return 0;
  const bool overlong = code < (length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u);
  return overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : length;
}

int hex_value(char c) {
  return is_digit(c)            ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

bool percent_byte(std::string_view text, size_t pos, char* byte) {
  if (pos + 3 > text.size() || text[pos] != '%') return false;
  const int high = hex_value(text[pos + 1]), low = hex_value(text[pos + 2]);
  if (high < 0 || low < 0) return false;
  *byte = static_cast<char>(high * 16 + low);
  return true;
}

bool unicode_escape(std::string_view text, size_t pos, uint32_t* code) {
  if (pos + 6 > text.size() || text[pos] != '\\' || (text[pos + 1] != 'u' && text[pos + 1] != 'U'))
    return false;
  uint32_t value = 0;
  for (size_t i = 2; i < 6; ++i) {
    const int digit = hex_value(text[pos + i]);
    if (digit < 0) return false;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  *code = value;
  return true;
}

class Decoder {
 public:
  explicit Decoder(const MetadataReading& source) : source_(source), in_(source.text) {}

  // One round of everything; false when nothing changed.
  bool run(MetadataReading* out) {
    out_ = out;
    for (size_t pos = 0; pos < in_.size();) pos += step(pos);
    out_->from.push_back(source_.from.back());
    return changed_;
  }

 private:
  void put(uint32_t code, size_t source) {
    const auto* const zero = std::ranges::upper_bound(kZeros, code);
    if (is_invisible(code)) {
      changed_ = true;
      return;
    }
    if (zero != std::begin(kZeros) && code - *std::prev(zero) < 10) {
      code = '0' + (code - *std::prev(zero));
      changed_ = true;
    } else if (code == 0xFF20) {  // ＠
      code = '@';
      changed_ = true;
    } else if (code < ' ' || code == 0x7F) {
      code = ' ';
    }
    const size_t before = out_->text.size();
    append_utf8(code, &out_->text);
    out_->from.insert(out_->from.end(), out_->text.size() - before, source_.from[source]);
  }

  // Bytes taken.
  size_t step(size_t pos) {
    char byte = 0;
    if (percent_byte(in_, pos, &byte)) {
      changed_ = true;
      // A character of several bytes is several escapes.
      std::string bytes(1, byte);
      const auto lead = static_cast<unsigned char>(byte);
      const size_t want = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
      while (bytes.size() < want && percent_byte(in_, pos + 3 * bytes.size(), &byte) &&
             is_continuation(byte)) {
        bytes += byte;
      }
      const size_t length = valid_character(bytes, 0);
      size_t ignored = 0;
      put(length == bytes.size() ? code_point_at(bytes, 0, &ignored) : 0xFFFD, pos);
      return length == bytes.size() ? 3 * length : 3;
    }
    uint32_t code = 0, low = 0;
    if (unicode_escape(in_, pos, &code)) {
      changed_ = true;
      if (code >= 0xD800 && code < 0xDC00 && unicode_escape(in_, pos + 6, &low) && low >= 0xDC00 &&
          low < 0xE000) {
        put(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), pos);
        return 12;
      }
      put(code >= 0xD800 && code < 0xE000 ? 0xFFFD : code, pos);
      return 6;
    }
    size_t length = 0;
    put(code_point_at(in_, pos, &length), pos);
    return length;
  }

  const MetadataReading& source_;
  std::string_view in_;
  MetadataReading* out_ = nullptr;
  bool changed_ = false;
};

}  // namespace

std::string clean_metadata(std::string_view wire, size_t limit) {
  wire = wire.substr(0, limit);
  std::string out;
  out.reserve(wire.size());
  for (size_t pos = 0; pos < wire.size();) {
    const size_t length = valid_character(wire, pos);
    const auto c = static_cast<unsigned char>(wire[pos]);
    const bool c1 = c == 0xC2 && length == 2 && static_cast<unsigned char>(wire[pos + 1]) < 0xA0;
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if ((length == 1 && (c < ' ' || c == 0x7F)) || c1) {
      out += ' ';
    } else {
      out += wire.substr(pos, length);
    }
    pos += std::max<size_t>(length, 1);
  }
  return out;
}

std::vector<MetadataReading> metadata_readings(const std::string& clean) {
  std::vector<MetadataReading> readings(1);
  readings[0].text = clean;
  for (size_t i = 0; i <= clean.size(); ++i) readings[0].from.push_back(static_cast<uint32_t>(i));
  for (int round = 0; round < kRounds; ++round) {
    MetadataReading next;
    if (!Decoder(readings.back()).run(&next)) break;
    readings.push_back(std::move(next));
  }
  if (readings.back().text.find('+') != std::string::npos) {
    MetadataReading spaced = readings.back();
    std::ranges::replace(spaced.text, '+', ' ');
    readings.push_back(std::move(spaced));
  }
  return readings;
}

}  // namespace weir
