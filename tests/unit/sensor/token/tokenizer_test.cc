#include "sensor/token/tokenizer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir {
namespace {

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "weir-token-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/key";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::trunc) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  std::string read() const {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  std::string refusal() {
    TokenKey key;
    std::string error;
    EXPECT_FALSE(TokenKey::load_or_create(path_, &key, &error));
    return error;
  }

  std::string folder_, path_;
};

// A pipe that nobody writes would be waited for.
TEST_F(KeyFile, ThatIsAPipeIsRefused) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), path_ + ": the token key must be a plain file");
}

// The key 00 01 … 1f and its check, made with Python's hashlib.blake2b.
constexpr const char* kKnown =
    "weir-token-key-1 k1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 53e962b9466d1697\n";

TEST_F(KeyFile, TokensAreKeyedBlake2b) {
  write(kKnown);
  TokenKey key;
  std::string error;
  ASSERT_TRUE(TokenKey::load_or_create(path_, &key, &error)) << error;
  EXPECT_EQ(key.name(), "k1");
  const Tokenizer tokenizer(key);
  // hashlib.blake2b(detector + b"\0" + value, key=key, digest_size=16)
  EXPECT_EQ(tokenizer.text(tokenizer.token("cn.mobile", "13812345678")),
            "k1:e4e7e14c7966bf68a670e613d90094cb");
  EXPECT_EQ(tokenizer.text(tokenizer.token("net.email", "zhang.san@qq.com")),
            "k1:e549f72342f50e777b579b4e8c7f7d52");
  EXPECT_EQ(tokenizer.text(tokenizer.token("x", "")), "k1:2b6819da4330232d19c90983d5365f32");
}

TEST_F(KeyFile, IsMadeOnceForItsOwnerAlone) {
  TokenKey first, second;
  std::string error;
  ASSERT_TRUE(TokenKey::load_or_create(path_, &first, &error)) << error;
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(TokenKey::load_or_create(path_, &second, &error)) << error;
  EXPECT_EQ(first.bytes(), second.bytes());
  EXPECT_NE(first.bytes(), TokenKey::random().bytes());
  // Nothing is left beside it.
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 1u);
}

TEST_F(KeyFile, ThatOthersMayReadIsRefused) {
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u}) {
    write(kKnown, mode);
    EXPECT_NE(refusal().find("chmod 600"), std::string::npos) << mode;
  }
}

TEST_F(KeyFile, ThatIsDamagedIsRefusedAndKept) {
  std::string text = kKnown;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = damaged[i] == '3' ? '4' : '3';
    write(damaged);
    EXPECT_NE(refusal().find("damaged"), std::string::npos) << i;
    EXPECT_EQ(read(), damaged);
    // Cut short at this place. Without its last byte, the line break, it is whole.
    write(text.substr(0, i));
    if (i + 1 < text.size()) {
      EXPECT_NE(refusal().find("damaged"), std::string::npos) << i;
    }
  }
  write(text + "more");
  EXPECT_NE(refusal().find("damaged"), std::string::npos);
  write(std::string(100'000, 'x'));
  EXPECT_NE(refusal().find("damaged"), std::string::npos);
}

TEST_F(KeyFile, InAFolderThatIsNotThereIsRefused) {
  TokenKey key;
  std::string error;
  EXPECT_FALSE(TokenKey::load_or_create(folder_ + "/none/key", &key, &error));
  EXPECT_NE(error.find("none/key"), std::string::npos);
  EXPECT_FALSE(TokenKey::load_or_create(folder_, &key, &error));
}

TEST(TokenText, DiffersByDetectorAndValue) {
  const Tokenizer tokenizer(TokenKey::random());
  EXPECT_EQ(tokenizer.token("a.b", "1"), tokenizer.token("a.b", "1"));
  EXPECT_NE(tokenizer.token("a.b", "1"), tokenizer.token("a.b", "2"));
  EXPECT_NE(tokenizer.token("a.b", "1"), tokenizer.token("a.c", "1"));
  EXPECT_EQ(tokenizer.text(Token{}), "k1:00000000000000000000000000000000");
}

}  // namespace
}  // namespace weir
