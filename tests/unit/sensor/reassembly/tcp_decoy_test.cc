// Segments that the receiver may not have taken: they neither hide nor replace what it took, whichever came
// first, and are read themselves.
#include <algorithm>

#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

class TcpDecoy : public TcpFixture {
 protected:
  void SetUp() override { open(); }
  void wrong(uint32_t offset, std::string_view bytes) {
    checksum = Checksum::kWrong;
    data(offset, bytes);
    checksum = Checksum::kGood;
  }
  void short_lived(uint32_t offset, std::string_view bytes, uint8_t flags = kTcpAck) {
    ttl = 3;
    send(kI, kFirstI + offset, bytes, flags);
    ttl = 64;
  }
  std::vector<std::string> extras() const {
    std::vector<std::string> texts;
    for (const auto& extra : initiator().extras) texts.push_back(extra.bytes);
    return texts;
  }
};
using Texts = std::vector<std::string>;

TEST_F(TcpDecoy, WrongChecksumBeforeTheTruth) {
  checksum = Checksum::kGood;
  data(0, "id=");
  wrong(3, "decoy!");
  EXPECT_EQ(initiator().stream, "id=") << "it waits";
  data(3, "secret");
  acknowledge(9);
  EXPECT_EQ(initiator().stream, "id=secret");
  EXPECT_EQ(extras(), Texts{"decoy!"});
  EXPECT_EQ(initiator().extras[0].kind, ExtraKind::kConflict);
  EXPECT_EQ(initiator().extras[0].before, "id=");
  EXPECT_EQ(shared.counters().doubtful, 1u);
  finish_and_check_memory();
}

TEST_F(TcpDecoy, WrongChecksumBehindTheTruth) {
  checksum = Checksum::kGood;
  data(0, "id=secret");
  wrong(3, "decoy!");
  acknowledge(9);
  EXPECT_EQ(initiator().stream, "id=secret");
  EXPECT_EQ(extras(), Texts{"decoy!"});
}

TEST_F(TcpDecoy, WrongChecksumOutOfOrder) {
  checksum = Checksum::kGood;
  data(0, "");
  wrong(3, "decoy!");
  data(3, "secret");
  wrong(3, "DECOY?");
  data(0, "id=");
  EXPECT_EQ(initiator().stream, "id=secret");
  EXPECT_EQ(extras(), (Texts{"decoy!", "DECOY?"}));
}

TEST_F(TcpDecoy, WrongChecksumThatSaysTheSameIsARepeat) {
  checksum = Checksum::kGood;
  data(0, "a");
  wrong(1, "bc");
  data(1, "bcd");
  EXPECT_EQ(initiator().stream, "abcd");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 2u);
}

// A sender whose card fills the sums in, captured on that machine: none is right.
TEST_F(TcpDecoy, ADirectionWithoutAnyRightChecksumIsBelieved) {
  for (const Checksum none : {Checksum::kWrong, Checksum::kPartial}) {
    connection = TcpConnection();
    sink = harness::StreamRecorder();
    ledger = Inspection{};
    checksum = none;
    open();
    data(0, "abc");
    data(3, "def");
    EXPECT_EQ(initiator().stream, "abcdef");
  }
}

TEST_F(TcpDecoy, WhatTheReceiverAcknowledgesIsBelieved) {
  checksum = Checksum::kGood;
  data(0, "abc");
  acknowledge(3);
  wrong(3, "def");
  EXPECT_EQ(initiator().stream, "abc");
  acknowledge(6);
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_TRUE(initiator().extras.empty());
  // From now on the sums of this direction say nothing …
  checksum = Checksum::kWrong;
  data(6, "ghi");
  EXPECT_EQ(initiator().stream, "abcdefghi");
  // … until one is right again.
  checksum = Checksum::kGood;
  data(9, "j");
  wrong(10, "k");
  EXPECT_EQ(initiator().stream, "abcdefghij");
  finish_and_check_memory();
}

