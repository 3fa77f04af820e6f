#include "parsers/http1/field_values.h"

#include <algorithm>
#include <cstdint>

#include "parsers/api/item.h"

namespace weir::http1 {

namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

// Well-formed UTF-8 (RFC 3629): overlong forms and surrogates are not.
bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<uint8_t>(text[i]);
    const size_t n = c < 0x80                ? 1
                     : c >= 0xC2 && c < 0xE0 ? 2
                     : c >= 0xE0 && c < 0xF0 ? 3
                     : c >= 0xF0 && c < 0xF5 ? 4
                                             : 0;
    if (n == 0 || text.size() - i < n) return false;
    for (size_t k = 1; k < n; ++k) {
      if ((static_cast<uint8_t>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    if (n > 2) {
      const auto d = static_cast<uint8_t>(text[i + 1]);
      if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F) || (c == 0xF0 && d < 0x90) ||
          (c == 0xF4 && d > 0x8F)) {
        return false;
      }
    }
    i += n;
  }
  return true;
}

bool has_wide(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<uint8_t>(c) >= 0x80; });
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (const char ch : text) {
    const auto c = static_cast<uint8_t>(ch);
    if (c < 0x80) {
      out += ch;
    } else {
      out += static_cast<char>(0xC0 | (c >> 6));
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return out;
}

std::string in_utf8(std::string text, std::string_view charset) {
  return equals_ignore_case(charset, "iso-8859-1") ? latin1_to_utf8(text) : std::move(text);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Stops at the first byte outside the alphabet, and after `stop` was decoded (it is not kept).
std::string base64_decoded(std::string_view text, int stop, bool* stopped) {
  std::string out;
  uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) break;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    const auto byte = static_cast<uint8_t>(bits >> have);
    if (byte == stop) {
      *stopped = true;
      break;
    }
    out += static_cast<char>(byte);
  }
  return out;
}

std::string q_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

// Undoes RFC 2047 encoded words; white space between two of them goes. False: there is none.
bool undo_encoded_words(std::string_view text, std::string* out) {
  bool any = false;
  std::string_view plain;  // since the last word
  while (!text.empty()) {
    const size_t begin = text.find("=?");
    const size_t charset_end = begin == std::string_view::npos ? begin : text.find('?', begin + 2);
    const bool complete = charset_end != std::string_view::npos && text.size() - charset_end > 2 &&
                          text[charset_end + 2] == '?';
    const size_t end = complete ? text.find("?=", charset_end + 3) : std::string_view::npos;
    if (end == std::string_view::npos) break;
    plain = text.substr(0, begin);
    if (!any || !trim(plain).empty()) *out += plain;
    std::string_view charset = text.substr(begin + 2, charset_end - begin - 2);
    charset = charset.substr(0, charset.find('*'));  // RFC 2231 language
    const std::string_view payload = text.substr(charset_end + 3, end - charset_end - 3);
    bool stopped = false;
    std::string word =
        lower(text[charset_end + 1]) == 'b' ? base64_decoded(payload, -1, &stopped) : q_decoded(payload);
    *out += in_utf8(std::move(word), charset);
    any = true;
    text.remove_prefix(end + 2);
  }
  if (any) *out += text;
  return any;
}

// Takes the parameter's value off `rest`: a token up to ';', or a quoted string. In a field that is not UTF-8
// (`pairs`) a backslash behind a high byte is the second half of a GBK or Big5 character, no escape.
std::string take_value(std::string_view* rest, bool pairs) {
  std::string value;
  if (!rest->starts_with('"')) {
    const size_t end = std::min(rest->find(';'), rest->size());
    value = meta_string(trim(rest->substr(0, end)));
    rest->remove_prefix(end);
    return value;
  }
  size_t i = 1;
  for (; i < rest->size() && (*rest)[i] != '"'; ++i) {
    const char c = (*rest)[i];
    const char next = i + 1 < rest->size() ? (*rest)[i + 1] : '\0';
    if (pairs && static_cast<uint8_t>(c) >= 0x81 && next != '"' && next != '\0') {
      value += c;
      value += next;
      ++i;
    } else if (c == '\\' && (next == '"' || next == '\\')) {
      value += next;
      ++i;
    } else {
      value += c;
    }
  }
  rest->remove_prefix(std::min(i + 1, rest->size()));
  return meta_string(value);
}

// Takes ";name=value" off `rest`. False: no more.
bool next_parameter(std::string_view* rest, bool pairs, std::string_view* name, std::string* value) {
  while (!rest->empty() &&
         (rest->front() == ';' || rest->front() == ',' || trim(rest->substr(0, 1)).empty())) {
    rest->remove_prefix(1);
  }
  if (rest->empty()) return false;
  const size_t end = std::min(rest->find_first_of("=;"), rest->size());
  *name = trim(rest->substr(0, end));
  rest->remove_prefix(end);
  value->clear();
  if (rest->starts_with('=')) {
    rest->remove_prefix(1);
    while (!rest->empty() && trim(rest->substr(0, 1)).empty()) rest->remove_prefix(1);
    *value = take_value(rest, pairs);
  }
  return true;
}

