// Lines: whole or not there, on files that are rotated, pipes whose readers come and go, full disks and
// closed descriptors.
#include "sensor/output/line_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/unit/sensor/output/record_maker.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using test::make_test_record;
using ::testing::HasSubstr;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class LineSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/weir_json_lines_XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ / "alerts.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<LineSink> open() {
    std::string error;
    auto sink = LineSink::open(path_, &error);
    EXPECT_EQ(error, "");
    return sink;
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

// A limit on the size of files stands for a full disk: the kernel writes as far as it goes, then refuses.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(LineSinkTest, AppendsOneLineARecordInOrder) {
  std::ofstream(path_) << "{\"before\":1}\n";
  {
    auto sink = open();
    ASSERT_TRUE(sink);
    sink->write(make_test_record(1));
    sink->write(make_test_record(2));
    EXPECT_EQ(sink->stats().written, 2u);
    EXPECT_EQ(sink->stats().pending, 2u);
    EXPECT_TRUE(sink->drain(milliseconds(1000)));
    EXPECT_EQ(sink->stats().delivered, 2u);
    EXPECT_EQ(sink->stats().pending, 0u);
    EXPECT_EQ(sink->problem(), "");
    sink->write(make_test_record(3));  // written by the destructor
  }
  EXPECT_EQ(
      read_file(path_),
      "{\"before\":1}\n{\"n\":1,\"filler\":\"\"}\n{\"n\":2,\"filler\":\"\"}\n{\"n\":3,\"filler\":\"\"}\n");
}

TEST_F(LineSinkTest, MakesTheFileForOwnerAndGroupOnlyAndClosesItOnExec) {
  const mode_t mask = ::umask(0);
  auto sink = open();
  ::umask(mask);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != path_) continue;
    ++found;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(found, 1);
}

TEST_F(LineSinkTest, SaysWhyAFileCannotBeOpened) {
  std::string error;
  EXPECT_FALSE(LineSink::open(folder_, &error));
  EXPECT_EQ(error, folder_.string() + ": Is a directory");
  EXPECT_FALSE(LineSink::open(folder_ / "no" / "where", &error));
  EXPECT_THAT(error, HasSubstr("No such file or directory"));
}

TEST_F(LineSinkTest, BeginsALineOfItsOwnAfterATornOne) {
  std::ofstream(path_) << "{\"whole\":1}\n{\"torn\":";
  auto sink = open();
  sink->write(make_test_record(7));
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  EXPECT_EQ(read_file(path_), "{\"whole\":1}\n{\"torn\":\n{\"n\":7,\"filler\":\"\"}\n");
}

// What was read of a descriptor until nothing more is there now.
std::string take(int fd) {
  std::string got;
  char piece[4096];
  pollfd ready{fd, POLLIN, 0};
  while (::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0) {
    const ssize_t n = ::read(fd, piece, sizeof piece);
    if (n <= 0) break;
    got.append(piece, static_cast<size_t>(n));
  }
  return got;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> expected_lines(int from, int to, size_t filler = 0) {
  std::vector<std::string> lines;
  for (int n = from; n < to; ++n) lines.push_back(make_test_record(n, 4, filler).json);
  return lines;
}

TEST_F(LineSinkTest, FlushBringsALineIntoTheFile) {
  auto sink = open();
  sink->write(make_test_record(1));
  sink->flush();
  EXPECT_EQ(read_file(path_), make_test_record(1).json + "\n");
  EXPECT_EQ(sink->stats().delivered, 1u);
}

TEST_F(LineSinkTest, CountsTheAlertsThatARecordStandsFor) {
  auto sink = open();
  Record storm = make_test_record(1);
  storm.alerts = 700;
  storm.storm = true;
  sink->write(storm);
  sink->write(make_test_record(2));
  EXPECT_EQ(sink->stats().pending, 701u);
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.written, 701u);
  EXPECT_EQ(stats.delivered, 701u);
  EXPECT_EQ(stats.storms, 1u);
  EXPECT_EQ(stats.folded, 700u);
}

