#include "parsers/http1/exchanges.h"

#include "parsers/api/item.h"

namespace weir::http1 {

namespace {

constexpr size_t kEntryHead = 5;
constexpr size_t kKeptCapacity = 512;  // of an idle connection's queue

void put_length(std::string* out, size_t n) {
  out->push_back(static_cast<char>(n >> 8));
  out->push_back(static_cast<char>(n & 0xFF));
}

size_t length_at(std::string_view text, size_t at) {
  return size_t{static_cast<uint8_t>(text[at])} << 8 | static_cast<uint8_t>(text[at + 1]);
}

}  // namespace

void Exchanges::request_seen(Direction direction, RequestNote::Kind kind, std::string_view host,
                             std::string_view path) {
  if (!any_request_) {
    any_request_ = true;
    requests_ = direction;
  }
  if (given_up_ || direction != requests_) return;
  if (early_ > 0) {
    --early_;
    return;
  }
  if (waiting_ == kMaxWaiting) {
    clear();
    given_up_ = true;
    return;
  }
  host = host.substr(0, kMaxMetaLength);
  path = path.substr(0, kMaxMetaLength);
  if (queue_.size() + kEntryHead + host.size() + path.size() > kMaxWaitingBytes) {
    queue_.erase(0, front_);
    front_ = 0;
    if (queue_.size() + kEntryHead + host.size() + path.size() > kMaxWaitingBytes) host = path = {};
  }
  queue_.push_back(static_cast<char>(kind));
  put_length(&queue_, host.size());
  put_length(&queue_, path.size());
  queue_ += host;
  queue_ += path;
  ++waiting_;
}

bool Exchanges::response_seen(Direction direction, bool final_status, bool may_come, RequestNote* request) {
  if (given_up_ || (any_request_ && direction == requests_)) return false;
  if (waiting_ == 0) {
    if (may_come && final_status && early_ < kMaxWaiting) ++early_;
    return false;
  }
  if (!in_order_ && waiting_ > 1) {
    // Pipelined requests, and some may have been missed: which one this answers cannot be known.
    if (final_status) clear();
    return false;
  }
  const std::string_view entry = std::string_view(queue_).substr(front_);
  const size_t host_length = length_at(entry, 1);
  const size_t path_length = length_at(entry, 3);
  request->kind = static_cast<RequestNote::Kind>(entry[0]);
  request->host = entry.substr(kEntryHead, host_length);
  request->path = entry.substr(kEntryHead + host_length, path_length);
  if (final_status) {
    front_ += static_cast<uint32_t>(kEntryHead + host_length + path_length);
    if (--waiting_ == 0) clear();
  }
  return true;
}

std::optional<uint32_t> Exchanges::at_rest() const {
  if (waiting_ > 0) return std::nullopt;
  static_assert(kMaxWaiting < 512);
  return early_ << 4 | static_cast<uint32_t>(requests_ == Direction::kFromResponder) << 3 |
         static_cast<uint32_t>(any_request_) << 2 | static_cast<uint32_t>(in_order_) << 1 |
         static_cast<uint32_t>(given_up_);
}

Exchanges Exchanges::resume(uint32_t at_rest) {
  Exchanges exchanges((at_rest & 2) != 0);
  exchanges.early_ = (at_rest & ((1u << kRestBits) - 1)) >> 4;
  exchanges.requests_ = (at_rest & 8) != 0 ? Direction::kFromResponder : Direction::kFromInitiator;
  exchanges.any_request_ = (at_rest & 4) != 0;
  exchanges.given_up_ = (at_rest & 1) != 0;
  return exchanges;
}

void Exchanges::lose_order() {
  in_order_ = false;
  clear();
}

void Exchanges::clear() {
  queue_.clear();
  if (queue_.capacity() > kKeptCapacity) queue_.shrink_to_fit();
  front_ = 0;
  waiting_ = 0;
  early_ = 0;
}

}  // namespace weir::http1
