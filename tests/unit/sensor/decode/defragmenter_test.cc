// Fragments in any order, with loss, repeats and cuts, against what a seed made; then hostile ones.
#include "sensor/decode/defragmenter.h"

#include <random>

#include "tests/unit/sensor/decode/defragment_fixture.h"

namespace weir {
namespace {

using Kind = DatagramReading::Kind;

std::string random_text(std::mt19937& random, size_t n) {
  std::string text(n, 0);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// Cuts at random multiples of eight.
std::vector<Piece> cut(std::mt19937& random, const std::string& datagram, uint32_t most, uint32_t id = 1) {
  std::vector<Piece> pieces;
  const auto length = static_cast<uint32_t>(datagram.size());
  for (uint32_t at = 0; at < length;) {
    const uint32_t step = std::min<uint32_t>(length - at, 8 * (1 + static_cast<uint32_t>(random() % most)));
    pieces.push_back({at, datagram.substr(at, step), at + step < length, id});
    at += step;
  }
  return pieces;
}

TEST(Defragmenter, AnyCutAndOrderGivesTheDatagram) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    const bool v6 = round % 3 == 0;
    const size_t length = round == 0 ? 65535 : 9 + random() % (round % 10 == 0 ? 60000 : 5000);
    const std::string datagram = random_text(random, length);
    std::vector<Piece> pieces = cut(random, datagram, 1u << (random() % 9));
    std::shuffle(pieces.begin(), pieces.end(), random);
    Bench bench(static_cast<TargetPolicy>(random() % 6));
    std::vector<Heard> heard;
    for (Piece& piece : pieces) {
      piece.v6 = v6;
      heard = bench.send(piece);
      // Repeats of what is there, and stretches across several fragments, before the datagram is whole.
      if (heard.empty() && random() % 3 == 0) {
        Piece again = piece;
        const uint32_t from =
            piece.offset / 8 - std::min<uint32_t>(piece.offset / 8, static_cast<uint32_t>(random() % 5));
        again.offset = from * 8;
        again.bytes = datagram.substr(again.offset, piece.offset - again.offset + piece.bytes.size());
        heard = bench.send(again);
      }
      if (!heard.empty()) break;
    }
    ASSERT_EQ(heard.size(), 1u) << round;
    EXPECT_EQ(heard[0].kind, Kind::kBeginning);
    EXPECT_EQ(heard[0].bytes, datagram);
    EXPECT_EQ(heard[0].wire, length);
    EXPECT_EQ(heard[0].length, length);
    EXPECT_EQ(heard[0].hole, 0u);
    EXPECT_EQ(heard[0].differing, 0u);
    EXPECT_EQ(bench.accounted, bench.sent);
    EXPECT_EQ(bench.defragmenter.counters().datagrams, 1u);
    EXPECT_EQ(bench.defragmenter.counters().conflicting, 0u);
    EXPECT_EQ(bench.defragmenter.waiting(), 0u);
  }
}

// What is left of a datagram is read, and what is not there is told, to the byte.
TEST(Defragmenter, LossAndCutsAreTold) {
  std::mt19937 random(5);
  int incomplete = 0;
  for (int round = 0; round < 400; ++round) {
    const std::string datagram = random_text(random, 9 + random() % 3000);
    std::vector<Piece> pieces = cut(random, datagram, 12);
    std::shuffle(pieces.begin(), pieces.end(), random);
    enum class State : uint8_t { kNever, kCut, kThere };
    std::vector<State> model(datagram.size(), State::kNever);
    Bench bench;
    std::vector<Heard> heard;
    bool last_came = false;
    uint32_t sent = 0;
    for (Piece& piece : pieces) {
      if (random() % 5 == 0) continue;
      if (random() % 4 == 0) piece.cut = static_cast<uint32_t>(random() % (piece.bytes.size() + 1));
      for (uint32_t i = 0; i < piece.bytes.size(); ++i) {
        model[piece.offset + i] = i + piece.cut < piece.bytes.size() ? State::kThere : State::kCut;
      }
      last_came |= !piece.more;
      ++sent;
      heard = heard + bench.send(piece);
    }
    heard = heard + bench.wait_until(kStart + 31 * kSecond);
    const bool all = std::count(model.begin(), model.end(), State::kNever) == 0;
    incomplete += all ? 0 : 1;
    std::vector<State> told(datagram.size(), State::kNever);
    size_t holes = 0;
    for (const Heard& h : heard) {
      EXPECT_EQ(h.end, all ? DatagramEnd::kComplete : DatagramEnd::kTimeout);
      EXPECT_EQ(h.bytes, datagram.substr(h.offset, h.bytes.size()));
      EXPECT_EQ(h.kind == Kind::kBeginning, h.offset == 0);
      EXPECT_EQ(h.kind == Kind::kLone, model[0] == State::kNever);
      EXPECT_EQ(h.length, last_came ? datagram.size() : 0u);
      for (size_t i = 0; i < h.wire; ++i) {
        told.at(h.offset + i) = i < h.bytes.size() ? State::kThere : State::kCut;
      }
      holes += h.hole;
    }
    EXPECT_EQ(told, model);
    // Holes before the first piece and behind the last are told only where the end is known; that before the
    // first is told by its offset.
    if (last_came && !heard.empty()) {
      EXPECT_EQ(holes + heard[0].offset,
                static_cast<size_t>(std::count(model.begin(), model.end(), State::kNever)));
    }
    EXPECT_EQ(bench.accounted, bench.sent);
    EXPECT_EQ(bench.defragmenter.counters().timed_out, all || sent == 0 ? 0u : 1u);
  }
  EXPECT_GT(incomplete, 100);
}

TEST(Defragmenter, BytesThatWereCutMayComeAgainWhole) {
  Bench bench;
  Piece first{0, "0123456789abcdef", true};
  first.cut = 6;
  bench.send(first);
  first.cut = 0;
  bench.send(first);
  const std::vector<Heard> heard = bench.send({16, "end", false});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "0123456789abcdefend");
  EXPECT_EQ(heard[0].repeated, 10u);
  EXPECT_EQ(heard[0].cut, 6u);
  EXPECT_EQ(bench.accounted, bench.sent);
}

