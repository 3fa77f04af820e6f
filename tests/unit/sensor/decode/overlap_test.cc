// Overlapping fragments: whose bytes are read first, and that all others are read too.
#include <random>

#include "tests/unit/sensor/decode/defragment_fixture.h"

namespace weir {
namespace {

// The fragments of the published experiment (Novak 2005, after Shankar and Paxson 2003), in order of their
// coming: nine that do not overlap, then eight that do. One letter a fragment.
std::vector<Piece> published_fragments() {
  const struct {
    char letter;
    uint32_t offset, length;
  } kRows[] = {{'A', 0, 24},   {'B', 32, 16},  {'C', 48, 24}, {'D', 80, 8},  {'E', 104, 16}, {'F', 120, 24},
               {'G', 144, 16}, {'H', 160, 16}, {'I', 176, 8}, {'J', 8, 32},  {'K', 48, 24},  {'L', 72, 24},
               {'M', 96, 24},  {'N', 128, 8},  {'O', 152, 8}, {'P', 160, 8}, {'Q', 176, 16}};
  std::vector<Piece> pieces;
  for (const auto& row : kRows) {
    Piece p;
    p.offset = row.offset;
    p.bytes = std::string(row.length, row.letter);
    p.more = row.letter != 'Q';
    pieces.push_back(p);
  }
  return pieces;
}

struct Published {
  TargetPolicy policy;
  const char* letters;  // of each eight bytes, as published for this policy
};

class PublishedPolicies : public testing::TestWithParam<std::tuple<Published, bool>> {};

TEST_P(PublishedPolicies, TheFirstReadingIsTheTargets) {
  const auto& [published, v6] = GetParam();
  Bench bench(published.policy);
  std::vector<Heard> heard;
  for (Piece piece : published_fragments()) {
    piece.v6 = v6;
    if (v6) piece.src = "2001:db8::1", piece.dst = "2001:db8::2";
    EXPECT_TRUE(heard.empty());
    heard = bench.send(piece);
  }
  ASSERT_FALSE(heard.empty());
  std::string expected;
  for (const char* letter = published.letters; *letter != 0; ++letter) expected += std::string(8, *letter);
  EXPECT_EQ(heard[0].bytes, expected);
  EXPECT_EQ(heard[0].end, DatagramEnd::kComplete);
  EXPECT_EQ(heard[0].version, 0);
  EXPECT_EQ(bench.defragmenter.counters().conflicting, 1u);
  EXPECT_EQ(bench.accounted, bench.sent);

  // Nothing hides: each fragment stands whole in some reading.
  for (const Piece& piece : published_fragments()) {
    for (uint32_t at = 0; at < piece.bytes.size(); ++at) {
      EXPECT_TRUE(std::any_of(heard.begin(), heard.end(),
                              [&](const Heard& h) { return h.bytes[piece.offset + at] == piece.bytes[at]; }))
          << piece.bytes[0] << " at " << at;
    }
  }
  for (const Heard& h : heard) EXPECT_EQ(h.bytes.size(), 192u);
}

INSTANTIATE_TEST_SUITE_P(
    Novak, PublishedPolicies,
    testing::Combine(testing::Values(Published{TargetPolicy::kBsd, "AAAJJBCCCLLLMMMFFFGGHHIQ"},
                                     Published{TargetPolicy::kLinux, "AAAJJBKKKLLLMMMFFFGGPHQQ"},
                                     Published{TargetPolicy::kWindows, "AAAJBBCCCLLLMEEFFFGGHHIQ"},
                                     Published{TargetPolicy::kSolaris, "AAAJBBCCCLLLMMMFFFGGHHIQ"},
                                     Published{TargetPolicy::kFirst, "AAAJBBCCCLDLMEEFFFGGHHIQ"},
                                     Published{TargetPolicy::kLast, "AJJJJBKKKLLLMMMFNFGOPHQQ"}),
                     testing::Bool()),
    [](const auto& test) {
      return std::string(name_of(std::get<0>(test.param).policy)) + (std::get<1>(test.param) ? "6" : "4");
    });

TEST(Overlap, ThePolicyIsThatOfTheDestination) {
  Cidr solaris;
  ASSERT_TRUE(Cidr::parse("198.51.100.0/24", &solaris));
  DefragmentOptions options;
  options.targets = TargetPolicies({{NetworkList({solaris}), TargetPolicy::kLast}}, TargetPolicy::kFirst);
  MemoryBudget budget(1 << 20);
  Defragmenter defragmenter(options, HashKey{}, budget);
  const std::vector<uint8_t> a(16, 'a'), b(16, 'b');
  for (const auto& [dst, expected] : {std::pair{"198.51.100.9", 'b'}, std::pair{"203.0.113.9", 'a'}}) {
    PacketView view;
    ASSERT_TRUE(IpAddress::parse("198.51.100.1", &view.key.src));
    ASSERT_TRUE(IpAddress::parse(dst, &view.key.dst));
    defragmenter.add({a, 16, 0, 7, 17, false, true}, view, true);
    defragmenter.add({b, 16, 0, 7, 17, false, true}, view, true);
    defragmenter.add({a, 16, 16, 7, 17, false, false}, view, true);
    DatagramReading reading;
    ASSERT_TRUE(defragmenter.next(&reading));
    EXPECT_EQ(reading.bytes[0], expected);
    ASSERT_TRUE(defragmenter.next(&reading));
    EXPECT_EQ(reading.version, 1);
    EXPECT_NE(reading.bytes[0], expected);
    EXPECT_FALSE(defragmenter.next(&reading));
  }
}

// Against a model of one line: with `first` and `last` the order of coming alone decides, byte by byte.
TEST(Overlap, RandomConflictsByOrderOfComing) {
  std::mt19937 random(20121228);
  for (int round = 0; round < 600; ++round) {
    const bool first = round % 2 == 0;
    const uint32_t length = 8 + static_cast<uint32_t>(random() % 400);
    std::vector<Piece> pieces;
    for (uint32_t at = 0; at < length;) {
      const uint32_t step = std::min<uint32_t>(length - at, 8 * (1 + static_cast<uint32_t>(random() % 6)));
      pieces.push_back({at, std::string(step, static_cast<char>('A' + random() % 26)), at + step < length});
      at += step;
    }
    const auto extra = random() % 6;
    for (unsigned i = 0; i < extra; ++i) {
      const uint32_t from = 8 * static_cast<uint32_t>(random() % ((length + 7) / 8));
      uint32_t to = std::min<uint32_t>(length, from + 8 * (1 + static_cast<uint32_t>(random() % 12)));
      pieces.push_back({from, std::string(to - from, static_cast<char>('a' + random() % 26)), to < length});
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    // The datagram is whole with its last new byte: what follows is another matter.
    std::string model(length, 0);
    std::vector<Heard> heard;
    Bench bench(first ? TargetPolicy::kFirst : TargetPolicy::kLast);
    size_t used = 0;
    for (; used < pieces.size() && heard.empty(); ++used) {
      const Piece& p = pieces[used];
      for (uint32_t i = 0; i < p.bytes.size(); ++i) {
        char& c = model[p.offset + i];
        if (!first || c == 0) c = p.bytes[i];
      }
      heard = bench.send(p);
    }
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(heard[0].bytes, model);
    EXPECT_EQ(heard[0].kind, DatagramReading::Kind::kBeginning);
    EXPECT_EQ(bench.accounted, bench.sent);
    for (size_t i = 0; i < used; ++i) {
      for (uint32_t at = 0; at < pieces[i].bytes.size(); ++at) {
        const uint32_t place = pieces[i].offset + at;
        EXPECT_TRUE(std::any_of(heard.begin(), heard.end(),
                                [&](const Heard& h) {
                                  return place >= h.offset && place - h.offset < h.bytes.size() &&
                                         h.bytes[place - h.offset] == pieces[i].bytes[at];
                                }))
            << "round " << round;
      }
    }
    EXPECT_TRUE(bench.finish().empty());
  }
}

// More versions of the same bytes than are laid out: every one is still read.
TEST(Overlap, AHundredVersionsAreAllRead) {
  Bench bench;
  std::vector<Heard> heard;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(bench.send({16, std::string(16, static_cast<char>(i + 1)), true}).empty());
  }
  bench.send({0, std::string(16, 'x'), true});
  heard = bench.send({32, "end", false});
  std::vector<bool> read(256);
  for (const Heard& h : heard) {
    ASSERT_LE(h.offset, 16u);
    read[static_cast<uint8_t>(h.bytes[16 - h.offset])] = true;
  }
  EXPECT_EQ(std::count(read.begin(), read.end(), true), 100);
  EXPECT_EQ(bench.accounted, bench.sent);
  // The work follows the bytes that came, not their product.
  size_t total = 0;
  for (const Heard& h : heard) total += h.bytes.size();
  EXPECT_LE(total, 100 * 16 + 5 * 35u);
}

// Two first fragments that differ only in what they call the protocol (RFC 8200: the first fragment's word).
TEST(Overlap, AnotherProtocolIsAnotherVersion) {
  Bench bench;
  Piece first{0, "sixteen bytes..!", true, 9, kProtoTcp, true};
  Piece lie = first;
  lie.protocol = kProtoUdp;
  bench.send(first);
  bench.send(lie);
  const std::vector<Heard> heard = bench.send({16, "end", false, 9, 59, true});
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].protocol, kProtoTcp);
  EXPECT_EQ(heard[1].protocol, kProtoUdp);
  EXPECT_EQ(heard[1].version, 1);
  EXPECT_EQ(heard[1].bytes, heard[0].bytes);
  EXPECT_EQ(bench.defragmenter.counters().conflicting, 1u);
}