TEST_F(TcpDecoy, WhatTheReceivingHostMergedIsBelieved) {
  checksum = Checksum::kGood;
  data(0, "a");
  checksum = Checksum::kPartial;
  const std::string merged(2896, 'b');
  data(1, merged);
  EXPECT_EQ(initiator().stream, "a" + merged);
  data(2897, "small");
  EXPECT_EQ(initiator().stream, "a" + merged) << "a frame of its own comes with its sum";
  finish_and_check_memory();
}

TEST_F(TcpDecoy, NothingElseCameWithinTheAllowance) {
  checksum = Checksum::kGood;
  data(0, "abc");
  acknowledge(3);
  wrong(3, "def");
  EXPECT_NE(connection.deadline(shared), kNothingWaits);
  now += 300 * kMs;
  acknowledge(3);
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_TRUE(initiator().gaps.empty());
}

TEST_F(TcpDecoy, TheEndTakesWhatWaits) {
  checksum = Checksum::kGood;
  data(0, "abc");
  wrong(3, "def");
  finish_and_check_memory();
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_TRUE(initiator().gaps.empty());
}

TEST_F(TcpDecoy, WrongChecksumDoesNotEndOrReset) {
  checksum = Checksum::kGood;
  data(0, "abc");
  checksum = Checksum::kWrong;
  send(kI, kFirstI + 3, "", kTcpFin | kTcpAck);
  send(kI, kFirstI + 3, "", kTcpRst);
  checksum = Checksum::kUnchecked;
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished);
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_FALSE(connection.ended(kI));
  EXPECT_FALSE(connection.reset());
}

TEST_F(TcpDecoy, WrongChecksumDoesNotAcknowledge) {
  checksum = Checksum::kGood;
  send(kR, kFirstR, "", kTcpAck, kFirstI);
  data(3, "def");
  checksum = Checksum::kWrong;
  acknowledge(6);
  checksum = Checksum::kGood;
  now += 1000 * kMs;
  data(6, "g");
  EXPECT_TRUE(initiator().gaps.empty()) << "the hole is still waited for";
  data(0, "abc");
  EXPECT_EQ(initiator().stream, "abcdefg");
}

class TcpVerified : public TcpFixture {
 protected:
  TcpVerified() : TcpFixture(strict()) {}
  void SetUp() override { open(); }
  static TcpOptions strict() {
    TcpOptions options;
    options.drop_wrong_checksums = true;
    return options;
  }
};

TEST_F(TcpVerified, AWrongChecksumIsUnreadAndDoesNothing) {
  checksum = Checksum::kWrong;
  data(0, "decoy");
  send(kI, kFirstI, "", kTcpFin | kTcpAck);
  checksum = Checksum::kUnchecked;
  data(0, "truth");
  EXPECT_EQ(initiator().stream, "truth");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.unread[static_cast<size_t>(Unread::kChecksum)], 5u);
  EXPECT_EQ(ledger.seen, 10u);
  EXPECT_EQ(shared.counters().bad_checksum, 2u);
}

TEST_F(TcpDecoy, LowTtlBeforeTheTruth) {
  data(0, "id=");
  short_lived(3, "decoy!");
  data(3, "secret");
  EXPECT_EQ(initiator().stream, "id=secret");
  EXPECT_EQ(extras(), Texts{"decoy!"});
}

TEST_F(TcpDecoy, LowTtlBehindTheTruth) {
  data(0, "id=secret");
  short_lived(3, "decoy!");
  EXPECT_EQ(initiator().stream, "id=secret");
  EXPECT_EQ(extras(), Texts{"decoy!"});
}

TEST_F(TcpDecoy, LowTtlDoesNotEndOrReset) {
  data(0, "abc");
  short_lived(3, "", kTcpFin | kTcpAck);
  short_lived(3, "", kTcpRst);
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished);
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef");
  EXPECT_FALSE(connection.ended(kI));
}

TEST_F(TcpDecoy, ALongerRouteIsLearntFromAcknowledgements) {
  ttl = 30;
  data(0, "abc");
  EXPECT_EQ(initiator().stream, "");
  ttl = 64;
  acknowledge(3);
  EXPECT_EQ(initiator().stream, "abc");
  ttl = 30;
  data(3, "def");
  EXPECT_EQ(initiator().stream, "abcdef") << "no longer doubtful";
}

