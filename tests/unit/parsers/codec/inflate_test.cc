// Decoded data equals what Python's zlib and gzip say, at every split and into rooms of any size; broken
// and hostile data stop with a status.
#include "parsers/codec/inflate.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/parsers/codec/vectors.h"

namespace weir {
namespace {

class TestPool : public InflatePool {
 public:
  InflateStatePtr take() override {
    if (left == 0) return nullptr;
    --left;
    if (kept_ != nullptr) return std::move(kept_);
    return make_inflate_state();
  }
  void give(InflateStatePtr state) override {
    EXPECT_NE(state, nullptr);
    ++left;
    kept_ = std::move(state);
  }
  int left = 1;

 private:
  InflateStatePtr kept_;
};

struct Outcome {
  std::string out;
  DecodeStatus status = DecodeStatus::kOk;
  bool complete = false;
  uint32_t checksum_errors = 0;
  std::string rest;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& os, const Outcome& o) {
  return os << "status " << static_cast<int>(o.status) << " complete " << o.complete << " sums "
            << o.checksum_errors << " out " << o.out.size() << " rest '" << o.rest << "'";
}

InflateWrapper wrapper_of(const std::string& name) {
  return name == "gzip"   ? InflateWrapper::kGzip
         : name == "zlib" ? InflateWrapper::kZlib
                          : InflateWrapper::kRaw;
}

Outcome decode(InflateWrapper wrapper, const std::vector<std::string>& pieces, size_t room, TestPool& pool,
               uint32_t max_members = 1000) {
  Inflater inflater(wrapper, pool, max_members);
  Outcome outcome;
  std::vector<uint8_t> out(room);
  for (const std::string& piece : pieces) {
    const ExactCopy copy(piece);
    Bytes in = copy.get();
    while (outcome.status == DecodeStatus::kOk) {
      const DecodeStep step = inflater.decode(in, out);
      EXPECT_LE(step.consumed, in.size());
      EXPECT_LE(step.produced, room);
      outcome.out.append(reinterpret_cast<const char*>(out.data()), step.produced);
      in = in.subspan(step.consumed);
      outcome.status = step.status;
      if (step.status == DecodeStatus::kEnd) outcome.rest = as_text(inflater.leftover());
      if (step.produced < room && in.empty()) break;
    }
    if (outcome.status == DecodeStatus::kEnd) outcome.rest += as_text(in);
  }
  outcome.complete = inflater.complete();
  outcome.checksum_errors = inflater.checksum_errors();
  return outcome;
}

TEST(Inflate, VectorsAtEverySplit) {
  for (const auto& row : vector_rows("inflate.txt")) {
    SCOPED_TRACE(row[0]);
    const InflateWrapper wrapper = wrapper_of(row[1]);
    const std::string coded = from_hex(row[2]);
    TestPool pool;
    Outcome expected;
    expected.out = from_hex(row[3]);
    expected.rest = from_hex(row[4]);
    expected.complete = true;
    // A gzip body may always be followed by one more member: only junk ends it.
    const bool ends = wrapper != InflateWrapper::kGzip || !expected.rest.empty();
    expected.status = ends ? DecodeStatus::kEnd : DecodeStatus::kOk;
    for (const size_t room : {1u, 7u, 100000u}) {
      ASSERT_EQ(decode(wrapper, {coded}, room, pool), expected) << room;
    }
    std::vector<std::string> bytes;
    for (const char c : coded) bytes.emplace_back(1, c);
    ASSERT_EQ(decode(wrapper, bytes, 5, pool), expected);
    for (size_t cut = 0; cut <= coded.size(); ++cut) {
      Outcome got = decode(wrapper, {coded.substr(0, cut), coded.substr(cut)}, 4096, pool);
      ASSERT_EQ(got, expected) << cut;
    }
    EXPECT_EQ(pool.left, 1) << "every state is given back";
  }
}

TEST(Inflate, TruncatedIsNotComplete) {
  for (const auto& row : vector_rows("inflate.txt")) {
    if (row[0] != "python_gzip" && row[0] != "zlib_text" && row[0] != "raw_text") continue;
    const std::string coded = from_hex(row[2]);
    const std::string out = from_hex(row[3]);
    TestPool pool;
    for (size_t n = 0; n < coded.size(); ++n) {
      const Outcome got = decode(wrapper_of(row[1]), {coded.substr(0, n)}, 4096, pool);
      ASSERT_EQ(got.status, DecodeStatus::kOk) << row[0] << n;
      ASSERT_FALSE(got.complete) << row[0] << n;
      ASSERT_TRUE(out.starts_with(got.out)) << row[0] << n;
    }
    EXPECT_EQ(pool.left, 1);
  }
}

std::string vector_of(const std::string& name) {
  for (const auto& row : vector_rows("inflate.txt")) {
    if (row[0] == name) return from_hex(row[2]);
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(Inflate, WrongSumsAreCountedAndTheTextGiven) {
  TestPool pool;
  for (const size_t from_end : {1u, 4u, 5u, 8u}) {  // ISIZE and CRC32
    std::string coded = vector_of("python_gzip");
    coded[coded.size() - from_end] ^= 0x10;
    const Outcome got = decode(InflateWrapper::kGzip, {coded}, 4096, pool);
    EXPECT_EQ(got.status, DecodeStatus::kOk);
    EXPECT_EQ(got.checksum_errors, 1u);
    EXPECT_FALSE(got.out.empty());
  }
  std::string coded = vector_of("all_fields");
  coded[4] ^= 1;  // MTIME: under the header's CRC16
  EXPECT_EQ(decode(InflateWrapper::kGzip, {coded}, 4096, pool).checksum_errors, 1u);
  coded = vector_of("zlib_text");
  coded.back() ^= 1;
  EXPECT_EQ(decode(InflateWrapper::kZlib, {coded}, 4096, pool).checksum_errors, 1u);
}

TEST(Inflate, WrongHeaders) {
  TestPool pool;
  using std::string;
  EXPECT_EQ(decode(InflateWrapper::kGzip, {"plain text"}, 9, pool).status, DecodeStatus::kCorrupt);
  EXPECT_EQ(decode(InflateWrapper::kGzip, {"\x1fx"}, 9, pool).status, DecodeStatus::kCorrupt);
  EXPECT_EQ(decode(InflateWrapper::kGzip, {string("\x1f\x8b\x07", 3)}, 9, pool).status,
            DecodeStatus::kCorrupt);
  EXPECT_EQ(decode(InflateWrapper::kZlib, {"\x78\x9d"}, 9, pool).status, DecodeStatus::kCorrupt);
  // FDICT: 0x78 0xbb is a sound header with a preset dictionary.
  EXPECT_EQ(decode(InflateWrapper::kZlib, {"\x78\xbb"}, 9, pool).status, DecodeStatus::kUnsupported);
  // A name without an end.
  const string endless = string("\x1f\x8b\x08\x08\0\0\0\0\0\x03", 10) + string(200000, 'a');
  EXPECT_EQ(decode(InflateWrapper::kGzip, {endless}, 9, pool).status, DecodeStatus::kCorrupt);
  EXPECT_EQ(pool.left, 1);
}

TEST(Inflate, EmptyPoolSaysMemory) {
  TestPool pool;
  pool.left = 0;
  EXPECT_EQ(decode(InflateWrapper::kGzip, {vector_of("python_gzip")}, 4096, pool).status,
            DecodeStatus::kMemory);
}

TEST(Inflate, MembersAreLimited) {
  TestPool pool;
  const std::string coded = vector_of("many_empty_members");  // six
  EXPECT_EQ(decode(InflateWrapper::kGzip, {coded}, 4096, pool, 6).status, DecodeStatus::kOk);
  const Outcome got = decode(InflateWrapper::kGzip, {coded}, 4096, pool, 5);
  EXPECT_EQ(got.status, DecodeStatus::kLimit);
  EXPECT_EQ(got.out, "");
}

// What follows a fault cannot be read; what came before is given, whatever the room. The library's fast
// and slow ways may differ by some bytes right at the fault when the input is cut differently, so each
// input is compared with itself into different rooms only.
TEST(Inflate, DamageStopsWithAStatusAndGivesWhatCameBefore) {
  std::mt19937 random(7);
  int corrupt = 0;
  for (const char* name : {"python_gzip", "raw_text", "raw_huffman", "zlib_text", "stored"}) {
    const std::string sound = vector_of(name);
    const InflateWrapper wrapper = std::string_view(name).starts_with("raw")    ? InflateWrapper::kRaw
                                   : std::string_view(name).starts_with("zlib") ? InflateWrapper::kZlib
                                                                                : InflateWrapper::kGzip;
    for (int i = 0; i < 200; ++i) {
      std::string coded = sound;
      coded[random() % coded.size()] ^= static_cast<char>(1 << (random() % 8));
      TestPool pool;
      const Outcome whole = decode(wrapper, {coded}, 100000, pool);
      corrupt += whole.status == DecodeStatus::kCorrupt;
      const Outcome small = decode(wrapper, {coded}, 3000, pool);
      ASSERT_EQ(small, whole) << name << i;
      EXPECT_EQ(pool.left, 1);
    }
  }
  EXPECT_GT(corrupt, 100);
}

TEST(Inflate, RandomBytesEnd) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    std::string noise(1 + random() % 600, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    for (const InflateWrapper wrapper :
         {InflateWrapper::kGzip, InflateWrapper::kZlib, InflateWrapper::kRaw}) {
      TestPool pool;
      decode(wrapper, {noise}, 64, pool);
      decode(wrapper, {std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + noise}, 64, pool);
      ASSERT_EQ(pool.left, 1);
    }
  }
}

// A gzip bomb: output comes only as room is given.
TEST(Inflate, BombGivesNoMoreThanTheRoom) {
  const std::string bomb = vector_file("zeros_10mb.zlib");
  ASSERT_LT(bomb.size(), 12000u);
  TestPool pool;
  Inflater inflater(InflateWrapper::kZlib, pool);
  const ExactCopy copy(bomb);
  Bytes in = copy.get();
  std::vector<uint8_t> out(4096);
  size_t total = 0;
  DecodeStep step;
  while (step.status == DecodeStatus::kOk) {
    step = inflater.decode(in, out);
    in = in.subspan(step.consumed);
    total += step.produced;
    ASSERT_LE(total, 10'000'000u);
  }
  EXPECT_EQ(step.status, DecodeStatus::kEnd);
  EXPECT_EQ(total, 10'000'000u);
  EXPECT_EQ(inflater.checksum_errors(), 0u);
}

TEST(Inflate, ShapesOfFirstBytes) {
  EXPECT_EQ(coded_shape(as_bytes("\x1f\x8b\x08")), CodedShape::kGzip);
  EXPECT_EQ(coded_shape(as_bytes("\x78\x9c\xcbH\xcd\xc9\xc9\x07")), CodedShape::kZlib);
  EXPECT_EQ(coded_shape(as_bytes("x^2 + y^2 = z^2, says")), CodedShape::kText);
  EXPECT_EQ(coded_shape(as_bytes("{\"name\":\"value\"}\n")), CodedShape::kText);
  EXPECT_EQ(coded_shape(as_bytes("\xcbH\xcd\xc9\xc9\x07")), CodedShape::kOther);
}

}  // namespace
}  // namespace weir