// A forged last fragment makes the datagram whole too early: what comes then is laid over it.
TEST(Overlap, AForgedEndHidesNothing) {
  Bench bench;
  bench.send({0, std::string(16, 'a'), true});
  const std::vector<Heard> early = bench.send({16, "forgery!", false});
  ASSERT_EQ(early.size(), 1u);
  EXPECT_EQ(early[0].bytes, "aaaaaaaaaaaaaaaaforgery!");
  EXPECT_TRUE(bench.send({16, std::string(16, 'b'), true}).empty());
  EXPECT_TRUE(bench.send({32, "c", false}).empty());
  const std::vector<Heard> late = bench.wait_until(kStart + 31 * kSecond);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].bytes, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbc");
  EXPECT_EQ(late[0].version, 1);
  EXPECT_EQ(late[0].kind, DatagramReading::Kind::kBeginning);
  EXPECT_EQ(bench.accounted, bench.sent);
}

TEST(Overlap, OfTwoEndsTheLaterHolds) {
  Bench bench;
  bench.send({8, "forgery!", false});            // end at 16
  bench.send({16, std::string(16, 'b'), true});  // goes further
  bench.send({32, "c", false});                  // the true end
  const std::vector<Heard> heard = bench.send({0, std::string(16, 'a'), true});
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].bytes, "aaaaaaaaforgery!bbbbbbbbbbbbbbbbc");
  EXPECT_EQ(heard[1].bytes, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbc");
  EXPECT_EQ(bench.defragmenter.counters().conflicting, 1u);
}

}  // namespace
}  // namespace weir
