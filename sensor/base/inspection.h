// The ledger of inspection truth: seen = read + duplicate + unread by reason. Bytes of transport payload,
// by the lengths in the headers. `gap` stands beside the sum: those bytes never came.
#pragma once

#include <array>
#include <cstdint>

#include "parsers/api/types.h"

namespace weir {

struct Inspection {
  uint64_t seen = 0;
  uint64_t duplicate = 0;
  uint64_t gap = 0;
  std::array<uint64_t, kUnreadReasons> unread{};

  void add_unread(Unread why, uint64_t n) { unread[static_cast<size_t>(why)] += n; }
  uint64_t unread_total() const {
    uint64_t sum = 0;
    for (const uint64_t n : unread) sum += n;
    return sum;
  }
  // What was delivered and not given up anywhere. A negative sum is a broken invariant; it shows as 0.
  uint64_t read() const {
    const uint64_t lost = duplicate + unread_total();
    return seen > lost ? seen - lost : 0;
  }
  Inspection& operator+=(const Inspection& other) {
    seen += other.seen;
    duplicate += other.duplicate;
    gap += other.gap;
    for (size_t i = 0; i < kUnreadReasons; ++i) unread[i] += other.unread[i];
    return *this;
  }
};

}  // namespace weir