// "1.2.3.4:80", "[2001:db8::1]:80", "\"[2001:db8::1]\"" → the address; empty when it is none.
std::string_view address_of(std::string_view node) {
  node = trim(node);
  if (node.starts_with('"')) node.remove_prefix(1);
  if (node.ends_with('"')) node.remove_suffix(1);
  if (node.starts_with('[')) {
    node = node.substr(1, node.find(']') == std::string_view::npos ? 0 : node.find(']') - 1);
  } else if (std::ranges::count(node, ':') == 1) {
    node = node.substr(0, node.find(':'));
  }
  const bool plain =
      std::ranges::all_of(node, [](char c) { return hex_value(c) >= 0 || c == '.' || c == ':'; });
  constexpr size_t kLongestAddress = 45;  // IPv6 with an IPv4 tail
  return plain && node.size() <= kLongestAddress && node.find_first_of(".:") != std::string_view::npos
             ? node
             : std::string_view();
}

void add_address(std::string_view node, std::vector<std::string>* addresses) {
  const std::string_view address = address_of(node);
  if (!address.empty() && addresses->size() < kMaxForwarded) addresses->emplace_back(address);
}

}  // namespace

bool equals_ignore_case(std::string_view text, std::string_view literal) {
  if (text.size() != literal.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != literal[i]) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool next_list_element(std::string_view* rest, std::string_view* element) {
  while (!rest->empty()) {
    size_t end = 0;
    for (bool quoted = false; end < rest->size() && (quoted || (*rest)[end] != ','); ++end) {
      if ((*rest)[end] == '"') quoted = !quoted;
      if (quoted && (*rest)[end] == '\\') ++end;
    }
    end = std::min(end, rest->size());
    *element = trim(rest->substr(0, end));
    rest->remove_prefix(std::min(end + 1, rest->size()));
    if (!element->empty()) return true;
  }
  return false;
}

std::string file_name_of(std::string_view disposition) {
  std::string_view rest = disposition;
  const size_t type_end = std::min(rest.find(';'), rest.size());
  // "filename=x" without a type stands in the wild.
  if (rest.substr(0, type_end).find('=') == std::string_view::npos) rest.remove_prefix(type_end);
  std::string plain;
  std::string extended;
  std::string_view name;
  std::string value;
  const bool pairs = !is_utf8(rest);
  while (next_parameter(&rest, pairs, &name, &value)) {
    if (equals_ignore_case(name, "filename*")) {
      const size_t charset_end = value.find('\'');
      const size_t language_end =
          charset_end == std::string::npos ? charset_end : value.find('\'', charset_end + 1);
      if (language_end != std::string::npos && extended.empty()) {
        extended = in_utf8(percent_decoded(std::string_view(value).substr(language_end + 1)),
                           std::string_view(value).substr(0, charset_end));
      }
    } else if (equals_ignore_case(name, "filename") && plain.empty()) {
      plain = value;
    }
  }
  if (!extended.empty()) return extended;
  std::string decoded;
  if (undo_encoded_words(plain, &decoded)) return meta_string(decoded);
  decoded = percent_decoded(plain);
  return has_wide(decoded) && is_utf8(decoded) ? decoded : plain;
}

std::string user_of(std::string_view authorization) {
  const size_t scheme_end = authorization.find(' ');
  if (scheme_end == std::string_view::npos) return {};
  const std::string_view scheme = authorization.substr(0, scheme_end);
  std::string_view rest = trim(authorization.substr(scheme_end));
  if (equals_ignore_case(scheme, "basic")) {
    bool colon = false;
    std::string user = base64_decoded(rest, ':', &colon);
    return colon ? meta_string(user) : std::string();  // no colon: who knows whether that is a password
  }
  if (equals_ignore_case(scheme, "digest")) {
    std::string_view element;
    while (next_list_element(&rest, &element)) {
      const size_t equals = element.find('=');
      if (equals == std::string_view::npos) continue;
      if (!equals_ignore_case(trim(element.substr(0, equals)), "username")) continue;
      element = trim(element.substr(equals + 1));
      return take_value(&element, !is_utf8(element));
    }
  }
  return {};
}

void add_forwarded_for(std::string_view value, std::vector<std::string>* addresses) {
  std::string_view element;
  while (addresses->size() < kMaxForwarded && next_list_element(&value, &element)) {
    add_address(element, addresses);
  }
}

void add_forwarded(std::string_view value, std::vector<std::string>* addresses) {
  std::string_view element;
  const bool pairs = !is_utf8(value);
  while (addresses->size() < kMaxForwarded && next_list_element(&value, &element)) {
    std::string_view name;
    std::string parameter;
    while (next_parameter(&element, pairs, &name, &parameter)) {
      if (equals_ignore_case(name, "for")) add_address(parameter, addresses);
    }
  }
}

std::string meta_string(std::string_view text) { return std::string(text.substr(0, kMaxMetaLength)); }

}  // namespace weir::http1
