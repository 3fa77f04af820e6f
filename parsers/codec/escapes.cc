#include "parsers/codec/escapes.h"

#include <cstring>

#include "parsers/codec/escape_parts.h"
#include "parsers/codec/special_characters.h"
#include "parsers/codec/text_scan.h"

namespace weir {

namespace {

// Four hex digits at `p`, or -1.
int32_t hex4(const char* p) {
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const int h = hex_value(p[i]);
    if (h < 0) return -1;
    value = value * 16 + h;
  }
  return value;
}

}  // namespace

bool has_unicode_escape(std::string_view text) {
  for (size_t i = 0; i + 6 <= text.size(); ++i) {
    const void* next = std::memchr(text.data() + i, '\\', text.size() - i);
    if (next == nullptr) return false;
    i = static_cast<size_t>(static_cast<const char*>(next) - text.data());
    if (i + 6 <= text.size() && text[i + 1] == 'u' && hex4(text.data() + i + 2) >= 0) return true;
  }
  return false;
}

bool undo_unicode_escapes(std::string_view text, bool final, MappedText* out) {
  out->clear();
  out->reserve(text.size() + 16);
  bool changed = false;
  size_t i = 0;
  size_t plain = 0;
  while (i < text.size()) {
    const void* next = std::memchr(text.data() + i, '\\', text.size() - i);
    if (next == nullptr) {
      i = text.size();
      break;
    }
    i = static_cast<size_t>(static_cast<const char*>(next) - text.data());
    if (text.size() - i < 6) {
      if (!final && begins_escape(text.substr(i), "\\u", 6)) break;
      ++i;
      continue;
    }
    const int32_t unit = text[i + 1] == 'u' ? hex4(text.data() + i + 2) : -1;
    if (unit < 0) {
      ++i;
      continue;
    }
    size_t length = 6;
    auto cp = static_cast<uint32_t>(unit);
    if ((unit & 0xfc00) == 0xd800) {
      const std::string_view second = text.substr(i + 6);
      if (!final && begins_escape(second, "\\u", 6)) break;
      const int32_t low =
          second.size() >= 6 && second[0] == '\\' && second[1] == 'u' ? hex4(second.data() + 2) : -1;
      if (low >= 0 && (low & 0xfc00) == 0xdc00) {
        cp = 0x10000 + ((cp & 0x3ff) << 10) + (static_cast<uint32_t>(low) & 0x3ff);
        length = 12;
      }
    }
    if ((cp & 0xfffff800) == 0xd800) cp = kReplacement;
    copy_plain(text, plain, i, out);
    put_character(cp, i, length, out);
    changed = true;
    i += length;
    plain = i;
  }
  copy_plain(text, plain, i, out);
  return changed;
}

bool fold_forms(std::string_view text, bool final, MappedText* out) {
  out->clear();
  out->reserve(text.size() + 16);
  bool changed = false;
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  size_t i = 0;
  size_t plain = 0;
  bool after_digit = false;
  while (i < text.size()) {
    if (p[i] < 0x80) {
      i += find_not_ascii(Bytes(p + i, text.size() - i));
      after_digit = p[i - 1] >= '0' && p[i - 1] <= '9';
      continue;
    }
    size_t length;
    const uint32_t cp = utf8_at(p + i, &length);
    if (const char form = plain_form(cp); form != 0) {
      copy_plain(text, plain, i, out);
      put_character(static_cast<uint8_t>(form), i, length, out);
      changed = true;
      after_digit = form >= '0' && form <= '9';
      i += length;
      plain = i;
      continue;
    }
    if (!after_digit || !is_invisible(cp)) {
      after_digit = false;
      i += length;
      continue;
    }
    // A run of invisible characters behind a digit: dropped when a digit follows.
    size_t end = i + length;
    bool before_digit = false;
    while (end < text.size()) {
      if (p[end] < 0x80) {
        before_digit = p[end] >= '0' && p[end] <= '9';
        break;
      }
      const uint32_t next = utf8_at(p + end, &length);
      if (!is_invisible(next)) {
        before_digit = other_digit_value(next) >= 0;
        break;
      }
      end += length;
    }
    if (end == text.size() && !final) break;
    if (before_digit) {
      copy_plain(text, plain, i, out);
      changed = true;
      plain = end;
    }
    after_digit = before_digit;
    i = end;
  }
  copy_plain(text, plain, i, out);
  return changed;
}

}  // namespace weir
