#include "sensor/alert/wire_strings.h"

#include <algorithm>
#include <cctype>

namespace weir {
namespace {

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "a=1&b&c=" → "a=***&b&c=": names and bare words are masked like any other string.
std::string masked_query(MetadataMasker& masker, std::string_view query) {
  std::string out;
  size_t begin = 0;
  while (begin <= query.size() && out.size() < kMaxUrl) {
    size_t end = query.find_first_of("&;", begin);
    if (end == std::string_view::npos) end = query.size();
    const std::string_view pair = query.substr(begin, end - begin);
    const size_t equals = pair.find('=');
    out += masker.mask(pair.substr(0, equals));
    if (equals != std::string_view::npos) out += equals + 1 < pair.size() ? "=***" : "=";
    if (end < query.size()) out += query[end];
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string cut_text(std::string text, size_t longest) {
  if (text.size() <= longest) return text;
  size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

std::string masked_text(MetadataMasker& masker, std::string_view wire, size_t longest) {
  if (wire.empty()) return {};
  return cut_text(masker.mask(wire.substr(0, kMaxMetaLength)), longest);
}

std::string masked_url(MetadataMasker& masker, const ContentMeta& meta) {
  std::string_view target = std::string_view(meta.path).substr(0, kMaxMetaLength);
  if (target.empty() && meta.host.empty()) return {};
  std::string out;
  const size_t scheme = target.find("://");
  if (scheme <= 16 && target.find_first_of("/?#") > scheme) {
    // An absolute target, as a proxy gets it: its authority may hold a user and a password.
    out = masker.mask(target.substr(0, scheme)) + "://";
    target.remove_prefix(scheme + 3);
    const size_t path = std::min(target.find_first_of("/?#"), target.size());
    std::string_view authority = target.substr(0, path);
    const size_t at = authority.rfind('@');
    if (at != std::string_view::npos) authority.remove_prefix(at + 1);
    out += masker.mask(authority);
    target.remove_prefix(path);
  } else if (!meta.host.empty()) {
    if (!meta.protocol.empty()) out = std::string(meta.protocol) + "://";
    out += masker.mask(meta.host);
    if (!target.empty() && target.front() != '/') out += '/';
  }
  const size_t query = target.find('?');
  out += masker.mask(target.substr(0, query));
  if (query != std::string_view::npos) out += "?" + masked_query(masker, target.substr(query + 1));
  return cut_text(std::move(out), kMaxUrl);
}

std::string lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return {};
  const size_t colon = host.find(':');
  if (colon != std::string_view::npos) {
    if (host.find(':', colon + 1) != std::string_view::npos) return {};
    host = host.substr(0, colon);
  }
  while (host.ends_with('.')) host.remove_suffix(1);
  IpAddress address;
  if (IpAddress::parse(std::string(host), &address)) return {};
  return host;
}

std::string_view declared_media_type(std::string_view declared) {
  declared = declared.substr(0, declared.find(';'));
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!declared.empty() && is_blank(declared.back())) declared.remove_suffix(1);
  while (!declared.empty() && is_blank(declared.front())) declared.remove_prefix(1);
  return declared;
}

std::string file_extension(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string_view extension = name.substr(dot + 1);
  if (extension.empty() || extension.size() > 10 ||
      !std::all_of(extension.begin(), extension.end(), is_alnum)) {
    return {};
  }
  return lowered(std::string(extension));
}

std::vector<std::string> forwarded_addresses(const std::vector<std::string>& entries) {
  constexpr size_t kMost = 8;
  std::vector<std::string> out;
  for (std::string_view entry : entries) {
    if (out.size() == kMost) break;
    const auto is_edge = [](char c) { return c == ' ' || c == '\t' || c == '"'; };
    while (!entry.empty() && is_edge(entry.back())) entry.remove_suffix(1);
    while (!entry.empty() && is_edge(entry.front())) entry.remove_prefix(1);
    if (entry.starts_with('[')) {
      entry = entry.substr(1, std::min(entry.find(']'), entry.size()) - 1);
    } else if (std::count(entry.begin(), entry.end(), ':') == 1) {
      entry = entry.substr(0, entry.find(':'));
    }
    IpAddress address;
    if (entry.size() < 64 && IpAddress::parse(std::string(entry), &address))
      out.push_back(address.to_string());
  }
  return out;
}

}  // namespace weir