TEST_F(TcpDecoy, RoutesThatDifferALittleOrStayLongAreNoDecoys) {
  ttl = 128;
  data(0, "a");
  ttl = 64;  // a middlebox that answers for the server
  data(1, "b");
  ttl = 33;
  data(2, "c");
  EXPECT_EQ(initiator().stream, "abc");
  EXPECT_EQ(shared.counters().doubtful, 0u);
}

// A decoy of ordinary looks: the first version is the stream, the truth is told beside it, with what stands
// around it.
TEST_F(TcpDecoy, NothingTellsTheDecoyFromTheTruth) {
  data(0, "my card is 41111");
  data(16, "99999");
  data(16, "11111");
  data(21, "111111 thanks");
  data(21, "111111 thanks");
  EXPECT_EQ(initiator().stream, "my card is 4111199999111111 thanks");
  ASSERT_EQ(extras(), Texts{"11111"});
  EXPECT_EQ(initiator().extras[0].before, "my card is 41111");
}

TEST_F(TcpDecoy, SurroundingsOfAVersionThatComesMuchLater) {
  data(0, "my card is 41111");
  data(16, "99999");
  data(21, "111111 thanks");
  data(16, "11111");
  ASSERT_EQ(extras(), Texts{"11111"});
  EXPECT_EQ(initiator().extras[0].before, "my card is 41111");
  EXPECT_EQ(initiator().extras[0].after, "111111 thanks");
}

TEST_F(TcpDecoy, SurroundingsReachOverSmallSegmentsAndEnd) {
  const std::string text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";
  for (uint32_t i = 0; i < 8; ++i) data(5 * i, text.substr(5 * i, 5));
  data(20, "#####");
  ASSERT_EQ(extras(), Texts{"#####"});
  EXPECT_EQ(initiator().extras[0].before, text.substr(0, 20));
  EXPECT_EQ(initiator().extras[0].after, text.substr(25, 15));
  acknowledge(40);
  data(40, "more");
  data(40, "MORE");
  ASSERT_EQ(initiator().extras.size(), 2u);
  EXPECT_EQ(initiator().extras[1].before, text.substr(8, 32)) << "what the sink still has of it";
}

// The mirror's other direction runs ahead: the acknowledgement is no proof that this version was taken.
TEST_F(TcpDecoy, AcknowledgedBeforeEitherVersionIsSeen) {
  acknowledge(6);
  data(0, "decoy!");
  data(0, "secret");
  EXPECT_EQ(initiator().stream, "decoy!");
  EXPECT_EQ(extras(), Texts{"secret"});
  data(1, "ecr");  // other borders
  EXPECT_EQ(initiator().extras.size(), 2u);
}

TEST_F(TcpDecoy, WithoutAckNobodyTakesData) {
  send(kI, kFirstI, "decoy!", kTcpPsh);
  send(kI, kFirstI, "secret", kTcpPsh | kTcpAck);
  EXPECT_EQ(initiator().stream, "secret");
  EXPECT_EQ(extras(), Texts{"decoy!"});
  send(kI, kFirstI + 6, "", kTcpFin);
  EXPECT_FALSE(connection.ended(kI));
}

TEST_F(TcpDecoy, ForgedResetOfAConnectionThatLives) {
  data(0, "abc");
  send(kI, kFirstI + 3, "", kTcpRst);
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing);
  data(0, "abc");  // overtaken by the RST, for all one can tell
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing);
  data(3, "def");
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished);
  EXPECT_EQ(initiator().stream, "abcdef");
  send(kI, kFirstI + 6, "", kTcpRst);
  send(kR, kFirstR, "xyz", kTcpAck, kFirstI + 6);
  EXPECT_EQ(connection.phase(), TcpPhase::kClosing) << "the other side may not know yet";
  send(kI, kFirstI + 6, "", kTcpAck, kFirstR + 3);
  EXPECT_EQ(connection.phase(), TcpPhase::kEstablished) << "who acknowledges has not reset";
}

