#include "sensor/match/metadata_readings.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sensor/match/metadata_digits.h"
#include "sensor/match/metadata_parts.h"

namespace weir {

namespace {

// A string is read in at most so many ways, of so many bytes together for each of its own: escapes eight
// times over, a word or base64 inside each other. Nobody writes more by accident.
constexpr size_t kMostReadings = 16;
constexpr size_t kMostBytes = 16;
constexpr size_t kLongestTag = 64;
constexpr size_t kLongestEntity = 32;

// Named characters of HTML that values are written with. Any other counts as a space.
struct Entity {
  std::string_view name;
  uint32_t code;
};
constexpr Entity kEntities[] = {
    {"commat", '@'},
    {"period", '.'},
    {"lowbar", '_'},
    {"UnderBar", '_'},
    {"hyphen", '-'},
    {"dash", '-'},
    {"plus", '+'},
    {"num", '#'},
    {"percnt", '%'},
    {"bsol", '\\'},
    {"amp", '&'},
    {"AMP", '&'},
    {"semi", ';'},
    {"equals", '='},
    {"sol", '/'},
    {"lpar", '('},
    {"rpar", ')'},
    {"colon", ':'},
    {"comma", ','},
    {"quest", '?'},
    {"lt", '<'},
    {"gt", '>'},
    {"quot", '"'},
    {"apos", '\''},
    {"shy", 0xAD},
    {"zwj", 0x200D},
    {"zwnj", 0x200C},
    {"lrm", 0x200E},
    {"rlm", 0x200F},
    {"NoBreak", 0x2060},
    {"ZeroWidthSpace", 0x200B},
};

bool is_invisible(uint32_t code) {
  if (code < 0x80) return false;
  const auto c = static_cast<UChar32>(code);
  return code == 0x20E3 || u_charType(c) == U_FORMAT_CHAR ||
         u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
}

bool is_text(uint32_t code) {
  return code >= ' ' && code != 0x7F && (code < 0x80 || code >= 0xA0) && code != 0xFFFD;
}

// An escape at some place: what it stands for, and how long it is.
struct Escape {
  uint32_t code = 0;
  size_t length = 0;  // 0: there is none
};

// Up to `most` hex digits (at least one) as a number; `*taken` of them.
uint32_t hex_number(std::string_view text, size_t most, size_t* taken) {
  uint32_t value = 0;
  size_t n = 0;
  while (n < most && n < text.size() && hex_value(text[n]) >= 0) {
    value = std::min<uint32_t>(value, 0xFFFFFFF) * 16 + static_cast<uint32_t>(hex_value(text[n++]));
  }
  *taken = n;
  return value;
}

bool percent_byte(std::string_view text, size_t pos, char* byte) {
  if (pos + 3 > text.size() || text[pos] != '%') return false;
  const int high = hex_value(text[pos + 1]), low = hex_value(text[pos + 2]);
  if (high < 0 || low < 0) return false;
  *byte = static_cast<char>(high * 16 + low);
  return true;
}

// %XX; several of them for a character of several bytes (RFC 3986 2.1).
Escape percent(std::string_view text, size_t pos) {
  char byte = 0;
  if (!percent_byte(text, pos, &byte)) return {};
  std::string bytes(1, byte);
  const auto lead = static_cast<unsigned char>(byte);
  const size_t want = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  while (bytes.size() < want && percent_byte(text, pos + 3 * bytes.size(), &byte) && is_continuation(byte)) {
    bytes += byte;
  }
  size_t ignored = 0;
  if (valid_character(bytes, 0) != bytes.size()) return {0xFFFD, 3};
  return {code_point_at(bytes, 0, &ignored), 3 * bytes.size()};
}

// `u` and four digits behind '\\' or '%', with the second half of a pair (RFC 8259 7; %u of old browsers).
Escape unit16(std::string_view text, size_t pos) {
  const auto unit = [&](size_t at, uint32_t* value) {
    if (at + 6 > text.size() || text[at] != text[pos] || (text[at + 1] != 'u' && text[at + 1] != 'U'))
      return false;
    size_t taken = 0;
    *value = hex_number(text.substr(at + 2), 4, &taken);
    return taken == 4;
  };
  uint32_t high = 0, low = 0;
  if (!unit(pos, &high)) return {};
  if (high >= 0xD800 && high < 0xDC00 && unit(pos + 6, &low) && low >= 0xDC00 && low < 0xE000) {
    return {0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12};
  }
  return {high, 6};
}

// Escapes of programming languages and of CSS.
Escape backslash(std::string_view text, size_t pos) {
  const std::string_view rest = text.substr(pos + 1);
  if (rest.empty()) return {};
  size_t taken = 0;
  const char c = rest[0];
  if ((c == 'u' || c == 'x') && rest.size() > 1 && rest[1] == '{') {  // \u{31}, \x{31}
    const uint32_t code = hex_number(rest.substr(2), 8, &taken);
    if (taken > 0 && rest.size() > taken + 2 && rest[taken + 2] == '}') return {code, taken + 4};
  }
  if (rest.starts_with("N{U+") || rest.starts_with("o{")) {  // \N{U+0031}, \o{61} of Perl
    const bool octal = c == 'o';
    const size_t first = octal ? 2 : 4;
    uint32_t code = 0;
    size_t n = first;
    for (; n < rest.size() && n < first + 8 && hex_value(rest[n]) >= 0; ++n) {
      if (octal && hex_value(rest[n]) > 7) break;
      code =
          std::min<uint32_t>(code, 0xFFFFFF) * (octal ? 8 : 16) + static_cast<uint32_t>(hex_value(rest[n]));
    }
    return n > first && n < rest.size() && rest[n] == '}' ? Escape{code, n + 2} : Escape{};
  }
  if (c == 'U') {
    const uint32_t code = hex_number(rest.substr(1), 8, &taken);
    if (taken == 8) return {code, 10};
  }
  if (c == 'u' || c == 'U') return unit16(text, pos);
  if (c == 'x') {
    const uint32_t code = hex_number(rest.substr(1), 2, &taken);
    return taken > 0 ? Escape{code, taken + 2} : Escape{};
  }
  if (c >= '0' && c <= '7') {  // \061; \31 of CSS where that is no text
    uint32_t octal = 0;
    size_t n = 0;
    while (n < 3 && n < rest.size() && rest[n] >= '0' && rest[n] <= '7') {
      octal = octal * 8 + static_cast<uint32_t>(rest[n++] - '0');
    }
    const uint32_t css = hex_number(rest, 2, &taken);
    if (!is_text(octal) && is_text(css) && taken == 2) {
      return {css, rest.size() > 2 && rest[2] == ' ' ? size_t{4} : size_t{3}};
    }
    return {octal, n + 1};
  }
  return std::string_view("abefnrtv").find(c) != std::string_view::npos ? Escape{' ', 2} : Escape{};
}

// 0x31 alone, chr(49), char(0x31): a character as programs write it, one behind the other.
Escape number(std::string_view text, size_t pos) {
  const auto lower = [&](size_t i) { return i < text.size() ? static_cast<char>(text[i] | 0x20) : '\0'; };
  size_t at = pos;
  if (lower(at) == 'c') {
    if (lower(at + 1) != 'h') return {};
    at += lower(at + 2) == 'a' ? 3 : 2;
    if (lower(at) != 'r' || at + 1 >= text.size() || text[at + 1] != '(') return {};
    at += 2;
  }
  const bool call = at != pos, hex = at < text.size() && text[at] == '0' && lower(at + 1) == 'x';
  if (!call && !hex) return {};
  if (hex) at += 2;
  uint32_t code = 0;
  const size_t first = at;
  for (; at < text.size() && at < first + 6; ++at) {
    const int value = hex_value(text[at]);
    if (value < 0 || (!hex && value > 9)) break;
    code = code * (hex ? 16 : 10) + static_cast<uint32_t>(value);
  }
  if (at == first) return {};
  if (call) {
    if (at >= text.size() || text[at] != ')') return {};
    ++at;
  } else if (at != first + 2 || !is_text(code) || (at < text.size() && is_alphanumeric(text[at]))) {
    return {};
  }
  // With what joins it to the next: + of a program, a blank or comma of a list.
  size_t next = at;
  while (next < text.size() && next < at + 3 &&
         std::string_view("+.&|, ").find(text[next]) != std::string_view::npos)
    ++next;
  const bool goes_on = (text.substr(next).starts_with('0') && lower(next + 1) == 'x') ||
                       (lower(next) == 'c' && lower(next + 1) == 'h');
  if (!goes_on) next = call && text.substr(at).starts_with('+') ? at + 1 : at;
  return {code, next - pos};
}

// &#49; &#x31; &nbsp; (the ';' of a number may be missing, as browsers have it).
Escape entity(std::string_view text, size_t pos) {
  std::string_view rest = text.substr(pos + 1);
  if (rest.starts_with('#')) {
    rest.remove_prefix(1);
    const bool hex = rest.starts_with('x') || rest.starts_with('X');
    if (hex) rest.remove_prefix(1);
    uint32_t code = 0;
    size_t n = 0;
    while (n < rest.size() && n < kLongestEntity && (hex ? hex_value(rest[n]) >= 0 : is_digit(rest[n]))) {
      code =
          std::min<uint32_t>(code, 0xFFFFFF) * (hex ? 16 : 10) + static_cast<uint32_t>(hex_value(rest[n++]));
    }
    if (n == 0) return {};
    const bool closed = n < rest.size() && rest[n] == ';';
    return {code, (hex ? 3u : 2u) + n + (closed ? 1u : 0u)};
  }
  size_t n = 0;
  while (n < rest.size() && n < kLongestEntity && is_alphanumeric(rest[n])) ++n;
  if (n < 2 || !is_letter(rest[0]) || n == rest.size() || rest[n] != ';') return {};
  const std::string_view name = rest.substr(0, n);
  const auto* const known = std::ranges::find(kEntities, name, &Entity::name);
  return {known != std::end(kEntities) ? known->code : uint32_t{' '}, n + 2};
}

// Bytes of a tag of HTML at `pos`, which shows nothing; 0 where there is none. One that holds anything that a
// value could be written with, but for letters and digits, is none.
size_t tag_length(std::string_view text, size_t pos) {
  for (size_t i = pos + 1; i < text.size() && i < pos + kLongestTag; ++i) {
    const char c = text[i];
    if (c == '>') return i > pos + 1 ? i + 1 - pos : 0;
    const bool first = i == pos + 1;
    if (first ? !is_letter(c) && c != '/' && c != '!'
              : !is_alphanumeric(c) && std::string_view(" =\"'/:;.-!").find(c) == std::string_view::npos) {
      return 0;
    }
  }
  return 0;
}

MetadataOrigin span_of(const MetadataReading& reading, size_t begin, size_t end) {
  MetadataOrigin out = reading.origins[begin];
  for (size_t i = begin + 1; i < end; ++i) {
    const MetadataOrigin& o = reading.origins[i];
    out.begin = std::min(out.begin, o.begin);
    out.end = std::max(out.end, o.end);
    out.whole = out.whole || o.whole;
    out.odd = out.odd || o.odd;
  }
  return out;
}

class Decoder {
 public:
  Decoder(const MetadataReading& source, MetadataReading* out)
      : source_(source), in_(source.text), out_(out) {
    out_->fragments = source.fragments;
    out_->text.reserve(in_.size());
    out_->origins.reserve(in_.size());
  }

