// Fragments made by hand, and everything that a Defragmenter says about them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sensor/decode/defragmenter.h"

namespace weir {

inline constexpr Nanoseconds kSecond = 1'000'000'000;
inline constexpr Nanoseconds kStart = 1'700'000'000 * kSecond;

struct Piece {
  uint32_t offset = 0;
  std::string bytes;
  bool more = true;
  uint32_t id = 1;
  uint8_t protocol = kProtoUdp;
  bool v6 = false;
  uint32_t cut = 0;  // bytes at its end that the capture left out
  std::string src = "192.0.2.1";
  std::string dst = "198.51.100.7";
  uint32_t tenant = 0;
};

// A reading with bytes of its own.
struct Heard {
  DatagramReading::Kind kind;
  DatagramEnd end;
  uint8_t version;
  uint8_t protocol;
  std::string bytes;
  uint32_t offset, wire, hole, length;
  Nanoseconds time;
  bool first;  // with tallies
  uint64_t repeated = 0, differing = 0, cut = 0;
};

class Bench {
 public:
  explicit Bench(TargetPolicy policy = TargetPolicy::kFirst, size_t memory = size_t{64} << 20,
                 DefragmentOptions options = {})
      : budget(memory), defragmenter(with(std::move(options), policy), HashKey{3, 5}, budget) {}

  // Sends one fragment at `time` and hears what comes of it.
  std::vector<Heard> send(const Piece& piece, Nanoseconds time = kStart) {
    PacketView view;
    view.time = time;
    EXPECT_TRUE(IpAddress::parse(piece.src, &view.key.src));
    EXPECT_TRUE(IpAddress::parse(piece.dst, &view.key.dst));
    view.key.tenant = piece.tenant;
    // Of its exact size: a sanitizer sees an over-read.
    const std::vector<uint8_t> exact(piece.bytes.begin(), piece.bytes.end() - piece.cut);
    Fragment fragment;
    fragment.bytes = exact;
    fragment.wire = static_cast<uint32_t>(piece.bytes.size());
    fragment.offset = piece.offset;
    fragment.id = piece.id;
    fragment.protocol = piece.protocol;
    fragment.v6 = piece.v6;
    fragment.more = piece.more;
    sent += fragment.wire;
    defragmenter.advance(time);
    std::vector<Heard> heard = hear();
    defragmenter.add(fragment, view, true);
    for (Heard& h : hear()) heard.push_back(std::move(h));
    EXPECT_LE(budget.used(), budget.limit());
    return heard;
  }
  std::vector<Heard> wait_until(Nanoseconds time) {
    defragmenter.advance(time);
    return hear();
  }
  std::vector<Heard> finish() {
    defragmenter.finish();
    return hear();
  }
  std::vector<Heard> hear() {
    std::vector<Heard> all;
    DatagramReading r;
    while (defragmenter.next(&r)) {
      Heard h{r.kind, r.end,  r.version, r.protocol,      std::string(as_text(r.bytes)), r.offset,
              r.wire, r.hole, r.length,  r.context->time, r.tallies != nullptr};
      if (h.first) {
        h.repeated = r.tallies->repeated.total();
        h.differing = r.tallies->differing.total();
        h.cut = r.tallies->cut.total();
      }
      EXPECT_LE(r.bytes.size(), r.wire);
      // Every byte that was on the wire is in one reading, or counted beside it.
      if (r.version == 0 && r.kind != DatagramReading::Kind::kRepeat) accounted += r.wire;
      accounted += h.repeated + h.differing + h.cut;
      all.push_back(std::move(h));
    }
    return all;
  }

  MemoryBudget budget;
  Defragmenter defragmenter;
  uint64_t sent = 0;
  uint64_t accounted = 0;

 private:
  static DefragmentOptions with(DefragmentOptions options, TargetPolicy policy) {
    options.targets = TargetPolicies({}, policy);
    return options;
  }
};

inline std::vector<Heard> operator+(std::vector<Heard> a, std::vector<Heard> b) {
  std::move(b.begin(), b.end(), std::back_inserter(a));
  return a;
}

}  // namespace weir
