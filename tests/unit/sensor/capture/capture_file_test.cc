// Files and streams on a real file system: mapped, piped, and through libpcap.
#include "sensor/capture/capture_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "tests/unit/sensor/capture/capture_samples.h"

namespace weir {
namespace {

using namespace capture_test;  // NOLINT: the helpers of this folder

TEST(CaptureFile, MappedReadsAsTsharkDoes) {
  for (const std::string& name : tshark_files()) {
    std::string error;
    const auto file = open_capture(kFolder + name, &error);
    ASSERT_TRUE(file) << name << ": " << error;
    EXPECT_TRUE(file->stable());
    EXPECT_EQ(file->size(), read_file(kFolder + name).size());
    const Reading reading = read_to_end(file.get());
    EXPECT_EQ(reading.packets, expected_packets(name)) << name;
    EXPECT_EQ(reading.position, file->size()) << name;
    EXPECT_EQ(reading.error, "") << name;
  }
}

// Writes `input` into a pipe in pieces of `piece` bytes and reads the other end as a capture.
Reading read_piped(const Frame& input, size_t piece) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  std::thread writer([&] {
    for (size_t at = 0; at < input.size(); at += piece) {
      const size_t n = std::min(piece, input.size() - at);
      if (write(ends[1], input.data() + at, n) != static_cast<ssize_t>(n)) break;
      if (piece < 64) std::this_thread::yield();
    }
    close(ends[1]);
  });
  const Reading reading = read_to_end(open_capture_stream(ends[0]).get(), 3);
  writer.join();
  close(ends[0]);
  return reading;
}

TEST(CaptureFile, StreamReadsTheSame) {
  for (const std::string& name : tshark_files()) {
    const Frame input = read_file(kFolder + name);
    const Reading whole = parse_whole(input);
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{100000}}) {
      EXPECT_EQ(read_piped(input, piece), whole) << name << " in pieces of " << piece;
    }
    const Frame cut(input.begin(), input.end() - 5);
    EXPECT_EQ(read_piped(cut, 100000), parse_whole(cut)) << name << " without its end";
  }
}

// More than the stream's buffer, with records that grow it; every packet must come out.
TEST(CaptureFile, StreamLongerThanItsBuffer) {
  std::vector<harness::TimedFrame> frames;
  uint32_t state = 1;
  size_t total = 0;
  while (total < (6u << 20)) {
    state = state * 1664525 + 1013904223;
    const size_t size = frames.size() % 50 == 49 ? 900'000 : state >> 20;
    frames.push_back(
        {static_cast<Nanoseconds>(frames.size()), Frame(size, static_cast<uint8_t>(state >> 8))});
    total += size;
  }
  const Frame image = harness::pcap_image(frames);
  const Reading reading = read_piped(image, 65536);
  EXPECT_EQ(reading.error, "");
  ASSERT_EQ(reading.packets.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(reading.packets[i].time, frames[i].time);
    ASSERT_EQ(reading.packets[i].bytes, frames[i].frame);
  }
  // The same file mapped: more than one step of populating and releasing pages.
  TemporaryDirectory directory;
  harness::write_file(directory.path("big.pcap"), image);
  std::string error;
  EXPECT_EQ(read_to_end(open_capture(directory.path("big.pcap"), &error).get()), reading);
}

TEST(CaptureFile, StreamGivesPacketsAsTheyCome) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto stream = open_capture_stream(ends[0]);
  RawPacket out[8];
  size_t count = 9;
  EXPECT_EQ(stream->next_burst(out, &count), SourceStatus::kIdle);
  EXPECT_EQ(count, 0u);
  const Frame image = harness::pcap_image({{5, Frame(60, 'a')}, {6, Frame(60, 'b')}});
  const size_t until = 24 + 76 + 10;
  ASSERT_EQ(write(ends[1], image.data(), until), static_cast<ssize_t>(until));
  ASSERT_EQ(stream->next_burst(out, &count), SourceStatus::kOk);
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(out[0].bytes[0], 'a');
  EXPECT_EQ(stream->next_burst(out, &count), SourceStatus::kIdle);
  ASSERT_EQ(write(ends[1], image.data() + until, image.size() - until),
            static_cast<ssize_t>(image.size() - until));
  close(ends[1]);
  ASSERT_EQ(stream->next_burst(out, &count), SourceStatus::kOk);
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(out[0].bytes[0], 'b');
  EXPECT_EQ(stream->next_burst(out, &count), SourceStatus::kEnd);
  EXPECT_EQ(stream->next_burst(out, &count), SourceStatus::kEnd);
  close(ends[0]);
}

