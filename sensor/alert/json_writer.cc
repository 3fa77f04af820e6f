#include "sensor/alert/json_writer.h"

namespace weir {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7); 0 when there is
// none.
size_t sequence_length(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return follows(1) ? 2 : 0;
  if (first < 0xf0) {
    const bool good = follows(1) && follows(2) && !(first == 0xe0 && at(1) < 0xa0) &&
                      !(first == 0xed && at(1) > 0x9f);  // overlong; surrogates
    return good ? 3 : 0;
  }
  const bool good = follows(1) && follows(2) && follows(3) && !(first == 0xf0 && at(1) < 0x90) &&
                    !(first == 0xf4 && at(1) > 0x8f);
  return good ? 4 : 0;
}

}  // namespace

void JsonWriter::key(std::string_view name) {
  separate();
  append_escaped(name);
  out_ += ':';
  after_key_ = true;
}

void JsonWriter::text(std::string_view value) {
  separate();
  append_escaped(value);
}

void JsonWriter::number(int64_t value) {
  separate();
  out_ += std::to_string(value);
}

void JsonWriter::number(uint64_t value) {
  separate();
  out_ += std::to_string(value);
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::append_escaped(std::string_view value) {
  constexpr char kHex[] = "0123456789abcdef";
  out_ += '"';
  while (!value.empty()) {
    const char c = value[0];
    const auto byte = static_cast<unsigned char>(c);
    size_t length = 1;
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (c == '\t') {
      out_ += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out_ += "\\u00";
      out_ += kHex[byte >> 4];
      out_ += kHex[byte & 15];
    } else {
      length = sequence_length(value);
      if (length == 0) {
        out_ += "\xef\xbf\xbd";
        length = 1;
      } else {
        out_ += value.substr(0, length);
      }
    }
    value.remove_prefix(length);
  }
  out_ += '"';
}

}  // namespace weir
