// Encodings that hide a text as a whole: the words of RFC 2047, runs of base64.
#include <algorithm>
#include <array>

#include "sensor/match/metadata_parts.h"

namespace weir {

namespace {

// Fewer characters hold fewer than seven digits.
constexpr size_t kShortestRun = 10;
constexpr size_t kShortestText = 7;
constexpr size_t kLongestCharset = 64;

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::string base64_bytes(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) continue;  // RFC 2045 6.8: what is not of the alphabet is passed over
    bits = (bits << 6) | static_cast<uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have);
  }
  return out;
}

std::string q_bytes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

void append(std::string_view text, MetadataOrigin origin, MetadataReading* out) {
  out->text += text;
  out->origins.insert(out->origins.end(), text.size(), origin);
}

void copy(const MetadataReading& in, size_t begin, size_t end, MetadataReading* out) {
  out->text.append(in.text, begin, end - begin);
  out->origins.insert(out->origins.end(), in.origins.begin() + static_cast<std::ptrdiff_t>(begin),
                      in.origins.begin() + static_cast<std::ptrdiff_t>(end));
}

// An encoded word: "=?charset?B?payload?=".
struct Word {
  size_t begin = 0, payload = 0, payload_end = 0, end = 0;
  char coding = 0;
};

// The first from `pos` on.
bool next_word(std::string_view text, size_t pos, Word* word) {
  for (;; pos = word->begin + 2) {
    word->begin = text.find("=?", pos);
    if (word->begin == std::string_view::npos) return false;
    const size_t charset_end = text.find('?', word->begin + 2);
    if (charset_end == std::string_view::npos) return false;
    if (charset_end - word->begin > kLongestCharset || charset_end + 2 >= text.size()) continue;
    word->coding = text[charset_end + 1];
    const bool known =
        word->coding == 'B' || word->coding == 'b' || word->coding == 'Q' || word->coding == 'q';
    if (!known || text[charset_end + 2] != '?') continue;
    word->payload = charset_end + 3;
    // One whose end is cut off reaches to the end.
    word->payload_end = std::min(text.find("?=", word->payload), text.size());
    word->end = std::min(word->payload_end + 2, text.size());
    return true;
  }
}

bool blank(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == ' '; });
}

// Whether there is enough in it that is text: bytes taken by mistake are seldom seven characters of it in a
// row.
bool holds_text(std::string_view clean) {
  size_t row = 0;
  for (size_t pos = 0; pos < clean.size();) {
    size_t length = 0;
    const uint32_t code = code_point_at(clean, pos, &length);
    row = code == 0xFFFD ? 0 : row + 1;
    if (row == kShortestText) return true;
    pos += length;
  }
  return false;
}

// A run of base64, [begin, end) of the text. What is hidden of it goes from one '/' to the next: a path is a
// run too.
struct Run {
  Run(const MetadataReading& in, size_t b, size_t e) : begin(b), text(in.text.data() + b, e - b) {
    // By character: the stretch that is hidden with it.
    stretches.resize(text.size());
    for (size_t from = 0; from < text.size();) {
      size_t to = std::min(text.find('/', from + 1), text.size());
      size_t last = begin + to;
      while (to == text.size() && last < in.text.size() && in.text[last] == '=') ++last;
      for (size_t i = from; i < to; ++i) {
        stretches[i] = {in.origins[begin + from].begin, in.origins[last - 1].end, true, false};
      }
      from = to;
    }
  }
  size_t begin;
  std::string_view text;
  std::vector<MetadataOrigin> stretches;
};

// Bytes as text: its characters, and by each of their bytes which of the bytes it came from.
struct Decoded {
  std::string text;
  std::vector<uint32_t> from;

  void add(std::string_view character, size_t byte) {
    text += character;
    from.insert(from.end(), character.size(), static_cast<uint32_t>(byte));
  }
};

Decoded as_utf8(std::string_view bytes) {
  Decoded out;
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = std::max<size_t>(valid_character(bytes, i), 1);
    out.add(clean_metadata(bytes.substr(i, length), length), i);
    i += length;
  }
  return out;
}

// The basic plane is enough for what values are written with.
Decoded as_utf16(std::string_view bytes, size_t first, bool big_endian) {
  Decoded out;
  for (size_t i = first; i + 2 <= bytes.size(); i += 2) {
    const auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    const uint32_t unit = big_endian ? uint32_t{a} << 8 | b : uint32_t{b} << 8 | a;
    std::string character;
    append_utf8(unit < ' ' ? ' ' : unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit, &character);
    out.add(character, i);
  }
  return out;
}