// libpcap's older format: version 2.3 (its reader is the expectation here), which our own reader leaves
// alone.
TEST(CaptureFile, LibpcapReadsTheRest) {
  Frame image = harness::pcap_image({{5'000'000'007, Frame(60, 'a')}, {6'000'000'008, Frame(70, 'b')}});
  image[6] = 3;
  TemporaryDirectory directory;
  harness::write_file(directory.path("old.pcap"), image);
  std::string error;
  const auto file = open_capture(directory.path("old.pcap"), &error);
  ASSERT_TRUE(file) << error;
  EXPECT_FALSE(file->stable());
  const Reading reading = read_to_end(file.get(), 1);
  ASSERT_EQ(reading.packets.size(), 2u);
  EXPECT_EQ(reading.packets[0], (Packet{5'000'000'007, Frame(60, 'a'), 60, 1}));
  EXPECT_EQ(reading.packets[1], (Packet{6'000'000'008, Frame(70, 'b'), 70, 1}));
  EXPECT_EQ(reading.error, "");

  image.resize(image.size() - 3);
  harness::write_file(directory.path("cut.pcap"), image);
  const auto cut = open_capture(directory.path("cut.pcap"), &error);
  ASSERT_TRUE(cut) << error;
  const Reading part = read_to_end(cut.get());
  EXPECT_EQ(part.packets.size(), 1u);
  EXPECT_TRUE(part.error.starts_with("damaged: truncated dump file")) << part.error;
}

TEST(CaptureFile, SaysWhyItCannotBeOpened) {
  TemporaryDirectory directory;
  const auto error_of = [&](const std::string& path) {
    std::string error;
    EXPECT_FALSE(open_capture(path, &error)) << path;
    return error;
  };
  EXPECT_EQ(error_of(directory.path("none.pcap")), "cannot open: No such file or directory");
  EXPECT_EQ(error_of(directory.path()), "is a directory");
  harness::write_file(directory.path("empty"), {});
  EXPECT_EQ(error_of(directory.path("empty")), "empty file");
  harness::write_file(directory.path("a.pcap.gz"), {0x1f, 0x8b, 8, 0, 0});
  EXPECT_EQ(error_of(directory.path("a.pcap.gz")),
            "compressed with gzip; decompress it first: gzip -dc FILE | weir replay -");
  harness::write_file(directory.path("text"), Frame(100, 'x'));
  EXPECT_EQ(error_of(directory.path("text")),
            "not a capture file (neither pcap nor pcapng, and libpcap cannot read it)");

  const Reading piped = read_piped({0x1f, 0x8b, 8, 0}, 4);
  EXPECT_EQ(piped.error, "compressed with gzip; decompress it first: gzip -dc FILE | weir replay -");
  EXPECT_EQ(read_piped({}, 1).error, "empty file");
}

TEST(CaptureFile, KnowsWhatCanBeReadOnlyOnce) {
  TemporaryDirectory directory;
  harness::write_file(directory.path("file"), Frame(10, 0));
  ASSERT_EQ(mkfifo(directory.path("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(is_stream_path("-"));
  EXPECT_TRUE(is_stream_path(directory.path("fifo")));
  EXPECT_FALSE(is_stream_path(directory.path("file")));
  EXPECT_FALSE(is_stream_path(directory.path()));
  EXPECT_FALSE(is_stream_path(directory.path("none")));
}

}  // namespace
}  // namespace weir