// The same identification in another protocol, family, direction or tenant is another datagram.
TEST(Defragmenter, TheKeyTellsDatagramsApart) {
  const std::vector<Piece> beginnings = [] {
    std::vector<Piece> all(7, Piece{0, "", true});
    all[1].protocol = kProtoTcp;
    all[2].v6 = true, all[2].src = "2001:db8::1", all[2].dst = "2001:db8::2";
    all[3].tenant = 4094;
    all[4].id = 2;
    std::swap(all[5].src, all[5].dst);
    all[6].v6 = true;  // IPv4-mapped addresses in an IPv6 header
    for (size_t i = 0; i < all.size(); ++i) all[i].bytes = std::string(8, static_cast<char>('a' + i));
    return all;
  }();
  Bench bench;
  for (const Piece& piece : beginnings) EXPECT_TRUE(bench.send(piece).empty());
  EXPECT_EQ(bench.defragmenter.waiting(), beginnings.size());
  for (Piece piece : beginnings) {
    const std::string beginning = piece.bytes;
    piece.offset = 8;
    piece.bytes = "end";
    piece.more = false;
    const std::vector<Heard> heard = bench.send(piece);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].bytes, beginning + "end");
  }
}

TEST(Defragmenter, TimersRunBeforeThePacketAfterThem) {
  Bench bench;
  Piece v4{0, "IPv4....", true};
  Piece v6{0, "IPv6....", true, 1, kProtoUdp, true};
  bench.send(v6, kStart);
  bench.send(v4, kStart + kSecond);
  EXPECT_TRUE(bench.wait_until(kStart + 31 * kSecond).empty());  // thirty seconds, not over them
  std::vector<Heard> heard = bench.wait_until(kStart + 31 * kSecond + 1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "IPv4....");
  EXPECT_EQ(heard[0].time, kStart + kSecond);  // when it came
  EXPECT_TRUE(bench.wait_until(kStart + 60 * kSecond).empty());
  // The late end begins another datagram: the timer ran before its packet.
  heard = bench.send({8, "end", false, 1, kProtoUdp, true}, kStart + 60 * kSecond + 1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "IPv6....");
  heard = bench.finish();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, Kind::kLone);
  EXPECT_EQ(heard[0].bytes, "end");
  EXPECT_EQ(heard[0].end, DatagramEnd::kCaptureEnd);
  EXPECT_EQ(bench.defragmenter.counters().timed_out, 2u);
  EXPECT_EQ(bench.defragmenter.counters().unfinished, 1u);
}

