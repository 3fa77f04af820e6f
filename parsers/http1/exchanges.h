// Which request a response answers: by order, on one connection (RFC 9112 section 9.3).
//
// request_seen() for each request head, response_seen() for each response head, lose_order() when messages
// of a direction may have been missed. Owns the requests that wait for their response: a bounded queue in
// one block, nothing while the connection is idle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/api/types.h"

namespace weir::http1 {

// What a response needs to know of its request.
struct RequestNote {
  enum class Kind : uint8_t { kOther, kHead, kConnect };
  Kind kind = Kind::kOther;
  std::string host;
  std::string path;
};

class Exchanges {
 public:
  // `in_order`: both directions are known from their first byte.
  explicit Exchanges(bool in_order) : in_order_(in_order) {}

  void request_seen(Direction direction, RequestNote::Kind kind, std::string_view host,
                    std::string_view path);
  // `final_status` is false for 1xx: the request stays first in line. `may_come`: where none waits, what it
  // answers may still come: its head is not whole yet, or was captured later than this. Else nobody asked: a
  // server says 408 by itself (RFC 9110 section 15.5.9), and others when it is full; what is asked later it
  // cannot answer. False: no request is known for it.
  bool response_seen(Direction direction, bool final_status, bool may_come, RequestNote* request);
  void lose_order();

  size_t held_bytes() const { return queue_.size(); }

  // With no request waiting, all there is to know, in kRestBits bits.
  std::optional<uint32_t> at_rest() const;
  static Exchanges resume(uint32_t at_rest);
  static constexpr uint32_t kRestBits = 13;

  static constexpr uint32_t kMaxWaiting = 256;          // more: pairing is given up for this flow
  static constexpr size_t kMaxWaitingBytes = 16 << 10;  // more: the request waits without host and path

 private:
  void clear();

  // Waiting requests, oldest first: kind (1 byte), length of host and path (2 each), host, path.
  std::string queue_;
  uint32_t front_ = 0;  // where the oldest begins in queue_
  uint32_t waiting_ = 0;
  uint32_t early_ = 0;  // responses that came before their request did
  Direction requests_ = Direction::kFromInitiator;
  bool any_request_ = false;
  bool in_order_;
  bool given_up_ = false;
};

}  // namespace weir::http1
