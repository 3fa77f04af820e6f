// pcap and pcapng in every dress, read as tshark reads them, at every split; then damaged at every byte.
#include "sensor/capture/capture_parser.h"

#include <gtest/gtest.h>

#include <random>

#include "sensor/capture/packet_source.h"
#include "tests/unit/sensor/capture/capture_samples.h"

namespace weir {
namespace {

using namespace capture_test;  // NOLINT: the helpers of this folder

TEST(CaptureParser, ReadsEveryFormatAsTsharkDoes) {
  ASSERT_EQ(tshark_files().size(), 13u);
  for (const std::string& name : tshark_files()) {
    Reading reading = parse_whole(read_file(kFolder + name));
    // tshark shows a simple packet block without a time as 0; so do we at the beginning of a file.
    EXPECT_EQ(reading.packets, expected_packets(name)) << name;
    EXPECT_EQ(reading.error, "") << name;
  }
}

TEST(CaptureParser, EmptyFilesAreWhole) {
  for (const char* name : {"empty.pcap", "empty.pcapng"}) {
    const Reading reading = parse_whole(read_file(kFolder + name));
    EXPECT_TRUE(reading.packets.empty()) << name;
    EXPECT_EQ(reading.error, "") << name;
  }
}

// make.py: the interface statistics of interface 1 say 11 and 2^33; an obsolete packet block says 3 more.
TEST(CaptureParser, ReadsWhatTheCaptureLost) {
  for (const char* name : {"blocks_le.pcapng", "blocks_be.pcapng"}) {
    const Reading reading = parse_whole(read_file(kFolder + name));
    EXPECT_EQ(reading.interface_drops, 14u) << name;
    EXPECT_EQ(reading.os_drops, uint64_t{1} << 33) << name;
  }
}

TEST(CaptureParser, EverySplitGivesTheSame) {
  std::mt19937 random(20121228);
  for (const std::string& name : tshark_files()) {
    const Frame input = read_file(kFolder + name);
    const Reading whole = parse_whole(input);
    for (size_t cut = 0; cut <= input.size(); ++cut) {
      ASSERT_EQ(parse_in_pieces(input, {cut}), whole) << name << " cut at " << cut;
    }
    std::vector<size_t> every;
    for (size_t cut = 1; cut < input.size(); ++cut) every.push_back(cut);
    EXPECT_EQ(parse_in_pieces(input, every), whole) << name << " byte by byte";
    for (int round = 0; round < 20; ++round) {
      std::vector<size_t> some;
      for (size_t cut = random() % 64; cut < input.size(); cut += 1 + random() % 64) some.push_back(cut);
      EXPECT_EQ(parse_in_pieces(input, some, 1 + some.size() % 3), whole) << name << " round " << round;
    }
    for (const size_t burst : {1u, 2u, 3u})
      EXPECT_EQ(parse_whole(input, burst), whole) << name << " in bursts of " << burst;
  }
}

TEST(CaptureParser, TruncatedAnywhereGivesWhatCanBeRead) {
  for (const std::string& name : tshark_files()) {
    const Frame input = read_file(kFolder + name);
    const std::vector<Packet> all = parse_whole(input).packets;
    size_t most = 0;
    for (size_t size = 0; size < input.size(); ++size) {
      const Frame cut(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
      const Reading reading = parse_whole(cut);
      ASSERT_LE(reading.packets.size(), all.size());
      ASSERT_TRUE(std::equal(reading.packets.begin(), reading.packets.end(), all.begin()))
          << name << " at " << size;
      ASSERT_GE(reading.packets.size(), most) << name << " at " << size;
      most = reading.packets.size();
      // Without an error the cut fell between two records: what is left parses from there.
      if (reading.error.empty()) {
        ASSERT_EQ(reading.position, size) << name;
      } else if (size >= 8) {
        ASSERT_TRUE(reading.error.starts_with("truncated: "))
            << name << " at " << size << ": " << reading.error;
      }
      ASSERT_EQ(parse_in_pieces(cut, {size / 2}), reading) << name << " at " << size;
    }
  }
}

TEST(CaptureParser, EveryByteDamagedStaysInsideTheInput) {
  for (const std::string& name : tshark_files()) {
    Frame input = read_file(kFolder + name);
    for (size_t at = 0; at < input.size(); ++at) {
      const uint8_t kept = input[at];
      for (const int flip : {0x01, 0x80, 0xff, 0x0b}) {
        input[at] = static_cast<uint8_t>(kept ^ flip);
        const Reading whole = parse_whole(input);
        for (const Packet& packet : whole.packets) {
          ASSERT_GE(packet.wire_length, packet.bytes.size()) << name << " at " << at;
          ASSERT_GE(packet.time, 0) << name << " at " << at;
          ASSERT_LE(packet.time, kMaxPacketTime) << name << " at " << at;
        }
        if (flip == 0xff) {
          ASSERT_EQ(parse_in_pieces(input, {at, at + 1}), whole) << name << " at " << at;
        }
      }
      input[at] = kept;
    }
  }
}

std::string error_of(std::initializer_list<Frame> parts) { return parse_whole(join(parts)).error; }

TEST(CaptureParser, SaysWhereItBroke) {
  const Frame start = join({section_header(), interface_description()});  // 28 + 20 bytes
  ASSERT_EQ(start.size(), 48u);
  const Frame packet = enhanced_packet(0, 0, Frame(64, 'x'));
  ASSERT_EQ(packet.size(), 96u);
  const auto first = [](const Frame& f, size_t n) {
    return Frame(f.begin(), f.begin() + static_cast<std::ptrdiff_t>(n));
  };

  EXPECT_EQ(error_of({start, packet, first(packet, 17)}),
            "truncated: block at offset 144 says 96 bytes, 17 left");
  EXPECT_EQ(error_of({start, packet, first(packet, 11)}),
            "truncated: block header at offset 144 says 12 bytes, 11 left");
  EXPECT_EQ(error_of({start, first(block(0x0bad, Frame(80, 'x')), 30)}),
            "truncated: block at offset 48 says 92 bytes, 30 left");
  EXPECT_EQ(error_of({start, le32(6), le32(0xfffffffc), Frame(40, 0)}),
            "damaged: block at offset 48 says 4294967292 bytes, more than 16777216");
  EXPECT_EQ(error_of({start, le32(6), le32(0), Frame(40, 0)}),
            "damaged: block at offset 48 says 0 bytes, fewer than 12");
  EXPECT_EQ(error_of({start, le32(0x0bad), le32(97), Frame(100, 0)}),
            "damaged: block at offset 48 says 97 bytes, not a multiple of 4");
  EXPECT_EQ(error_of({start, first(packet, 92), le32(95)}),
            "damaged: block at offset 48 says 96 bytes at its start and 95 at its end");
  EXPECT_EQ(error_of({start, first(block(0x0bad, Frame(4, 'x')), 12), le32(20)}),
            "damaged: block at offset 48 says 16 bytes at its start and 20 at its end");
  EXPECT_EQ(error_of({start, le32(0x0a0d0d0a), le32(28), le32(0x12345678), Frame(16, 0)}),
            "damaged: section header at offset 48 has no byte-order magic");
  EXPECT_EQ(error_of({start, le32(0x0a0d0d0a), le32(24), le32(0x1a2b3c4d), Frame(16, 0)}),
            "damaged: section header at offset 48 says 24 bytes");
  EXPECT_EQ(error_of({block(0x0a0d0d0a, join({le32(0x1a2b3c4d), le16(2), le16(0), le64(0)}))}),
            "section header at offset 0 is of pcapng version 2; only version 1 is known");
  EXPECT_EQ(error_of({section_header(), block(1, le32(1))}),
            "damaged: interface description at offset 28 is too short");

  const Frame pcap = harness::pcap_image({{1'000'000'000, Frame(50, 'p')}});
  EXPECT_EQ(error_of({pcap, Frame(7, 0)}), "truncated: record header at offset 90 says 16 bytes, 7 left");
  EXPECT_EQ(error_of({pcap, Frame(8, 0), le32(80), le32(80), Frame(17, 0)}),
            "truncated: packet record at offset 90 says 96 bytes, 33 left");
  EXPECT_EQ(error_of({pcap, Frame(8, 0), le32(0x7fffffff), le32(80), Frame(64, 0)}),
            "damaged: packet record at offset 90 says 2147483647 captured bytes, more than 1048576");
  EXPECT_EQ(error_of({first(pcap, 20)}), "truncated: file header at offset 0 says 24 bytes, 20 left");
}

// The framing is whole, so what comes after the damaged block is read, and the damage is told.
TEST(CaptureParser, DamageInsideABlockCostsOnlyThatBlock) {
  const Frame good = enhanced_packet(0, 1'000'000, Frame(64, 'g'));
  const Frame end = option(0, {});
  struct Case {
    Frame block;
    const char* error;
  };
  const Case kCases[] = {
      {enhanced_packet(1, 0, Frame(8, 'x')),
       "damaged: packet block at offset 48 names interface 1 of 1 described"},
      {block(6, join({le32(0), le64(0), le32(100), le32(100), Frame(96, 'x')})),
       "damaged: packet block at offset 48 says 100 captured bytes, and has room for 96"},
      {block(6, join({le32(0), le64(0), le32(0xffffffff), le32(100), Frame(96, 'x')})),
       "damaged: packet block at offset 48 says 4294967295 captured bytes, and has room for 96"},
      {block(6, Frame(16, 0)), "damaged: block at offset 48 is too short for its type"},
      {block(2, Frame(16, 0)), "damaged: block at offset 48 is too short for its type"},
      {block(3, {}), "damaged: block at offset 48 is too short for its type"},
      {interface_description(join({le16(9), le16(200), le32(0)})),
       "damaged: interface description at offset 48 has an option that runs past its end"},
  };
  for (const Case& c : kCases) {
    const Reading reading = parse_whole(join({section_header(), interface_description(), c.block, good}));
    EXPECT_EQ(reading.error, c.error);
    ASSERT_EQ(reading.packets.size(), 1u) << c.error;
    EXPECT_EQ(reading.packets[0].bytes, Frame(64, 'g'));
  }
  const Reading reading = parse_whole(
      join({section_header(), block(3, join({le32(4), Frame(4, 'x')})), interface_description(), good}));
  EXPECT_EQ(reading.error, "damaged: packet block at offset 28 comes before any interface description");
  EXPECT_EQ(reading.packets.size(), 1u);
}

TEST(CaptureParser, LengthOnTheWireIsNeverBelowTheCapturedOne) {
  const Frame ng = join({section_header(), interface_description(),
                         block(6, join({le32(0), le64(0), le32(8), le32(3), Frame(8, 'x')}))});
  ASSERT_EQ(parse_whole(ng).packets.size(), 1u);
  EXPECT_EQ(parse_whole(ng).packets[0].wire_length, 8u);
  Frame pcap = harness::pcap_image({{0, Frame(8, 'x')}});
  pcap[24 + 12] = 3;
  ASSERT_EQ(parse_whole(pcap).packets.size(), 1u);
  EXPECT_EQ(parse_whole(pcap).packets[0].wire_length, 8u);
}

// Expectations by exact arithmetic (python3: ts * 10**9 // 10**e, ts * 10**9 >> e, plus the offset), held to
// 0 … 2^62.
TEST(CaptureParser, TimeStampsOfEveryResolution) {
  constexpr int64_t kMax = int64_t{1} << 62;
  constexpr uint64_t kAll = ~uint64_t{0};
  struct Case {
    int resolution;  // if_tsresol; -1: none
    int64_t offset;  // if_tsoffset, seconds
    uint64_t ts;
    int64_t ns;
  };
  const Case kCases[] = {
      {-1, 0, 1700000000123456, 1700000000123456000},
      {0, 0, 1700000000, 1700000000000000000},
      {1, 0, 17000000007, 1700000000700000000},
      {8, 0, 170000000012345678, 1700000000123456780},
      {9, 0, 1700000000123456789, 1700000000123456789},
      {10, 0, 17000000001234567899u, 1700000000123456789},
      {12, 0, 18446744073709551615u, 18446744073709551},
      {19, 0, 18446744073709551615u, 1844674407},
      {28, 0, 18446744073709551615u, 1},
      {28, 0, 9999999999999999999u, 0},
      {29, 0, kAll, 0},
      {127, 0, kAll, 0},
      {0x80, 0, 1700000000, 1700000000000000000},
      {0x80 | 1, 0, 3400000001, 1700000000500000000},
      {0x80 | 10, 0, 1740800000001, 1700000000000976562},
      {0x80 | 20, 0, 1782579200524289, 1700000000500000953},
      {0x80 | 32, 0, 7301444405248000001, 1700000000476837158},
      {0x80 | 63, 0, kAll, 1999999999},
      {0x80 | 64, 0, kAll, 999999999},
      {0x80 | 93, 0, kAll, 1},
      {0x80 | 94, 0, kAll, 0},
      {0x80 | 127, 0, kAll, 0},
      {6, 1700000000, 5, 1700000000000005000},
      {6, -3600, 1700003600000001, 1700000000000001000},
      {3, -1, 1700000000123, 1699999999123000000},
      // Beyond what 64 bits of nanoseconds hold, or before 1970.
      {-1, 0, kAll, kMax},
      {0, 0, kAll, kMax},
      {0x80, 0, kAll, kMax},
      {6, -3600, 5, 0},
      {6, INT64_MIN, 1700000000000000, 0},
      {6, INT64_MAX, 1700000000000000, kMax},
      {9, INT64_MAX, kAll, kMax},
  };
  for (const Case& c : kCases) {
    Frame options;
    if (c.resolution >= 0) options = option(9, {static_cast<uint8_t>(c.resolution)});
    if (c.offset != 0) options = join({options, option(14, le64(static_cast<uint64_t>(c.offset)))});
    if (!options.empty()) options = join({options, option(0, {})});
    const Reading reading = parse_whole(
        join({section_header(), interface_description(options), enhanced_packet(0, c.ts, Frame(4, 'x'))}));
    ASSERT_EQ(reading.packets.size(), 1u);
    EXPECT_EQ(reading.packets[0].time, c.ns)
        << "resolution " << c.resolution << " offset " << c.offset << " ts " << c.ts;
  }
}

TEST(CaptureParser, OptionsOfAnotherLengthAreNotRead) {
  const Frame options = join({option(9, {9, 0}), option(14, le32(7)), option(0, {}), option(9, {0})});
  const Reading reading = parse_whole(join({section_header(), interface_description(options),
                                            enhanced_packet(0, 1'700'000'000'000'000, Frame(4, 'x'))}));
  ASSERT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.packets[0].time, 1'700'000'000'000'000'000);
  EXPECT_EQ(reading.error, "");
}

TEST(CaptureParser, PcapTimesReachTheEndOfTheirField) {
  Frame pcap = harness::pcap_image({{0, Frame(4, 'x')}});
  std::fill_n(pcap.begin() + 24, 8, uint8_t{0xff});
  ASSERT_EQ(parse_whole(pcap).packets.size(), 1u);
  // 4294967295 s + 4294967295 ns, then with the microseconds' magic
  EXPECT_EQ(parse_whole(pcap).packets[0].time, 4294967299294967295);
  pcap[0] = 0xd4, pcap[1] = 0xc3;
  ASSERT_EQ(parse_whole(pcap).packets.size(), 1u);
  EXPECT_EQ(parse_whole(pcap).packets[0].time, 4294971589967295000);
}

TEST(CaptureParser, SimplePacketIsAsLateAsTheOneBefore) {
  const Frame input = join({section_header(), interface_description({}, 1, 0),
                            enhanced_packet(0, 7, Frame(4, 'x')), block(3, join({le32(4), Frame(4, 'y')}))});
  const Reading reading = parse_whole(input);
  ASSERT_EQ(reading.packets.size(), 2u);
  EXPECT_EQ(reading.packets[1].time, 7000);
}

TEST(CaptureParser, InterfacesAreBounded) {
  Frame input = section_header();
  const Frame description = interface_description();
  for (size_t i = 0; i <= CaptureParser::kMaxInterfaces; ++i)
    input.insert(input.end(), description.begin(), description.end());
  const Reading reading = parse_whole(input);
  EXPECT_EQ(reading.error, "interface description at offset 1310748 is one more than 65536");
}

// A block of 256 MiB that nobody has defined asks for no memory: it is skipped as it comes.
TEST(CaptureParser, LongForeignBlocksNeedNoWindow) {
  const Frame start =
      join({section_header(), interface_description(), le32(0x0bad), le32(256 << 20), le32(0)});
  CaptureParser parser(CaptureFormat::kPcapng);
  RawPacket out[4];
  size_t count = 0;
  parser.parse(start, false, out, &count);
  EXPECT_EQ(parser.position(), start.size());
  const Frame piece(1 << 20, 0);
  while (parser.position() < start.size() + (256 << 20) - 16) {
    ASSERT_LE(parser.wanted(), 4u);
    const uint64_t left = start.size() + (256 << 20) - 16 - parser.position();
    const uint64_t before = parser.position();
    parser.parse(Bytes(piece.data(), std::min<uint64_t>(left, piece.size())), false, out, &count);
    ASSERT_GT(parser.position(), before);
  }
  const Frame rest = join({le32(256 << 20), enhanced_packet(0, 1, Frame(4, 'x'))});
  parser.parse(rest, true, out, &count);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(parser.error(), "");
}

TEST(CaptureParser, NamesForeignFormats) {
  const auto describe = [](std::string_view start) { return describe_foreign_format(as_bytes(start)); };
  using namespace std::string_view_literals;
  EXPECT_EQ(describe("\x1f\x8b\x08"sv),
            "compressed with gzip; decompress it first: gzip -dc FILE | weir replay -");
  EXPECT_NE(describe("\x28\xb5\x2f\xfd"sv).find("zstd -dc"), std::string::npos);
  EXPECT_NE(describe("\xfd\x37zXZ\0"sv).find("xz -dc"), std::string::npos);
  EXPECT_EQ(describe(""), "empty file");
  EXPECT_EQ(describe("GET / HTTP/1.1"),
            "not a capture file (neither pcap nor pcapng, and libpcap cannot read it)");
  EXPECT_EQ(detect_capture_format(as_bytes("\xa1\xb2"sv), false), CaptureFormat::kNeedMore);
  EXPECT_EQ(detect_capture_format(as_bytes("\xa1\xb2"sv), true), CaptureFormat::kOther);
}

}  // namespace
}  // namespace weir
