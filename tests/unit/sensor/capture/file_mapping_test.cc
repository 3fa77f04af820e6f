// A capture that becomes shorter while it is read gives what is left of it, and ends with an error, not the
// program. Which packets are left is arithmetic over what the test wrote.
//
// One suite forks; the name sees to it that it runs first.
#include "sensor/capture/file_mapping.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/unit/sensor/capture/capture_samples.h"

namespace weir {
namespace {

using namespace capture_test;  // NOLINT: the helpers of this folder

constexpr size_t kFileHeader = 24;
constexpr size_t kRecordHeader = 16;
constexpr size_t kPayload = 300;
constexpr size_t kRecord = kRecordHeader + kPayload;
constexpr size_t kPackets = 400;  // some 30 pages

class Shrinking : public ::testing::Test {
 protected:
  void SetUp() override { write(); }
  void write() {
    std::vector<harness::TimedFrame> frames;
    for (size_t i = 0; i < kPackets; ++i) {
      frames.push_back(
          {static_cast<Nanoseconds>(1000 + i), Frame(kPayload, static_cast<uint8_t>('a' + i % 26))});
    }
    image_ = harness::pcap_image(frames);
    ASSERT_EQ(image_.size(), kFileHeader + kPackets * kRecord);
    harness::write_file(path_, image_);
  }
  void cut(size_t size) { ASSERT_EQ(truncate(path_.c_str(), static_cast<off_t>(size)), 0); }

