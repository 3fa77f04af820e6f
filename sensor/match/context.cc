#include "sensor/match/context.h"

#include <algorithm>

#include "sensor/match/characters.h"
#include "sensor/match/metadata_digits.h"

namespace weir {

namespace {

constexpr size_t kMaxCharacterBytes = 4;  // UTF-8

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_quote(char c) { return c == '"' || c == '\''; }
bool is_key_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::string_view kWideColon = "\xEF\xBC\x9A";  // ：

// A run of key characters that ends at `end`; a wide punctuation mark ends it too.
FieldName bare_key(const ValuePlace& place, size_t end) {
  size_t begin = end;
  while (begin > place.floor && end - begin < kMaxFieldBytes && is_key_character(place.text[begin - 1])) {
    const size_t one = step_back(place.text, begin, 1, place.floor);
    size_t length = 0;
    const uint32_t code = code_point_at(place.text, one, &length);
    // CJK punctuation and wide forms of ASCII punctuation are no letters.
    const bool mark = (code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3040) ||
                      (code >= 0xFF00 && code < 0xFF10) || (code >= 0xFF1A && code < 0xFF21);
    if (mark) break;
    begin = one;
  }
  return {begin, end, false};
}

// What is between the quote before `end` and its partner further left.
FieldName quoted_key(const ValuePlace& place, size_t closing) {
  const char quote = place.text[closing];
  size_t end = closing;
  // An escaped quote inside JSON that is inside JSON: \"key\"
  while (end > place.floor && place.text[end - 1] == '\\') --end;
  size_t begin = end;
  while (begin > place.floor && place.text[begin - 1] != quote && end - begin < kMaxFieldBytes) --begin;
  if (begin == place.floor || place.text[begin - 1] != quote) return {};
  return {begin, end, true};
}

FieldName key_before(const ValuePlace& place, size_t separator) {
  size_t end = separator;
  while (end > place.floor && is_space(place.text[end - 1])) --end;
  if (end == place.floor) return {};
  if (is_quote(place.text[end - 1])) return quoted_key(place, end - 1);
  return bare_key(place, end);
}

FieldName tag_before(const ValuePlace& place, size_t closing) {
  size_t begin = closing;
  while (begin > place.floor && place.text[begin - 1] != '<' && place.text[begin - 1] != '>') --begin;
  if (begin == place.floor || place.text[begin - 1] != '<') return {};
  size_t end = begin;
  while (end < closing && is_key_character(place.text[end])) ++end;
  // A namespace prefix is not the name.
  if (end < closing && place.text[end] == ':') {
    begin = ++end;
    while (end < closing && is_key_character(place.text[end])) ++end;
  }
  if (end - begin > kMaxFieldBytes) return {};
  return {begin, end, true};
}

size_t digit_run(std::string_view text, size_t pos) {
  size_t end = pos;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - pos;
}

// What may stand between values that are listed: 、 / and the like, "or", quotes and blanks.
bool is_list_mark(uint32_t code) {
  switch (code) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
    case ';':
    case '/':
    case '|':
    case '&':
    case '"':
    case '\'':
    case 0x3001:  // 、
    case 0xFF0C:  // ，
    case 0xFF0F:  // ／
    case 0x548C:  // 和
    case 0x6216:  // 或
    case 0x53CA:  // 及
    case 0x4E0E:  // 与
      return true;
    default:
      return false;
  }
}

// Characters in [begin, end) that are no list's: what is said between two values. "or" and "and" are a
// list's.
size_t said_between(std::string_view text, size_t begin, size_t end) {
  size_t said = 0;
  while (begin < end) {
    const std::string_view rest = text.substr(begin, end - begin);
    if (rest.starts_with("or ") || rest.starts_with("and ")) {
      begin += rest.find(' ');
      continue;
    }
    if (is_digit(text[begin])) {  // the next value
      while (begin < end && is_alphanumeric(text[begin])) ++begin;
      continue;
    }
    size_t length = 0;
    const uint32_t code = code_point_at(text, begin, &length);
    if (!is_list_mark(code)) ++said;
    begin += length;
  }
  return said;
}

// Where the first value between a word and the one that is judged ends: five digits in a row; `end` where
// there is none.
size_t value_between(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kValueDigits = 5;
  size_t run = 0;
  for (size_t at = begin; at < end; ++at) {
    run = is_digit(text[at]) ? run + 1 : 0;
    if (run < kValueDigits) continue;
    while (at < end && is_alphanumeric(text[at])) ++at;
    return at;
  }
  return end;
}

// The clause ends between a word and what follows it; `firm`: not at a comma.
bool clause_ends(std::string_view text, size_t begin, size_t end, bool firm) {
  while (begin < end) {
    size_t length = 0;
    const uint32_t code = code_point_at(text, begin, &length);
    // 。 ！ ？ ； and, for what is weaker, ，
    if (code == 0x3002 || code == 0xFF01 || code == 0xFF1F || code == 0xFF1B || (!firm && code == 0xFF0C))
      return true;
    begin += length;
  }
  return false;
}

// A word speaks for the value behind it and those listed with it. Another one that it has already leaves this
// one alone: for a word against it, once anything else is said; for its own word, which people write once for
// many, only once more is said than a name or a type in brackets.
bool reaches(std::string_view text, size_t word_end, size_t value, bool keyword) {
  constexpr size_t kNameBetween = 8;
  if (clause_ends(text, word_end, value, keyword)) return false;
  // `"phone":"","sku":"…"`: what it has is empty.
  if (text.substr(word_end, value - word_end).find(":\"\"") != std::string_view::npos) return false;
  const size_t other = value_between(text, word_end, value);
  return other == value || said_between(text, other, value) <= (keyword ? kNameBetween : 0);
}

// A word behind the value that names what follows it: `13812345678，订单号2026…`.
bool names_the_next(std::string_view text, size_t word_end) {
  constexpr size_t kMostBytes = 12;
  const size_t most = std::min(text.size(), word_end + kMostBytes);
  for (size_t at = word_end; at < most;) {
    if (is_digit(text[at])) return digit_run(text, at) >= 5;
    size_t length = 0;
    switch (code_point_at(text, at, &length)) {
      case ')':
      case ']':
      case '}':
      case ',':
      case ';':
      case '|':
      case '/':
      case '\r':
      case '\n':
      case 0x3001:  // 、
      case 0x3002:  // 。
      case 0xFF09:  // ）
      case 0xFF0C:  // ，
        return false;
      default:
        at += length;
    }
  }
  return false;
}

// The character at `pos` as shape, or as it stands where it is `clear`. Returns its bytes.
size_t append_shape(std::string_view text, size_t pos, bool clear, std::string* out) {
  static constexpr std::string_view kHan = "\xE5\xAD\x97";  // 字
  size_t length = 0;
  const uint32_t code = code_point_at(text, pos, &length);
  length = std::min(length, text.size() - pos);
  const std::string_view character = text.substr(pos, length);
  if (clear) {
    *out += character;
  } else if (code < 0x80) {
    const auto c = static_cast<char>(code);
    *out += is_digit(c)                  ? '9'
            : c >= 'a' && c <= 'z'       ? 'x'
            : c >= 'A' && c <= 'Z'       ? 'X'
            : code < ' ' || code == 0x7F ? ' '
                                         : c;
  } else if ((code >= 0x3400 && code < 0xA000) || (code >= 0xF900 && code < 0xFB00) || code >= 0x20000) {
    *out += kHan;
  } else if (is_numeral(code)) {
    *out += '9';
  } else if ((code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3040) ||
             (code >= 0xFF00 && code < 0xFF21) || code == 0xFFFD || code == 0xB7) {
    *out += character;  // punctuation
  } else {
    *out += code < 0xA0 ? ' ' : 'x';
  }
  return length;
}

// [from, to) of the text as shape, the packs' words in clear but for those that reach into the value.
std::string shape_of(const WordIndex& words, std::string_view text, size_t from, size_t to,
                     size_t value_begin, size_t value_end) {
  std::string out;
  out.reserve(2 * (to - from));
  size_t clear_to = from;
  for (size_t pos = from; pos < to;) {
    const bool in_value = pos >= value_begin && pos < value_end;
    // Words may overlap: 身份证 and 证号.
    if (!in_value && words.starts_at(text, pos)) {
      words.match_at(text, pos, [&](size_t, size_t end) {
        if (end <= to && (end <= value_begin || pos >= value_end)) clear_to = std::max(clear_to, end);
      });
    }
    pos += append_shape(text.substr(0, to), pos, pos < clear_to && !in_value, &out);
  }
  return out;
}

}  // namespace