TEST(Defragmenter, TimeMayGoBack) {
  Bench bench;
  bench.send({0, "12345678", true}, kStart + 100 * kSecond);
  EXPECT_EQ(bench.send({8, "end", false}, kStart).size(), 1u);
  bench.send({0, "12345678", true, 2}, kStart);
  EXPECT_EQ(bench.wait_until(kStart + 131 * kSecond).size(), 1u);
}

// The capture was silent for longer than the clock tells: what was begun before it is older, no more.
TEST(Defragmenter, ASilenceAgesWhatWasBegunBeforeIt) {
  Bench bench;
  bench.send({0, "12345678", true, 1}, kStart);
  bench.send({0, "abcdefgh", true, 2}, kStart + kSecond);
  bench.defragmenter.age(kStart, 29 * kSecond);
  EXPECT_TRUE(bench.wait_until(kStart + kSecond).empty());
  std::vector<Heard> heard = bench.wait_until(kStart + kSecond + 1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "12345678");
  EXPECT_EQ(heard[0].end, DatagramEnd::kTimeout);
  heard = bench.send({8, "end", false, 2}, kStart + 31 * kSecond);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "abcdefghend");
  EXPECT_EQ(heard[0].end, DatagramEnd::kComplete);
}

TEST(Defragmenter, AMirrorThatRepeatsEveryFragment) {
  Bench bench;
  std::vector<Heard> heard;
  for (const Piece& piece : {Piece{0, "first...", true}, Piece{8, "last", false}}) {
    heard = heard + bench.send(piece) + bench.send(piece);
  }
  heard = heard + bench.wait_until(kStart + 31 * kSecond);
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].bytes, "first...last");
  EXPECT_EQ(heard[0].repeated, 8u);
  EXPECT_EQ(heard[1].kind, Kind::kRepeat);
  EXPECT_EQ(heard[1].repeated, 4u);
  EXPECT_EQ(bench.accounted, bench.sent);

  // A whole datagram again, within its time.
  bench.send({0, "first...", true, 7});
  bench.send({8, "last", false, 7});
  bench.send({8, "last", false, 7});
  heard = bench.send({0, "first...", true, 7});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, Kind::kRepeat);
  EXPECT_EQ(heard[0].repeated, 12u);
  EXPECT_EQ(bench.accounted, bench.sent);
}

// A datagram again in fragments that are cut elsewhere, before it is whole and after: repeats, and no
// version.
TEST(Defragmenter, FragmentsThatAreCutOtherwise) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += static_cast<char>('a' + i * 7 % 26);
  for (const uint32_t first : {8u, 40u, 64u, 104u, 200u}) {
    for (const uint32_t again : {8u, 24u, 56u, 128u, 400u}) {
      Bench bench;
      std::vector<Heard> heard;
      const auto send = [&](uint32_t cut, uint32_t to) {
        for (uint32_t at = 0; at < to; at += cut) {
          const uint32_t n = std::min<uint32_t>(cut, 400 - at);
          heard = heard + bench.send({at, text.substr(at, n), at + n < 400});
        }
      };
      send(first, 200);  // half of it, and that half again
      send(again, 200);
      send(first, 400);
      send(again, 400);
      heard = heard + bench.wait_until(kStart + 31 * kSecond);
      uint64_t whole = 0;
      for (const Heard& h : heard) {
        whole += h.kind == Kind::kBeginning ? 1 : 0;
        EXPECT_EQ(h.version, 0) << first << ' ' << again;
        EXPECT_EQ(h.differing, 0u) << first << ' ' << again;
        EXPECT_EQ(h.bytes, text);
      }
      EXPECT_EQ(whole, 1u) << first << ' ' << again;
      EXPECT_EQ(bench.accounted, bench.sent) << first << ' ' << again;
    }
  }
}