  // One round of everything; false when nothing changed.
  bool run() {
    for (size_t pos = 0; pos < in_.size();) pos += step(pos);
    return changed_;
  }

  // Only what is certainly an escape: %XX that stands for text.
  bool run_strict() {
    for (size_t pos = 0; pos < in_.size();) {
      const Escape e = in_[pos] == '%' ? percent(in_, pos) : Escape{};
      if (e.length > 0 && is_text(e.code)) {
        put(e.code, pos, e.length, false);
        changed_ = true;
        pos += e.length;
      } else {
        pos += plain(pos);
      }
    }
    return changed_;
  }

 private:
  size_t plain(size_t pos) {
    size_t length = 0;
    put(code_point_at(in_, pos, &length), pos, length, false);
    return length;
  }

  void put(uint32_t code, size_t pos, size_t length, bool odd) {
    if (is_invisible(code)) {
      changed_ = true;
      return;
    }
    const int digit = code < 0x80 ? -1 : u_charDigitValue(static_cast<UChar32>(code));
    if (digit >= 0) {
      code = '0' + static_cast<uint32_t>(digit);
      changed_ = true;
    } else if (code >= 0xFF01 && code <= 0xFF5E) {  // full-width forms
      code -= 0xFEE0;
      changed_ = true;
    } else if (code != 0 && (code < ' ' || (code >= 0x7F && code < 0xA0))) {
      code = ' ';
    }
    const size_t before = out_->text.size();
    append_utf8(code, &out_->text);
    MetadataOrigin origin = span_of(source_, pos, pos + length);
    origin.odd = origin.odd || odd;
    out_->origins.insert(out_->origins.end(), out_->text.size() - before, origin);
  }

