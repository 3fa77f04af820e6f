#include "sensor/alert/wire_strings.h"

#include <algorithm>
#include <cctype>

namespace weir {
namespace {

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A name of a program's own, such as "page" or "filter[from]": anything else may be a person's.
bool is_identifier(std::string_view name) {
  constexpr size_t kLongest = 32;
  return !name.empty() && name.size() <= kLongest && !(name.front() >= '0' && name.front() <= '9') &&
         std::ranges::all_of(name, [](char c) {
           return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '[' || c == ']';
         });
}

// "a=1&b&c=" → "a=***&b&c=". Names that are no identifiers and bare words become shapes.
std::string query_without_values(MetadataMasker& masker, std::string_view query) {
  std::string out;
  size_t begin = 0;
  while (begin <= query.size() && out.size() < kMaxUrl) {
    size_t end = query.find_first_of("&;", begin);
    if (end == std::string_view::npos) end = query.size();
    const std::string_view pair = query.substr(begin, end - begin);
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    out += is_identifier(name) ? std::string(name) : masker.field_name(name);
    if (equals != std::string_view::npos) out += equals + 1 < pair.size() ? "=***" : "=";
    if (end < query.size()) out += query[end];
    begin = end + 1;
  }
  return out;
}

// "/a;v=1;w/b" → "/a;v=***;w/b": parameters of a path's segments (RFC 3986 3.3) have values too.
std::string path_without_values(std::string_view path) {
  std::string out;
  for (size_t pos = 0; pos < path.size();) {
    const size_t end = std::min(path.find_first_of(";/", pos + 1), path.size());
    const std::string_view part = path.substr(pos, end - pos);
    const size_t equals = part.front() == ';' ? part.find('=') : std::string_view::npos;
    if (equals != std::string_view::npos && equals + 1 < part.size()) {
      out += part.substr(0, equals + 1);
      out += "***";
    } else {
      out += part;
    }
    pos = end;
  }
  return out;
}

bool is_port(std::string_view text) {
  constexpr size_t kLongestPort = 5;
  return !text.empty() && text.size() <= kLongestPort &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// An address with or without a port, shown as addresses are everywhere: of IPv4 any, of IPv6 only the flow's
// own, since what is written as IPv6 may be anybody's number ("[1101:0119:9003:0786:70::]").
bool is_address(std::string_view authority, const FlowFacts* flow) {
  const bool v6 = authority.starts_with('[');
  const size_t host_end = v6 ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return false;
  const std::string_view rest = authority.substr(host_end + (v6 ? 1 : 0));
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
  const std::string host(authority.substr(v6 ? 1 : 0, host_end - (v6 ? 1 : 0)));
  IpAddress address;
  if (host.size() > 45 || !IpAddress::parse(host, &address)) return false;
  if (!v6) return true;
  // As it is written elsewhere: in another spelling zeros may hide digits of their own.
  return flow != nullptr && host == address.to_string() &&
         (address == flow->initiator.address || address == flow->responder.address);
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

std::string masked_host(MetadataMasker& masker, std::string_view host, const FlowFacts* flow) {
  return is_address(host, flow) ? std::string(host) : masked_text(masker, host);
}

std::string masked_url(MetadataMasker& masker, const ContentMeta& meta, const FlowFacts* flow) {
  std::string_view target = std::string_view(meta.path).substr(0, kMaxMetaLength);
  if (target.empty() && meta.host.empty()) return {};
  std::string scheme;
  std::string_view authority;
  std::string rest;
  const size_t scheme_end = target.find("://");
  if (scheme_end <= 16 && target.find_first_of("/?#") > scheme_end) {
    // An absolute target, as a proxy gets it: its authority may hold a user and a password.
    scheme = std::string(target.substr(0, scheme_end)) + "://";
    target.remove_prefix(scheme_end + 3);
    const size_t path = std::min(target.find_first_of("/?#"), target.size());
    authority = target.substr(0, path);
    const size_t at = authority.rfind('@');
    if (at != std::string_view::npos) authority.remove_prefix(at + 1);
    target.remove_prefix(path);
  } else if (!meta.host.empty()) {
    if (!meta.protocol.empty()) scheme = std::string(meta.protocol) + "://";
    authority = meta.host;
    if (!target.empty() && target.front() != '/') rest += '/';
  }
  const size_t query = target.find('?');
  rest += path_without_values(target.substr(0, query));
  if (query != std::string_view::npos) rest += "?" + query_without_values(masker, target.substr(query + 1));
  // In one piece: digits are joined over what stands between a port and a path, or between two names.
  std::string out = is_address(authority, flow)
                        ? masked_text(masker, scheme, kMaxUrl) + std::string(authority)
                        : std::string();
  out += masked_text(masker, out.empty() ? scheme + std::string(authority) + rest : rest, kMaxUrl);
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
