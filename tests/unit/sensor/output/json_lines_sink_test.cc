// JSON Lines: whole lines or none, on files, pipes, full disks and closed descriptors.
#include "sensor/output/json_lines_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
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

class JsonLinesSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/weir_json_lines_XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ / "alerts.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<JsonLinesSink> open() {
    std::string error;
    auto sink = JsonLinesSink::open_file(path_, &error);
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

TEST_F(JsonLinesSinkTest, AppendsOneLineARecordInOrder) {
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

TEST_F(JsonLinesSinkTest, MakesTheFileForOwnerAndGroupOnlyAndClosesItOnExec) {
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

TEST_F(JsonLinesSinkTest, SaysWhyAFileCannotBeOpened) {
  std::string error;
  EXPECT_FALSE(JsonLinesSink::open_file(folder_, &error));
  EXPECT_EQ(error, folder_.string() + ": Is a directory");
  EXPECT_FALSE(JsonLinesSink::open_file(folder_ / "no" / "where", &error));
  EXPECT_THAT(error, HasSubstr("No such file or directory"));
}

TEST_F(JsonLinesSinkTest, BeginsALineOfItsOwnAfterATornOne) {
  std::ofstream(path_) << "{\"whole\":1}\n{\"torn\":";
  auto sink = open();
  sink->write(make_test_record(7));
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  EXPECT_EQ(read_file(path_), "{\"whole\":1}\n{\"torn\":\n{\"n\":7,\"filler\":\"\"}\n");
}

TEST_F(JsonLinesSinkTest, AFullDiskLeavesNoTornLineAndLosesNothingOnceThereIsRoom) {
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
    EXPECT_EQ(sink->stats().pending, 30u);
    EXPECT_EQ(sink->stats().failed, 0u);
    EXPECT_EQ(sink->problem(),
              "file " + path_.string() + ": File too large; 30 alerts are kept and tried again");
    const std::string text = read_file(path_);
    EXPECT_TRUE(text.empty() || text.back() == '\n') << "a torn line: " << text;
  }
  EXPECT_TRUE(sink->drain(milliseconds(1000)));
  EXPECT_EQ(sink->stats().delivered, 30u);
  EXPECT_EQ(sink->problem(), "");
  EXPECT_EQ(read_file(path_), expected);
}

TEST_F(JsonLinesSinkTest, ADiskThatStaysFullIsBoundedAndCounted) {
  auto sink = open();
  const FileSizeLimit limit(1000);
  constexpr int kRecords = 100;
  for (int n = 0; n < kRecords; ++n) sink->write(make_test_record(n, 4, 100'000));
  EXPECT_FALSE(sink->drain(milliseconds(0)));
  const SinkStats stats = sink->stats();
  EXPECT_EQ(stats.written, static_cast<uint64_t>(kRecords));
  EXPECT_EQ(stats.delivered, 0u);
  EXPECT_GT(stats.failed, 0u);
  EXPECT_EQ(stats.failed + stats.pending, static_cast<uint64_t>(kRecords));
  EXPECT_LT(stats.pending * 100'000, 5u << 20);
  EXPECT_THAT(sink->problem(), HasSubstr(std::to_string(stats.failed) + " alerts are lost"));
}

TEST_F(JsonLinesSinkTest, ADeviceWithoutRoomIsAnError) {
  const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  {
    JsonLinesSink sink(fd, "standard output");
    sink.write(make_test_record(1));
    EXPECT_EQ(sink.problem(), "standard output: No space left on device; 1 alert is lost");
    EXPECT_FALSE(sink.drain(milliseconds(10)));
    EXPECT_EQ(sink.stats().failed, 1u);
  }
  ::close(fd);
}

TEST_F(JsonLinesSinkTest, AClosedDescriptorIsAnError) {
  const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::close(fd);
  JsonLinesSink sink(fd, "standard output");
  sink.write(make_test_record(1));
  EXPECT_EQ(sink.problem(), "standard output: Bad file descriptor; 1 alert is lost");
}

TEST_F(JsonLinesSinkTest, APipeWhoseReaderWentAwayIsAnErrorAndNoSignal) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  JsonLinesSink sink(ends[1], "standard output");
  sink.write(make_test_record(1));
  EXPECT_EQ(sink.stats().delivered, 1u);  // a pipe gets each line at once
  ::close(ends[0]);
  sink.write(make_test_record(2));
  sink.write(make_test_record(3));
  EXPECT_EQ(sink.problem(), "standard output: Broken pipe; 2 alerts are lost");
  EXPECT_EQ(sink.stats().failed, 2u);
  EXPECT_FALSE(sink.drain(milliseconds(10)));
  ::close(ends[1]);
}

TEST_F(JsonLinesSinkTest, ASlowReaderOfAPipeGetsEveryByte) {
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
    JsonLinesSink sink(ends[1], "standard output");
    for (int n = 0; n < 40; ++n) {
      const Record record = make_test_record(n, 4, 20'000);
      expected += record.json + "\n";
      sink.write(record);
    }
    EXPECT_TRUE(sink.drain(milliseconds(1000)));
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_TRUE(got == expected);
}

TEST_F(JsonLinesSinkTest, AReaderThatStandsStillBlocksNeitherStatsNorAnInterrupt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  JsonLinesSink sink(ends[1], "standard output");
  std::thread writer([&] { sink.write(make_test_record(1, 4, 1 << 20)); });  // far more than a pipe holds
  while (sink.stats().written == 0) std::this_thread::yield();
  EXPECT_EQ(sink.stats().pending, 1u);
  EXPECT_EQ(sink.problem(), "");
  sink.interrupt();
  writer.join();
  EXPECT_TRUE(sink.interrupted());
  EXPECT_EQ(sink.stats().failed, 1u);
  EXPECT_THAT(sink.problem(), HasSubstr("nobody reads it"));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace weir