  // Bytes taken.
  size_t step(size_t pos) {
    Escape e;
    switch (in_[pos]) {
      case '%':
        e = unit16(in_, pos);
        if (e.length == 0) e = percent(in_, pos);
        break;
      case '\\':
        e = backslash(in_, pos);
        break;
      case '&':
        e = entity(in_, pos);
        break;
      case '0':
      case 'c':
      case 'C':
        e = number(in_, pos);
        break;
      case '<':
        if (const size_t tag = tag_length(in_, pos); tag > 0) {
          changed_ = true;
          return tag;
        }
        break;
      default:
        break;
    }
    if (e.length == 0) return plain(pos);
    changed_ = true;
    const bool good = is_text(e.code) && e.code <= 0x10FFFF && (e.code < 0xD800 || e.code >= 0xE000);
    put(good || e.code == 0 ? e.code : e.code < 0xA0 ? uint32_t{' '} : 0xFFFD, pos, e.length, !good);
    return e.length;
  }

  const MetadataReading& source_;
  std::string_view in_;
  MetadataReading* out_;
  bool changed_ = false;
};

// Bytes of an escape sequence of a terminal (ECMA-48 5.4) at `pos`, or 0.
size_t control_sequence(std::string_view wire, size_t pos) {
  if (wire[pos] != '\x1B' || pos + 1 >= wire.size() || wire[pos + 1] != '[') return 0;
  size_t end = pos + 2;
  while (end < wire.size() && end < pos + 32 && wire[end] >= 0x20 && wire[end] < 0x40) ++end;
  return end < wire.size() && wire[end] >= 0x40 && wire[end] < 0x7F ? end + 1 - pos : 0;
}

// Without its NULs: what is left of UTF-16 is ASCII.
bool without_nuls(const MetadataReading& in, MetadataReading* out) {
  if (in.text.find('\0') == std::string::npos) return false;
  out->fragments = in.fragments;
  for (size_t i = 0; i < in.text.size(); ++i) {
    if (in.text[i] == '\0') continue;
    out->text += in.text[i];
    out->origins.push_back(in.origins[i]);
  }
  return true;
}

// Numerals that are no digits of a script (Han, circled) as ASCII: a reading of its own, since 一 is a word
// too.
bool fold_numerals(const MetadataReading& in, MetadataReading* out) {
  bool changed = false;
  for (size_t pos = 0; pos < in.text.size();) {
    size_t length = 0;
    const uint32_t code = code_point_at(in.text, pos, &length);
    const int value = code < 0x80 ? -1 : numeral_value(code);
    if (value >= 0) {
      changed = true;
      out->text += static_cast<char>('0' + value);
      out->origins.push_back(in.origins[pos]);
    } else {
      out->text.append(in.text, pos, length);
      out->origins.insert(out->origins.end(), in.origins.begin() + static_cast<std::ptrdiff_t>(pos),
                          in.origins.begin() + static_cast<std::ptrdiff_t>(pos + length));
    }
    pos += length;
  }
  return changed;
}

MetadataReading as_it_stands(const std::string& clean) {
  MetadataReading reading;
  reading.text = clean;
  reading.origins.reserve(clean.size());
  for (size_t i = 0; i < clean.size();) {
    size_t n = 1;
    while (i + n < clean.size() && is_continuation(clean[i + n])) ++n;
    reading.origins.insert(reading.origins.end(), n,
                           {static_cast<uint32_t>(i), static_cast<uint32_t>(i + n), false, false});
    i += n;
  }
  return reading;
}

}  // namespace

std::string clean_metadata(std::string_view wire, size_t limit) {
  wire = wire.substr(0, limit);
  std::string out;
  out.reserve(wire.size());
  for (size_t pos = 0; pos < wire.size();) {
    const size_t length = valid_character(wire, pos);
    const auto c = static_cast<unsigned char>(wire[pos]);
    const bool c1 = c == 0xC2 && length == 2 && static_cast<unsigned char>(wire[pos + 1]) < 0xA0;
    if (const size_t sequence = control_sequence(wire, pos); sequence > 0) {
      out += ' ';
      pos += sequence;
      continue;
    }
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if ((length == 1 && c != 0 && (c < ' ' || c == 0x7F)) || c1) {
      out += ' ';
    } else {
      out += wire.substr(pos, length);
    }
    pos += std::max<size_t>(length, 1);
  }
  return out;
}

bool metadata_readings(const std::string& clean, std::vector<MetadataReading>* readings) {
  readings->clear();
  readings->push_back(as_it_stands(clean));
  size_t bytes = clean.size();
  const size_t most = kMostBytes * std::max<size_t>(clean.size(), 256);
  const auto add = [&](MetadataReading&& reading) {
    // Two ways may lead to one text.
    for (const MetadataReading& other : *readings) {
      if (other.text == reading.text && other.fragments == reading.fragments) return true;
    }
    bytes += reading.text.size();
    readings->push_back(std::move(reading));
    return readings->size() <= kMostReadings && bytes <= most;
  };
  MetadataReading strict;
  if (Decoder((*readings)[0], &strict).run_strict()) {
    // What is an escape there is no digit: "%20%281%29" is " (1)".
    (*readings)[0].joined = false;
    if (!add(std::move(strict))) return false;
  }
  for (size_t i = 0; i < readings->size(); ++i) {
    MetadataReading undone, words, runs, packed;
    if (Decoder((*readings)[i], &undone).run() && !add(std::move(undone))) return false;
    if (decode_words((*readings)[i], &words) && !add(std::move(words))) return false;
    if (decode_base64_runs((*readings)[i], &runs) && !add(std::move(runs))) return false;
    if (without_nuls((*readings)[i], &packed) && !add(std::move(packed))) return false;
  }
  const auto last =
      std::ranges::find(readings->rbegin(), readings->rend(), false, &MetadataReading::fragments);
  const MetadataReading plain = *last;
  if (plain.text.find('+') != std::string::npos) {  // a space, in forms
    MetadataReading spaced = plain;
    std::ranges::replace(spaced.text, '+', ' ');
    if (!add(std::move(spaced))) return false;
  }
  MetadataReading numbers;
  return !fold_numerals(plain, &numbers) || add(std::move(numbers));
}

std::string metadata_plain(const std::string& clean) {
  MetadataReading reading = as_it_stands(clean);
  for (size_t round = 0; round < kMostReadings; ++round) {
    MetadataReading next;
    if (!Decoder(reading, &next).run()) break;
    reading = std::move(next);
  }
  return reading.text;
}

}  // namespace weir
