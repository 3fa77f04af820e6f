#include "parsers/ipsec/ike_header.h"

#include "parsers/wire/cursor.h"

namespace weir::ipsec {

namespace {

// IANA "IKEv2 Exchange Types": IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, IKE_SESSION_RESUME, …
constexpr uint8_t kFirstV2Exchange = 34;
constexpr uint8_t kLastV2Exchange = 44;
constexpr uint8_t kSaInit = 34;
constexpr uint8_t kSessionResume = 38;

bool is_v1_exchange(uint8_t type) { return (type >= 1 && type <= 6) || (type >= 32 && type <= 34); }

}  // namespace

bool read_ike_header(Bytes message, IkeHeader* out) {
  Cursor in(message);
  const uint64_t initiator = in.be64();
  in.skip(8 + 1);  // responder's cookie, next payload
  const uint8_t version = in.u8();
  const uint8_t exchange = in.u8();
  const uint8_t flags = in.u8();
  in.skip(4);  // message id
  const uint32_t length = in.be32();
  if (!in.ok() || initiator == 0 || length != message.size()) return false;
  if (version >> 4 == 2) {
    constexpr uint8_t kKnownFlags = 0x38;  // initiator, version, response
    if (exchange < kFirstV2Exchange || exchange > kLastV2Exchange || (flags & ~kKnownFlags) != 0)
      return false;
    out->encrypted = exchange != kSaInit && exchange != kSessionResume;
    return true;
  }
  if (version >> 4 == 1) {
    constexpr uint8_t kEncryption = 0x01;
    constexpr uint8_t kKnownFlags = 0x07;  // encryption, commit, authentication only
    if (!is_v1_exchange(exchange) || (flags & ~kKnownFlags) != 0) return false;
    out->encrypted = (flags & kEncryption) != 0;
    return true;
  }
  return false;
}

}  // namespace weir::ipsec