// Any decoys, of any kind, anywhere: every byte of the truth is read, and the stream is the truth wherever
// the decoy can be told.
TEST(TcpDecoyProperty, TheTruthIsAlwaysRead) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    harness::Segmenter dice(seed);
    const std::array<std::string, 2> truth = {dice.noise(1 + dice.below(8000)),
                                              dice.noise(1 + dice.below(8000))};
    harness::ConversationOptions options;
    options.initiator_isn = static_cast<uint32_t>(dice.below(1ull << 32));
    options.most = 1 + dice.below(600);
    const std::vector<harness::Segment> segments = dice.conversation(truth[0], truth[1], options);
    const bool plain = dice.chance(0.3);  // decoys that nothing tells from the truth
    MemoryBudget budget{size_t{64} << 20};
    TcpOptions tcp;
    tcp.targets = TargetPolicies({}, static_cast<TargetPolicy>(dice.below(6)));
    TcpShared shared(budget, tcp);
    Inspection ledger;
    TcpContext context{shared, ledger};
    harness::StreamRecorder sink;
    TcpConnection connection;
    uint64_t sent = 0;
    Nanoseconds now = 1'700'000'000'000'000'000;
    const auto give = [&](const harness::Segment& segment, Checksum checksum, uint8_t ttl) {
      PacketView view = harness::view_of(segment);
      view.time = now += 100'000;
      view.checksum = checksum;
      view.ttl = ttl;
      sent += segment.bytes.size();
      connection.on_segment(view, segment.from, sink, context);
    };
    const auto decoy = [&](const harness::Segment& of) {
      harness::Segment segment = of;
      segment.flags &= static_cast<uint8_t>(~kTcpSyn);
      for (char& c : segment.bytes) c = static_cast<char>(static_cast<uint8_t>(c) ^ (1 + dice.below(255)));
      if (!plain && dice.chance(0.2)) segment.flags |= dice.chance(0.5) ? kTcpFin : kTcpRst;
      if (!plain && dice.chance(0.2)) segment.ack += static_cast<uint32_t>(dice.below(100'000));
      if (dice.chance(0.3)) {
        const size_t cut = dice.below(segment.bytes.size());
        segment.seq += static_cast<uint32_t>(cut);
        segment.bytes = segment.bytes.substr(cut);
      }
      if (plain) {
        give(segment, Checksum::kGood, 64);
      } else if (dice.chance(0.5)) {
        give(segment, Checksum::kWrong, 64);
      } else {
        give(segment, Checksum::kGood, static_cast<uint8_t>(1 + dice.below(20)));
      }
    };
    for (size_t i = 0; i < segments.size(); ++i) {
      const bool may = i >= 3 && !segments[i].bytes.empty();
      if (may && dice.chance(0.3)) decoy(segments[i]);
      give(segments[i], Checksum::kGood, 64);
      if (may && dice.chance(0.3)) decoy(segments[i]);
    }
    connection.finish(now, sink, context);
    for (const std::string& error : sink.errors()) ADD_FAILURE() << error;
    EXPECT_EQ(ledger.seen, sent);
    EXPECT_EQ(sent, sink.delivered() + ledger.duplicate + ledger.unread_total()) << "seed " << seed;
    EXPECT_EQ(budget.used(), 0u);
    for (const Direction side : {kI, kR}) {
      const std::string& whole = truth[index_of(side)];
      if (!plain) {
        ASSERT_EQ(sink[side].stream, whole) << "seed " << seed;
        continue;
      }
      std::string read(whole.size(), '\0');
      const auto take = [&](uint64_t offset, const std::string& bytes) {
        for (size_t k = 0; k < bytes.size() && offset + k < whole.size(); ++k) {
          if (bytes[k] == whole[offset + k]) read[offset + k] = 1;
        }
      };
      for (const auto& chunk : sink[side].chunks) take(chunk.offset, chunk.bytes);
      for (const auto& extra : sink[side].extras) take(extra.offset, extra.bytes);
      ASSERT_EQ(read.find('\0'), std::string::npos) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace weir