ValuePlace place_of(std::string_view text, size_t begin, size_t end) {
  size_t lacking = 0;
  const size_t ceiling = step_on(text, end, kContextOn, &lacking);
  return {text, begin, end, step_back(text, begin, kContextBack), ceiling, lacking > 0};
}

FieldName find_field(const ValuePlace& place) {
  size_t at = place.begin;
  // What may stand between a field's separator and the value itself.
  for (size_t skipped = 0; at > place.floor && skipped < 8; ++skipped) {
    const char c = place.text[at - 1];
    if (!is_space(c) && !is_quote(c) && c != '[' && c != '(' && c != '+' && c != '\\') break;
    --at;
  }
  if (at == place.floor) return {};
  const char c = place.text[at - 1];
  if (c == ':' || c == '=') {
    FieldName name = key_before(place, at - 1);
    name.structural = name.structural || (c == '=' && name.end > name.begin);
    return name;
  }
  if (c == '>') return tag_before(place, at - 1);
  if (at - place.floor >= kWideColon.size() &&
      place.text.substr(at - kWideColon.size(), kWideColon.size()) == kWideColon) {
    return key_before(place, at - kWideColon.size());
  }
  return {};
}

NearWord nearest_word(const WordIndex& words, std::span<const WordHit> hits, uint16_t detector,
                      const ValuePlace& place, FieldName lexical, std::string_view field) {
  NearWord best;
  // (distance, -length, side, kind): the smallest wins.
  struct Rank {
    size_t distance;
    size_t shortness;
    int side;
    int kind;
    auto operator<=>(const Rank&) const = default;
  };
  Rank best_rank{~size_t{0}, 0, 0, 0};
  const auto speaks = [&](const IndexedWord& word) {
    return word.keyword_of[detector] || word.contrary_to[detector];
  };
  const auto offer = [&](size_t word, size_t distance, size_t length, int side, bool in_field) {
    const bool keyword = words.word(word).keyword_of[detector];
    const Rank rank{distance, ~length, side, keyword ? 0 : 1};
    if (best.kind != NearWord::Kind::kNone && !(rank < best_rank)) return;
    best_rank = rank;
    best = {keyword ? NearWord::Kind::kKeyword : NearWord::Kind::kContrary, in_field, word};
  };
  const auto characters = [&](size_t begin, size_t end) {
    return count_characters(place.text.substr(begin, end - begin));
  };

  // Before: from the last that ends before the value to the left. The first that speaks is the nearest; those
  // that end with it are weighed against it.
  const auto after = std::ranges::upper_bound(hits, place.begin, {}, &WordHit::end);
  size_t nearest_end = 0;
  for (auto hit = after; hit != hits.begin();) {
    --hit;
    if (hit->end < nearest_end || place.begin - hit->end > kMaxCharacterBytes * kWordBefore) break;
    if (hit->begin < place.floor || !speaks(words.word(hit->word))) continue;
    const size_t distance = characters(hit->end, place.begin);
    if (distance > kWordBefore) break;
    const bool in_field =
        hit->begin >= lexical.begin && hit->end <= lexical.end && lexical.end > lexical.begin;
    if (!in_field &&
        !reaches(place.text, hit->end, place.begin, words.word(hit->word).keyword_of[detector])) {
      continue;
    }
    nearest_end = hit->end;
    offer(hit->word, distance, characters(hit->begin, hit->end), 0, in_field);
  }
  if (!lexical.structural) {
    for (auto hit = after; hit != hits.end() && hit->end <= place.ceiling; ++hit) {
      if (hit->begin < place.end || hit->begin - place.end > kMaxCharacterBytes * kWordAfter) continue;
      if (!speaks(words.word(hit->word))) continue;
      const size_t distance = characters(place.end, hit->begin);
      if (distance > kWordAfter) continue;
      if (clause_ends(place.text, place.end, hit->begin, words.word(hit->word).keyword_of[detector]) ||
          names_the_next(place.text.substr(0, place.ceiling), hit->end)) {
        continue;
      }
      offer(hit->word, distance, characters(hit->begin, hit->end), 1, false);
    }
  }
  if (best.kind == NearWord::Kind::kNone) {
    for (size_t pos = 0; pos < field.size() && pos < kMaxFieldBytes; ++pos) {
      if (is_continuation(field[pos]) || !words.starts_at(field, pos)) continue;
      words.match_at(field, pos, [&](size_t word, size_t end) {
        if (!speaks(words.word(word))) return;
        offer(word, field.size() - end, count_characters(field.substr(pos, end - pos)), 0, true);
      });
    }
  }
  return best;
}

std::string excerpt(const WordIndex& words, const ValuePlace& place) {
  return shape_of(words, place.text, step_back(place.text, place.begin, kExcerptSide, place.floor),
                  std::min(step_on(place.text, place.end, kExcerptSide), place.ceiling), place.begin,
                  place.end);
}

std::string shape_with_words(const WordIndex& words, std::string_view text) {
  return shape_of(words, text, 0, text.size(), text.size(), text.size());
}

}  // namespace weir