// Every way in which logs are rotated. Each step: ten lines, then something happens to the file.
TEST_F(LineSinkTest, RotationLosesNothing) {
  const std::filesystem::path old = folder_ / "alerts.jsonl.1";
  enum class Way { kMove, kMoveAndCreate, kDelete, kCopyAndTruncate, kMoveAndHangUp, kFolderGone };
  for (const Way way : {Way::kMove, Way::kMoveAndCreate, Way::kDelete, Way::kCopyAndTruncate,
                        Way::kMoveAndHangUp, Way::kFolderGone}) {
    std::filesystem::create_directories(folder_);
    std::filesystem::remove(path_);
    auto sink = open();
    ASSERT_TRUE(sink);
    for (int n = 0; n < 10; ++n) sink->write(make_test_record(n));
    sink->flush();
    std::string before = read_file(path_);
    // Not flushed when the file goes: they are for the new one.
    for (int n = 10; n < 20; ++n) sink->write(make_test_record(n));
    switch (way) {
      case Way::kMove:
        std::filesystem::rename(path_, old);
        break;
      case Way::kMoveAndCreate:
        std::filesystem::rename(path_, old);
        std::ofstream(path_).close();
        break;
      case Way::kDelete:
        std::filesystem::remove(path_);
        break;
      case Way::kCopyAndTruncate:
        std::filesystem::copy_file(path_, old, std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(path_, 0);
        break;
      case Way::kMoveAndHangUp:
        std::filesystem::rename(path_, old);
        sink->reopen();
        break;
      case Way::kFolderGone:
        std::filesystem::remove_all(folder_);
        sink->flush();
        EXPECT_THAT(sink->problem(),
                    HasSubstr("moved away, and cannot be opened anew: No such file or directory; "
                              "10 alerts are kept and tried again"));
        std::filesystem::create_directories(folder_);
        break;
    }
    EXPECT_TRUE(sink->drain(milliseconds(5000))) << sink->problem();
    EXPECT_EQ(sink->problem(), "");
    EXPECT_EQ(lines_of(before), expected_lines(0, 10)) << static_cast<int>(way);
    EXPECT_EQ(lines_of(read_file(path_)), expected_lines(10, 20)) << static_cast<int>(way);
    EXPECT_EQ(sink->stats().delivered, 20u);
  }
}

// Between the look at the path and the write a file may go: what is in a deleted file is written again.
TEST_F(LineSinkTest, AFileThatIsDeletedAgainAndAgainWhileItIsWrittenLosesNothing) {
  auto sink = open();
  std::atomic<bool> stop{false};
  std::set<std::string> seen;
  // Moves each file aside before it deletes it, so that what was in it is known.
  std::thread deleter([&] {
    for (int n = 0; !stop.load(); ++n) {
      const std::filesystem::path aside = folder_ / ("aside" + std::to_string(n));
      std::error_code none;
      std::filesystem::rename(path_, aside, none);
      if (none) continue;
      // Our descriptor keeps its lines readable after it is deleted: what comes until then counts.
      const int fd = ::open(aside.c_str(), O_RDONLY | O_CLOEXEC);
      std::filesystem::remove(aside);
      std::ifstream in("/proc/self/fd/" + std::to_string(fd));
      for (std::string line; std::getline(in, line);) seen.insert(line);
      ::close(fd);
    }
  });
  for (int n = 0; n < 3000; ++n) {
    sink->write(make_test_record(n));
    sink->flush();
  }
  stop.store(true);
  deleter.join();
  EXPECT_TRUE(sink->drain(milliseconds(5000)));
  for (const std::string& line : lines_of(read_file(path_))) seen.insert(line);
  EXPECT_EQ(seen.size(), 3000u);
}

TEST_F(LineSinkTest, AFullDiskKeepsTheLinesThatFitAndTheOthersUntilThereIsRoom) {
  std::string expected;
  auto sink = open();
  {
    const FileSizeLimit limit(1000);
    for (int n = 0; n < 30; ++n) {
      const Record record = make_test_record(n, 4, 50);
      sink->write(record);
      expected += record.json + "\n";
    }
    EXPECT_FALSE(sink->drain(milliseconds(0)));
    const std::string text = read_file(path_);
    // As many whole lines as 1,000 bytes hold.
    const size_t fit = expected.rfind('\n', 999) + 1;
    EXPECT_EQ(text, expected.substr(0, fit));
    const size_t there = lines_of(text).size();
    EXPECT_EQ(sink->stats().delivered, there);
    EXPECT_EQ(sink->stats().pending, 30u - there);
    EXPECT_EQ(sink->stats().failed, 0u);
    EXPECT_EQ(sink->problem(), "file " + path_.string() + ": File too large; " + std::to_string(30 - there) +
                                   " alerts are kept and tried again");
  }
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  EXPECT_EQ(sink->stats().delivered, 30u);
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(read_file(path_), expected);
}

// write() waits while the disk is full, with little kept, until the program is told to end: then all is told.
TEST_F(LineSinkTest, ADiskThatStaysFullIsWaitedForAndEveryLineIsAccountedFor) {
  auto sink = open();
  const FileSizeLimit limit(150'000);
  constexpr uint64_t kRecords = 40;
  std::thread writer([&] {
    for (uint64_t n = 0; n < kRecords; ++n) sink->write(make_test_record(static_cast<int>(n), 4, 50'000));
  });
  while (sink->problem().empty()) std::this_thread::yield();
  EXPECT_LT(sink->stats().written, kRecords);
  EXPECT_LE(sink->stats().pending * 50'000, 200'000u);
  sink->interrupt();
  writer.join();
  EXPECT_FALSE(sink->drain(milliseconds(60'000)));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.written, kRecords);
  EXPECT_EQ(stats.failed, 0u);
  EXPECT_EQ(stats.delivered + stats.pending, kRecords);
  EXPECT_EQ(stats.delivered, lines_of(read_file(path_)).size());
  EXPECT_GT(stats.delivered, 0u);
}

TEST_F(LineSinkTest, ADeviceWithoutRoomIsAnErrorForGood) {
  const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  {
    LineSink sink(fd, "standard output");
    sink.write(make_test_record(1));
    sink.flush();
    EXPECT_EQ(sink.losses(), "standard output: No space left on device; 1 alert is lost");
    EXPECT_EQ(sink.problem(), "");
    EXPECT_TRUE(sink.over());
    EXPECT_FALSE(sink.reader_left());
    EXPECT_FALSE(sink.drain(milliseconds(10)));
    EXPECT_EQ(sink.stats().failed, 1u);
  }
  ::close(fd);
}

TEST_F(LineSinkTest, AClosedDescriptorIsAnError) {
  const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::close(fd);
  LineSink sink(fd, "standard output");
  sink.write(make_test_record(1));
  sink.flush();
  EXPECT_EQ(sink.losses(), "standard output: Bad file descriptor; 1 alert is lost");
}

TEST_F(LineSinkTest, APipeWhoseReaderWentAwayIsOverAndNoSignal) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  LineSink sink(ends[1], "standard output");
  sink.write(make_test_record(1));
  sink.flush();
  EXPECT_EQ(sink.stats().delivered, 1u);
  EXPECT_EQ(take(ends[0]), make_test_record(1).json + "\n");
  ::close(ends[0]);
  sink.flush();  // with nothing to write, too
  EXPECT_TRUE(sink.over());
  EXPECT_TRUE(sink.reader_left());
  EXPECT_EQ(sink.losses(), "");
  EXPECT_TRUE(sink.drain(milliseconds(10))) << "all was read";
  sink.write(make_test_record(2));
  sink.write(make_test_record(3));
  EXPECT_EQ(sink.losses(), "standard output: Broken pipe; 2 alerts are lost");
  EXPECT_FALSE(sink.drain(milliseconds(10)));
  ::close(ends[1]);
}

// What lay in the pipe when its reader left was not delivered.
TEST_F(LineSinkTest, WhatAReaderLeftInThePipeIsCountedAsLost) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  LineSink sink(ends[1], "standard output");
  for (int n = 0; n < 10; ++n) sink.write(make_test_record(n));
  sink.flush();
  const std::string three =
      make_test_record(0).json + "\n" + make_test_record(1).json + "\n" + make_test_record(2).json + "\n";
  std::string got(three.size(), ' ');
  ASSERT_EQ(::read(ends[0], got.data(), got.size()), static_cast<ssize_t>(got.size()));
  EXPECT_EQ(got, three);
  ::close(ends[0]);
  EXPECT_FALSE(sink.drain(milliseconds(10)));
  EXPECT_EQ(sink.stats().delivered, 3u);
  EXPECT_EQ(sink.stats().failed, 7u);
  ::close(ends[1]);
}

TEST_F(LineSinkTest, ASlowReaderOfAPipeGetsEveryByte) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::string got;
  std::thread reader([&] {
    char piece[777];
    for (ssize_t n = 0; (n = ::read(ends[0], piece, sizeof piece)) > 0;)
      got.append(piece, static_cast<size_t>(n));
  });
  std::string expected;
  {
    LineSink sink(ends[1], "standard output");
    for (int n = 0; n < 40; ++n) {
      const Record record = make_test_record(n, 4, 20'000);
      expected += record.json + "\n";
      sink.write(record);
    }
    EXPECT_TRUE(sink.drain(milliseconds(60'000)));
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_TRUE(got == expected);
}

TEST_F(LineSinkTest, AReaderThatStandsStillIsToldAndBlocksNeitherStatsNorAnInterrupt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  LineSink sink(ends[1], "standard output");
  std::thread writer([&] { sink.write(make_test_record(1, 4, 1 << 20)); });  // far more than a pipe holds
  while (sink.problem().empty()) std::this_thread::yield();
  EXPECT_EQ(sink.stats().pending, 1u);
  EXPECT_EQ(sink.problem(), "standard output: its reader takes nothing; 1 alert is kept and tried again");
  sink.interrupt();
  writer.join();
  EXPECT_TRUE(sink.interrupted());
  sink.write(make_test_record(2));
  EXPECT_FALSE(sink.drain(milliseconds(60'000)));
  EXPECT_EQ(sink.stats().pending, 2u);
  EXPECT_EQ(sink.stats().delivered, 0u);
  ::close(ends[0]);
  ::close(ends[1]);
}

class FifoTest : public LineSinkTest {
 protected:
  void SetUp() override {
    LineSinkTest::SetUp();
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  }
  int read_end() const { return ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }
};

TEST_F(FifoTest, ANamedPipeWithoutAReaderIsToldAndWaitedFor) {
  auto sink = open();
  ASSERT_TRUE(sink);
  sink->flush();
  EXPECT_EQ(sink->problem(), "file " + path_.string() + ": nobody reads it");
  for (int n = 0; n < 5; ++n) sink->write(make_test_record(n));
  EXPECT_FALSE(sink->drain(milliseconds(0)));
  EXPECT_EQ(sink->problem(),
            "file " + path_.string() + ": nobody reads it; 5 alerts are kept and tried again");
  const int fd = read_end();
  sink->flush();
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(lines_of(take(fd)), expected_lines(0, 5));
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  ::close(fd);
}

TEST_F(FifoTest, TheNextReaderGetsWhatTheOneBeforeDidNotRead) {
  auto sink = open();
  int fd = read_end();
  for (int n = 0; n < 3; ++n) sink->write(make_test_record(n));
  sink->flush();
  EXPECT_EQ(lines_of(take(fd)), expected_lines(0, 3));
  for (int n = 3; n < 6; ++n) sink->write(make_test_record(n));
  sink->flush();
  ::close(fd);  // three lines are in the pipe
  for (int n = 6; n < 9; ++n) sink->write(make_test_record(n));
  sink->flush();
  EXPECT_THAT(sink->problem(), HasSubstr("nobody reads it; 3 alerts are kept and tried again"));
  EXPECT_FALSE(sink->drain(milliseconds(0))) << "what lies in the pipe is not safe";
  fd = read_end();
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  EXPECT_EQ(lines_of(take(fd)), expected_lines(3, 9));
  EXPECT_EQ(sink->stats().delivered, 9u);
  ::close(fd);
}

// A line larger than the pipe is half in it when its reader goes, who has read a part of it.
TEST_F(FifoTest, ALineThatWasHalfReadComesAgainWhole) {
  auto sink = open();
  int fd = read_end();
  constexpr size_t kLarge = 20'000;
  ASSERT_GT(::fcntl(fd, F_SETPIPE_SZ, 4096), 0);
  sink->write(make_test_record(0, 4, kLarge));
  sink->write(make_test_record(1));
  std::string part(1000, ' ');
  sink->flush();
  ASSERT_EQ(::read(fd, part.data(), part.size()), 1000);
  ::close(fd);
  sink->flush();
  EXPECT_THAT(sink->problem(), HasSubstr("nobody reads it"));
  fd = read_end();
  std::string got;
  while (sink->stats().delivered < 2) {
    sink->flush();
    got += take(fd);
  }
  got += take(fd);
  const std::vector<std::string> lines = lines_of(got);
  ASSERT_EQ(lines.size(), 3u);  // the rest of what was torn, then both lines
  EXPECT_EQ(lines[1], make_test_record(0, 4, kLarge).json);
  EXPECT_EQ(lines[2], make_test_record(1).json);
  ::close(fd);
}

TEST_F(FifoTest, WhatNobodyReadIsNotDeliveredWhenTheProgramEnds) {
  auto sink = open();
  const int fd = read_end();
  for (int n = 0; n < 4; ++n) sink->write(make_test_record(n));
  sink->flush();
  EXPECT_EQ(sink->stats().delivered, 4u);
  ::close(fd);
  for (int n = 4; n < 6; ++n) sink->write(make_test_record(n));
  sink->interrupt();
  EXPECT_FALSE(sink->drain(milliseconds(60'000)));
  EXPECT_EQ(sink->stats().pending, 6u);
  EXPECT_EQ(sink->stats().delivered, 0u);
}

}  // namespace
}  // namespace weir
