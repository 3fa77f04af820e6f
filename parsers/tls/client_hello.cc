#include "parsers/tls/client_hello.h"

#include <algorithm>

#include "parsers/wire/cursor.h"

namespace weir::tls {

namespace {

constexpr uint8_t kClientHello = 1;
constexpr uint16_t kServerNameExtension = 0;
constexpr uint8_t kHostName = 0;
constexpr size_t kLongestName = 255;

bool fits_host_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

}  // namespace

std::string_view server_name_of(Bytes hello) {
  Cursor in(hello);
  if (in.u8() != kClientHello) return {};
  Cursor body(in.bytes(in.be24()));
  body.skip(2 + 32);       // version, random
  body.skip(body.u8());    // session id
  body.skip(body.be16());  // cipher suites
  body.skip(body.u8());    // compression methods
  Cursor extensions(body.bytes(body.be16()));
  while (extensions.remaining() > 0) {
    const uint16_t type = extensions.be16();
    Cursor extension(extensions.bytes(extensions.be16()));
    if (!extensions.ok()) return {};
    if (type != kServerNameExtension) continue;
    Cursor names(extension.bytes(extension.be16()));
    while (names.remaining() > 0) {
      const uint8_t name_type = names.u8();
      const Bytes name = names.bytes(names.be16());
      if (!names.ok()) return {};
      if (name_type == kHostName) return fits_host_name(as_text(name)) ? as_text(name) : std::string_view();
    }
    return {};
  }
  return {};
}

}  // namespace weir::tls
