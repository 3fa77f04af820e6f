// Plain files are read, up to a bound; whatever could be waited for is refused at once.
#include "signatures/yaml/yaml_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

class YamlFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "weir-yaml-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/file.yaml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string refusal(const std::string& path) {
    std::string text, error;
    EXPECT_FALSE(read_yaml_file(path, 100, &text, &error)) << path;
    return error;
  }
  std::string folder_, path_;
};

TEST_F(YamlFile, IsReadWholeUpToABound) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{99'999}, size_t{100'000}, size_t{100'001}, size_t{300'000}}) {
    std::string written(size, 'x');
    for (size_t i = 0; i < size; ++i) written[i] = static_cast<char>('a' + i % 23);
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << written;
    std::string text = "before", error;
    ASSERT_TRUE(read_yaml_file(path_, 100'000, &text, &error)) << error;
    EXPECT_EQ(text, written.substr(0, 100'001)) << size;
  }
}

TEST_F(YamlFile, WithoutASizeIsReadToo) {
  std::string text, error;
  ASSERT_TRUE(read_yaml_file("/proc/self/stat", 100'000, &text, &error)) << error;
  EXPECT_TRUE(text.starts_with(std::to_string(getpid()) + " ")) << text;
}

TEST_F(YamlFile, RefusesWhatIsNoPlainFile) {
  EXPECT_EQ(refusal(path_), "cannot be read: No such file or directory");
  EXPECT_EQ(refusal(folder_), "is a folder, not a file");
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);  // nobody will ever write into it
  EXPECT_EQ(refusal(path_), "is a pipe, not a plain file; write it to a file first");
  EXPECT_EQ(refusal("/dev/zero"), "is a device or a socket, not a plain file");
  ASSERT_EQ(symlink(path_.c_str(), (folder_ + "/link").c_str()), 0);
  EXPECT_EQ(refusal(folder_ + "/link"), "is a pipe, not a plain file; write it to a file first");
}

}  // namespace
}  // namespace weir