// Identifications come round: a fragment that is the same as one before must not be missed in the next.
TEST(Defragmenter, AnIdentificationThatComesRound) {
  Bench bench;
  bench.send({0, "zeroes..", true});
  EXPECT_EQ(bench.send({8, "one", false}).size(), 1u);
  EXPECT_TRUE(bench.send({0, "zeroes..", true}).empty());
  const std::vector<Heard> heard = bench.send({8, "two", false});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, Kind::kBeginning);
  EXPECT_EQ(heard[0].version, 0);
  EXPECT_EQ(heard[0].bytes, "zeroes..two");
  EXPECT_EQ(bench.accounted, bench.sent);
}

TEST(Defragmenter, SixteenThousandDatagramsAtOnce) {
  DefragmentOptions options;
  Bench bench(TargetPolicy::kFirst, size_t{32} << 20, options);
  for (uint32_t id = 0; id < 16384; ++id) {
    EXPECT_TRUE(bench.send({8, "8 bytes!", true, id}).empty());
  }
  EXPECT_EQ(bench.defragmenter.waiting(), 16384u);
  for (uint32_t id = 0; id < 16384; ++id) {
    EXPECT_TRUE(bench.send({16, "end", false, id}).empty());
    const std::vector<Heard> heard = bench.send({0, "begin...", true, id});
    ASSERT_EQ(heard.size(), 1u);
    ASSERT_EQ(heard[0].bytes, "begin...8 bytes!end");
  }
  EXPECT_EQ(bench.defragmenter.counters().evicted, 0u);
}