  static size_t whole_packets(size_t size) { return size < kFileHeader ? 0 : (size - kFileHeader) / kRecord; }
  // Each packet has the bytes that were written, and it is the next one.
  static void expect_packet(const RawPacket& packet, size_t number) {
    ASSERT_EQ(packet.time, static_cast<Nanoseconds>(1000 + number));
    ASSERT_EQ(Frame(packet.bytes.begin(), packet.bytes.end()),
              Frame(kPayload, static_cast<uint8_t>('a' + number % 26)));
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("a.pcap");
  Frame image_;
};

TEST_F(Shrinking, GivesEveryPacketThatIsLeftAndNoOther) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::set<size_t> sizes{0, 1, kFileHeader, kFileHeader + 7, image_.size() - 1, image_.size() - kRecord};
  for (size_t at = page; at < image_.size(); at += page) {
    for (const size_t size : {at - 1, at, at + 1}) sizes.insert(size);
  }
  for (size_t packet = 60; packet < kPackets; packet += 47) {
    const size_t begin = kFileHeader + packet * kRecord;
    for (const size_t size : {begin, begin + 5, begin + kRecordHeader, begin + kRecordHeader + 9}) {
      sizes.insert(size);
    }
  }
  for (const size_t size : sizes) {
    for (const size_t burst : {size_t{1}, size_t{64}}) {
      write();
      std::string error;
      const auto file = open_capture(path_, &error);
      ASSERT_TRUE(file) << error;
      std::vector<RawPacket> out(burst);
      size_t read = 0;
      size_t count = 0;
      ASSERT_EQ(file->next_burst(out, &count), SourceStatus::kOk);
      for (size_t i = 0; i < count; ++i) expect_packet(out[i], read++);
      cut(size);
      SourceStatus status = SourceStatus::kOk;
      for (size_t calls = 0; status == SourceStatus::kOk && calls <= kPackets; ++calls) {
        status = file->next_burst(out, &count);
        for (size_t i = 0; i < count; ++i) expect_packet(out[i], read++);
      }
      EXPECT_EQ(read, std::max(burst, whole_packets(size))) << size << ", bursts of " << burst;
      EXPECT_EQ(status, SourceStatus::kError) << size;
      EXPECT_NE(file->error().find("became shorter"), std::string::npos) << file->error();
      const std::string left =
          size == 0 ? "nothing was left when the first " : "the first " + std::to_string(size) + " were left";
      EXPECT_NE(file->error().find("of " + std::to_string(image_.size()) + " bytes " + left),
                std::string::npos)
          << file->error();
      count = 9;
      EXPECT_EQ(file->next_burst(out, &count), SourceStatus::kError) << "it stays at its end";
      EXPECT_EQ(count, 0u);
    }
  }
}

// Cut again and again, never where it has been read already: what is left at the last is what counts.
TEST_F(Shrinking, MayShrinkMoreThanOnce) {
  std::string error;
  const auto file = open_capture(path_, &error);
  ASSERT_TRUE(file) << error;
  std::array<RawPacket, 8> out;
  size_t read = 0;
  SourceStatus status = SourceStatus::kOk;
  const size_t sizes[] = {100'000, 60'000, 31'000, 30'999, 12'345};
  for (size_t calls = 0; status == SourceStatus::kOk; ++calls) {
    size_t count = 0;
    status = file->next_burst(out, &count);
    for (size_t i = 0; i < count; ++i) expect_packet(out[i], read++);
    if (calls < std::size(sizes)) cut(sizes[calls]);
    ASSERT_LE(calls, kPackets);
  }
  EXPECT_EQ(status, SourceStatus::kError);
  EXPECT_EQ(read, std::max<size_t>(5 * out.size(), whole_packets(12'345)));
}

// Workers walk the same file, each through a mapping of its own, while it is cut under all of them.
TEST_F(Shrinking, UnderManyReaders) {
  constexpr size_t kReaders = 4;
  constexpr size_t kLeft = 50'000;
  std::atomic<size_t> begun{0};
  std::atomic<bool> cut_now{false};
  std::array<size_t, kReaders> read{};
  std::array<SourceStatus, kReaders> last{};
  std::vector<std::thread> threads;
  for (size_t r = 0; r < kReaders; ++r) {
    threads.emplace_back([&, r] {
      std::string error;
      const auto file = open_capture(path_, &error);
      std::array<RawPacket, 4> out;
      size_t count = 0;
      last[r] = file->next_burst(out, &count);
      read[r] = count;
      begun.fetch_add(1);
      cut_now.wait(false);
      while (last[r] == SourceStatus::kOk) {
        last[r] = file->next_burst(out, &count);
        for (size_t i = 0; i < count; ++i) expect_packet(out[i], read[r]++);
      }
    });
  }
  while (begun.load() < kReaders) std::this_thread::yield();
  cut(kLeft);
  cut_now.store(true);
  cut_now.notify_all();
  for (std::thread& t : threads) t.join();
  for (size_t r = 0; r < kReaders; ++r) {
    EXPECT_EQ(read[r], whole_packets(kLeft));
    EXPECT_EQ(last[r], SourceStatus::kError);
  }
}

// A packet in hand may be looked at after its file has gone: zeros, and the program lives.
TEST_F(Shrinking, WhatIsInHandMayStillBeTouched) {
  std::string error;
  const auto file = open_capture(path_, &error);
  ASSERT_TRUE(file) << error;
  std::array<RawPacket, 100> out;
  size_t count = 0;
  ASSERT_EQ(file->next_burst(out, &count), SourceStatus::kOk);
  ASSERT_EQ(count, out.size());
  cut(0);
  for (const RawPacket& packet : out) {
    EXPECT_EQ(Frame(packet.bytes.begin(), packet.bytes.end()), Frame(kPayload, 0));
  }
  EXPECT_EQ(file->next_burst(out, &count), SourceStatus::kError);
}

TEST_F(Shrinking, AFileThatGrowsIsReadToTheLengthThatItHad) {
  std::string error;
  const auto file = open_capture(path_, &error);
  ASSERT_TRUE(file) << error;
  std::array<RawPacket, 64> out;
  size_t count = 0;
  ASSERT_EQ(file->next_burst(out, &count), SourceStatus::kOk);
  size_t read = count;
  Frame longer = image_;
  longer.insert(longer.end(), 50'000, 0);
  harness::write_file(directory_.path("b.pcap"), longer);
  cut(image_.size() + 50'000);
  while (file->next_burst(out, &count) == SourceStatus::kOk) read += count;
  EXPECT_EQ(read, kPackets);
  EXPECT_EQ(file->error(), "");
}

TEST_F(Shrinking, TellsHowMuchIsIntact) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::string error;
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  const auto mapping = FileMapping::take(fd, image_.size(), &error);
  ASSERT_TRUE(mapping) << error;
  EXPECT_EQ(mapping->intact(0), image_.size());
  EXPECT_EQ(mapping->intact(image_.size()), image_.size());
  cut(image_.size() - 1);
  EXPECT_EQ(mapping->intact(image_.size()), image_.size() - 1);
  cut(3 * page + 10);
  EXPECT_EQ(mapping->intact(0), 3 * page + 10);
  cut(page);
  EXPECT_EQ(mapping->intact(0), page);
  cut(20 * page);
  EXPECT_EQ(mapping->intact(0), page) << "what comes back is another file's";
  EXPECT_EQ(mapping->bytes().back(), 0);
  EXPECT_EQ(mapping->bytes()[0], image_[0]);
  cut(0);
  EXPECT_EQ(mapping->intact(0), 0u);
  EXPECT_EQ(mapping->intact(5), 0u);
}

// What is no mapping of ours ends the program, as without us.
TEST(FileMappingDeathTest, AForeignBusErrorStaysOne) {
  TemporaryDirectory directory;
  const std::string path = directory.path("file");
  harness::write_file(path, Frame(100, 'x'));
  const auto touch_what_is_gone = [&] {
    std::string error;
    const auto ours = FileMapping::take(open(path.c_str(), O_RDONLY | O_CLOEXEC), 100, &error);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const void* foreign = mmap(nullptr, 100, PROT_READ, MAP_PRIVATE, fd, 0);
    if (truncate(path.c_str(), 0) != 0) return;
    [[maybe_unused]] const uint8_t touched = *static_cast<const volatile uint8_t*>(foreign);
  };
#if defined(__SANITIZE_ADDRESS__)  // g++
  constexpr bool kReported = true;
#elif defined(__has_feature)
  constexpr bool kReported = __has_feature(address_sanitizer);
#else
  constexpr bool kReported = false;
#endif
  // A sanitizer tells of the signal and ends the program itself.
  const auto ended = [](int status) {
    return kReported ? WIFEXITED(status) && WEXITSTATUS(status) != 0
                     : WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
  };
  EXPECT_EXIT(touch_what_is_gone(), ended, kReported ? "BUS" : "");
}

}  // namespace
}  // namespace weir
