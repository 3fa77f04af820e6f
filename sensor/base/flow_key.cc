#include "sensor/base/flow_key.h"

#include <arpa/inet.h>

namespace weir {

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + 12, text, sizeof(text));
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof(text));
  }
  return text;
}

bool IpAddress::parse(const std::string& text, IpAddress* out) {
  // inet_pton stops at a NUL; a string that goes on behind one is no address.
  if (text.find('\0') != std::string::npos) return false;
  uint8_t raw[16];
  if (inet_pton(AF_INET, text.c_str(), raw) == 1) {
    *out = v4(raw);
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), raw) == 1) {
    *out = v6(raw);
    return true;
  }
  return false;
}

}  // namespace weir
