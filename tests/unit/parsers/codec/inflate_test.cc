// Decoded data equals what Python's zlib and gzip say, at every split and into rooms of any size; broken
// and hostile data stop with a status.
#include "parsers/codec/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <random>

#include "tests/harness/gzip.h"
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

Outcome decode(InflateWrapper wrapper, const std::vector<std::string>& pieces, size_t room, TestPool& pool) {
  Inflater inflater(wrapper, pool);
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

// Bits in the order of RFC 1951 3.1.1: numbers from their least bit, codes from their most.
class BitWriter {
 public:
  void number(uint32_t value, int bits) {
    for (int i = 0; i < bits; ++i) bit((value >> i & 1) != 0);
  }
  void code(uint32_t value, int bits) {
    for (int i = bits; i-- > 0;) bit((value >> i & 1) != 0);
  }
  std::string bytes() const { return bytes_; }

 private:
  void bit(bool one) {
    if (used_ == 0) bytes_.push_back('\0');
    if (one) bytes_.back() = static_cast<char>(static_cast<uint8_t>(bytes_.back()) | 1u << used_);
    used_ = (used_ + 1) % 8;
  }
  std::string bytes_;
  int used_ = 0;
};

// A block with dynamic codes (3.2.7) that knows "a" and the end of block, one bit each, and says `letters` of
// them.
void dynamic_block(BitWriter& w, int letters) {
  w.number(0, 1);
  w.number(2, 2);
  w.number(0, 5);   // 257 literal and length codes
  w.number(0, 5);   // one distance code
  w.number(14, 4);  // 18 code length codes, in the order 16, 17, 18, 0, …, 14, 1
  for (int i = 0; i < 18; ++i) w.number(i == 2 || i == 17 ? 1 : 0, 3);
  const auto zeros = [&w](uint32_t n) {
    w.code(1, 1);
    w.number(n - 11, 7);
  };
  zeros(97);
  w.code(0, 1);  // "a"
  zeros(138);
  zeros(20);
  w.code(0, 1);  // the end of block
  w.code(0, 1);  // the distance
  for (int i = 0; i < letters; ++i) w.code(0, 1);
  w.code(1, 1);
}

// A block with fixed codes (3.2.6).
void fixed_block(BitWriter& w, int letters, bool last = false) {
  w.number(last ? 1 : 0, 1);
  w.number(1, 2);
  for (int i = 0; i < letters; ++i) w.code(0x30 + 'a', 8);
  w.code(0, 7);
}

std::string blocks(int dynamic_letters, int fixed_letters, size_t size) {
  BitWriter w;
  while (w.bytes().size() < size) {
    if (dynamic_letters >= 0) dynamic_block(w, dynamic_letters);
    if (fixed_letters >= 0) fixed_block(w, fixed_letters);
  }
  return w.bytes();
}

TEST(Inflate, BlocksThatSayNothingAreGivenUp) {
  TestPool pool;
  // Empty ones after four kilobytes.
  for (const std::string& coded : {blocks(0, -1, 100'000), blocks(-1, 0, 100'000), blocks(0, 0, 100'000)}) {
    for (const size_t piece : {size_t{1}, size_t{700}, coded.size()}) {
      Inflater inflater(InflateWrapper::kRaw, pool);
      std::vector<uint8_t> out(4096);
      size_t at = 0;
      DecodeStep step;
      while (at < coded.size() && step.status == DecodeStatus::kOk) {
        step = inflater.decode(as_bytes(coded).subspan(at, std::min(piece, coded.size() - at)), out);
        at += step.consumed;
      }
      ASSERT_EQ(step.status, DecodeStatus::kLimit) << piece;
      EXPECT_LE(at, 4096u + 16u);
    }
  }
  // Some bytes each, less than they cost, are read.
  const Outcome tiny = decode(InflateWrapper::kRaw, {blocks(-1, 4, 200'000)}, 4096, pool);
  EXPECT_EQ(tiny.status, DecodeStatus::kOk);
  EXPECT_GT(tiny.out.size(), 150'000u);
  EXPECT_EQ(tiny.out, std::string(tiny.out.size(), 'a'));
  EXPECT_EQ(pool.left, 1);
}

TEST(Inflate, WhatSaysSomethingIsNotGivenUp) {
  TestPool pool;
  // Long blocks with little in common; a few empty blocks between; a server that flushes each event.
  BitWriter mixed;
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 20; ++k) fixed_block(mixed, 0);
    fixed_block(mixed, 300);
  }
  EXPECT_EQ(decode(InflateWrapper::kRaw, {mixed.bytes()}, 4096, pool).out, std::string(200 * 300, 'a'));
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string coded;
  std::string text;
  std::mt19937 random(5);
  std::array<uint8_t, 4096> room{};
  for (int i = 0; i < 5000; ++i) {
    std::string event = "data: " + std::to_string(random()) + "\n\n";
    text += event;
    z.next_in = reinterpret_cast<Bytef*>(event.data());
    z.avail_in = static_cast<uInt>(event.size());
    z.next_out = room.data();
    z.avail_out = room.size();
    deflate(&z, Z_SYNC_FLUSH);
    coded.append(reinterpret_cast<const char*>(room.data()), room.size() - z.avail_out);
  }
  deflateEnd(&z);
  const Outcome events = decode(InflateWrapper::kGzip, {coded}, 4096, pool);
  EXPECT_EQ(events.status, DecodeStatus::kOk);
  EXPECT_EQ(events.out, text);
  // A server that flushes every byte, as hard as it can.
  for (const int flush : {Z_SYNC_FLUSH, Z_FULL_FLUSH}) {
    z_stream by_byte{};
    deflateInit2(&by_byte, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    std::string flushed;
    for (char c : text.substr(0, 5000)) {
      by_byte.next_in = reinterpret_cast<Bytef*>(&c);
      by_byte.avail_in = 1;
      by_byte.next_out = room.data();
      by_byte.avail_out = room.size();
      deflate(&by_byte, flush);
      flushed.append(reinterpret_cast<const char*>(room.data()), room.size() - by_byte.avail_out);
    }
    deflateEnd(&by_byte);
    EXPECT_EQ(decode(InflateWrapper::kGzip, {flushed}, 4096, pool).out, text.substr(0, 5000));
  }
}

// Server-sent events and lines of JSON, flushed one by one for as long as somebody listens, are read to the
// end, however little each says and whatever block the encoder takes for it.
TEST(Inflate, AHundredThousandFlushedLinesAreReadToTheEnd) {
  TestPool pool;
  std::mt19937 random(11);
  std::string text;
  for (int i = 0; i < 100'000; ++i) {
    std::string line = "{\"id\":" + std::to_string(random()) + ",\"v\":" + std::to_string(random());
    line.resize(38, ' ');
    text += line + "}\n";
  }
  ASSERT_EQ(text.size(), 4'000'000u);
  std::array<uint8_t, 4096> room{};
  for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY}) {
    for (const int flush : {Z_SYNC_FLUSH, Z_FULL_FLUSH}) {
      z_stream z{};
      deflateInit2(&z, 6, Z_DEFLATED, 31, 8, strategy);
      std::string coded;
      for (size_t at = 0; at < text.size(); at += 40) {
        z.next_in = reinterpret_cast<Bytef*>(text.data() + at);
        z.avail_in = 40;
        z.next_out = room.data();
        z.avail_out = room.size();
        deflate(&z, at + 40 < text.size() ? flush : Z_FINISH);
        coded.append(reinterpret_cast<const char*>(room.data()), room.size() - z.avail_out);
      }
      deflateEnd(&z);
      const Outcome lines = decode(InflateWrapper::kGzip, {coded}, 4096, pool);
      EXPECT_EQ(lines.status, DecodeStatus::kOk) << strategy << flush;
      EXPECT_TRUE(lines.complete);
      EXPECT_EQ(lines.checksum_errors, 0u);
      EXPECT_TRUE(lines.out == text);
    }
  }
}

TEST(Inflate, MembersOfAnySizeAndNumber) {
  TestPool pool;
  std::mt19937 random(6);
  std::string coded;
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    // Empty, tiny and longer than a tiny one may be, in any order; one is larger than zlib's window.
    const uint32_t kind = random() % 16;
    std::string member = i == 2500 ? "" : std::to_string(random());
    if (i == 2500) {
      for (int k = 0; k < 20'000; ++k) member += std::to_string(random());
    } else if (kind < 5) {
      member.clear();
    } else if (kind == 5) {
      for (int k = 0; k < 100; ++k) member += std::to_string(random() % 1000);
    }
    coded += gzipped(member, kind % 2 == 0 ? 6 : 0);
    text += member;
  }
  for (const size_t piece : {coded.size(), size_t{4096}, size_t{13}, size_t{1}}) {
    std::vector<std::string> pieces;
    for (size_t at = 0; at < coded.size(); at += piece) pieces.push_back(coded.substr(at, piece));
    const Outcome got = decode(InflateWrapper::kGzip, pieces, 3000, pool);
    EXPECT_EQ(got.status, DecodeStatus::kOk);
    EXPECT_TRUE(got.complete);
    EXPECT_EQ(got.checksum_errors, 0u);
    ASSERT_TRUE(got.out == text) << piece;
  }
  // A wrong sum and a broken member behind tiny ones are seen as anywhere.
  std::string broken = gzipped("a") + gzipped("b");
  broken[broken.size() - 8] ^= 1;
  EXPECT_EQ(decode(InflateWrapper::kGzip, {broken}, 99, pool).checksum_errors, 1u);
  const Outcome fault =
      decode(InflateWrapper::kGzip,
             {gzipped("a") + std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x07garbage", 18)}, 99, pool);
  EXPECT_EQ(fault.status, DecodeStatus::kCorrupt);
  EXPECT_EQ(fault.out, "a");
  EXPECT_EQ(pool.left, 1);
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
