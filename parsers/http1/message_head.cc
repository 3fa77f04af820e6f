#include "parsers/http1/message_head.h"

#include <utility>

#include "parsers/http1/field_values.h"

namespace weir::http1 {

namespace {

// Longest value of a field that is looked at when it is folded or comes in pieces.
constexpr size_t kMaxUnfolded = 2 * kMaxMetaLength;
constexpr size_t kMaxCodingName = 32;

// Of the fields that field_named() knows: most lines go no further than their first letter.
constexpr bool begins_known_field(char c) {
  switch (c | 0x20) {
    case 'a':
    case 'c':
    case 'f':
    case 'h':
    case 'p':
    case 't':
    case 'x':
      return true;
    default:
      return false;
  }
}

// RFC 3986 authority: without user info.
std::string_view host_part(std::string_view authority) {
  const size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

// The authority of an absolute-form target ("http://shop.example:8080/x"), which stands above Host (RFC 9112
// section 3.2.2); empty for other forms.
std::string_view authority_of(std::string_view target) {
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0 || target.front() == '/') return {};
  if (target.find_first_of("/?#") < scheme_end) return {};
  const std::string_view rest = target.substr(scheme_end + 3);
  return host_part(rest.substr(0, rest.find_first_of("/?#")));
}

}  // namespace

MessageHead::MessageHead(Direction direction) {
  meta.kind = ItemKind::kMessage;
  meta.direction = direction;
  meta.protocol = "http";
}

void MessageHead::set_start(const StartLine& line) {
  response = line.response;
  if (response) {
    meta.status = line.status;
    return;
  }
  meta.method = line.method;
  meta.path = meta_string(line.target);
  const std::string_view authority =
      line.method == "CONNECT" ? host_part(line.target) : authority_of(line.target);
  if (!authority.empty()) meta.host = meta_string(authority);
}

void MessageHead::add_line(std::string_view line, bool stable) {
  line = without_cr(line);
  if (line.starts_with(' ') || line.starts_with('\t')) {
    if (pending_ == Field::kOther) return;
    if (!copied_) {
      unfolded_ = pending_value_.substr(0, kMaxUnfolded);
      copied_ = true;
    }
    const std::string_view more = trim(line);
    if (unfolded_.size() + 1 + more.size() <= kMaxUnfolded) (unfolded_ += ' ') += more;
    return;
  }
  take(std::exchange(pending_, Field::kOther), copied_ ? std::string_view(unfolded_) : pending_value_);
  copied_ = false;
  if (line.empty() || !begins_known_field(line.front())) return;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  // White space before the colon is against RFC 9112 section 5.1, and some read it all the same.
  pending_ = field_named(trim(line.substr(0, colon)));
  if (pending_ == Field::kOther) return;
  pending_value_ = trim(line.substr(colon + 1));
  if (!stable) {
    unfolded_ = pending_value_.substr(0, kMaxUnfolded);
    copied_ = true;
  }
}

size_t MessageHead::add_lines(std::string_view fields, bool stable) {
  size_t at = 0;
  for (size_t end = fields.find('\n'); end != std::string_view::npos; end = fields.find('\n', at)) {
    add_line(fields.substr(at, end - at), stable);
    at = end + 1;
  }
  return at;
}

void MessageHead::finish() {
  take(std::exchange(pending_, Field::kOther), copied_ ? std::string_view(unfolded_) : pending_value_);
  copied_ = false;
  // Only the last "chunked" is framing (RFC 9112 section 7.1: never twice). Transfer codings before it were
  // applied after the content codings.
  has_transfer_encoding = !transfer_codings_.empty();
  chunked = !transfer_codings_.empty() && transfer_codings_.back() == "chunked";
  if (chunked) transfer_codings_.pop_back();
  for (std::string& coding : transfer_codings_) {
    if (meta.codings.size() < kMaxCodings) meta.codings.push_back(std::move(coding));
  }
  transfer_codings_.clear();
}

MessageHead::Framing MessageHead::framing() const {
  if (response) {
    const bool connected = answers == RequestNote::Kind::kConnect && meta.status / 100 == 2;
    if (meta.status == 101 || connected) return Framing::kTunnel;
    if (meta.status / 100 == 1 || meta.status == 204 || meta.status == 304) return Framing::kNoBody;
    if (answers == RequestNote::Kind::kHead) return Framing::kNoBody;
  }
  if (chunked) return Framing::kChunked;  // above any Content-Length
  if (has_transfer_encoding) return response ? Framing::kUntilClose : Framing::kGuessed;
  if (bad_length) return Framing::kGuessed;
  if (has_length) return length == 0 ? Framing::kNoBody : Framing::kLength;
  return response ? Framing::kUntilClose : Framing::kNoBody;
}

ContentMeta MessageHead::body_meta() const {
  ContentMeta body;
  body.kind = ItemKind::kBody;
  body.direction = meta.direction;
  body.protocol = meta.protocol;
  body.declared_type = meta.declared_type;
  body.codings = meta.codings;
  body.file_name = meta.file_name;
  body.range = meta.range;
  const std::string_view type = meta.declared_type;
  if (equals_ignore_case(trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded")) {
    body.escapes = Escapes::kForm;
  }
  return body;
}

MessageHead::Field MessageHead::field_named(std::string_view name) {
  switch (name.size()) {
    case 4:
      if (equals_ignore_case(name, "host")) return Field::kHost;
      break;
    case 9:
      if (equals_ignore_case(name, "forwarded")) return Field::kForwarded;
      break;
    case 12:
      if (equals_ignore_case(name, "content-type")) return Field::kContentType;
      break;
    case 13:
      if (equals_ignore_case(name, "content-range")) return Field::kContentRange;
      if (equals_ignore_case(name, "authorization")) return Field::kAuthorization;
      break;
    case 14:
      if (equals_ignore_case(name, "content-length")) return Field::kContentLength;
      break;
    case 15:
      if (equals_ignore_case(name, "x-forwarded-for")) return Field::kForwardedFor;
      break;
    case 16:
      if (equals_ignore_case(name, "content-encoding")) return Field::kContentEncoding;
      break;
    case 17:
      if (equals_ignore_case(name, "transfer-encoding")) return Field::kTransferEncoding;
      break;
    case 19:
      if (equals_ignore_case(name, "content-disposition")) return Field::kContentDisposition;
      if (equals_ignore_case(name, "proxy-authorization")) return Field::kAuthorization;
      break;
    default:
      break;
  }
  return Field::kOther;
}

// Of a field that should come once the first is kept; lists grow.
void MessageHead::take(Field field, std::string_view value) {
  switch (field) {
    case Field::kOther:
      break;
    case Field::kHost:
      if (meta.host.empty()) meta.host = meta_string(host_part(value));
      break;
    case Field::kContentLength:
      take_length(value);
      break;
    case Field::kTransferEncoding:
      take_codings(value, &transfer_codings_);
      break;
    case Field::kContentEncoding:
      take_codings(value, &meta.codings);
      break;
    case Field::kContentType:
      if (meta.declared_type.empty()) meta.declared_type = meta_string(value);
      break;
    case Field::kContentDisposition:
      if (meta.file_name.empty()) meta.file_name = file_name_of(value);
      break;
    case Field::kContentRange:
      if (meta.range.empty()) meta.range = meta_string(value);
      break;
    case Field::kAuthorization:
      if (meta.user.empty()) meta.user = user_of(value);
      break;
    case Field::kForwardedFor:
      add_forwarded_for(value, &meta.forwarded_for);
      break;
    case Field::kForwarded:
      add_forwarded(value, &meta.forwarded_for);
      break;
  }
}

// RFC 9110 section 8.6: digits only; "5, 5" and two equal fields are one.
void MessageHead::take_length(std::string_view value) {
  std::string_view element;
  bool any = false;
  while (next_list_element(&value, &element)) {
    any = true;
    uint64_t number = 0;
    for (const char c : element) {
      const uint64_t digit = static_cast<uint64_t>(c) - '0';
      if (c < '0' || c > '9' || number > (UINT64_MAX - digit) / 10) {
        bad_length = true;
        return;
      }
      number = number * 10 + digit;
    }
    bad_length |= has_length && number != length;
    has_length = true;
    length = number;
  }
  bad_length |= !any;
}

void MessageHead::take_codings(std::string_view value, std::vector<std::string>* codings) {
  std::string_view element;
  while (codings->size() < kMaxCodings && next_list_element(&value, &element)) {
    element = trim(element.substr(0, element.find(';')));  // transfer codings may have parameters
    if (equals_ignore_case(element, "identity")) continue;
    std::string& coding = codings->emplace_back(element.substr(0, kMaxCodingName));
    for (char& c : coding) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
  }
}

}  // namespace weir::http1