// What may be found in it from its `shift`-th character on.
void add_run(const MetadataReading& in, const Run& run, size_t shift, MetadataReading* out) {
  const std::string bytes = base64_bytes(run.text.substr(shift));
  const auto add = [&](const Decoded& decoded) {
    if (!holds_text(decoded.text)) return;
    append("\xEF\xBF\xBD", in.origins[run.begin], out);
    out->text += decoded.text;
    for (const uint32_t byte : decoded.from) out->origins.push_back(run.stretches[shift + byte * 4 / 3]);
  };
  add(as_utf8(bytes));
  constexpr std::ptrdiff_t kNuls = 3;  // of UTF-16 with ASCII in it
  if (std::ranges::count(bytes, '\0') < kNuls) return;
  for (const size_t first : {size_t{0}, size_t{1}}) {
    for (const bool big_endian : {false, true}) add(as_utf16(bytes, first, big_endian));
  }
}

// An escaped byte at `pos`: its length, 0 where there is none.
size_t escaped_byte(std::string_view text, size_t pos, char* byte) {
  size_t digits = pos + 1;
  if (text[pos] == '%') {
    while (text.substr(digits, 2) == "25" && digits + 4 <= text.size() && hex_value(text[digits + 2]) >= 0 &&
           hex_value(text[digits + 3]) >= 0) {
      digits += 2;
    }
  } else if (text.substr(pos, 2) == "\\x") {
    ++digits;
  } else {
    return 0;
  }
  if (digits + 2 > text.size()) return 0;
  const int high = hex_value(text[digits]), low = hex_value(text[digits + 1]);
  if (high < 0 || low < 0) return 0;
  *byte = static_cast<char>(high * 16 + low);
  return digits + 2 - pos;
}

bool is_utf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = valid_character(bytes, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace

bool decode_words(const MetadataReading& in, MetadataReading* out) {
  Word word;
  size_t done = 0;
  bool any = false;
  out->fragments = in.fragments;
  while (next_word(in.text, done, &word)) {
    const std::string_view between = std::string_view(in.text).substr(done, word.begin - done);
    if (!any || !blank(between)) copy(in, done, word.begin, out);
    MetadataOrigin origin{UINT32_MAX, 0, true, false};
    for (size_t i = word.begin; i < word.end; ++i) {
      origin.begin = std::min(origin.begin, in.origins[i].begin);
      origin.end = std::max(origin.end, in.origins[i].end);
    }
    const std::string_view payload =
        std::string_view(in.text).substr(word.payload, word.payload_end - word.payload);
    const std::string bytes =
        word.coding == 'B' || word.coding == 'b' ? base64_bytes(payload) : q_bytes(payload);
    append(clean_metadata(bytes, bytes.size()), origin, out);
    done = word.end;
    any = true;
  }
  if (any) copy(in, done, in.text.size(), out);
  return any;
}

bool decode_base64_runs(const MetadataReading& in, MetadataReading* out) {
  out->fragments = true;
  const std::string_view text = in.text;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && base64_value(text[end]) >= 0) ++end;
    if (end - begin >= kShortestRun) {
      const Run run(in, begin, end);
      for (size_t shift = 0; shift < 4; ++shift) add_run(in, run, shift, out);
    }
    begin = end + 1;
  }
  return !out->text.empty();
}

void hide_foreign_bytes(std::string* text) {
  std::string out, bytes;
  size_t done = 0;
  for (size_t pos = 0; pos < text->size();) {
    char byte = 0;
    const size_t length = escaped_byte(*text, pos, &byte);
    if (length == 0 || static_cast<signed char>(byte) >= 0) {
      pos += std::max<size_t>(length, 1);
      continue;
    }
    // From this byte beyond ASCII to the last one that escapes follow without a break.
    bytes.assign(1, byte);
    size_t high = 1, kept = 1, end = pos + length;
    for (size_t at = end, n = 0; at < text->size() && (n = escaped_byte(*text, at, &byte)) > 0;) {
      at += n;
      bytes += byte;
      if (static_cast<signed char>(byte) >= 0) continue;
      ++high;
      kept = bytes.size();
      end = at;
    }
    // One alone is half a character: a separator, or no escape at all.
    if (high > 1 && !is_utf8(std::string_view(bytes).substr(0, kept))) {
      out.append(*text, done, pos - done);
      out += "***";
      done = end;
    }
    pos = end;
  }
  if (done == 0) return;
  out.append(*text, done);
  *text = std::move(out);
}

}  // namespace weir
