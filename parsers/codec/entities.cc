// Character references of HTML (parsers/codec/escapes.h).
#include <algorithm>
#include <cstring>
#include <iterator>

#include "parsers/codec/escape_parts.h"
#include "parsers/codec/escapes.h"
#include "parsers/codec/special_characters.h"

namespace weir {

namespace {

constexpr size_t kMostDigits = 8;  // of a number, leading zeros among them

struct Named {
  std::string_view name;
  uint32_t code;
};
// Sorted.
constexpr Named kNamed[] = {
    {"MediumSpace", 0x205F},
    {"NewLine", '\n'},
    {"NoBreak", 0x2060},
    {"NonBreakingSpace", 0xA0},
    {"Tab", '\t'},
    {"ZeroWidthSpace", 0x200B},
    {"amp", '&'},
    {"apos", '\''},
    {"colon", ':'},
    {"comma", ','},
    {"commat", '@'},
    {"dash", 0x2010},
    {"emsp", 0x2003},
    {"emsp13", 0x2004},
    {"emsp14", 0x2005},
    {"ensp", 0x2002},
    {"equals", '='},
    {"gt", '>'},
    {"hairsp", 0x200A},
    {"horbar", 0x2015},
    {"hyphen", 0x2010},
    {"lowbar", '_'},
    {"lpar", '('},
    {"lrm", 0x200E},
    {"lt", '<'},
    {"mdash", 0x2014},
    {"middot", 0xB7},
    {"minus", 0x2212},
    {"nbsp", 0xA0},
    {"ndash", 0x2013},
    {"num", '#'},
    {"numsp", 0x2007},
    {"percnt", '%'},
    {"period", '.'},
    {"plus", '+'},
    {"puncsp", 0x2008},
    {"quot", '"'},
    {"rlm", 0x200F},
    {"rpar", ')'},
    {"semi", ';'},
    {"shy", 0xAD},
    {"sol", '/'},
    {"thinsp", 0x2009},
    {"times", 0xD7},
    {"zwj", 0x200D},
    {"zwnj", 0x200C},
};
static_assert(std::ranges::is_sorted(kNamed, {}, &Named::name));

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The entity that begins at text[0], which is '&'. Length 0: none. `open`: more text could make it another.
struct Entity {
  uint32_t code = 0;
  size_t length = 0;
  bool open = false;
};

Entity number_at(std::string_view text) {
  size_t i = 2;
  const bool hex = i < text.size() && (text[i] | 0x20) == 'x';
  if (hex) ++i;
  const size_t first = i;
  uint32_t code = 0;
  for (; i < text.size() && i - first < kMostDigits; ++i) {
    const int value = hex_value(text[i]);
    if (value < 0 || (!hex && value > 9)) break;
    code = std::min<uint32_t>(code, 0xffffff) * (hex ? 16 : 10) + static_cast<uint32_t>(value);
  }
  const bool open = i == text.size();
  if (i == first) return {0, 0, open};
  if (code == 0 || code > 0x10ffff || (code & 0xfffff800) == 0xd800) code = kReplacement;
  if (!open && text[i] == ';') ++i;
  return {code, i, open};
}

Entity name_at(std::string_view text) {
  size_t i = 1;
  while (i < text.size() && i < kLongestEntity && (is_letter(text[i]) || is_digit(text[i]))) ++i;
  if (i == text.size()) return {0, 0, true};
  if (text[i] != ';') return {};
  const std::string_view name = text.substr(1, i - 1);
  const auto* known = std::ranges::lower_bound(kNamed, name, {}, &Named::name);
  if (known == std::end(kNamed) || known->name != name) return {};
  return {known->code, i + 1, false};
}

Entity entity_at(std::string_view text) {
  if (text.size() < 2) return {0, 0, true};
  if (text[1] == '#') return number_at(text);
  return is_letter(text[1]) ? name_at(text) : Entity{};
}

// The next '&' from `from` on, or the text's end.
size_t next_ampersand(std::string_view text, size_t from) {
  if (from >= text.size()) return text.size();
  const void* next = std::memchr(text.data() + from, '&', text.size() - from);
  return next == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(next) - text.data());
}

// An apostrophe in the local part of an address: d&#39;amico@
bool goes_on_to_address(std::string_view rest) {
  size_t i = 0;
  while (i < rest.size() && i < 64 &&
         (is_letter(rest[i]) || is_digit(rest[i]) || rest[i] == '.' || rest[i] == '-'))
    ++i;
  return i > 0 && i < rest.size() && rest[i] == '@';
}

// Would the text say more with this entity at `pos` undone?
bool matters(std::string_view text, size_t pos, const Entity& e) {
  const std::string_view rest = text.substr(pos + e.length);
  const char after = rest.empty() ? '\0' : rest[0];
  const char before = pos > 0 ? text[pos - 1] : '\0';
  switch (e.code) {
    case '"':
    case '<':
    case '>':
    case '\n':
    case '\r':
    case '\t':
      return false;
    case '\'':
      return is_letter(before) && goes_on_to_address(rest);
    case '&':
      return after == '#' || (is_letter(after) && entity_at(text.substr(pos + e.length - 1)).length > 0);
    default:
      break;
  }
  if (e.code < 0x80) return e.code >= ' ';
  // What stands between two parts of a number, there only: HTML is full of it elsewhere.
  const char plain = plain_form(e.code);
  if (plain == ' ' || plain == '-' || e.code == 0xB7 || is_invisible(e.code)) {
    return (is_digit(before) || before == ')') && (is_digit(after) || after == '(' || after == '&');
  }
  // Quotes, dots and arrows are none; letters may be a word's.
  return plain != 0 || e.code >= 0x2E80 || (e.code >= 0xC0 && e.code < 0x2000);
}

}  // namespace

bool has_entity(std::string_view text) {
  for (size_t i = next_ampersand(text, 0); i < text.size(); i = next_ampersand(text, i + 1)) {
    if (i + 1 < text.size() && text[i + 1] != '#' && !is_letter(text[i + 1])) continue;
    // As name_at reads it, so that the '&' of queries cost little.
    const Entity e = entity_at(text.substr(i));
    if (e.length > 0 && matters(text, i, e)) return true;
  }
  return false;
}

bool undo_entities(std::string_view text, bool final, MappedText* out) {
  out->clear();
  out->reserve(text.size() + 16);
  bool changed = false;
  size_t i = 0;
  size_t plain = 0;
  while ((i = next_ampersand(text, i)) < text.size()) {
    const Entity e = entity_at(text.substr(i));
    if (e.open && !final && text.size() - i < kLongestEntity) break;
    if (e.length == 0) {
      ++i;
      continue;
    }
    copy_plain(text, plain, i, out);
    put_character(e.code, i, e.length, out);
    changed = true;
    i += e.length;
    plain = i;
  }
  copy_plain(text, plain, i, out);
  return changed;
}

}  // namespace weir
