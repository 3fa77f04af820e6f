// Which of two versions becomes the stream, by the receiver's policy; the other one is told.
#include <algorithm>
#include <vector>

#include "sensor/reassembly/overlap_policy.h"
#include "tests/unit/sensor/reassembly/tcp_fixture.h"

namespace weir {
namespace {

constexpr TargetPolicy kPolicies[] = {TargetPolicy::kFirst, TargetPolicy::kLast,    TargetPolicy::kBsd,
                                      TargetPolicy::kLinux, TargetPolicy::kWindows, TargetPolicy::kSolaris};

// How a later segment may lie to an earlier one. The rows are those of the published table (Novak and
// Sturges, 2007), the columns its policies: 'n' where the receiver was seen to keep the newer segment's
// bytes.
struct Lie {
  const char* what;
  SegmentExtent older;
  SegmentExtent newer;
  const char* first;
  const char* last;
  const char* bsd;
  const char* linux_;
  const char* windows;
  const char* solaris;
};
constexpr Lie kTable[] = {
    {"before, ends inside", {10, 20}, {5, 15}, "o", "n", "n", "n", "n", "o"},
    {"before, same end", {10, 20}, {5, 20}, "o", "n", "n", "n", "n", "n"},
    {"before, ends beyond", {10, 20}, {5, 25}, "o", "n", "n", "n", "n", "n"},
    {"same begin, ends inside", {10, 20}, {10, 15}, "o", "n", "o", "o", "o", "o"},
    {"the same", {10, 20}, {10, 20}, "o", "n", "o", "o", "o", "n"},
    {"same begin, ends beyond", {10, 20}, {10, 25}, "o", "n", "o", "n", "o", "n"},
    {"inside", {10, 20}, {12, 15}, "o", "n", "o", "o", "o", "o"},
    {"inside, same end", {10, 20}, {12, 20}, "o", "n", "o", "o", "o", "o"},
    {"begins inside, ends beyond", {10, 20}, {15, 25}, "o", "n", "o", "o", "o", "n"},
};
const char* column(const Lie& lie, TargetPolicy policy) {
  switch (policy) {
    case TargetPolicy::kFirst:
      return lie.first;
    case TargetPolicy::kLast:
      return lie.last;
    case TargetPolicy::kBsd:
      return lie.bsd;
    case TargetPolicy::kLinux:
      return lie.linux_;
    case TargetPolicy::kWindows:
      return lie.windows;
    case TargetPolicy::kSolaris:
      return lie.solaris;
  }
  return "";
}

class TcpPolicy : public TcpFixture, public ::testing::WithParamInterface<TargetPolicy> {
 protected:
  TcpPolicy() : TcpFixture(options_for(GetParam())) {}
};
INSTANTIATE_TEST_SUITE_P(All, TcpPolicy, ::testing::ValuesIn(kPolicies),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST_P(TcpPolicy, KeepsWhatThePublishedTableSays) {
  for (const Lie& lie : kTable) {
    connection = TcpConnection();
    sink = harness::StreamRecorder();
    ledger = Inspection{};
    acks = {0, 0};
    open();
    data(static_cast<uint32_t>(lie.older.begin), std::string(lie.older.end - lie.older.begin, 'o'));
    data(static_cast<uint32_t>(lie.newer.begin), std::string(lie.newer.end - lie.newer.begin, 'n'));
    const uint64_t begin = std::min(lie.older.begin, lie.newer.begin);
    const uint64_t end = std::max(lie.older.end, lie.newer.end);
    data(0, std::string(begin, '.'));
    const std::string_view kept = column(lie, GetParam());
    std::string expected(end, '.');
    for (uint64_t i = lie.older.begin; i < lie.older.end; ++i) expected[i] = 'o';
    for (uint64_t i = lie.newer.begin; i < lie.newer.end; ++i) {
      if (expected[i] == '.' || kept == "n") expected[i] = 'n';
    }
    EXPECT_EQ(initiator().stream, expected) << lie.what;
    // The version that lost, whole, once.
    ASSERT_EQ(initiator().extras.size(), 1u) << lie.what;
    const harness::StreamRecorder::Extra& lost = initiator().extras[0];
    EXPECT_EQ(lost.kind, ExtraKind::kConflict);
    EXPECT_EQ(lost.offset, std::max(lie.older.begin, lie.newer.begin)) << lie.what;
    EXPECT_EQ(lost.bytes,
              std::string(std::min(lie.older.end, lie.newer.end) - lost.offset, kept == "n" ? 'o' : 'n'))
        << lie.what;
    EXPECT_EQ(ledger.seen, sink.delivered() + ledger.duplicate) << lie.what;
  }
}

// Under every policy: what was passed on the receiver has taken.
TEST_P(TcpPolicy, WhatWasInOrderStays) {
  open();
  data(0, "taken");
  data(0, "other and more");
  EXPECT_EQ(initiator().stream, "taken and more");
  ASSERT_EQ(initiator().extras.size(), 1u);
  EXPECT_EQ(initiator().extras[0].bytes, "other");
}

TEST_P(TcpPolicy, TheSameBytesAgainAreARepeat) {
  open();
  data(5, "fghij");
  data(3, "defghijkl");
  data(5, "fghij");
  data(0, "abc");
  EXPECT_EQ(initiator().stream, "abcdefghijkl");
  EXPECT_TRUE(initiator().extras.empty());
  EXPECT_EQ(ledger.duplicate, 10u);
}

// A model as simple as can be: each byte remembers the segment it is held from, and a later segment takes it
// by the table above. A byte that is in order is taken at once and for ever.
class Model {
 public:
  Model(TargetPolicy policy, size_t length) : policy_(policy), bytes_(length) {}

  void add(size_t begin, const std::string& text) {
    const SegmentExtent extent{std::max(begin, next_), begin + text.size()};
    segments_.push_back(extent);
    for (size_t at = extent.begin; at < extent.end; ++at) {
      Byte& byte = bytes_[at];
      if (byte.owner != kNone && !keeps_newer(segments_[byte.owner], extent)) continue;
      byte = {text[at - begin], segments_.size() - 1};
    }
    while (next_ < bytes_.size() && bytes_[next_].owner != kNone) ++next_;
  }
  std::string stream() const {
    std::string out;
    for (size_t i = 0; i < next_; ++i) out += bytes_[i].value;
    return out;
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Byte {
    char value = 0;
    size_t owner = kNone;
  };
  bool keeps_newer(const SegmentExtent& older, const SegmentExtent& newer) const {
    const auto place = [](uint64_t a, uint64_t b) { return a < b ? -1 : a == b ? 0 : 1; };
    for (const Lie& lie : kTable) {
      if (place(newer.begin, older.begin) == place(lie.newer.begin, lie.older.begin) &&
          place(newer.end, older.end) == place(lie.newer.end, lie.older.end)) {
        return column(lie, policy_)[0] == 'n';
      }
    }
    ADD_FAILURE() << "no row";
    return false;
  }

  TargetPolicy policy_;
  std::vector<Byte> bytes_;
  std::vector<SegmentExtent> segments_;
  size_t next_ = 0;
};

TEST_P(TcpPolicy, AgreesWithTheModelOnAnyOverlaps) {
  constexpr size_t kLength = 40;
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    harness::Segmenter dice(seed);
    connection = TcpConnection();
    sink = harness::StreamRecorder();
    ledger = Inspection{};
    acks = {0, 0};
    open();
    Model model(GetParam(), kLength);
    uint64_t sent = 0;
    const size_t segments = 2 + dice.below(6);
    // No two segments agree in any byte: which one won is then seen everywhere.
    for (size_t i = 0; i <= segments; ++i) {
      size_t begin = dice.below(kLength - 1);
      size_t end = begin + 1 + dice.below(kLength - begin);
      if (i < segments && begin == 0) begin = 1;  // in order comes last, mostly
      if (end <= begin) end = begin + 1;
      if (i == segments) {
        begin = 0;
        end = kLength;
      }
      const std::string text(end - begin, static_cast<char>('a' + i));
      model.add(begin, text);
      data(static_cast<uint32_t>(begin), text);
      sent += text.size();
    }
    ASSERT_EQ(initiator().stream, model.stream()) << "seed " << seed;
    EXPECT_EQ(ledger.seen, sent);
    ASSERT_EQ(sent, sink.delivered() + ledger.duplicate) << "seed " << seed;
    acknowledge(kLength);
    ASSERT_EQ(budget.used(), 0u) << "seed " << seed;
  }
}

// Cutting a held piece in two takes more memory than it had; where there is none, the earlier version stays
// and the later one is told.
TEST(TcpPolicyMemory, NoRoomForASecondPieceLosesNoByte) {
  for (size_t limit = 600; limit < 2400; limit += 8) {
    MemoryBudget budget{limit};
    TcpOptions options;
    options.targets = TargetPolicies({}, TargetPolicy::kLast);
    TcpShared shared(budget, options);
    Inspection ledger;
    TcpContext context{shared, ledger};
    harness::StreamRecorder sink;
    TcpConnection connection;
    uint64_t sent = 0;
    const auto send = [&](uint32_t seq, std::string_view bytes, uint8_t flags) {
      harness::Segment segment;
      segment.seq = seq;
      segment.flags = flags;
      segment.bytes = bytes;
      sent += bytes.size();
      connection.on_segment(harness::view_of(segment), kI, sink, context);
    };
    send(999, "", kTcpSyn);
    send(1010, std::string(60, 'o'), kTcpAck);
    for (uint32_t i = 0; i < 8; ++i) send(1013 + 7 * i, "n", kTcpAck);
    send(1000, std::string(10, '.'), kTcpAck);
    connection.finish(1, sink, context);
    EXPECT_EQ(ledger.seen, sent);
    EXPECT_EQ(sent, sink.delivered() + ledger.duplicate) << limit;
    EXPECT_TRUE(sink.errors().empty());
    EXPECT_EQ(budget.used(), 0u);
  }
}

}  // namespace
}  // namespace weir