TEST(Defragmenter, TheOldestGoesWhenMemoryIsFull) {
  Bench bench(TargetPolicy::kFirst, 100'000);
  uint64_t evicted = 0;
  for (uint32_t id = 0; id < 3000; ++id) {
    for (const Heard& h : bench.send({0, std::string(1000, static_cast<char>(id)), true, id})) {
      EXPECT_EQ(h.end, DatagramEnd::kMemory);
      EXPECT_EQ(h.bytes, std::string(1000, static_cast<char>(evicted)));  // the oldest, and still readable
      ++evicted;
    }
  }
  EXPECT_GT(evicted, 2900u);
  EXPECT_EQ(bench.defragmenter.counters().evicted, evicted);
  EXPECT_GT(bench.defragmenter.waiting(), 30u);
  bench.finish();
  EXPECT_EQ(bench.accounted, bench.sent);
  EXPECT_EQ(bench.budget.used(), 0u);
}

// What is kept of whole datagrams never costs one that waits its place.
TEST(Defragmenter, WholeDatagramsMakeRoomFirst) {
  Bench bench(TargetPolicy::kFirst, 100'000);
  bench.send({0, "waits...", true, 99'999});
  for (uint32_t id = 0; id < 1000; ++id) {
    bench.send({0, std::string(1000, 'x'), true, id});
    EXPECT_EQ(bench.send({1000, "end", false, id}).size(), 1u);
  }
  EXPECT_EQ(bench.send({8, "end", false, 99'999}).size(), 1u);
  EXPECT_EQ(bench.defragmenter.counters().evicted, 0u);
}

TEST(Defragmenter, AFragmentThatTheBudgetNeverHoldsIsReadAlone) {
  Bench bench(TargetPolicy::kFirst, 4000);
  const std::vector<Heard> heard = bench.send({16, std::string(9000, 'x'), true});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, Kind::kLone);
  EXPECT_EQ(heard[0].end, DatagramEnd::kMemory);
  EXPECT_EQ(heard[0].bytes.size(), 9000u);
  EXPECT_EQ(heard[0].offset, 16u);
  EXPECT_EQ(bench.accounted, bench.sent);
  EXPECT_EQ(bench.defragmenter.waiting(), 0u);
  EXPECT_EQ(bench.budget.used(), 0u);
}

TEST(Defragmenter, EightThousandFragmentsInEveryOrder) {
  std::mt19937 random(6);
  const std::string datagram = random_text(random, 65528);
  for (const int order : {0, 1, 2}) {
    std::vector<Piece> pieces = cut(random, datagram, 1);
    ASSERT_EQ(pieces.size(), 8191u);
    if (order == 1) std::reverse(pieces.begin(), pieces.end());
    if (order == 2) std::shuffle(pieces.begin(), pieces.end(), random);
    Bench bench;
    std::vector<Heard> heard;
    for (const Piece& piece : pieces) heard = bench.send(piece);
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].bytes, datagram);
    EXPECT_EQ(bench.defragmenter.counters().too_many, 0u);
  }
}

TEST(Defragmenter, TooManyFragments) {
  DefragmentOptions options;
  options.max_fragments = 100;
  Bench bench(TargetPolicy::kFirst, size_t{1} << 20, options);
  std::vector<Heard> heard;
  for (int i = 0; i < 1000; ++i) heard = heard + bench.send({800, "repeats!", true});
  EXPECT_EQ(bench.defragmenter.counters().too_many, 0u);
  for (int i = 0; i < 250; ++i) {
    heard = heard + bench.send({800, "differs" + std::string(1, static_cast<char>(i)), true});
  }
  EXPECT_EQ(bench.defragmenter.counters().too_many, 2u);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard[0].end, DatagramEnd::kTooMany);
  EXPECT_EQ(heard[0].repeated, 999u * 8);
  EXPECT_EQ(heard[0].differing, 99u * 8);
  bench.finish();
  EXPECT_EQ(bench.accounted, bench.sent);
}

TEST(Defragmenter, LengthsThatNoSenderMayUse) {
  Bench bench;
  // The ping of death: no datagram holds its end.
  std::vector<Heard> heard = bench.send({65528, std::string(1000, 'x'), false});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, Kind::kLone);
  EXPECT_EQ(heard[0].end, DatagramEnd::kMalformed);
  EXPECT_EQ(heard[0].bytes, std::string(1000, 'x'));
  EXPECT_EQ(heard[0].offset, 65528u);
  EXPECT_EQ(bench.defragmenter.waiting(), 0u);
  // Empty ones say nothing, but the last tells the end.
  EXPECT_TRUE(bench.send({0, "", true, 2}).empty());
  EXPECT_EQ(bench.defragmenter.waiting(), 0u);
  bench.send({0, "12345678", true, 2});
  heard = bench.send({8, "", false, 2});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "12345678");
  // Not a multiple of eight, and not the last: its odd bytes are read too.
  bench.send({0, "123456789", true, 3});
  heard = bench.send({8, "9abc", false, 3});
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].bytes, "123456789abc");
  EXPECT_EQ(heard[0].repeated, 1u);
  bench.send({0, "123456789", true, 4});
  bench.send({16, "end", false, 4});
  heard = bench.finish();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].bytes, "123456789");
  EXPECT_EQ(heard[0].hole, 7u);
  EXPECT_EQ(heard[1].bytes, "end");
  EXPECT_EQ(heard[1].kind, Kind::kRest);
  EXPECT_EQ(bench.defragmenter.counters().malformed, 5u);
  EXPECT_EQ(bench.accounted, bench.sent);
}

// Repeated header bytes are no payload.
TEST(Defragmenter, TalliesLeaveOutTheTransportHeader) {
  for (uint32_t from = 0; from < 70; ++from) {
    for (uint32_t to = from; to < 80; ++to) {
      ByteTally tally;
      tally.add(from, to);
      for (uint32_t header = 0; header <= 60; header += 4) {
        ASSERT_EQ(tally.behind(header), to > header ? to - std::max(from, header) : 0u);
      }
    }
  }
}

TEST(Defragmenter, AnothersFragmentsAreNotCounted) {
  MemoryBudget budget(1 << 20);
  Defragmenter defragmenter({}, HashKey{}, budget);
  const std::vector<uint8_t> bytes(8, 'x');
  defragmenter.add({bytes, 8, 0, 7, 17, false, true}, PacketView(), false);
  defragmenter.add({bytes, 8, 8, 7, 17, false, false}, PacketView(), false);
  DatagramReading reading;
  ASSERT_TRUE(defragmenter.next(&reading));
  EXPECT_FALSE(reading.mine);
  EXPECT_EQ(reading.bytes.size(), 16u);
  EXPECT_EQ(defragmenter.counters().fragments, 0u);
  EXPECT_EQ(defragmenter.counters().datagrams, 0u);
}

}  // namespace
}  // namespace weir
