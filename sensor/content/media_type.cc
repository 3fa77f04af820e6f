#include "sensor/content/media_type.h"

#include <algorithm>

namespace weir {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trim(std::string_view s) {
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// Calls `take(name, raw value)` for each parameter until it returns false. Quoted strings may hold ';'.
template <typename Take>
void each_parameter(std::string_view declared, Take take) {
  size_t i = declared.find(';');
  while (i < declared.size()) {
    ++i;
    const size_t name_begin = i;
    while (i < declared.size() && declared[i] != '=' && declared[i] != ';') ++i;
    const std::string_view name = trim(declared.substr(name_begin, i - name_begin));
    if (i >= declared.size() || declared[i] == ';') {
      if (!name.empty() && !take(name, std::string_view())) return;
      continue;
    }
    ++i;
    while (i < declared.size() && blank(declared[i])) ++i;
    const size_t value_begin = i;
    if (i < declared.size() && declared[i] == '"') {
      ++i;
      while (i < declared.size() && declared[i] != '"')
        i += declared[i] == '\\' && i + 1 < declared.size() ? 2 : 1;
      i = std::min(i + 1, declared.size());
    }
    while (i < declared.size() && declared[i] != ';') ++i;
    if (!take(name, trim(declared.substr(value_begin, i - value_begin)))) return;
  }
}

std::string unquoted(std::string_view value) {
  if (value.empty() || value.front() != '"') return std::string(value);
  std::string out;
  for (size_t i = 1; i < value.size() && value[i] != '"'; ++i) {
    // Browsers escape only the quote; a backslash in a file name stands for itself.
    if (value[i] == '\\' && i + 1 < value.size() && (value[i + 1] == '"' || value[i + 1] == '\\')) ++i;
    out.push_back(value[i]);
  }
  return out;
}

}  // namespace

std::string media_type(std::string_view declared) {
  std::string out(trim(declared.substr(0, declared.find(';'))));
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string parameter(std::string_view declared, std::string_view name) {
  std::string out;
  each_parameter(declared, [&](std::string_view n, std::string_view value) {
    if (!same(n, name)) return true;
    out = unquoted(value);
    return false;
  });
  return out;
}

bool has_parameter(std::string_view declared, std::string_view name) {
  bool found = false;
  each_parameter(declared, [&](std::string_view n, std::string_view) {
    found = same(n, name);
    return !found;
  });
  return found;
}

bool binary_type(std::string_view type) {
  if (type == "image/svg+xml") return false;
  for (const std::string_view family : {"image/", "audio/", "video/", "font/"}) {
    if (type.starts_with(family)) return true;
  }
  return type == "application/font-woff" || type == "application/vnd.ms-fontobject";
}

Magic magic_of(Bytes head) {
  struct Known {
    size_t at;
    std::string_view bytes;
    Magic magic;
  };
  using namespace std::string_view_literals;
  static constexpr Known kKnown[] = {
      {0, "\x1f\x8b\x08"sv, Magic::kGzip},
      {0, "\xff\xd8\xff"sv, Magic::kBinary},  // JPEG
      {0, "\x89PNG\r\n\x1a\n"sv, Magic::kBinary},
      {0, "GIF87a"sv, Magic::kBinary},
      {0, "GIF89a"sv, Magic::kBinary},
      {8, "WEBP"sv, Magic::kBinary},  // RIFF
      {8, "WAVE"sv, Magic::kBinary},
      {8, "AVI "sv, Magic::kBinary},
      {4, "ftyp"sv, Magic::kBinary},  // MP4, HEIC, AVIF
      {0, "OggS"sv, Magic::kBinary},
      {0, "fLaC"sv, Magic::kBinary},
      {0, "ID3"sv, Magic::kBinary},               // MP3
      {0, "\x1a\x45\xdf\xa3"sv, Magic::kBinary},  // Matroska, WebM
      {0, "wOFF"sv, Magic::kBinary},
      {0, "wOF2"sv, Magic::kBinary},
      {0, "\x00\x01\x00\x00\x00"sv, Magic::kBinary},  // TrueType
      {0, "OTTO"sv, Magic::kBinary},
      {0, "\x00\x00\x01\x00"sv, Magic::kBinary},  // icon
      {0, "PK\x03\x04"sv, Magic::kContainer},     // zip, OOXML, JAR
      {0, "PK\x05\x06"sv, Magic::kContainer},     // an empty zip
      {0, "%PDF-"sv, Magic::kDocument},
      {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, Magic::kContainer},  // OLE: old Office
      {0, "7z\xbc\xaf\x27\x1c"sv, Magic::kContainer},
      {0, "Rar!\x1a\x07"sv, Magic::kContainer},
      {0, "BZh"sv, Magic::kContainer},
      {0,
       "\xfd"
       "7zXZ\x00"sv,
       Magic::kContainer},
      {0, "\x28\xb5\x2f\xfd"sv, Magic::kContainer},  // zstd
      {0, "\x04\x22\x4d\x18"sv, Magic::kContainer},  // LZ4
  };
  for (const Known& known : kKnown) {
    if (head.size() >= known.at + known.bytes.size() &&
        as_text(head.subspan(known.at, known.bytes.size())) == known.bytes) {
      return known.magic;
    }
  }
  return Magic::kNone;
}

}  // namespace weir
